"""What an author may want to hear about an expression that compiles: looked for only when somebody asks.

    notes(root) -> [Note("EXP010", "User", "context.User may be null …", start, end), …]

| code | what |
|---|---|
| EXP007 | an `object` compared with a string: references are compared, as in C#, and are hardly ever the same |
| EXP010 | a member of something that may be null, while nothing in the expression asks whether it is |
| EXP011 | the request's body is read and not kept: the backend gets none |
"""

from __future__ import annotations

from collections.abc import Iterator

from apimpy.csharp import bound as bd
from apimpy.csharp.known import keyword
from apimpy.csharp.types import NULL
from apimpy.csharp.walk import nodes, plain
from apimpy.record import Record

__all__ = ["Note", "notes"]


class Note(Record, frozen=True):
    """Advice at offsets of the expression; `subject` is the property of `context` it is about."""

    code: str
    subject: str
    message: str
    start: int
    end: int


def notes(root: Record) -> list[Note]:
    """The advice about a bound expression or block."""
    found = list(nodes(root))
    asked = {key for node in found for key in _asked(node)}
    out: list[Note] = []
    for node in found:
        if isinstance(node, bd.BBinary) and _compares_references(node):
            message = "An object is compared with a string by reference: cast it to string first"
            out.append(Note("EXP007", "", message, node.start, node.end))
        if isinstance(node, bd.BProperty | bd.BCall) and node.receiver is not None:
            part = plain(node.receiver)
            if isinstance(part, bd.BProperty) and _may_be_null(part) and _key(part) not in asked:
                asked.add(_key(part))  # once
                path = _path(part)
                out.append(Note("EXP010", path[8:], f"'{path}' may be null", part.start, part.end))
        if isinstance(node, bd.BCall) and node.method.decl.effect == "body" and not _keeps(node):
            source = plain(node.receiver if node.receiver is not None else node.args[0])
            if isinstance(source, bd.BProperty) and _path(source) == "context.Request.Body":
                message = "The body is read and not kept: the backend gets none.  Say preserveContent: true"
                out.append(Note("EXP011", "Request.Body", message, node.start, node.end))
    return out


def _asked(node: Record) -> Iterator[tuple[str, str]]:
    """The properties whose absence the node deals with."""
    parts: list[bd.BExpr] = []
    if isinstance(node, bd.BBinary) and NULL in (plain(node.left).type, plain(node.right).type):
        parts = [node.left, node.right]
    elif isinstance(node, bd.BConditionalAccess):
        parts = [node.target]
    elif isinstance(node, bd.BCoalesce):
        parts = [node.left]
    elif isinstance(node, bd.BIs | bd.BIsConst):
        parts = [node.operand]
    for part in map(plain, parts):
        if isinstance(part, bd.BProperty):
            yield _key(part)


def _key(e: bd.BProperty) -> tuple[str, str]:
    return e.prop.owner.name, e.prop.name


def _may_be_null(e: bd.BProperty) -> bool:
    return e.prop.decl.nullable and e.prop.owner.namespace == "Apim" and _path(e).startswith("context.")


def _path(e: bd.BExpr) -> str:
    e = plain(e)
    if isinstance(e, bd.BContext):
        return "context"
    if isinstance(e, bd.BProperty) and e.receiver is not None:
        return f"{_path(e.receiver)}.{e.prop.name}"
    return "?"


def _keeps(node: bd.BCall) -> bool:
    """`preserveContent` is true, or computed."""
    return any(keyword(a.type) == "bool" and a.const is not False for a in node.args)


def _compares_references(node: bd.BBinary) -> bool:
    if node.op not in ("==", "!=") or keyword(node.on) != "object":
        return False
    words = {keyword(plain(node.left).type), keyword(plain(node.right).type)}
    return words == {"object", "string"}
