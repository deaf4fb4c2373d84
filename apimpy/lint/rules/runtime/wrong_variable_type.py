"""Variables that are cast to what they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp.walk import nodes, plain
from apimpy.lint.order import between
from apimpy.lint.rule import ERROR, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.lint.flow import Read, Write
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["WrongVariableType"]

_PLAIN = {
    "System.String": "string",
    "System.Boolean": "bool",
    "System.Int32": "int",
    "System.Int64": "long",
    "System.Double": "double",
    "System.Decimal": "decimal",
    "System.DateTime": "DateTime",
    "System.TimeSpan": "TimeSpan",
    "System.Guid": "Guid",
}
"""Types that only a cast to themselves fits."""


class WrongVariableType(Rule, code="RUN004", level=ERROR, kind="runtime", elements=("set-variable",), whole=True):
    """A variable is cast to another type than it was set to.

    ## What it does

    Reports a cast such as `(int)context.Variables["n"]` where every `set-variable` before it stores a value of another
    simple type.

    ## Why

    A cast of a stored value only undoes the storing: it converts nothing, and throws where the type differs.
    A literal in `set-variable` is always a string, also `5` and `true`.

    ## Avoid

    ```xml
    <set-variable name="retries" value="3" />
    <set-header name="x-retries" exists-action="override">
      <value>@(((int)context.Variables["retries"] + 1).ToString())</value>
    </set-header>
    ```

    ## Prefer

    ```xml
    <set-variable name="retries" value="@(3)" />
    <set-header name="x-retries" exists-action="override">
      <value>@(((int)context.Variables["retries"] + 1).ToString())</value>
    </set-header>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        if not any(e.uses for e in document.expressions()):
            return
        writes = document.flow.writes
        for read in document.flow.reads:
            own = [w for w in writes if w.name == read.name]
            if read.state != "set" or not own or read.visit.section == "on-error" or _hidden(document, own, read):
                continue
            stored = {_stored(w, document) for w in own}
            if None in stored:
                continue
            for cast, wanted in _casts(read, document):
                if wanted not in stored:
                    is_ = " or ".join(sorted(_PLAIN[s] for s in stored if s))
                    message = f"the variable '{read.name}' is {is_} here, and a cast to {_PLAIN[wanted]} throws"
                    related = tuple((w.span, "it is set here") for w in own[:1])
                    report(cast, message, help=f"store a {_PLAIN[wanted]}, or convert it", related=related)


def _hidden(document: Subject, own: list[Write], read: Read) -> bool:
    """Somebody unknown may set it in between."""
    around = between(document, own[0].visit, read.visit) if own[0].order < read.order else ()
    return any(v.policy.element in ("base", "include-fragment") for v in around)


def _stored(write: Write, document: Subject) -> str | None:
    """The type a policy stores; None when it is not plain."""
    if write.policy.element != "set-variable":
        return None
    if document.literal(write.policy, "value") is not None:
        return "System.String"
    expression = document.expression(write.policy, "value")
    if expression is None:
        return None
    found = {_type(value) for value in _results(expression.root)}
    return found.pop() if len(found) == 1 else None


def _results(root: object) -> Iterator[bd.BExpr]:
    if isinstance(root, bd.BBlock):
        inside = {id(x) for n in nodes(root) if isinstance(n, bd.BLambda | bd.BLocalFunction) for x in nodes(n)}
        for node in nodes(root):
            if isinstance(node, bd.BReturn) and node.value is not None and id(node) not in inside:
                yield node.value
    elif isinstance(root, bd.BExpr):
        yield root


def _type(value: bd.BExpr) -> str | None:
    while isinstance(value, bd.BConvert) and value.type.full_name == "System.Object":
        value = value.operand
    name = value.type.full_name
    return name if name in _PLAIN and not (value.nullable and value.const is None) else None


def _casts(read: Read, document: Subject) -> Iterator[tuple[object, str]]:
    """The casts of the variable in the expression that reads it."""
    for expression in document.expressions(read.policy):
        for node in expression.nodes():
            if not isinstance(node, bd.BConvert) or node.type.full_name not in _PLAIN:
                continue
            inner = plain(node)
            direct = isinstance(node.operand, bd.BProperty)
            if direct and isinstance(inner, bd.BProperty) and expression.span(inner) == read.span:
                yield expression.span(node), node.type.full_name
