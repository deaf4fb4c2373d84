"""Where the value of an expression comes from: what the caller sent, what the gateway knows, what is secret.

caller_parts(expression)     header "x-team", query "code", body …
secrets(expression)          the parts of its value that nobody else should see
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp.walk import plain
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.lint.expressions import Expression

__all__ = ["CallerPart", "body_reads", "caller_parts", "certain", "identifies_caller", "secrets", "value_parts"]

_TAKEN = {
    "context.Request.Headers": "header",
    "context.Request.Url.Query": "query parameter",
    "context.Request.OriginalUrl.Query": "query parameter",
}
_KNOWN = (
    "context.Subscription",
    "context.User",
    "context.Product",
    "context.Variables",
    "context.Request.IpAddress",
    "context.Request.Certificate",
)
"""What a caller cannot choose freely, or what nobody here knows."""
_SECRET_HEADERS = ("authorization", "ocp-apim-subscription-key", "api-key", "x-api-key", "cookie", "x-functions-key")
_SECRET_PATHS = ("context.Subscription.Key", "context.Subscription.PrimaryKey", "context.Subscription.SecondaryKey")
_KEEPS = (
    *("ToString", "Trim", "Replace", "ToLower", "ToUpper", "ToLowerInvariant", "Concat", "Format", "Join", "Add"),
    *("First", "FirstOrDefault", "Last", "LastOrDefault", "Split", "Substring"),
)
"""Methods whose result holds what they were given."""


class CallerPart(Record, frozen=True):
    """A part of the request that an expression reads.  `name` is in small letters; "" when it is computed."""

    kind: str
    name: str
    node: Any


def caller_parts(expression: Expression) -> Iterator[CallerPart]:
    """The headers, query parameters and bodies of the request that an expression reads."""
    for node in expression.nodes():
        part = _part(expression, node)
        if part is not None:
            yield part


def identifies_caller(expression: Expression) -> bool:
    """Something in it is not the caller's choice, or nobody here knows whose."""
    return any(path == known or path.startswith(f"{known}.") for path in expression.paths for known in _KNOWN)


def secrets(expression: Expression) -> Iterator[tuple[str, Any]]:
    """The secrets that the value of an expression holds, what they are called and where they stand."""
    for node in value_parts(expression.root):
        part = _part(expression, node)
        if part is not None and part.kind == "header" and part.name in _SECRET_HEADERS:
            yield f"the header '{part.name}'", node
        elif isinstance(node, bd.BProperty) and expression.path(node) in _SECRET_PATHS:
            yield "the subscription key", node


def value_parts(root: Any) -> Iterator[Any]:
    """The nodes whose values are parts of the value of an expression, as far as that is plain to see."""
    if isinstance(root, bd.BBlock):
        for statement in root.body:
            if isinstance(statement, bd.BReturn) and statement.value is not None:
                yield from value_parts(statement.value)
        return
    node = plain(root) if isinstance(root, bd.BExpr) else root
    yield node
    for child in _flows(node):
        yield from value_parts(child)


def _flows(node: Any) -> list[Any]:
    """The operands that end up in the value of a node."""
    if isinstance(node, bd.BBinary):
        return [node.left, node.right] if node.op == "+" else []
    if isinstance(node, bd.BCoalesce):
        return [node.left, node.right]
    if isinstance(node, bd.BConditional):
        return [node.then, node.other]
    if isinstance(node, bd.BConditionalAccess):
        return [node.rest]
    if isinstance(node, bd.BInterpolated):
        return [part[0] for part in node.parts if not isinstance(part, str)]
    if isinstance(node, bd.BConcat):
        return [part.value for part in node.parts if not isinstance(part, str)]
    if isinstance(node, bd.BCall) and node.method.name in _KEEPS:
        return [*([node.receiver] if node.receiver is not None else []), *node.args]
    if isinstance(node, bd.BNew):
        return list(node.args)
    if isinstance(node, bd.BArrayNew):
        return list(node.items or ())
    if isinstance(node, bd.BArrayIndex):
        return [node.array]
    if isinstance(node, bd.BProperty) and node.index and node.receiver is not None:
        return [node.receiver] if plain(node.index[0]).type.name == "int" else []  # by name it is a part
    return list(node.values) if isinstance(node, bd.BAnonymous) else []


def body_reads(expression: Expression, path: str) -> Iterator[tuple[bd.BCall, bool]]:
    """The reads of a body, by the path to it, and whether each of them keeps it."""
    for node in expression.nodes():
        if isinstance(node, bd.BCall) and node.method.decl.effect == "body":
            source = node.receiver if node.receiver is not None else node.args[0]
            if expression.path(source) == path:
                kept = any(a.type.name == "bool" and a.const is not False for a in map(plain, node.args))
                yield node, kept


def certain(root: Any) -> Iterator[Any]:
    """The nodes that are evaluated whenever the expression is, as far as that is plain to see."""
    if isinstance(root, bd.BBlock):
        for statement in root.body:
            if isinstance(statement, bd.BDeclare | bd.BExprStmt | bd.BReturn):
                if statement.value is not None:
                    yield from certain(statement.value)
            elif isinstance(statement, bd.BIf):
                yield from certain(statement.test)
                return
            else:
                return
        return
    yield root
    for child in _evaluated(root):
        yield from certain(child)


def _evaluated(node: Any) -> list[Any]:
    if isinstance(node, bd.BLogical):
        return [node.left]
    if isinstance(node, bd.BConditional):
        return [node.test]
    if isinstance(node, bd.BCoalesce):
        return [node.left]
    if isinstance(node, bd.BConditionalAccess):
        return [node.target]
    if isinstance(node, bd.BConvert | bd.BUnary | bd.BAs | bd.BIs):
        return [node.operand]
    if isinstance(node, bd.BBinary):
        return [node.left, node.right]
    if isinstance(node, bd.BCall):
        return [*([node.receiver] if node.receiver is not None else []), *node.args]
    if isinstance(node, bd.BProperty):
        return [*([node.receiver] if node.receiver is not None else []), *node.index]
    if isinstance(node, bd.BNew):
        return list(node.args)
    if isinstance(node, bd.BInterpolated):
        return [part[0] for part in node.parts if not isinstance(part, str)]
    return [node.value] if isinstance(node, bd.BAssign) else []


def _part(expression: Expression, node: Any) -> CallerPart | None:
    """The part of the request that a node reads."""
    if isinstance(node, bd.BProperty) and node.index and node.receiver is not None:
        kind = _TAKEN.get(expression.path(node.receiver) or "")
        return CallerPart(kind, _name(node.index[0]), node) if kind else None
    if not isinstance(node, bd.BCall):
        return None
    given = [node.receiver, *node.args] if node.receiver is not None else list(node.args)
    if node.method.name == "GetValueOrDefault" and len(given) > 1:
        kind = _TAKEN.get(expression.path(given[0]) or "")
        return CallerPart(kind, _name(given[1]), node) if kind else None
    if node.method.decl.effect == "body" and given and expression.path(given[0]) == "context.Request.Body":
        return CallerPart("body", "", node)
    return None


def _name(node: Any) -> str:
    value = plain(node).const
    return value.lower() if isinstance(value, str) else ""
