"""Ways past objects that nobody would keep: what the library offers for the commonest pairs of members.

The library marks its functions (`apimpy.dotnet.decl`), the emitter asks for the marks here:

    shortcuts    of a getter: functions for members of what it gives, by C# name (`this` for the indexer).  They take
                 the getter's receiver in place of the object, so `Headers.GetValueOrDefault("x")` makes no dictionary.
    bare         of a method or shortcut that gives an array: a function that gives the elements alone, a list or bytes,
                 for code that only looks at them.
    reads_bare   of a method that only looks at the elements of its arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp.known import keyword
from apimpy.csharp.types import MISSING, Method

if TYPE_CHECKING:
    import ast

    from apimpy.csharp.bound import BExpr
    from apimpy.csharp.emit.writer import Emitter

__all__ = ["constant_array", "reads_only", "way"]


def _source(e: BExpr) -> BExpr:
    """The expression under conversions that leave the object as it is."""
    while isinstance(e, bd.BConvert) and e.conversion.kind in ("identity", "reference"):
        e = e.operand
    return e


def way(e: BExpr | None, name: str) -> tuple[bd.BProperty, Any] | None:
    """The property whose value a member is called on, and the function that needs only the property's receiver."""
    if e is None or e.nullable:
        return None
    e = _source(e)
    if not isinstance(e, bd.BProperty) or e.receiver is None or e.index or e.nullable:
        return None
    found = getattr(e.prop.getter, "shortcuts", {}).get(name)
    return None if found is None else (e, found)


def reads_only(em: Emitter, m: Method) -> bool:
    """Whether a method only looks at arrays it is given: those of strings do."""
    return m.owner.alias == "string" or getattr(m.impl, "reads_bare", False)


def constant_array(em: Emitter, e: BExpr) -> ast.expr | None:
    """An array of constant characters or strings, made once."""
    if not isinstance(e, bd.BArrayNew) or not e.items or e.shape is not None:
        return None
    if keyword(e.element) not in ("char", "string") or any(i.const is MISSING for i in e.items):
        return None
    return em.g(em.ops.filled_array(e.element, [i.const for i in e.items]))
