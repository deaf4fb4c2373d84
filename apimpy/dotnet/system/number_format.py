"""Text of numbers under the invariant culture: plain, standard formats (`N2`, `X8`, `E3` ...) and custom ones.

Results are those of modern .NET: doubles print the shortest text that reads back, and fixed formats are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.exceptions import FormatException
from apimpy.dotnet.system.custom_format import exponent_text, format_custom
from apimpy.dotnet.system.digits import Number, of_decimal, of_float, of_integer
from apimpy.dotnet.values import check_size

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = [
    "decimal_text",
    "double_text",
    "format_decimal",
    "format_double",
    "format_integer",
    "format_single",
    "single_text",
]

_BAD = "Format specifier was invalid."


def _specifier(fmt: str) -> tuple[str, int] | None:
    """(letter, precision or -1) of a standard format; None for a custom one."""
    if not ("A" <= fmt[0] <= "Z" or "a" <= fmt[0] <= "z"):
        return None
    if len(fmt) == 1:
        return fmt, -1
    digits = fmt[1:]
    if digits.isascii() and digits.isdigit() and len(digits.lstrip("0")) <= 2:
        return fmt[0], int(digits)
    return None


def _not_finite(value: float) -> str | None:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return None


# --- plain text ------------------------------------------------------------------------------------------------------


def double_text(value: float) -> str:
    """`double.ToString()`: shortest round trip, scientific from 1E+17 and below 1E-4."""
    if -1e15 < value < 1e15 and value == (whole := int(value)) and (whole or str(value)[0] != "-"):
        return str(whole)
    text = _not_finite(value)
    return text if text is not None else _general(of_float(value), 17)


def single_text(value: float) -> str:
    """`float.ToString()` of a value rounded to 32 bits: scientific from 1E+09."""
    text = _not_finite(value)
    return text if text is not None else _general(of_float(value, is_single=True), 9)


def decimal_text(value: Decimal) -> str:
    """`decimal.ToString()`: all digits of the scale, never scientific."""
    return f"{value:f}" if value else f"{abs(value):f}"


def _general(number: Number, width: int) -> str:
    """The shortest digits, scientific when the value has more than `width` digits before the point."""
    return _sign(number) + _shortest(number, max(len(number.digits), width), "E")


def _sign(number: Number) -> str:
    return "-" if number.negative else ""


# --- standard formats ------------------------------------------------------------------------------------------------


def _shortest(number: Number, digits: int, letter: str) -> str:
    """The body of G."""
    text, position = number.digits, number.scale
    scientific = position > digits or position < -3
    if scientific:
        position = 1
    if position > 0:
        out = text[:position].ljust(position, "0")
        rest = text[position:]
    else:
        out, rest = "0", "0" * -position + text if text else ""
    if rest:
        out += "." + rest
    return out + (exponent_text(letter, number.scale - 1, 2, True) if scientific else "")


def _scientific(number: Number, digits: int, letter: str) -> str:
    text = number.digits.ljust(digits, "0")
    exponent = number.scale - 1 if number.digits else 0
    return text[0] + ("." + text[1:digits] if digits > 1 else "") + exponent_text(letter, exponent, 3, True)


def _fixed(number: Number, places: int, *, group: bool) -> str:
    text, scale = number.digits, number.scale
    whole = text[:scale].ljust(scale, "0") if scale > 0 else "0"
    if group:
        whole = f"{int(whole):,}"
    if not places:
        return whole
    fraction = text[scale:] if scale > 0 else "0" * -scale + text
    return whole + "." + fraction[:places].ljust(places, "0")


def _standard(number: Number, letter: str, precision: int) -> str:
    """C, E, F, G, N and P."""
    kind = letter.upper()
    rounded = number.floating
    if kind == "E":
        digits = (6 if precision < 0 else precision) + 1
        number.round(digits, rounded=rounded)
        return _sign(number) + _scientific(number, digits, letter)
    if kind == "G":
        digits = precision if precision > 0 else len(number.digits)
        number.round(digits, rounded=rounded)
        return _sign(number) + _shortest(number, digits, "E" if letter == "G" else "e")
    places = 2 if precision < 0 else precision
    if kind == "P":
        if number.digits:
            number.scale += 2
        number.round(number.scale + places, rounded=rounded)
        return _sign(number) + _fixed(number, places, group=True) + " %"
    number.round(number.scale + places, rounded=rounded)
    if kind == "C":
        body = "¤" + _fixed(number, places, group=True)
        return f"({body})" if number.negative else body
    return _sign(number) + _fixed(number, places, group=kind == "N")


def format_integer(value: int, bits: int, signed: bool, fmt: str | None) -> str:
    """`ToString(fmt)` of an integer type of that size."""
    if not fmt:
        return str(value)
    spec = _specifier(fmt)
    if spec is None:
        check_size(len(fmt))
        return format_custom(of_integer(value), fmt)
    letter, precision = spec
    kind = letter.upper()
    if kind == "D":
        text = str(abs(value)).rjust(max(precision, 0), "0")
        return "-" + text if value < 0 else text
    if kind == "X":
        text = format(value & ((1 << bits) - 1), letter)
        return text.rjust(max(precision, 0), "0")
    if kind == "G" and precision < 1:
        return str(value)
    if kind in "CEFGNP":
        return _standard(of_integer(value), letter, precision)
    raise FormatException(_BAD)


def _format_float(value: float, fmt: str | None, is_single: bool) -> str:
    if not fmt:
        return single_text(value) if is_single else double_text(value)
    text = _not_finite(value)
    if text is not None:
        return text
    spec = _specifier(fmt)
    if spec is None:
        return format_custom(of_float(value, significant=7 if is_single else 15), fmt)
    letter, precision = spec
    kind = letter.upper()
    if kind == "R" or (kind == "G" and precision < 1):
        number = of_float(value, is_single=is_single)
        digits = max(len(number.digits), 9 if is_single else 17)
        return _sign(number) + _shortest(number, digits, "E" if letter.isupper() else "e")
    if kind == "G":
        return _standard(of_float(value, significant=precision), letter, precision)
    if kind == "E":
        return _standard(of_float(value, significant=(6 if precision < 0 else precision) + 1), letter, precision)
    if kind in "CFN":
        return _standard(of_float(value, places=2 if precision < 0 else precision), letter, precision)
    if kind == "P":
        return _standard(of_float(value, places=(2 if precision < 0 else precision) + 2), letter, precision)
    raise FormatException(_BAD)


def format_double(value: float, fmt: str | None) -> str:
    return _format_float(value, fmt, False)


def format_single(value: float, fmt: str | None) -> str:
    return _format_float(value, fmt, True)


def format_decimal(value: Decimal, fmt: str | None) -> str:
    if not fmt:
        return decimal_text(value)
    spec = _specifier(fmt)
    if spec is None:
        return format_custom(of_decimal(value), fmt)
    letter, precision = spec
    kind = letter.upper()
    if kind == "G" and precision < 0:
        return decimal_text(value)
    if kind in "CEFGNP":
        return _standard(of_decimal(value), letter, precision)
    raise FormatException(_BAD)
