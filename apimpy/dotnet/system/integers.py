"""The eight integer types: Byte, SByte, Int16, UInt16, Int32, UInt32, Int64, UInt64.  Conversions are the binder's."""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.decl import TypeDecl, clr_type
from apimpy.dotnet.exceptions import ArgumentException
from apimpy.dotnet.system.number_format import format_integer
from apimpy.dotnet.system.number_parse import INTEGER, OVERFLOW, check_integer_styles, parse_integer, read_integer
from apimpy.dotnet.system.object_ import type_code, wrap32
from apimpy.dotnet.values import BOXES, EnumValue

__all__ = ["byte", "int16", "int32", "int64", "sbyte", "uint16", "uint32", "uint64"]


def _parsing(t: TypeDecl, bits: int, signed: bool) -> None:
    alias = t.alias

    short = {8: 2, 16: 4, 32: 9, 64: 18}[bits]
    """Any number of so many digits fits."""

    def parse(s: str | None) -> int:
        if s is not None and s.isdecimal() and s.isascii() and len(s) <= short:
            return int(s)
        return parse_integer(s, INTEGER, bits, signed)

    def parse_styled(s: str | None, style: EnumValue) -> int:
        check_integer_styles(style.value)
        return parse_integer(s, style.value, bits, signed)

    def try_parse(s: str | None) -> tuple[bool, int]:
        if s is not None and s.isdecimal() and s.isascii() and len(s) <= short:
            return True, int(s)
        value = read_integer(s, INTEGER, bits, signed)
        return (False, 0) if value is None or value is OVERFLOW else (True, value)

    def try_parse_styled(s: str | None, style: EnumValue, provider: Any) -> tuple[bool, int]:
        check_integer_styles(style.value)
        value = read_integer(s, style.value, bits, signed)
        return (False, 0) if value is None or value is OVERFLOW else (True, value)

    t.method(f"static {alias} Parse(string s)", parse)
    t.method(f"static {alias} Parse(string s, IFormatProvider? provider)", lambda s, _provider: parse(s))
    t.method(f"static {alias} Parse(string s, NumberStyles style)", parse_styled)
    t.method(
        f"static {alias} Parse(string s, NumberStyles style, IFormatProvider? provider)",
        lambda s, style, _provider: parse_styled(s, style),
    )
    t.method(f"static bool TryParse(string? s, out {alias} result)", try_parse)
    t.method(
        f"static bool TryParse(string? s, NumberStyles style, IFormatProvider? provider, out {alias} result)",
        try_parse_styled,
    )


def _integer(name: str, alias: str, bits: int, signed: bool) -> TypeDecl:
    box = BOXES.get("System." + name, int)
    t = clr_type(
        "System." + name,
        kind="struct",
        alias=alias,
        python=box,
        bases=f"IComparable, IComparable<{alias}>, IEquatable<{alias}>, IConvertible, IFormattable",
    )
    # the narrow types subtract, the wide ones would overflow
    narrow = bits < 32

    def compare(self: int, other: int) -> int:
        return self - other if narrow else (self > other) - (self < other)

    def compare_object(self: int, other: Any) -> int:
        if other is None:
            return 1
        if not isinstance(other, int) or type(other) is not box:
            raise ArgumentException(f"Object must be of type {name}.")
        return compare(self, other)

    def equals_object(self: int, other: Any) -> bool:
        return type(other) is box and bool(self == other)

    def to_string(self: int, fmt: str | None) -> str:
        return format_integer(self, bits, signed, fmt)

    def hash_of(self: int) -> int:
        return wrap32(self ^ (self >> 32)) if bits == 64 else wrap32(self)

    t.const(f"{alias} MinValue", -(1 << (bits - 1)) if signed else 0)
    t.const(f"{alias} MaxValue", (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1)
    _parsing(t, bits, signed)
    t.method("string ToString()", int.__repr__)
    t.method("string ToString(IFormatProvider? provider)", lambda self, _provider: int.__repr__(self))
    t.method("string ToString(string? format)", to_string)
    t.method("string ToString(string? format, IFormatProvider? provider)", lambda self, fmt, _p: to_string(self, fmt))
    t.method(f"int CompareTo({alias} value)", compare)
    t.method("int CompareTo(object? value)", compare_object)
    t.method(f"bool Equals({alias} obj)", int.__eq__)
    t.method("bool Equals(object? obj)", equals_object)
    t.method("int GetHashCode()", hash_of)
    t.method("TypeCode GetTypeCode()", lambda _self: type_code.enum_members[name])
    return t


sbyte = _integer("SByte", "sbyte", 8, True)
byte = _integer("Byte", "byte", 8, False)
int16 = _integer("Int16", "short", 16, True)
uint16 = _integer("UInt16", "ushort", 16, False)
int32 = _integer("Int32", "int", 32, True)
uint32 = _integer("UInt32", "uint", 32, False)
int64 = _integer("Int64", "long", 64, True)
uint64 = _integer("UInt64", "ulong", 64, False)
