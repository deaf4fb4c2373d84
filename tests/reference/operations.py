"""What C#'s primitive operators and numeric conversions give, from the language specification.

Integers are Python integers that are cut to their width; decimals are computed as fractions and rounded once; doubles
are Python's.  Only conversions between decimal and double are the library's: they are sequences of floating-point steps
that no specification describes; recorded answers judge them.
"""

from __future__ import annotations

import math
import operator
import struct
from decimal import Decimal
from fractions import Fraction
from typing import Any

from apimpy.dotnet.exceptions import DivideByZeroException, OverflowException
from apimpy.dotnet.system.arithmetic import decimal_to_double, to_decimal

__all__ = ["COMPARISONS", "arithmetic", "compare", "convert", "cut", "negate", "single", "tuples_equal"]

BITS = {"sbyte": 8, "byte": 8, "short": 16, "ushort": 16, "char": 16, "int": 32, "uint": 32, "long": 64, "ulong": 64}
UNSIGNED = {"byte", "ushort", "char", "uint", "ulong"}
FLOATING = ("float", "double")
COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
MAX_DECIMAL = 2**96 - 1


def limits(word: str) -> tuple[int, int]:
    if word in UNSIGNED:
        return 0, 2 ** BITS[word] - 1
    half = 2 ** (BITS[word] - 1)
    return -half, half - 1


def cut(value: int, word: str, *, checked: bool) -> int:
    """An integer brought into its type: discarding high bits, or throwing."""
    low, high = limits(word)
    if low <= value <= high:
        return value
    if checked:
        raise OverflowException
    return (value - low) % 2 ** BITS[word] + low


def single(value: float) -> float:
    if math.isnan(value) or math.isinf(value):
        return value
    try:
        (rounded,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(rounded)


# --- operators


def negate(value: Any, word: str, *, checked: bool) -> Any:
    if word in FLOATING:
        return -value
    if word == "decimal":
        return make_decimal(-exact(value), scale_of(value))
    return cut(-value, word, checked=checked)


def compare(op: str, a: Any, b: Any) -> bool:
    if isinstance(a, str) != isinstance(b, str):  # a char beside a number
        a, b = (ord(x) if isinstance(x, str) else x for x in (a, b))
    return bool(COMPARISONS[op](a, b))


def arithmetic(op: str, a: Any, b: Any, word: str, *, checked: bool) -> Any:
    """`a op b`, both of the type named by `word` (the count of a shift is an int)."""
    if op in COMPARISONS:
        return compare(op, a, b)
    if word == "bool":
        return {"&": a and b, "|": a or b, "^": a != b}[op]
    if word == "decimal":
        return decimal_arithmetic(op, a, b)
    if word in FLOATING:
        value = float_arithmetic(op, a, b)
        return single(value) if word == "float" else value
    return integer_arithmetic(op, a, b, word, checked=checked)


def integer_arithmetic(op: str, a: int, b: int, word: str, *, checked: bool) -> int:
    if op in ("/", "%"):
        if b == 0:
            raise DivideByZeroException
        quotient = abs(a) // abs(b)
        if (a < 0) != (b < 0):
            quotient = -quotient
        cut(quotient, word, checked=True)  # the smallest value by -1 overflows, in any context
        return quotient if op == "/" else a - quotient * b
    if op in ("<<", ">>"):
        count = b % BITS[word]
        return cut(a * 2**count, word, checked=False) if op == "<<" else a // 2**count
    if op in ("&", "|", "^"):
        mask = 2 ** BITS[word] - 1
        x, y = a & mask, b & mask
        return cut({"&": x & y, "|": x | y, "^": x ^ y}[op], word, checked=False)
    return cut({"+": a + b, "-": a - b, "*": a * b}[op], word, checked=checked)


def float_arithmetic(op: str, a: float, b: float) -> float:
    if op == "+":
        return a + b
    if op == "-":
        return a - b
    if op == "*":
        return a * b
    if op == "/":
        if b != 0:
            return a / b
        if a == 0 or math.isnan(a) or math.isnan(b):
            return math.nan
        return math.inf * math.copysign(1, a) * math.copysign(1, b)
    if b == 0 or math.isnan(a) or math.isnan(b) or math.isinf(a):
        return math.nan
    if math.isinf(b):
        return a
    remainder = abs(Fraction(a)) % abs(Fraction(b))
    return math.copysign(float(remainder), a)


# --- decimal: a 96-bit integer and a scale from 0 to 28


def exact(value: Decimal) -> Fraction:
    return Fraction(value)


def scale_of(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent


def half_even(value: Fraction) -> int:
    low = math.floor(value)
    rest = value - low
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and low % 2):
        return low + 1
    return low


def make_decimal(value: Fraction, scale: int) -> Decimal:
    """The value with at most that many places, as many as fit."""
    for places in range(min(scale, 28), -1, -1):
        coefficient = half_even(abs(value) * 10**places)
        if coefficient <= MAX_DECIMAL:
            digits = tuple(map(int, str(coefficient)))
            return Decimal((1 if value < 0 and coefficient else 0, digits, -places))
    raise OverflowException("Value was either too large or too small for a Decimal.")


def decimal_arithmetic(op: str, a: Decimal, b: Decimal) -> Decimal:
    x, y = exact(a), exact(b)
    if op in "+-":
        return make_decimal(x + y if op == "+" else x - y, max(scale_of(a), scale_of(b)))
    if op == "*":
        return decimal_product(a, b)
    if y == 0:
        raise DivideByZeroException
    if op == "/":
        return decimal_quotient(x / y, max(scale_of(a) - scale_of(b), 0))
    if abs(x) < abs(y):
        return a
    whole = abs(x) // abs(y)
    rest = abs(x) - whole * abs(y)
    return make_decimal(-rest if x < 0 else rest, max(scale_of(a), scale_of(b)))


def decimal_product(a: Decimal, b: Decimal) -> Decimal:
    """Exact, then rounded; .NET drops the scale of some zeros."""
    scale = scale_of(a) + scale_of(b)
    product = exact(a) * exact(b)
    short = all(abs(exact(x)) * 10 ** scale_of(x) < 2**32 for x in (a, b))
    if (short and scale > 47) or (not short and not product):
        return Decimal(0)
    rounded = make_decimal(product, scale)
    return rounded if rounded or not 0 < abs(product) < Fraction(1, 10**48) else Decimal(0)


def decimal_quotient(value: Fraction, scale: int) -> Decimal:
    """The fewest places, from `scale` on, that are exact; else all that fit, without zeros at the end."""
    for places in range(scale, 29):
        shifted = abs(value) * 10**places
        if shifted.denominator == 1 and shifted.numerator <= MAX_DECIMAL:
            return make_decimal(value, places)
    full = make_decimal(value, 28)
    coefficient, places = int(abs(Fraction(full)) * 10 ** scale_of(full)), scale_of(full)
    while places and coefficient % 10 == 0:
        coefficient, places = coefficient // 10, places - 1
    return Decimal((1 if value < 0 and coefficient else 0, tuple(map(int, str(coefficient))), -places))


# --- conversions


def convert(value: Any, a: str, b: str, *, checked: bool) -> Any:
    """An explicit or implicit numeric conversion between the types named."""
    if a == b:
        return value
    if a == "char":
        value = ord(value)
    if b == "char":
        return chr(to_integral(value, a, "char", checked=checked))
    if b in BITS:
        return to_integral(value, a, b, checked=checked)
    if b == "decimal":
        return Decimal(value) if a not in FLOATING else to_decimal(value, 15 if a == "double" else 7)
    if a == "decimal":
        value = decimal_to_double(value)
    return single(float(value)) if b == "float" else float(value)


def to_integral(value: Any, a: str, b: str, *, checked: bool) -> int:
    if a == "decimal":
        whole = math.trunc(exact(value))
        low, high = limits(b)
        if not low <= whole <= high:
            raise OverflowException(f"Value was either too large or too small for {_ARTICLE[b]}.")
        return whole
    if a not in FLOATING:
        return cut(value, b, checked=checked)
    low, high = limits(b)
    if not math.isnan(value) and not math.isinf(value):
        whole = math.trunc(value)
        if low <= whole <= high:
            return whole
        if checked:
            raise OverflowException
        if b == "ulong" and whole >= 2**64:
            return 0
    elif checked:
        raise OverflowException
    elif b == "ulong":
        return 0 if value != -math.inf and not math.isnan(value) else 2**63
    else:
        whole = 2**200
    # unspecified by the language; what x64 leaves: "integer indefinite" of the register, cut to the type
    register = "int" if b not in ("uint", "long", "ulong") else "long"
    least, most = limits(register)
    return cut(whole if least <= whole <= most else least, b, checked=False)


_ARTICLE = {
    "sbyte": "a signed byte",
    "byte": "an unsigned byte",
    "short": "an Int16",
    "ushort": "a UInt16",
    "char": "a character",
    "int": "an Int32",
    "uint": "a UInt32",
    "long": "an Int64",
    "ulong": "a UInt64",
}


def tuples_equal(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Element by element, each compared as its `==` would."""
    for x, y in zip(a, b, strict=True):
        if isinstance(x, tuple) and isinstance(y, tuple):
            if not tuples_equal(x, y):
                return False
        elif x is None or y is None:
            if x is not y:
                return False
        elif not compare("==", x, y):
            return False
    return True
