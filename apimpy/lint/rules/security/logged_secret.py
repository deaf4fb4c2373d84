"""Secrets in traces and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp.walk import plain
from apimpy.lint.origins import secrets, value_parts
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.lint.expressions import Expression
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject
    from apimpy.source import Span

__all__ = ["LoggedSecret"]

_LOGS = ("trace", "log-to-eventhub", "emit-metric", "llm-emit-token-metric", "azure-openai-emit-token-metric")


class LoggedSecret(Rule, code="SEC013", elements=_LOGS):
    """A token or a key is written to a log.

    ## What it does

    Reports `trace`, `log-to-eventhub` and metrics whose values hold the header `Authorization`, `Cookie` or one with
    an API key, the key of the subscription, a token that `authentication-managed-identity` has stored in a variable,
    or, in a gateway file, a named value that is secret.
    Parts of a token, such as a claim, are left alone.

    ## Why

    Logs are read by more people than keys are given to, and are kept for longer.

    ## Avoid

    ```xml
    <trace source="orders">
      <message>@("Called with " + context.Request.Headers.GetValueOrDefault("Authorization", "nothing"))</message>
    </trace>
    ```

    ```xml pools=models:2
    <policies>
      <inbound>
        <trace source="models"><message>{{openai-key}}</message></trace>
      </inbound>
    </policies>
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
        hidden = document.around.secret_values if document.around is not None else frozenset()
        for use in document.document.named_values if hidden else ():
            if use.name in hidden and any(_holds(p.source.span, use.span) for p in document.policies(*_LOGS)):
                report(use.span, f"the secret '{use.name}' is written to a log", help="log its name at most")


def _holds(outer: Span, inner: Span) -> bool:
    return outer.file is inner.file and outer.start <= inner.start and inner.end <= outer.end


def _variables(expression: Expression, names: set[str | None]) -> Iterator[tuple[str, bd.BProperty]]:
    for node in value_parts(expression.root) if names else ():
        if isinstance(node, bd.BProperty) and node.index and node.receiver is not None:
            name = plain(node.index[0]).const
            if expression.path(node.receiver) == "context.Variables" and name in names:
                yield f"the token in '{name}'", node
