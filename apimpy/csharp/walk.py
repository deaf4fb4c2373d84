"""Walking the bound tree: what the compiler's advice and the linter's rules both ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["nodes", "plain"]


def plain(e: bd.BExpr) -> bd.BExpr:
    """A node without the conversions around it."""
    while isinstance(e, bd.BConvert):
        e = e.operand
    return e


def nodes(x: object) -> Iterator[Any]:
    """Every node of a bound tree, a node before what it holds."""
    if isinstance(x, list | tuple):
        for item in x:
            yield from nodes(item)
    elif isinstance(x, bd.BExpr | bd.BStmt | bd.BCatch | bd.BSection | bd.BLabel):
        yield x
        for key in type(x).record_fields:
            yield from nodes(getattr(x, key))
