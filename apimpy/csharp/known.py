"""The types the language itself knows, and facts about its numbers."""

from __future__ import annotations

from typing import Any

from apimpy.csharp.types import ClrType, Named, Type

__all__ = ["Known", "is_nullable", "known", "strip_nullable"]

INTEGRAL = {
    "sbyte": (8, True),
    "byte": (8, False),
    "short": (16, True),
    "ushort": (16, False),
    "int": (32, True),
    "uint": (32, False),
    "long": (64, True),
    "ulong": (64, False),
}
"""Bits and sign of the integer types (char is apart: 16, unsigned, a `str`)."""

_WIDENS: dict[str, str] = {
    "sbyte": "short int long float double decimal",
    "byte": "short ushort int uint long ulong float double decimal",
    "short": "int long float double decimal",
    "ushort": "int uint long ulong float double decimal",
    "int": "long float double decimal",
    "uint": "long ulong float double decimal",
    "long": "float double decimal",
    "ulong": "float double decimal",
    "char": "ushort int uint long ulong float double decimal",
    "float": "double",
}
WIDENS = {k: frozenset(v.split()) for k, v in _WIDENS.items()}
"""Implicit numeric conversions (C# 10.2.3)."""

NUMERIC = frozenset([*INTEGRAL, "char", "float", "double", "decimal"])
LANGUAGE_NAMES = {
    "System.SByte": "sbyte",
    "System.Byte": "byte",
    "System.Int16": "short",
    "System.UInt16": "ushort",
    "System.Int32": "int",
    "System.UInt32": "uint",
    "System.Int64": "long",
    "System.UInt64": "ulong",
    "System.Char": "char",
    "System.Single": "float",
    "System.Double": "double",
    "System.Decimal": "decimal",
    "System.Boolean": "bool",
    "System.String": "string",
    "System.Object": "object",
}


def keyword(t: Type) -> str:
    """The C# keyword of a predefined type, "" for others."""
    return LANGUAGE_NAMES.get(t.decl.full_name, "") if isinstance(t, Named) else ""


class Known:
    """The predefined types of one universe, as attributes named by their keyword (`int_`)."""

    def __init__(self, universe: Any) -> None:
        self.universe = universe
        for full, word in LANGUAGE_NAMES.items():
            setattr(self, word + "_", universe.named(full))

    int_: Type
    uint_: Type
    long_: Type
    ulong_: Type
    short_: Type
    ushort_: Type
    byte_: Type
    sbyte_: Type
    char_: Type
    float_: Type
    double_: Type
    decimal_: Type
    bool_: Type
    string_: Type
    object_: Type

    def word(self, keyword: str) -> Type:
        return getattr(self, keyword + "_")  # type: ignore[no-any-return]

    def nullable(self, t: Type) -> Type:
        return t if is_nullable(t) else self.universe.named("System.Nullable", t)


_known: dict[int, Known] = {}


def known() -> Known:
    universe = ClrType.universe
    assert universe is not None, "no universe"
    found = _known.get(id(universe))
    if found is None:
        found = _known[id(universe)] = Known(universe)
    return found


def is_nullable(t: Type) -> bool:
    return isinstance(t, Named) and bool(t.args) and t.decl.full_name == "System.Nullable"


def strip_nullable(t: Type) -> Type:
    """T of T?, else the type itself."""
    return t.args[0] if isinstance(t, Named) and is_nullable(t) else t
