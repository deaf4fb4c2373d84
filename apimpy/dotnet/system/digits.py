"""A number as decimal digits with a scale, the form all number formatting starts from.

`Number("12345", 2)` is 123.45 shifted: 0.12345 x 10^2 = 12.345.  Digits never start with 0; an empty text is zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.values import single
from apimpy.record import Record

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = ["Number", "of_decimal", "of_float", "of_integer", "shortest_single"]


class Number(Record):
    digits: str
    scale: int
    negative: bool
    floating: bool = False
    """From a double or float: negative zero keeps its sign, and the digits are already rounded correctly."""

    def round(self, position: int, *, rounded: bool = False) -> None:
        """Keep `position` digits, half away from zero unless the digits are `rounded` already."""
        digits = self.digits
        if not rounded and 0 <= position < len(digits) and digits[position] >= "5":
            kept = digits[:position].rstrip("9")
            if kept:
                self.digits = kept[:-1] + chr(ord(kept[-1]) + 1)
            else:
                self.digits = "1"
                self.scale += 1
        else:
            self.digits = digits[: max(position, 0)].rstrip("0")
        if not self.digits:
            self.scale = 0
            if not self.floating:
                self.negative = False


def of_integer(value: int) -> Number:
    digits = str(abs(value)) if value else ""
    return Number(digits, len(digits), value < 0)


def of_decimal(value: Decimal) -> Number:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    return Number(text, len(text) + exponent, bool(sign) and bool(text))


def _of_text(text: str, negative: bool) -> Number:
    """From `repr` or `%e`/`%f` output without sign."""
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    scale = len(whole) + (int(exponent) if exponent else 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    if not stripped:
        return Number("", 0, negative, True)
    return Number(stripped, scale - (len(digits) - len(stripped)), negative, True)


def shortest_single(value: float) -> str:
    """The shortest text that reads back as the same 32-bit float."""
    for precision in range(1, 10):
        text = f"{value:.{precision - 1}e}"
        if single(float(text)) == value:
            return text
    return f"{value:.8e}"


def of_float(value: float, *, significant: int = 0, places: int = -1, is_single: bool = False) -> Number:
    """Digits of a finite float: `significant` ones, or `places` after the point, or (neither) the shortest text."""
    negative = str(value)[0] == "-"
    value = abs(value)
    if places >= 0:
        return _of_text(f"{value:.{places}f}", negative)
    if significant > 0:
        return _of_text(f"{value:.{significant - 1}e}", negative)
    number = _of_text(shortest_single(value) if is_single else repr(value), negative)
    number.digits = number.digits.rstrip("0")
    return number
