"""Subscription keys that others get to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.origins import secrets
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["ForwardedKey"]

_SENDS = ("set-header", "set-query-parameter", "set-body", "send-request", "send-one-way-request")
_KEYS = ("the subscription key", "the header 'ocp-apim-subscription-key'")


class ForwardedKey(Rule, code="SEC014", elements=_SENDS):
    """The caller's subscription key is sent on.

    ## What it does

    Reports headers, query parameters, bodies and requests of their own that are given the subscription key of the call.

    ## Why

    The key opens every API of its product.
    A backend that gets it, or logs it, can call them in the name of the subscriber.

    ## Avoid

    ```xml
    <set-header name="x-key" exists-action="override">
      <value>@(context.Request.Headers.GetValueOrDefault("Ocp-Apim-Subscription-Key", ""))</value>
    </set-header>
    ```

    ## Prefer

    ```xml
    <set-header name="x-subscription" exists-action="override">
      <value>@(context.Subscription?.Id ?? "none")</value>
    </set-header>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_SENDS):
            for expression in document.expressions(policy):
                for what, where in secrets(expression):
                    if what in _KEYS:
                        help_ = "send the id of the subscription instead"
                        report(expression.span(where), f"{what} is sent on", help=help_)
