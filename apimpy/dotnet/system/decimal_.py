"""System.Decimal.  Its operators and numeric conversions are the binder's (see `arithmetic`)."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    OverflowException,
)
from apimpy.dotnet.system import arithmetic
from apimpy.dotnet.system.number_format import decimal_text, format_decimal
from apimpy.dotnet.system.number_parse import (
    NUMBER,
    OVERFLOW,
    check_float_styles,
    parse_decimal,
    read_decimal,
)
from apimpy.dotnet.system.object_ import hash_code, type_code
from apimpy.dotnet.values import Array, EnumValue, single

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["decimal", "midpoint_rounding", "round_decimal", "rounding_mode", "whole_decimal"]

midpoint_rounding = enum_type(
    "System.MidpointRounding", ("ToEven", "AwayFromZero", "ToZero", "ToNegativeInfinity", "ToPositiveInfinity")
)

decimal = clr_type(
    "System.Decimal",
    kind="struct",
    alias="decimal",
    python=Decimal,
    bases="IComparable, IComparable<decimal>, IEquatable<decimal>, IConvertible, IFormattable",
)

_WIDE = Context(prec=60)
_ROUNDINGS = {0: ROUND_HALF_EVEN, 1: ROUND_HALF_UP, 2: ROUND_DOWN, 3: ROUND_FLOOR, 4: ROUND_CEILING}


def rounding_mode(mode: EnumValue) -> str:
    """The name Python's decimal has for a MidpointRounding."""
    found = _ROUNDINGS.get(mode.value)
    if found is None:
        raise ArgumentException(
            f"The value '{mode.value}' is not valid for this usage of the type MidpointRounding.", "mode"
        )
    return found


def whole_decimal(value: Decimal, rounding: str) -> Decimal:
    exponent = value.as_tuple().exponent
    if exponent == 0:
        return value
    result = value.quantize(Decimal(1), rounding, _WIDE)
    return result or Decimal(0)


def round_decimal(value: Decimal, decimals: int = 0, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Fewer places only: a shorter scale stays as it is."""
    if not 0 <= decimals <= 28:
        raise ArgumentOutOfRangeException("decimals", "Decimal can only round to between 0 and 28 digits of precision.")
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent <= decimals:
        return value
    result = value.quantize(Decimal((0, (1,), -decimals)), rounding, _WIDE)
    return result or result.copy_abs()


# --- construction ----------------------------------------------------------------------------------------------------


def _from_parts(low: int, middle: int, high: int, negative: bool, scale: int) -> Decimal:
    if not 0 <= scale <= 28:
        raise ArgumentOutOfRangeException("scale", "Decimal's scale value must be between 0 and 28, inclusive.")
    mask = 0xFFFFFFFF
    value = (low & mask) | (middle & mask) << 32 | (high & mask) << 64
    return Decimal(-value if negative else value).scaleb(-scale, context=_WIDE)


def _from_bits(bits: Any) -> Decimal:
    if bits is None:
        raise ArgumentNullException("bits")
    flags = bits[3] & 0xFFFFFFFF if len(bits) == 4 else -1
    scale = flags >> 16 & 0xFF
    if flags < 0 or flags & 0x7F00FFFF or scale > 28:
        raise ArgumentException(
            "Decimal byte array constructor requires an array of length four containing valid decimal bytes."
        )
    return _from_parts(bits[0], bits[1], bits[2], bool(flags >> 31), scale)


def _get_bits(value: Decimal) -> Array:
    from apimpy.dotnet.system.integers import int32
    from apimpy.dotnet.system.object_ import wrap32

    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    n = int("".join(map(str, digits)))
    flags = sign << 31 | -exponent << 16
    return Array(int32.of(), (wrap32(n), wrap32(n >> 32), wrap32(n >> 64), wrap32(flags)))


decimal.ctor("Decimal(int value)", Decimal)
decimal.ctor("Decimal(uint value)", Decimal)
decimal.ctor("Decimal(long value)", Decimal)
decimal.ctor("Decimal(ulong value)", Decimal)
decimal.ctor("Decimal(float value)", arithmetic.single_to_decimal)
decimal.ctor("Decimal(double value)", arithmetic.to_decimal)
decimal.ctor("Decimal(int[] bits)", _from_bits)
decimal.ctor("Decimal(int lo, int mid, int hi, bool isNegative, byte scale)", _from_parts)
decimal.const("decimal Zero", Decimal(0))
decimal.const("decimal One", Decimal(1))
decimal.const("decimal MinusOne", Decimal(-1))
decimal.const("decimal MaxValue", arithmetic.DECIMAL_MAX)
decimal.const("decimal MinValue", arithmetic.DECIMAL_MAX.copy_negate())


# --- parsing and text ------------------------------------------------------------------------------------------------


def _parse_styled(s: str | None, style: EnumValue) -> Decimal:
    check_float_styles(style.value)
    return parse_decimal(s, style.value)


def _try(s: str | None, styles: int) -> tuple[bool, Decimal]:
    value = read_decimal(s, styles)
    return (False, Decimal(0)) if value is None or value is OVERFLOW else (True, value)


def _try_styled(s: str | None, style: EnumValue, provider: Any) -> tuple[bool, Decimal]:
    check_float_styles(style.value)
    return _try(s, style.value)


decimal.method("static decimal Parse(string s)", parse_decimal)
decimal.method("static decimal Parse(string s, IFormatProvider? provider)", lambda s, _provider: parse_decimal(s))
decimal.method("static decimal Parse(string s, NumberStyles style)", _parse_styled)
decimal.method(
    "static decimal Parse(string s, NumberStyles style, IFormatProvider? provider)",
    lambda s, style, _provider: _parse_styled(s, style),
)
decimal.method("static bool TryParse(string? s, out decimal result)", lambda s: _try(s, NUMBER))
decimal.method(
    "static bool TryParse(string? s, NumberStyles style, IFormatProvider? provider, out decimal result)", _try_styled
)
decimal.method("string ToString()", decimal_text)
decimal.method("string ToString(IFormatProvider? provider)", lambda self, _provider: decimal_text(self))
decimal.method("string ToString(string? format)", format_decimal)
decimal.method(
    "string ToString(string? format, IFormatProvider? provider)", lambda self, fmt, _p: format_decimal(self, fmt)
)


# --- comparison ------------------------------------------------------------------------------------------------------


def _compare(a: Decimal, b: Decimal) -> int:
    return (a > b) - (a < b)


def _compare_object(self: Decimal, other: Any) -> int:
    if other is None:
        return 1
    if not isinstance(other, Decimal):
        raise ArgumentException("Object must be of type Decimal.")
    return _compare(self, other)


decimal.method("int CompareTo(decimal value)", _compare)
decimal.method("int CompareTo(object? value)", _compare_object)
decimal.method("bool Equals(decimal value)", lambda self, other: self == other)
decimal.method("bool Equals(object? value)", lambda self, other: isinstance(other, Decimal) and self == other)
decimal.method("int GetHashCode()", hash_code)
decimal.method("TypeCode GetTypeCode()", lambda _self: type_code.enum_members["Decimal"])
decimal.method("static int Compare(decimal d1, decimal d2)", _compare)
decimal.method("static bool Equals(decimal d1, decimal d2)", lambda a, b: a == b)


# --- arithmetic ------------------------------------------------------------------------------------------------------

decimal.method("static decimal Add(decimal d1, decimal d2)", arithmetic.decimal_add)
decimal.method("static decimal Subtract(decimal d1, decimal d2)", arithmetic.decimal_sub)
decimal.method("static decimal Multiply(decimal d1, decimal d2)", arithmetic.decimal_mul)
decimal.method("static decimal Divide(decimal d1, decimal d2)", arithmetic.decimal_div)
decimal.method("static decimal Remainder(decimal d1, decimal d2)", arithmetic.decimal_rem)
decimal.method("static decimal Negate(decimal d)", lambda d: d.copy_negate() if d else d)
decimal.method("static decimal Floor(decimal d)", lambda d: whole_decimal(d, ROUND_FLOOR))
decimal.method("static decimal Ceiling(decimal d)", lambda d: whole_decimal(d, ROUND_CEILING))
decimal.method("static decimal Truncate(decimal d)", lambda d: whole_decimal(d, ROUND_DOWN))
decimal.method("static decimal Round(decimal d)", round_decimal)
decimal.method("static decimal Round(decimal d, int decimals)", round_decimal)
decimal.method(
    "static decimal Round(decimal d, MidpointRounding mode)", lambda d, mode: round_decimal(d, 0, rounding_mode(mode))
)
decimal.method(
    "static decimal Round(decimal d, int decimals, MidpointRounding mode)",
    lambda d, decimals, mode: round_decimal(d, decimals, rounding_mode(mode)),
)
decimal.method("static decimal FromOACurrency(long cy)", lambda cy: arithmetic.decimal_div(Decimal(cy), Decimal(10000)))


def _to_currency(value: Decimal) -> int:
    scaled = whole_decimal(value * 10000, ROUND_HALF_EVEN)
    if not -(1 << 63) <= scaled < 1 << 63:
        raise OverflowException("Value was either too large or too small for a Currency.")
    return int(scaled)


decimal.method("static long ToOACurrency(decimal value)", _to_currency)


def _to(bits: int, signed: bool) -> Callable[[Decimal], int]:
    return lambda d: arithmetic.to_integer(d, bits, signed, True)


for _name, _alias, _bits, _signed in (
    ("SByte", "sbyte", 8, True),
    ("Byte", "byte", 8, False),
    ("Int16", "short", 16, True),
    ("UInt16", "ushort", 16, False),
    ("Int32", "int", 32, True),
    ("UInt32", "uint", 32, False),
    ("Int64", "long", 64, True),
    ("UInt64", "ulong", 64, False),
):
    decimal.method(f"static {_alias} To{_name}(decimal d)", _to(_bits, _signed))
decimal.method("static double ToDouble(decimal d)", arithmetic.decimal_to_double)
decimal.method("static float ToSingle(decimal d)", lambda d: single(arithmetic.decimal_to_double(d)))
decimal.method("static int[] GetBits(decimal d)", _get_bits)
