"""Secrets in traces and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.lint.expressions import plain
from apimpy.lint.origins import secrets, value_parts
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.lint.expressions import Expression
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["LoggedSecret"]

_LOGS = ("trace", "log-to-eventhub", "emit-metric", "llm-emit-token-metric", "azure-openai-emit-token-metric")


class LoggedSecret(Rule, code="SEC013", elements=_LOGS):
    """A token or a key is written to a log.

    ## What it does

    Reports `trace`, `log-to-eventhub` and metrics whose values hold the header `Authorization`, `Cookie` or one with
    an API key, the key of the subscription, or a token that `authentication-managed-identity` has stored in a variable.
    Parts of a token, such as a claim, are left alone.

    ## Why

    Logs are read by more people than keys are given to, and are kept for longer.

    ## Avoid

    ```xml
    <trace source="orders">
      <message>@("Called with " + context.Request.Headers.GetValueOrDefault("Authorization", "nothing"))</message>
    </trace>
    ```

    ## Prefer

    ```xml
    <trace source="orders">
      <message>@("Called by " + (context.Subscription?.Id ?? "nobody"))</message>
    </trace>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        tokens = {
            document.literal(p, "output-token-variable-name")
            for p in document.policies("authentication-managed-identity")
        }
        for policy in document.policies(*_LOGS):
            for expression in document.expressions(policy):
                for what, where in (*secrets(expression), *_variables(expression, tokens - {None})):
                    help_ = "log who called, not by which key"
                    report(expression.span(where), f"{what} is written to a log", help=help_)


def _variables(expression: Expression, names: set[str | None]) -> Iterator[tuple[str, bd.BProperty]]:
    for node in value_parts(expression.root) if names else ():
        if isinstance(node, bd.BProperty) and node.index and node.receiver is not None:
            name = plain(node.index[0]).const
            if expression.path(node.receiver) == "context.Variables" and name in names:
                yield f"the token in '{name}'", node
