"""System.Boolean."""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, FormatException
from apimpy.dotnet.system.object_ import type_code

__all__ = ["boolean", "parse_boolean", "read_boolean"]

boolean = clr_type(
    "System.Boolean",
    kind="struct",
    alias="bool",
    python=bool,
    bases="IComparable, IComparable<bool>, IEquatable<bool>, IConvertible",
)

_WORDS = {"true": True, "false": False}
# what .NET trims around the words: white space and NUL
_TRIM = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\0"
)


def read_boolean(text: str | None) -> bool | None:
    return None if text is None else _WORDS.get(text.strip(_TRIM).lower() if text.isascii() else text.strip(_TRIM))


def parse_boolean(text: str | None) -> bool:
    if text is None:
        raise ArgumentNullException("value")
    value = read_boolean(text)
    if value is None:
        raise FormatException(f"String '{text}' was not recognized as a valid Boolean.")
    return value


def _try_parse(text: str | None) -> tuple[bool, bool]:
    value = read_boolean(text)
    return value is not None, bool(value)


def _text(self: bool) -> str:
    return "True" if self else "False"


def _compare(self: bool, other: bool) -> int:
    return self - other


def _compare_object(self: bool, other: Any) -> int:
    if other is None:
        return 1
    if not isinstance(other, bool):
        raise ArgumentException("Object must be of type Boolean.")
    return self - other


boolean.const("string TrueString", "True")
boolean.const("string FalseString", "False")
boolean.method("static bool Parse(string value)", parse_boolean)
boolean.method("static bool TryParse(string? value, out bool result)", _try_parse)
boolean.method("string ToString()", _text)
boolean.method("string ToString(IFormatProvider? provider)", lambda self, _provider: _text(self))
boolean.method("bool Equals(bool obj)", lambda self, other: self is other)
boolean.method("bool Equals(object? obj)", lambda self, other: self is other)
boolean.method("int GetHashCode()", int)
boolean.method("int CompareTo(bool value)", _compare)
boolean.method("int CompareTo(object? obj)", _compare_object)
boolean.method("TypeCode GetTypeCode()", lambda _self: type_code.enum_members["Boolean"])
