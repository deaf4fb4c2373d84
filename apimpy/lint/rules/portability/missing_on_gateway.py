"""Policies that the chosen kind of gateway does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["MissingOnGateway"]


class MissingOnGateway(Rule, code="PRT002"):
    """The kind of gateway does not have the policy.

    ## What it does

    Reports policies that the gateway given with `--gateway`, or in the settings, does not have: `classic`, `v2`,
    `consumption`, `self-hosted` or `workspace`.
    Nothing is said when no kind is given.

    ## Why

    Tiers and gateways differ in the policies they have.
    One that is missing is refused when the document is saved, or does nothing where it is deployed.

    ## Avoid

    ```xml gateway=consumption
    <rate-limit-by-key calls="10" renewal-period="60" counter-key="@(context.Request.IpAddress)" />
    ```

    ## Prefer

    A gateway that has the policy, or one of the policies that this gateway has:

    ```xml gateway=v2
    <rate-limit-by-key calls="10" renewal-period="60" counter-key="@(context.Request.IpAddress)" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        if document.gateway is None:
            return
        for policy in document.all_policies:
            if document.gateway not in policy.gateways:
                has = ", ".join(sorted(policy.gateways))
                message = f"the {document.gateway} gateway does not have <{policy.element}>"
                report(policy, message, help=f"it is there on: {has}" if has else "no gateway has it")
