"""Arithmetic of C# numbers where Python's own differs: truncating division, IEEE division by zero, decimal's 96 bits.

The compiler emits Python operators wherever they agree, and calls these where they do not.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal

from apimpy.dotnet.exceptions import DivideByZeroException, OverflowException

__all__ = [
    "DECIMAL_MAX",
    "decimal_add",
    "decimal_div",
    "decimal_mul",
    "decimal_rem",
    "decimal_sub",
    "decimal_to_double",
    "double_div",
    "double_rem",
    "fit",
    "int_div",
    "int_rem",
    "overflow_message",
    "pow",
    "single_to_decimal",
    "to_decimal",
    "to_integer",
]

_MAX = (1 << 96) - 1
DECIMAL_MAX = Decimal(_MAX)
_TOO_LARGE = "Value was either too large or too small for a Decimal."
# wide enough that sums, products and quotients of two decimals are exact before they are fitted into 96 bits
_WIDE = Context(prec=120, rounding=ROUND_HALF_EVEN, traps=[])
_ONE = Decimal(1)

_KIND_NAMES = {
    (8, False): "an unsigned byte",
    (8, True): "a signed byte",
    (16, True): "an Int16",
    (16, False): "a UInt16",
    (32, True): "an Int32",
    (32, False): "a UInt32",
    (64, True): "an Int64",
    (64, False): "a UInt64",
}


def overflow_message(bits: int, signed: bool) -> str:
    """What .NET says when a value does not fit that integer type."""
    return f"Value was either too large or too small for {_KIND_NAMES[bits, signed]}."


# --- integers --------------------------------------------------------------------------------------------------------


def int_div(a: int, b: int, bits: int) -> int:
    """C# `/` of integers: truncates toward zero; MinValue / -1 overflows even when unchecked."""
    if b == 0:
        raise DivideByZeroException
    if b == -1:
        if a == -(1 << (bits - 1)):
            raise OverflowException
        return -a
    q = a // b
    return q + 1 if q < 0 and q * b != a else q


def int_rem(a: int, b: int, bits: int) -> int:
    """C# `%` of integers: the sign of the dividend."""
    if b == 0:
        raise DivideByZeroException
    if b == -1:
        if a == -(1 << (bits - 1)):
            raise OverflowException
        return 0
    r = abs(a) % abs(b)
    return -r if a < 0 else r


def _wrap(value: int, bits: int, signed: bool) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def to_integer(value: float | Decimal, bits: int, signed: bool, checked: bool) -> int:
    """Explicit conversion to an integer type.

    A decimal that does not fit always throws.  A float that does not fit throws when checked; unchecked it becomes what
    the x64 conversion instructions leave (the C# language calls the result unspecified).
    """
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if isinstance(value, Decimal):
        whole = int(value)
        if not low <= whole <= high:
            raise OverflowException(overflow_message(bits, signed))
        return whole
    if value == value and abs(value) != math.inf:
        whole = int(value)
        if low <= whole <= high:
            return whole
        if checked:
            raise OverflowException
    elif checked:
        raise OverflowException
    else:
        whole = 1 << 200
    # narrow types go through a 32-bit register, uint and the 64-bit types through a 64-bit one
    width = 64 if bits == 64 or (bits == 32 and not signed) else 32
    if not signed and bits == 64 and whole >= 1 << 64:
        return 0
    if not -(1 << (width - 1)) <= whole < 1 << (width - 1):
        whole = 1 << (width - 1)
    return _wrap(whole, bits, signed)


# --- double ----------------------------------------------------------------------------------------------------------


def double_div(a: float, b: float) -> float:
    if b:
        return a / b
    if b != b or a == 0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def double_rem(a: float, b: float) -> float:
    if b == 0 or a != a or b != b or a in (math.inf, -math.inf):
        return math.nan
    return math.fmod(a, b)


def pow(x: float, y: float) -> float:
    """`Math.Pow`: C's pow, which never throws."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and math.fmod(y, 2) != 0 else math.inf
    except ValueError:
        if x == 0:
            odd = math.fmod(y, 2) != 0
            return math.copysign(math.inf, x) if odd and y == math.floor(y) else math.inf
        return math.nan


# --- decimal ---------------------------------------------------------------------------------------------------------


def fit(value: Decimal) -> Decimal:
    """The value as a .NET decimal: at most 96 bits and 28 places, rounded half to even; no negative zero."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int), "only finite values reach decimal arithmetic"
    if -28 <= exponent <= 0 and len(digits) <= 28:
        return value or value.copy_abs()
    whole = max(len(digits) + exponent, 0)
    scale = min(-exponent, 28, max(29 - whole, 0)) if exponent < 0 else 0
    while scale >= 0:
        rounded = value.quantize(Decimal((0, (1,), -scale)), context=_WIDE)
        if abs(int(rounded.scaleb(scale, context=_WIDE))) <= _MAX:
            return rounded or rounded.copy_abs()
        scale -= 1
    raise OverflowException(_TOO_LARGE)


def decimal_add(a: Decimal, b: Decimal) -> Decimal:
    return fit(_WIDE.add(a, b))


def decimal_sub(a: Decimal, b: Decimal) -> Decimal:
    return fit(_WIDE.subtract(a, b))


def decimal_mul(a: Decimal, b: Decimal) -> Decimal:
    product = _WIDE.multiply(a, b)
    if max(_coefficient(a), _coefficient(b)) >> 32:
        if not product:
            return Decimal(0)  # only products of 32-bit coefficients keep the scale of a zero
    elif product.as_tuple().exponent < -47:  # type: ignore[operator]  # finite
        return Decimal(0)
    fitted = fit(product)
    if not fitted and product.adjusted() < -48:
        return Decimal(0)
    return fitted


def _coefficient(value: Decimal) -> int:
    return int("".join(map(str, value.as_tuple().digits)))


def decimal_div(a: Decimal, b: Decimal) -> Decimal:
    """Exact quotients keep the natural scale; others get as many digits as fit, without trailing zeros."""
    if not b:
        raise DivideByZeroException
    quotient = _WIDE.divide(a, b)
    exponent = quotient.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent >= 0:
        return fit(quotient.quantize(_ONE, context=_WIDE))
    if exponent >= -28:
        fitted = fit(quotient)
        if fitted.as_tuple().exponent == exponent:
            return fitted
    return _plain(fit(quotient).normalize(_WIDE))


def decimal_rem(a: Decimal, b: Decimal) -> Decimal:
    """The sign of the dividend; a dividend smaller than the divisor comes back as it is."""
    if not b:
        raise DivideByZeroException
    return a if abs(a) < abs(b) else fit(_WIDE.remainder(a, b))


def _plain(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return value.quantize(_ONE, context=_WIDE) if exponent > 0 else value


def to_decimal(value: float, digits: int = 15) -> Decimal:
    """Explicit conversion to decimal.  A double gives 15 significant digits, a float 7 (`digits`).

    The steps are .NET's, in floating point: rounding the exact value instead would differ in the last digit at times.
    """
    if isinstance(value, int):
        return Decimal(value)
    size = abs(value)
    exponent = math.frexp(size)[1]
    if value != value or exponent > 96 or size == math.inf:
        raise OverflowException(_TOO_LARGE)
    if exponent < -94:
        return Decimal(0)
    scale = digits - 1 - ((exponent * 19728) >> 16)
    if scale >= 0:
        scale = min(scale, 28)
        size *= 10.0**scale
    elif scale != -1 or size >= 10.0**digits:
        size /= 10.0**-scale
    else:
        scale = 0
    if size < 10.0 ** (digits - 1) and scale < 28:
        size *= 10.0
        scale += 1
    mantissa = int(size)
    rest = size - mantissa
    if rest > 0.5 or (rest == 0.5 and mantissa & 1):
        mantissa += 1
    if not mantissa:
        return Decimal(0)
    strip = min(scale, digits - 1)
    while strip > 0 and mantissa % 10 == 0:
        mantissa //= 10
        scale -= 1
        strip -= 1
    if scale < 0:
        mantissa, scale = mantissa * 10**-scale, 0
    if mantissa > _MAX:
        raise OverflowException(_TOO_LARGE)
    return Decimal(-mantissa if value < 0 else mantissa).scaleb(-scale, context=_WIDE)


def single_to_decimal(value: float) -> Decimal:
    return to_decimal(value, 7)


def decimal_to_double(value: Decimal) -> float:
    """.NET converts the low 64 and high 32 bits apart and divides, which may differ from correct rounding by an ulp."""
    sign, _, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    coefficient = _coefficient(value)
    low, high = coefficient & 0xFFFF_FFFF_FFFF_FFFF, coefficient >> 64
    result = (float(low) + float(high) * 1.8446744073709552e19) / 10.0**-exponent
    return -result if sign else result
