"""Quotas of which references disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["DoubtfulQuota"]


class DoubtfulQuota(Rule, code="PRT008", elements=("quota-by-key",)):
    """It is not certain that the chosen gateway has `quota-by-key`.

    ## What it does

    Reports `quota-by-key` when `--gateway` is `v2`.

    ## Why

    The page of the policy lists these gateways; the overview of all policies leaves them out.
    Try it before a budget depends on it.

    ## Avoid

    ```xml gateway=v2
    <quota-by-key calls="1000" renewal-period="3600" counter-key="@(context.Subscription?.Id ?? "none")" />
    ```

    ## Prefer

    ```xml gateway=v2
    <llm-token-limit counter-key="@(context.Subscription?.Id ?? "none")" token-quota="100000"
        token-quota-period="Monthly" estimate-prompt-tokens="true" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("quota-by-key") if document.gateway == "v2" else ():
            help_ = "try it there before you depend on it"
            report(policy, "references disagree whether v2 gateways have <quota-by-key>", help=help_)
