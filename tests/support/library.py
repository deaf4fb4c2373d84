"""Calling declared members of the class library by signature, as its tests do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import Array, EnumValue

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

U = universe()


def find(owner: str, signature: str, arity: int = 0) -> Any:
    decl = U.declaration(owner, arity)
    assert decl is not None, owner
    found = [d for items in decl.declarations.values() for d in items if d.signature == signature]
    assert len(found) == 1, signature
    return found[0]


def call(owner: str, signature: str, *args: Any, arity: int = 0) -> Any:
    """What the declared member gives; an exception as (type, message)."""
    try:
        return find(owner, signature, arity).impl(*args)
    except ClrError as e:
        return e.full_name, e.text


def t(name: str, *args: Type) -> Type:
    return U.named("System." + name, *args)


def ints(*items: int) -> Array:
    return Array(t("Int32"), items)


def data(*items: int) -> Array:
    return Array(t("Byte"), items)


def chars(text: str) -> Array:
    return Array(t("Char"), text)


def strings(*items: str | None) -> Array:
    return Array(t("String"), items)


def member(owner: str, name: str) -> EnumValue:
    decl = U.declaration(owner, 0)
    assert decl is not None
    return decl.enum_members[name]


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, Array) else value


def out_of_range(param: str, message: str) -> tuple[str, str]:
    return "System.ArgumentOutOfRangeException", f"{message} (Parameter '{param}')"


def null(param: str) -> tuple[str, str]:
    return "System.ArgumentNullException", f"Value cannot be null. (Parameter '{param}')"


INDEX = "Index was out of range. Must be non-negative and less than the size of the collection."
