"""System.Enum: what all enum types share.  A value is a `values.EnumValue`."""

from __future__ import annotations

from typing import Any

from apimpy.csharp.types import ClrType, Named, Type
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, ClrError, OverflowException
from apimpy.dotnet.system.arithmetic import overflow_message
from apimpy.dotnet.system.casing import WHITE
from apimpy.dotnet.system.comparers import compare_values
from apimpy.dotnet.system.object_ import hash_code, type_code
from apimpy.dotnet.system.string_format import enum_format
from apimpy.dotnet.values import Array, EnumValue, equals, type_of

__all__ = ["enum_", "parse_enum"]

enum_ = clr_type(
    "System.Enum", bases="ValueType, IComparable, IFormattable, IConvertible", allowed="Parse TryParse ToString"
)


def _declaration(kind: Type | None) -> ClrType:
    if kind is None:
        raise ArgumentNullException("enumType")
    if not isinstance(kind, Named) or kind.decl.kind != "enum":
        raise ArgumentException("Type provided must be an Enum.", "enumType")
    return kind.decl


# --- parsing ---------------------------------------------------------------------------------------------------------


def parse_enum(decl: ClrType, text: str | None, ignore_case: bool = False) -> EnumValue:
    """Names (separated by commas) or a number."""
    if text is None:
        raise ArgumentNullException("value")
    trimmed = text.strip(WHITE)
    if not trimmed:
        raise ArgumentException("Must specify valid information for parsing in the string.", "value")
    digits = trimmed[1:] if trimmed[0] in "+-" else trimmed
    if digits.isascii() and digits.isdigit():
        number = int(trimmed) if len(digits) < 20 else 1 << 40
        if not -(1 << 31) <= number < 1 << 31:
            raise OverflowException(overflow_message(32, True))
        return EnumValue(decl, number)
    value = 0
    for name in trimmed.split(","):
        member = _member(decl, name.strip(WHITE), ignore_case)
        if member is None:
            raise ArgumentException(f"Requested value '{text}' was not found.")
        value |= member.value
    return EnumValue(decl, value)


def _member(decl: ClrType, name: str, ignore_case: bool) -> EnumValue | None:
    found: EnumValue | None = decl.enum_members.get(name)
    if found is None and ignore_case:
        folded = name.lower()
        return next((m for n, m in decl.enum_members.items() if n.lower() == folded), None)
    return found


def _parse(kind: Type, text: str | None) -> EnumValue:
    return parse_enum(_declaration(kind), text)


def _parse_cased(kind: Type, text: str | None, ignore_case: bool) -> EnumValue:
    return parse_enum(_declaration(kind), text, ignore_case)


def _try_parse_cased(kind: Type, text: str | None, ignore_case: bool) -> tuple[bool, EnumValue]:
    decl = _declaration(kind)
    try:
        return True, parse_enum(decl, text, ignore_case)
    except ClrError:
        return False, EnumValue(decl, 0)


def _try_parse(kind: Type, text: str | None) -> tuple[bool, EnumValue]:
    return _try_parse_cased(kind, text, False)


enum_.method("static object Parse(Type enumType, string value)", _parse)
enum_.method("static object Parse(Type enumType, string value, bool ignoreCase)", _parse_cased)
enum_.method("static TEnum Parse<TEnum>(string value)", _parse, reify=True, since="core")
enum_.method("static TEnum Parse<TEnum>(string value, bool ignoreCase)", _parse_cased, reify=True, since="core")
enum_.method("static bool TryParse<TEnum>(string? value, out TEnum result)", _try_parse, reify=True)
enum_.method(
    "static bool TryParse<TEnum>(string? value, bool ignoreCase, out TEnum result)", _try_parse_cased, reify=True
)
enum_.method("static bool TryParse(Type enumType, string? value, out object result)", _try_parse, since="core")
enum_.method(
    "static bool TryParse(Type enumType, string? value, bool ignoreCase, out object result)",
    _try_parse_cased,
    since="core",
)


# --- reflection on members -------------------------------------------------------------------------------------------


def _named(name: str) -> Type:
    assert ClrType.universe is not None
    return ClrType.universe.named("System." + name)


def _number(value: Any) -> int:
    if isinstance(value, EnumValue):
        return value.value
    if isinstance(value, int):
        return int(value)
    raise ArgumentException(
        "The value passed in must be an enum base or an underlying type for an enum, such as an Int32.", "value"
    )


def _sorted_members(kind: Type) -> list[tuple[str, EnumValue]]:
    # .NET orders by the unsigned value
    return sorted(_declaration(kind).enum_members.items(), key=lambda item: item[1].value & 0xFFFFFFFF)


def _name(kind: Type, value: Any) -> str | None:
    number = _number(value)
    return next((name for name, member in _sorted_members(kind) if member.value == number), None)


def _is_defined(kind: Type, value: Any) -> bool:
    if isinstance(value, str):
        return value in _declaration(kind).enum_members
    return _name(kind, value) is not None


def _format(kind: Type, value: Any, fmt: str | None) -> str:
    return enum_format(EnumValue(_declaration(kind), _number(value)), fmt)


enum_.method("static string? GetName(Type enumType, object value)", _name)
enum_.method(
    "static string[] GetNames(Type enumType)",
    lambda kind: Array(_named("String"), (name for name, _ in _sorted_members(kind))),
)
enum_.method(
    "static Array GetValues(Type enumType)", lambda kind: Array(kind, (member for _, member in _sorted_members(kind)))
)
enum_.method("static bool IsDefined(Type enumType, object value)", _is_defined)
enum_.method("static Type GetUnderlyingType(Type enumType)", lambda _kind: _named("Int32"))
enum_.method("static string Format(Type enumType, object value, string format)", _format)
enum_.method(
    "static object ToObject(Type enumType, object value)",
    lambda kind, value: EnumValue(_declaration(kind), _number(value)),
)
for _alias in ("sbyte", "byte", "short", "ushort", "int", "uint", "long", "ulong"):
    enum_.method(
        f"static object ToObject(Type enumType, {_alias} value)",
        lambda kind, value: EnumValue(_declaration(kind), value),
    )


# --- values ----------------------------------------------------------------------------------------------------------


def _has_flag(self: EnumValue, flag: EnumValue | None) -> bool:
    if flag is None:
        raise ArgumentNullException("flag")
    if flag.decl is not self.decl:
        raise ArgumentException(
            f"The argument type, '{type_of(flag).full_name}', is not the same as the enum type '{self.decl.full_name}'."
        )
    return self.value & flag.value == flag.value


enum_.method("string ToString()", EnumValue.clr_to_string)
enum_.method("string ToString(string? format)", enum_format)
enum_.method("string ToString(IFormatProvider? provider)", lambda self, _provider: self.clr_to_string())
enum_.method(
    "string ToString(string? format, IFormatProvider? provider)", lambda self, fmt, _provider: enum_format(self, fmt)
)
enum_.method("bool HasFlag(Enum flag)", _has_flag)
enum_.method("int CompareTo(object? target)", compare_values)
enum_.method("bool Equals(object? obj)", equals)
enum_.method("int GetHashCode()", hash_code)
enum_.method("TypeCode GetTypeCode()", lambda _self: type_code.enum_members["Int32"])
