"""What Json.NET asks about C# types at run time: the element type of a sequence, assignability."""

from __future__ import annotations

from typing import Any

from apimpy.csharp.types import ArrayType, Named, Type
from apimpy.dotnet.values import Array, type_of

__all__ = ["argument_of", "element_type", "is_a"]


def is_a(of: Type, full_name: str) -> bool:
    """Whether a type is, derives from or implements the one of that name."""
    if isinstance(of, Named) and of.decl.full_name == full_name:
        return True
    return any(is_a(base, full_name) for base in of.bases())


def argument_of(of: Type, full_name: str, index: int = 0) -> Type | None:
    """The type argument with which a type implements that generic interface."""
    if isinstance(of, Named) and of.decl.full_name == full_name and of.args:
        return of.args[index]
    for base in of.bases():
        found = argument_of(base, full_name, index)
        if found is not None:
            return found
    return None


def element_type(value: Any) -> Type | None:
    """The static type of the (unboxed) elements of a sequence, when it knows it."""
    if isinstance(value, Array):
        return value.of
    of = getattr(value, "of", None)
    if isinstance(of, Type):
        return of
    kind = type_of(value)
    if isinstance(kind, ArrayType):
        return kind.element
    found = argument_of(kind, "System.Collections.Generic.IEnumerable")
    return found if found is None or found.is_value or isinstance(found, Named) else None
