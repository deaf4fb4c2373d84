"""Reading numbers from text under the invariant culture, by NumberStyles bits.

The readers return the value, None (not a number) or `OVERFLOW`; the `parse_*` functions raise what .NET's Parse raises.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, FormatException, OverflowException
from apimpy.dotnet.system.arithmetic import fit, overflow_message
from apimpy.dotnet.values import single
from apimpy.pattern import pattern
from apimpy.record import Record

__all__ = [
    "FLOAT",
    "INTEGER",
    "NUMBER",
    "OVERFLOW",
    "parse_decimal",
    "parse_double",
    "parse_integer",
    "parse_single",
    "read_decimal",
    "read_double",
    "read_integer",
]

LEADING_WHITE, TRAILING_WHITE, LEADING_SIGN, TRAILING_SIGN = 1, 2, 4, 8
PARENTHESES, DECIMAL_POINT, THOUSANDS, EXPONENT, CURRENCY, HEX = 16, 32, 64, 128, 256, 512
INTEGER: Final = 7
NUMBER: Final = 111
FLOAT: Final = 231
"""Float with thousands: what double.Parse allows."""

OVERFLOW: Final[Any] = object()
"""The text is a number, but not of this type."""

_BAD = "Input string was not in a correct format."
_WHITE = "\t\n\v\f\r "
_PLAIN_INTEGER = pattern(r"[\t-\r ]*([+-]?[0-9]+)[\t-\r ]*\0*", re.ASCII)
_PLAIN_FLOAT = pattern(r"[\t-\r ]*([+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?)[\t-\r ]*", re.ASCII)
_PLAIN_DECIMAL = pattern(r"[\t-\r ]*([+-]?[0-9]{1,20}(?:\.[0-9]{0,8})?)[\t-\r ]*", re.ASCII)
_HEX_DIGITS = pattern(r"[0-9a-fA-F]+")
_SPECIAL = {"nan": "nan", "infinity": "inf", "-infinity": "-inf", "+infinity": "inf", "-nan": "nan", "+nan": "nan"}


class _Scanned(Record, frozen=True, eq=True):
    negative: bool
    whole: str
    fraction: str
    exponent: int


def _scan(text: str, styles: int) -> _Scanned | None:
    """The parts of a number, or None.  Follows .NET: which decorations may stand where depends on what came before."""
    text = text.rstrip("\0")
    i, n = 0, len(text)
    signed = open_paren = negative = currency = False
    while i < n:
        c = text[i]
        if c in _WHITE and styles & LEADING_WHITE and not (signed and not currency):
            i += 1
        elif c in "+-" and styles & LEADING_SIGN and not signed:
            signed, negative = True, c == "-"
            i += 1
        elif c == "(" and styles & PARENTHESES and not signed:
            signed = open_paren = negative = True
            i += 1
        elif c == "¤" and styles & CURRENCY and not currency:
            currency = True
            i += 1
        else:
            break
    whole: list[str] = []
    fraction: list[str] = []
    point = False
    while i < n:
        c = text[i]
        if "0" <= c <= "9":
            (fraction if point else whole).append(c)
        elif c == "." and styles & DECIMAL_POINT and not point:
            point = True
        elif c == "," and styles & THOUSANDS and not point and whole:
            pass
        else:
            break
        i += 1
    if not whole and not fraction:
        return None
    exponent = 0
    if i < n and text[i] in "eE" and styles & EXPONENT:
        j = i + 1
        minus = j < n and text[j] == "-"
        j += j < n and text[j] in "+-"
        start = j
        while j < n and "0" <= text[j] <= "9":
            j += 1
        if j > start:
            size = int(text[start : min(j, start + 6)])
            exponent = -min(size, 9999) if minus else min(size, 9999)
            i = j
    while i < n:
        c = text[i]
        if c in _WHITE and styles & TRAILING_WHITE:
            pass
        elif c in "+-" and styles & TRAILING_SIGN and not signed:
            signed, negative = True, c == "-"
        elif c == ")" and open_paren:
            open_paren = False
        elif c == "¤" and styles & CURRENCY and not currency:
            currency = True
        else:
            return None
        i += 1
    return None if open_paren else _Scanned(negative, "".join(whole), "".join(fraction), exponent)


# --- integers --------------------------------------------------------------------------------------------------------


def read_integer(text: str | None, styles: int, bits: int, signed: bool) -> Any:
    """The integer, None, or `OVERFLOW`."""
    if text is None:
        return None
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if styles == INTEGER:
        found = _PLAIN_INTEGER.fullmatch(text)
        if found is None:
            return None
        digits = found[1]
        if len(digits) > 100:
            digits = digits[0] + digits[1:].lstrip("0")
            if len(digits) > 100:
                return OVERFLOW
        value = int(digits)
        return value if low <= value <= high else OVERFLOW
    if styles & HEX:
        return _read_hex(text, styles, bits, signed)
    scanned = _scan(text, styles)
    if scanned is None:
        return None
    digits = (scanned.whole + scanned.fraction).lstrip("0")
    scale = scanned.exponent - len(scanned.fraction)
    stripped = digits.rstrip("0")
    scale += len(digits) - len(stripped)
    if not stripped:
        return 0
    if scale < 0 or len(stripped) + scale > 20:
        return OVERFLOW
    value = int(stripped) * 10**scale
    value = -value if scanned.negative else value
    return value if low <= value <= high else OVERFLOW


def _read_hex(text: str, styles: int, bits: int, signed: bool) -> Any:
    text = text.rstrip("\0")
    if styles & LEADING_WHITE:
        text = text.lstrip(_WHITE)
    if styles & TRAILING_WHITE:
        text = text.rstrip(_WHITE)
    if not _HEX_DIGITS.fullmatch(text):
        return None
    digits = text.lstrip("0")
    if len(digits) > bits // 4:
        return OVERFLOW
    value = int(digits or "0", 16)
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def check_integer_styles(styles: int) -> None:
    if styles & ~0x3FF:
        raise ArgumentException("An undefined NumberStyles value is being used.", "style")
    if styles & HEX and styles & ~(HEX | LEADING_WHITE | TRAILING_WHITE):
        raise ArgumentException(
            "With the AllowHexSpecifier bit set in the enum bit field, the only other valid bits that can be combined "
            "into the enum value must be a subset of those in HexNumber."
        )


def check_float_styles(styles: int) -> None:
    if styles & ~0x3FF:
        raise ArgumentException("An undefined NumberStyles value is being used.", "style")
    if styles & HEX:
        raise ArgumentException("The number style AllowHexSpecifier is not supported on floating point data types.")


def parse_integer(text: str | None, styles: int, bits: int, signed: bool) -> int:
    if text is None:
        raise ArgumentNullException("s")
    value = read_integer(text, styles, bits, signed)
    if value is None:
        raise FormatException(_BAD)
    if value is OVERFLOW:
        raise OverflowException(overflow_message(bits, signed))
    return value  # type: ignore[no-any-return]


# --- floating point --------------------------------------------------------------------------------------------------


def read_double(text: str | None, styles: int = FLOAT) -> float | None:
    """The double or None; what is too large becomes infinite."""
    if text is None:
        return None
    if styles == FLOAT and (found := _PLAIN_FLOAT.fullmatch(text)):
        return float(found[1])
    scanned = _scan(text, styles)
    if scanned is None:
        special = _SPECIAL.get(text.strip().lower())
        return None if special is None else float(special)
    sign = "-" if scanned.negative else ""
    return float(f"{sign}{scanned.whole or '0'}.{scanned.fraction or '0'}e{scanned.exponent}")


def parse_double(text: str | None, styles: int = FLOAT) -> float:
    if text is None:
        raise ArgumentNullException("s")
    value = read_double(text, styles)
    if value is None:
        raise FormatException(_BAD)
    return value


def parse_single(text: str | None, styles: int = FLOAT) -> float:
    return single(parse_double(text, styles))


# --- decimal ---------------------------------------------------------------------------------------------------------


def read_decimal(text: str | None, styles: int = NUMBER) -> Any:
    """The decimal, None, or `OVERFLOW`."""
    if text is None:
        return None
    if styles == NUMBER and (found := _PLAIN_DECIMAL.fullmatch(text)):
        value = Decimal(found[1])
        return value or value.copy_abs()
    scanned = _scan(text, styles)
    if scanned is None:
        return None
    value = Decimal(f"{'-' if scanned.negative else ''}{scanned.whole or '0'}.{scanned.fraction}e{scanned.exponent}")
    if value and value.adjusted() > 28:
        return OVERFLOW
    if not value:
        return Decimal((0, (0,), -min(max(len(scanned.fraction) - scanned.exponent, 0), 28)))
    try:
        return fit(value)
    except OverflowException:
        return OVERFLOW


def parse_decimal(text: str | None, styles: int = NUMBER) -> Decimal:
    if text is None:
        raise ArgumentNullException("s")
    value = read_decimal(text, styles)
    if value is None:
        raise FormatException(_BAD)
    if value is OVERFLOW:
        raise OverflowException("Value was either too large or too small for a Decimal.")
    return value  # type: ignore[no-any-return]
