"""System.Convert: the matrix of conversions between the basic types, built from one converter per pair.

`convert_to(boxed, "System.Int32")` is what IConvertible and ChangeType use: it goes by the run-time type.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from apimpy.csharp.types import ClrType, Named, Type
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, FormatException, InvalidCastException, OverflowException
from apimpy.dotnet.system import arithmetic
from apimpy.dotnet.system.boolean_ import parse_boolean
from apimpy.dotnet.system.decimal_ import whole_decimal
from apimpy.dotnet.system.number_format import decimal_text, double_text, single_text
from apimpy.dotnet.system.number_parse import INTEGER, parse_decimal, parse_double, parse_integer, parse_single
from apimpy.dotnet.system.object_ import type_code_of
from apimpy.dotnet.values import EnumValue, Runtime, box, single, to_string, type_of

__all__ = ["convert", "convert_to"]

convert = clr_type("System.Convert", kind="static")

Converter = Callable[[Any], Any]

_INTEGERS = {
    "SByte": ("sbyte", 8, True),
    "Byte": ("byte", 8, False),
    "Int16": ("short", 16, True),
    "UInt16": ("ushort", 16, False),
    "Int32": ("int", 32, True),
    "UInt32": ("uint", 32, False),
    "Int64": ("long", 64, True),
    "UInt64": ("ulong", 64, False),
}
_ALIASES = {
    "Boolean": "bool",
    "Char": "char",
    **{name: alias for name, (alias, _, _) in _INTEGERS.items()},
    "Single": "float",
    "Double": "double",
    "Decimal": "decimal",
    "DateTime": "DateTime",
    "String": "string",
}


def _refuse(source: str, target: str) -> Converter:
    def refuse(value: Any) -> Any:
        raise InvalidCastException(f"Invalid cast from '{source}' to '{target}'.")

    return refuse


def _same(value: Any) -> Any:
    return value


# --- converters to each type -----------------------------------------------------------------------------------------


def _to_integer(bits: int, signed: bool) -> dict[str, Converter]:
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    message = arithmetic.overflow_message(bits, signed)

    def ranged(value: int) -> int:
        if low <= value <= high:
            return value
        raise OverflowException(message)

    def from_float(value: float) -> int:
        if value == value and -1e20 < value < 1e20 and low <= (whole := round(value)) <= high:
            return whole
        if bits < 32 and not -(2**31) - 0.5 <= value < 2**31 - 0.5:
            raise OverflowException(arithmetic.overflow_message(32, True))  # .NET goes by way of Int32
        raise OverflowException(message if bits < 64 else None)

    def from_decimal(value: Decimal) -> int:
        return ranged(int(whole_decimal(value, ROUND_HALF_EVEN)))

    def from_string(value: str | None) -> int:
        return 0 if value is None else parse_integer(value, INTEGER, bits, signed)

    return {
        "Boolean": int,
        "Char": lambda c: ranged(ord(c)),
        **dict.fromkeys(_INTEGERS, ranged),
        "Single": from_float,
        "Double": from_float,
        "Decimal": from_decimal,
        "String": from_string,
    }


def _to_boolean() -> dict[str, Converter]:
    numbers = (*_INTEGERS, "Single", "Double", "Decimal")
    return {
        "Boolean": _same,
        **dict.fromkeys(numbers, bool),
        "String": lambda value: value is not None and parse_boolean(value),
    }


def _to_char() -> dict[str, Converter]:
    def from_integer(value: int) -> str:
        if not 0 <= value <= 0xFFFF:
            raise OverflowException("Value was either too large or too small for a character.")
        return chr(value)

    def from_string(value: str | None) -> str:
        if value is None:
            raise ArgumentNullException("value")
        if len(value) != 1:
            raise FormatException("String must be exactly one character long.")
        return value

    return {"Char": _same, **dict.fromkeys(_INTEGERS, from_integer), "String": from_string}


def _to_double() -> dict[str, Converter]:
    return {
        "Boolean": float,
        **dict.fromkeys(_INTEGERS, float),
        "Single": _same,
        "Double": _same,
        "Decimal": arithmetic.decimal_to_double,
        "String": lambda value: 0.0 if value is None else parse_double(value),
    }


def _to_single() -> dict[str, Converter]:
    return {
        "Boolean": float,
        **dict.fromkeys(_INTEGERS, single),
        "Single": _same,
        "Double": single,
        "Decimal": lambda value: single(arithmetic.decimal_to_double(value)),
        "String": lambda value: 0.0 if value is None else parse_single(value),
    }


def _to_decimal() -> dict[str, Converter]:
    return {
        "Boolean": lambda value: Decimal(int(value)),
        **dict.fromkeys(_INTEGERS, Decimal),
        "Single": arithmetic.single_to_decimal,
        "Double": arithmetic.to_decimal,
        "Decimal": _same,
        "String": lambda value: Decimal(0) if value is None else parse_decimal(value),
    }


def _to_date(rt: Runtime, value: Any) -> Any:
    """`Convert.ToDateTime` of a boxed value or a string; the run time knows today's date."""
    from apimpy.dotnet.time.datetime import DateTime, parse

    if value is None:
        return DateTime(0)
    return parse(rt, value) if type(value) is str else convert_to(value, "System.DateTime")


def _to_string() -> dict[str, Converter]:
    return {
        "Boolean": to_string,
        "Char": _same,
        **dict.fromkeys(_INTEGERS, str),
        "Single": single_text,
        "Double": double_text,
        "Decimal": decimal_text,
        "DateTime": to_string,
        "String": _same,
    }


def _complete(target: str, found: dict[str, Converter]) -> dict[str, Converter]:
    return {source: found.get(source) or _refuse(source, target) for source in _ALIASES}


_FOUND: dict[str, dict[str, Converter]] = {
    "Boolean": _to_boolean(),
    "Char": _to_char(),
    **{name: _to_integer(bits, signed) for name, (_, bits, signed) in _INTEGERS.items()},
    "Single": _to_single(),
    "Double": _to_double(),
    "Decimal": _to_decimal(),
    "DateTime": {"DateTime": _same},
    "String": _to_string(),
}
_MATRIX = {target: _complete(target, found) for target, found in _FOUND.items()}
_NULL_VALUES: dict[str, Any] = {
    "Boolean": False,
    "Char": "\0",
    **dict.fromkeys(_INTEGERS, 0),
    "Single": 0.0,
    "Double": 0.0,
    "Decimal": Decimal(0),
    "String": "",
}


# --- by run-time type ------------------------------------------------------------------------------------------------


def _source_name(value: Any) -> str | None:
    """The name of the basic type of a boxed value; None when it is not IConvertible."""
    if isinstance(value, EnumValue):
        return "Int32"
    kind = type_of(value)
    if isinstance(kind, Named) and kind.decl.namespace == "System" and kind.decl.name in _ALIASES:
        return kind.decl.name
    return None


def convert_to(value: Any, target: str, rt: Runtime | None = None) -> Any:
    """A boxed value (not null) converted to the basic type of that full name, unboxed.  Dates in text need `rt`."""
    if rt is not None and target == "System.DateTime":
        return _to_date(rt, value)
    source = _source_name(value)
    if source is None:
        raise InvalidCastException(
            f"Unable to cast object of type '{type_of(value).full_name}' to type 'System.IConvertible'."
        )
    name = target.removeprefix("System.")
    if isinstance(value, EnumValue):
        return value.clr_to_string() if name == "String" else _MATRIX[name][source](value.value)
    return _bare(_MATRIX[name][source](value))


def _bare(value: Any) -> Any:
    """A number or character without the mark of its box, which may have come through a conversion."""
    for kind in (int, float, str):
        if isinstance(value, kind) and type(value) not in (kind, bool):
            return kind(value)
    return value


def _from_object(target: str) -> Converter:
    def from_object(value: Any) -> Any:
        return _NULL_VALUES[target] if value is None else convert_to(value, target)

    return from_object


def _ignoring_provider(converter: Converter) -> Callable[[Any, Any], Any]:
    return lambda value, _provider: converter(value)


for _target, _found in _MATRIX.items():
    if _target == "String":
        continue
    for _source, _converter in _found.items():
        if (_target, _source) == ("DateTime", "String"):
            continue
        _mark = "?" if _source == "String" else ""
        convert.method(f"static {_ALIASES[_target]} To{_target}({_ALIASES[_source]}{_mark} value)", _converter)
    if _target == "DateTime":
        continue
    convert.method(f"static {_ALIASES[_target]} To{_target}(object? value)", _from_object(_target))
    for _source, _converter in (("string?", _found["String"]), ("object?", _from_object(_target))):
        convert.method(
            f"static {_ALIASES[_target]} To{_target}({_source} value, IFormatProvider? provider)",
            _ignoring_provider(_converter),
        )
for _source in ("string?", "object?"):
    convert.method(f"static DateTime ToDateTime({_source} value)", _to_date, rt=True)
    convert.method(
        f"static DateTime ToDateTime({_source} value, IFormatProvider? provider)",
        lambda rt, value, _provider: _to_date(rt, value),
        rt=True,
    )
for _source, _converter in _MATRIX["String"].items():
    _mark = "?" if _source == "String" else ""
    convert.method(f"static string{_mark} ToString({_ALIASES[_source]}{_mark} value)", _converter)
    convert.method(
        f"static string{_mark} ToString({_ALIASES[_source]}{_mark} value, IFormatProvider? provider)",
        _ignoring_provider(_converter),
    )
convert.method("static string ToString(object? value)", to_string)
convert.method("static string ToString(object? value, IFormatProvider? provider)", _ignoring_provider(to_string))


# --- ChangeType ------------------------------------------------------------------------------------------------------


def _change_type(rt: Runtime, value: Any, target: Type | None) -> Any:
    if target is None:
        raise ArgumentNullException("conversionType")
    if value is None:
        if target.is_value:
            raise InvalidCastException("Null object cannot be converted to a value type.")
        return None
    own = type_of(value)
    if own is target:
        return value
    source = _source_name(value)
    if source is None:
        raise InvalidCastException("Object must implement IConvertible.")
    if isinstance(target, Named) and target.decl.namespace == "System":
        if target.decl.name in _MATRIX:
            return box(convert_to(value, target.decl.full_name, rt), target)
        if target.decl.name == "Object":
            return value
    raise InvalidCastException(f"Invalid cast from '{own.full_name}' to '{target.full_name}'.")


def _change_code(rt: Runtime, value: Any, code: EnumValue) -> Any:
    name = code.clr_to_string()
    if value is None and name in ("Empty", "String", "Object"):
        return None
    if name == "Object":
        return value
    if name not in _MATRIX:
        raise InvalidCastException("Object cannot be cast to Empty." if name == "Empty" else None)
    assert ClrType.universe is not None
    return _change_type(rt, value, ClrType.universe.named("System." + name))


convert.method("static object? ChangeType(object? value, Type conversionType)", _change_type, rt=True)
convert.method(
    "static object? ChangeType(object? value, Type conversionType, IFormatProvider? provider)",
    lambda rt, value, target, _provider: _change_type(rt, value, target),
    rt=True,
)
convert.method("static object? ChangeType(object? value, TypeCode typeCode)", _change_code, rt=True)
convert.method(
    "static object? ChangeType(object? value, TypeCode typeCode, IFormatProvider? provider)",
    lambda rt, value, code, _provider: _change_code(rt, value, code),
    rt=True,
)
convert.method("static TypeCode GetTypeCode(object? value)", type_code_of)
convert.method("static bool IsDBNull(object? value)", lambda _value: False)
