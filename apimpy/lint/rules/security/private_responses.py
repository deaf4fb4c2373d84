"""Responses for one caller, given to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import ERROR, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject
    from apimpy.policy.base import Policy

__all__ = ["PrivateResponses"]


class PrivateResponses(Rule, code="SEC008", level=ERROR, elements=("cache-lookup",)):
    """A cache keeps responses to requests with credentials and does not tell callers apart.

    ## What it does

    Reports `allow-private-response-caching="true"` of a `cache-lookup` that varies neither by developer nor by any
    header.

    ## Why

    What one caller was answered with their token is then the answer for whoever asks next.

    ## Avoid

    ```xml
    <cache-lookup vary-by-developer="false" vary-by-developer-groups="false" allow-private-response-caching="true" />
    ```

    ## Prefer

    ```xml
    <cache-lookup vary-by-developer="false" vary-by-developer-groups="false" allow-private-response-caching="true">
      <vary-by-header>Authorization</vary-by-header>
    </cache-lookup>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("cache-lookup"):
            at = policy.source.get("allow-private-response-caching")
            if at is None or document.word(policy, at.name) != "true":
                continue
            varies = [_off(document, policy, name) for name in ("vary-by-developer", "vary-by-developer-groups")]
            if policy.source.child("vary-by-header") is None and all(varies):
                help_ = "add <vary-by-header>Authorization</vary-by-header>"
                report(at, "the response for one caller is given to the next", help=help_)


def _off(document: Subject, policy: Policy, name: str) -> bool:
    """The attribute is missing or false, its default."""
    return policy.source.get(name) is None or document.word(policy, name) == "false"
