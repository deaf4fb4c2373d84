"""Arithmetic where C# and Python differ."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apimpy.dotnet.exceptions import ClrError, DivideByZeroException, OverflowException
from apimpy.dotnet.system import arithmetic as a

OPERATIONS = {
    "+": a.decimal_add,
    "-": a.decimal_sub,
    "*": a.decimal_mul,
    "/": a.decimal_div,
    "%": a.decimal_rem,
}
MAX = "79228162514264337593543950335"


@pytest.mark.parametrize(
    ("x", "y", "quotient", "remainder"),
    [(7, 2, 3, 1), (-7, 2, -3, -1), (7, -2, -3, 1), (-7, -2, 3, -1), (6, 3, 2, 0), (0, 5, 0, 0), (5, -1, -5, 0)],
)
def test_integer_division(x: int, y: int, quotient: int, remainder: int) -> None:
    """Division truncates and the remainder has the sign of the dividend."""
    assert a.int_div(x, y, 32) == quotient
    assert a.int_rem(x, y, 32) == remainder


def test_integer_division_fails() -> None:
    """By zero, and MinValue / -1."""
    with pytest.raises(DivideByZeroException, match=r"Attempted to divide by zero\."):
        a.int_div(1, 0, 32)
    with pytest.raises(OverflowException):
        a.int_div(-(1 << 31), -1, 32)
    with pytest.raises(OverflowException):
        a.int_rem(-(1 << 63), -1, 64)
    assert a.int_div(-(1 << 31), -1, 64) == 1 << 31


def test_double_division() -> None:
    """IEEE rules instead of exceptions."""
    assert a.double_div(1, 0.0) == math.inf
    assert a.double_div(-1, 0.0) == -math.inf
    assert a.double_div(1, -0.0) == -math.inf
    assert math.isnan(a.double_div(0.0, 0.0))
    assert a.double_rem(-7.5, 2.0) == -1.5
    assert math.isnan(a.double_rem(1.0, 0.0))
    assert a.double_rem(5.0, math.inf) == 5.0


@pytest.mark.parametrize(
    ("x", "operation", "y", "result"),
    [
        ("1.10", "+", "2.2", "3.30"),
        ("1.0", "-", "1.00", "0.00"),
        ("1.0", "*", "1.00", "1.000"),
        ("1", "/", "3", "0.3333333333333333333333333333"),
        ("2", "/", "3", "0.6666666666666666666666666667"),
        ("100", "/", "3", "33.333333333333333333333333333"),
        ("33.333333333333333333333333333", "*", "3", "100.00000000000000000000000000"),
        ("10", "/", "2.50", "4"),
        ("1.00", "/", "0.5", "2.0"),
        ("100", "/", "8", "12.5"),
        ("5.0", "%", "3", "2.0"),
        ("-5.5", "%", "2.25", "-1.00"),
        ("1", "%", "3.00", "1"),
        ("0.00", "*", "1.5", "0.000"),
        ("0", "*", "5576898.66570", "0"),
        ("0.0000000000000000000000000001", "*", "0.0000000000000000000000000001", "0"),
        (MAX, "-", "0.5", "79228162514264337593543950334"),
    ],
)
def test_decimal(x: str, operation: str, y: str, result: str) -> None:
    """Scales of results are those of .NET."""
    assert format(OPERATIONS[operation](Decimal(x), Decimal(y)), "f") == result


@pytest.mark.parametrize(
    ("x", "operation", "y", "message"),
    [
        (MAX, "+", "1", "Value was either too large or too small for a Decimal."),
        (MAX, "*", "2", "Value was either too large or too small for a Decimal."),
        ("1", "/", "0.00", "Attempted to divide by zero."),
        ("1", "%", "0", "Attempted to divide by zero."),
    ],
)
def test_decimal_fails(x: str, operation: str, y: str, message: str) -> None:
    """96 bits are the limit."""
    with pytest.raises(ClrError) as e:
        OPERATIONS[operation](Decimal(x), Decimal(y))
    assert e.value.text == message


@pytest.mark.parametrize(
    ("value", "bits", "signed", "result"),
    [
        (3.99, 32, True, 3),
        (-3.99, 32, True, -3),
        (1e10, 64, True, 10_000_000_000),
        (1e10, 32, True, -(1 << 31)),
        (300.7, 8, False, 44),
        (-1.0, 32, False, 0xFFFFFFFF),
        (math.nan, 32, True, -(1 << 31)),
        (1e30, 64, True, -(1 << 63)),
        (97.5, 16, False, 97),
        (Decimal("3.99"), 32, True, 3),
    ],
)
def test_to_integer(value: Any, bits: int, signed: bool, result: int) -> None:
    """Unchecked conversions truncate."""
    assert a.to_integer(value, bits, signed, False) == result


def test_to_integer_fails() -> None:
    """Checked conversions and those of decimal throw."""
    with pytest.raises(OverflowException, match="Arithmetic operation resulted in an overflow"):
        a.to_integer(1e10, 32, True, True)
    with pytest.raises(OverflowException):
        a.to_integer(math.nan, 32, True, True)
    with pytest.raises(OverflowException, match="too small for an Int32"):
        a.to_integer(Decimal("1e20"), 32, True, False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.1, "1.1"),
        (123456789012345678.0, "123456789012346000"),
        (0.1234567890123456789, "0.123456789012346"),
        (1e-29, "0"),
        (1e-5, "0.00001"),
        (-2.5, "-2.5"),
        (7.844693774162125e21, "7844693774162120000000"),
    ],
)
def test_to_decimal(value: float, text: str) -> None:
    """A double converts with 15 significant digits."""
    assert format(a.to_decimal(value), "f") == text


def test_to_decimal_single() -> None:
    """A float converts with 7 digits."""
    assert str(a.single_to_decimal(1.100000023841858)) == "1.1"
    with pytest.raises(OverflowException):
        a.to_decimal(1e30)


@pytest.mark.parametrize(
    ("x", "y", "result"),
    [(0, -1, math.inf), (10, 400, math.inf), (-10, 401, -math.inf), (1, math.nan, 1.0), (2, 0.5, math.sqrt(2))],
)
def test_pow(x: float, y: float, result: float) -> None:
    """Never raises."""
    assert a.pow(x, y) == result


def test_pow_is_not_a_number() -> None:
    """A root of a negative number."""
    assert math.isnan(a.pow(-8, 1 / 3))


def test_decimal_to_double() -> None:
    """Follows the two-word conversion of .NET."""
    assert a.decimal_to_double(Decimal("0.1")) == 0.1
    assert a.decimal_to_double(Decimal(MAX)) == 7.922816251426434e28
    assert a.decimal_to_double(Decimal("-1.5")) == -1.5


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6),
)
def test_decimal_identity(x: Decimal, y: Decimal) -> None:
    """Subtraction undoes addition, and quotient and remainder rebuild the dividend."""
    assert a.decimal_sub(a.decimal_add(x, y), y) == x
    if y:
        rest = a.decimal_rem(x, y)
        assert abs(rest) < abs(y)
        assert not rest or (rest < 0) == (x < 0)
