"""System.Math."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentOutOfRangeException,
    ArithmeticException,
    DivideByZeroException,
    OverflowException,
)
from apimpy.dotnet.system import arithmetic
from apimpy.dotnet.system.decimal_ import round_decimal, rounding_mode, whole_decimal
from apimpy.dotnet.system.number_format import decimal_text, double_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.values import EnumValue

__all__ = ["math_"]

math_ = clr_type("System.Math", kind="static")
math_.const("double PI", math.pi)
math_.const("double E", math.e)

_SIGNED = {"sbyte": 8, "short": 16, "int": 32, "long": 64}
_INTEGERS = ("sbyte", "byte", "short", "ushort", "int", "uint", "long", "ulong")
_FLOATS = ("float", "double")


# --- absolute value, sign, extremes ----------------------------------------------------------------------------------


def _absolute(bits: int) -> Callable[[int], int]:
    lowest = -(1 << (bits - 1))

    def absolute(value: int) -> int:
        if value == lowest:
            raise OverflowException("Negating the minimum value of a twos complement number is invalid.")
        return abs(value)

    return absolute


def _sign(value: Any) -> int:
    return int(value > 0) - int(value < 0)


def _float_sign(value: float) -> int:
    if value != value:
        raise ArithmeticException("Function does not accept floating point Not-a-Number values.")
    return _sign(value)


def _negative(value: float) -> bool:
    return math.copysign(1.0, value) < 0


def _float_max(a: float, b: float) -> float:
    if a > b or a != a:
        return a
    return a if a == b and _negative(b) else b


def _float_min(a: float, b: float) -> float:
    if a < b or a != a:
        return a
    return a if a == b and _negative(a) else b


def _clamp(text: Callable[[Any], str]) -> Callable[[Any, Any, Any], Any]:
    def clamp(value: Any, low: Any, high: Any) -> Any:
        if low > high:
            raise ArgumentException(f"'{text(low)}' cannot be greater than {text(high)}.")
        return low if value < low else min(value, high)

    return clamp


for _alias, _bits in _SIGNED.items():
    math_.method(f"static {_alias} Abs({_alias} value)", _absolute(_bits))
    math_.method(f"static int Sign({_alias} value)", _sign)
for _alias in _FLOATS:
    math_.method(f"static {_alias} Abs({_alias} value)", abs)
    math_.method(f"static int Sign({_alias} value)", _float_sign)
    math_.method(f"static {_alias} Max({_alias} val1, {_alias} val2)", _float_max)
    math_.method(f"static {_alias} Min({_alias} val1, {_alias} val2)", _float_min)
    math_.method(
        f"static {_alias} Clamp({_alias} value, {_alias} min, {_alias} max)", _clamp(double_text), since="core"
    )
math_.method("static decimal Abs(decimal value)", Decimal.copy_abs)
math_.method("static int Sign(decimal value)", _sign)
math_.method("static decimal Max(decimal val1, decimal val2)", max)
math_.method("static decimal Min(decimal val1, decimal val2)", lambda a, b: min(b, a))
math_.method("static decimal Clamp(decimal value, decimal min, decimal max)", _clamp(decimal_text), since="core")
for _alias in _INTEGERS:
    math_.method(f"static {_alias} Max({_alias} val1, {_alias} val2)", max)
    math_.method(f"static {_alias} Min({_alias} val1, {_alias} val2)", min)
    math_.method(f"static {_alias} Clamp({_alias} value, {_alias} min, {_alias} max)", _clamp(str), since="core")


# --- rounding --------------------------------------------------------------------------------------------------------


def _whole(rounder: Callable[[float], int]) -> Callable[[float], float]:
    def whole(value: float) -> float:
        if not -4.5e15 < value < 4.5e15:
            return value  # no fraction left, infinite or not a number
        return math.copysign(float(abs(rounder(value))), value)

    return whole


_floor = _whole(math.floor)
_ceiling = _whole(math.ceil)
_truncate = _whole(math.trunc)
_to_even = _whole(round)


def _away(value: float) -> float:
    fraction, whole = math.modf(value)
    return whole + math.copysign(1.0, fraction) if abs(fraction) >= 0.5 else whole


_ROUNDERS: dict[str, Callable[[float], float]] = {
    "ROUND_HALF_EVEN": _to_even,
    "ROUND_HALF_UP": _away,
    "ROUND_DOWN": _truncate,
    "ROUND_FLOOR": _floor,
    "ROUND_CEILING": _ceiling,
}


def _round_mode(value: float, mode: EnumValue) -> float:
    rounder = _ROUNDERS[rounding_mode(mode)]
    return rounder(value) if math.isfinite(value) else value


def _round_digits(value: float, digits: int, rounder: Callable[[float], float] = _to_even) -> float:
    """.NET scales, rounds and scales back in floating point; the digits printed can show that."""
    if not 0 <= digits <= 15:
        raise ArgumentOutOfRangeException("digits", "Rounding digits must be between 0 and 15, inclusive.")
    if not -1e16 < value < 1e16:
        return value
    power = 10.0**digits
    return rounder(value * power) / power


def _round_both(value: float, digits: int, mode: EnumValue) -> float:
    return _round_digits(value, digits, _ROUNDERS[rounding_mode(mode)])


def _round_plain(value: Decimal) -> Decimal:
    return round_decimal(value)


def _round_places(value: Decimal, decimals: int) -> Decimal:
    return round_decimal(value, decimals)


math_.method("static double Floor(double d)", _floor)
math_.method("static double Ceiling(double a)", _ceiling)
math_.method("static double Truncate(double d)", _truncate)
math_.method("static decimal Floor(decimal d)", lambda d: whole_decimal(d, ROUND_FLOOR))
math_.method("static decimal Ceiling(decimal d)", lambda d: whole_decimal(d, ROUND_CEILING))
math_.method("static decimal Truncate(decimal d)", lambda d: whole_decimal(d, ROUND_DOWN))
math_.method("static double Round(double a)", _to_even)
math_.method("static double Round(double value, int digits)", _round_digits)
math_.method("static double Round(double value, MidpointRounding mode)", _round_mode)
math_.method("static double Round(double value, int digits, MidpointRounding mode)", _round_both)
math_.method("static decimal Round(decimal d)", _round_plain)
math_.method("static decimal Round(decimal d, int decimals)", _round_places)
math_.method(
    "static decimal Round(decimal d, MidpointRounding mode)", lambda d, mode: round_decimal(d, 0, rounding_mode(mode))
)
math_.method(
    "static decimal Round(decimal d, int decimals, MidpointRounding mode)",
    lambda d, decimals, mode: round_decimal(d, decimals, rounding_mode(mode)),
)


# --- division --------------------------------------------------------------------------------------------------------


def _div_rem(bits: int) -> Callable[[int, int], tuple[int, int]]:
    def div_rem(a: int, b: int) -> tuple[int, int]:
        if not b:
            raise DivideByZeroException
        return arithmetic.int_div(a, b, bits), arithmetic.int_rem(a, b, bits)

    return div_rem


def _ieee_remainder(x: float, y: float) -> float:
    try:
        return math.remainder(x, y)
    except ValueError:
        return math.nan


math_.method("static int DivRem(int a, int b, out int result)", _div_rem(32))
math_.method("static long DivRem(long a, long b, out long result)", _div_rem(64))
math_.method("static long BigMul(int a, int b)", lambda a, b: a * b)
math_.method("static double IEEERemainder(double x, double y)", _ieee_remainder)


# --- elementary functions --------------------------------------------------------------------------------------------


def _total(fn: Callable[[float], float], *, odd: bool = False) -> Callable[[float], float]:
    """A function of `math` that answers NaN and infinity instead of raising."""

    def total(value: float) -> float:
        try:
            return fn(value)
        except ValueError:
            return math.nan
        except OverflowError:
            return -math.inf if odd and value < 0 else math.inf

    return total


def _logarithm(fn: Callable[[float], float]) -> Callable[[float], float]:
    def log(value: float) -> float:
        if value > 0:
            return fn(value)
        return -math.inf if value == 0 else math.nan

    return log


_log = _logarithm(math.log)


def _log_base(a: float, base: float) -> float:
    if a != a or base != base:
        return math.nan
    if base == 1 or (a != 1 and base in (0, math.inf)):
        return math.nan
    return arithmetic.double_div(_log(a), _log(base))


math_.method("static double Pow(double x, double y)", arithmetic.pow)
math_.method("static double Log(double a, double newBase)", _log_base)
math_.method("static double Atan2(double y, double x)", math.atan2)
for _name, _function in {
    "Sqrt": _total(math.sqrt),
    "Exp": _total(math.exp),
    "Log": _log,
    "Log10": _logarithm(math.log10),
    "Sin": _total(math.sin),
    "Cos": _total(math.cos),
    "Tan": _total(math.tan),
    "Asin": _total(math.asin),
    "Acos": _total(math.acos),
    "Atan": math.atan,
    "Sinh": _total(math.sinh, odd=True),
    "Cosh": _total(math.cosh),
    "Tanh": math.tanh,
}.items():
    math_.method(f"static double {_name}(double d)", _function)
for _name, _function in {
    "Cbrt": math.cbrt,
    "Log2": _logarithm(math.log2),
    "Asinh": math.asinh,
    "Acosh": _total(math.acosh),
    "Atanh": _total(math.atanh),
}.items():
    math_.method(f"static double {_name}(double d)", _function, since="core")
