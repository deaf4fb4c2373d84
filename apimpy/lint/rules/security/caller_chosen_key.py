"""Limits that the caller can step around."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.order import any_before, known_before, visits_of
from apimpy.lint.origins import caller_parts, identifies_caller
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.flow import Visit
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["CallerChosenKey"]

_LIMITS = ("rate-limit-by-key", "quota-by-key", "llm-token-limit", "azure-openai-token-limit")
_CHECKS = (
    *("validate-jwt", "validate-azure-ad-token", "check-header", "validate-client-certificate"),
    *("validate-parameters", "get-authorization-context", "send-request", "return-response"),
)
_GATEWAY = ("ocp-apim-subscription-key", "subscription-key", "api-key")
"""The gateway has looked at these itself."""


class CallerChosenKey(Rule, code="SEC011", elements=_LIMITS, whole=True):
    """A limit counts by a key that the caller can choose.

    ## What it does

    Reports a `counter-key` that is made of a header or query parameter alone, when no policy before it has validated
    anything.
    Nothing is said where `<base />` or a fragment may have done so.

    ## Why

    A new value is a new counter: whoever sends another one with every request is never limited.

    ## Avoid

    ```xml
    <policies>
      <inbound>
        <rate-limit-by-key calls="10" renewal-period="60"
            counter-key="@(context.Request.Headers.GetValueOrDefault("x-client", ""))" />
      </inbound>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound>
        <rate-limit-by-key calls="10" renewal-period="60" counter-key="@(context.Subscription?.Id ?? "none")" />
      </inbound>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, *_LIMITS):
            expression = document.expression(visit.policy, "counter-key")
            if expression is None or identifies_caller(expression):
                continue
            parts = list(caller_parts(expression))
            if not parts or any(p.name in _GATEWAY or not p.name for p in parts) or _checked(document, visit):
                continue
            what = f"the {parts[0].kind} '{parts[0].name}'"
            help_ = "count by what the gateway knows: subscription, user, a validated token, the address"
            report(expression, f"callers choose their own counter: {what} can be anything", help=help_)


def _checked(document: Subject, visit: Visit) -> bool:
    return not known_before(document, visit) or any_before(document, visit, *_CHECKS)
