"""Backends that the caller names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp.walk import plain
from apimpy.lint.origins import caller_parts
from apimpy.lint.rule import ERROR, Rule

if TYPE_CHECKING:
    from apimpy.lint.expressions import Expression
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["CallerChoosesBackend"]

_PLACES = ("set-backend-service", "send-request", "send-one-way-request")


class CallerChoosesBackend(Rule, code="SEC010", level=ERROR, elements=_PLACES):
    """The caller decides where a request is sent.

    ## What it does

    Reports a `base-url` or `backend-id` of `set-backend-service` and a `set-url` that begin with a header or query
    parameter of the request, or put one in the place of the host.

    ## Why

    The gateway then sends whatever credentials it adds wherever the caller likes, also to hosts that only it can reach.

    ## Avoid

    ```xml
    <set-backend-service base-url="@("https://" + context.Request.Headers.GetValueOrDefault("x-region", "eu"))" />
    ```

    ## Prefer

    ```xml
    <choose>
      <when condition="@(context.Request.Headers.GetValueOrDefault("x-region", "eu") == "us")">
        <set-backend-service base-url="https://us.orders.contoso.com" />
      </when>
      <otherwise>
        <set-backend-service base-url="https://eu.orders.contoso.com" />
      </otherwise>
    </choose>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_PLACES):
            if policy.element == "set-backend-service":
                found = [document.expression(policy, name) for name in ("base-url", "backend-id")]
            else:
                found = [document.expression(e) for e in policy.source.children if e.name == "set-url"]
            for expression in found:
                part = _host(expression) if expression is not None else None
                if part is not None and expression is not None:
                    what = f"the {part.kind} '{part.name}' of the caller decides where this is sent"
                    report(expression.span(part.node), what, help="choose among addresses that stand here")


def _host(expression: Expression) -> Any:
    """The part of the request that stands where the host begins."""
    parts = {id(p.node): p for p in caller_parts(expression) if p.kind != "body" and p.name}
    if not parts or isinstance(expression.root, bd.BBlock):
        return None
    operands = list(_concatenated(expression.root))
    first = operands[0]
    text = plain(first).const
    if isinstance(text, str) and text.lower() in ("https://", "http://", "//") and len(operands) > 1:
        first = operands[1]
    return parts.get(id(_carried(first)))


def _concatenated(node: Any) -> list[Any]:
    """The operands of a concatenation, in order."""
    node = plain(node)
    if isinstance(node, bd.BBinary) and node.op == "+":
        return [*_concatenated(node.left), *_concatenated(node.right)]
    return [node]


def _carried(node: Any) -> Any:
    """What a node is, besides blanks and letters."""
    node = plain(node)
    while isinstance(node, bd.BCall) and node.method.name in ("Trim", "ToLower", "ToString", "First", "FirstOrDefault"):
        node = plain(node.receiver if node.receiver is not None else node.args[0])
    return node
