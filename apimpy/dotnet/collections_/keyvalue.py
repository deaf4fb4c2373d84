"""System.Collections.Generic.KeyValuePair: a tuple, with a Python class of its own for every pair of type arguments."""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.values import KeyValuePair, box, to_string

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

__all__ = ["pair_class"]

key_value_pair = clr_type("System.Collections.Generic.KeyValuePair<TKey, TValue>", kind="struct", python=KeyValuePair)
_T = key_value_pair


@cache
def pair_class(key: Type, value: Type) -> type[KeyValuePair]:
    """The class of `KeyValuePair<key, value>`: so a pair knows its type without carrying it."""

    def text(self: tuple[Any, Any]) -> str:
        return f"[{to_string(box(self[0], key))}, {to_string(box(self[1], value))}]"

    members = {"__slots__": (), "clr_type": key_value_pair.of(key, value), "clr_to_string": text}
    return type("KeyValuePair", (KeyValuePair,), members)


@_T.ctor("KeyValuePair(TKey key, TValue value)", reify=True)
def new(key_type: Type, value_type: Type, key: Any, value: Any) -> KeyValuePair:
    return pair_class(key_type, value_type)(key, value)


_T.prop("TKey? Key", itemgetter(0))
_T.prop("TValue? Value", itemgetter(1))
_T.method("string ToString()", lambda pair: pair.clr_to_string())
_T.method("void Deconstruct(out TKey key, out TValue value)", lambda pair: (None, *pair), since="core")

pairs = clr_type("System.Collections.Generic.KeyValuePair", kind="static")
pairs.method(
    "static KeyValuePair<TKey, TValue> Create<TKey, TValue>(TKey key, TValue value)", new, reify=True, since="core"
)
