"""Text of numbers: plain, standard and custom formats, composite formatting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.system.comparers import string_comparison
from apimpy.dotnet.system.guid import parse_guid
from apimpy.dotnet.system.number_format import (
    decimal_text,
    double_text,
    format_decimal,
    format_double,
    format_integer,
    format_single,
    single_text,
)
from apimpy.dotnet.system.string_format import composite, format_value
from apimpy.dotnet.values import Byte, EnumValue, Int64, Single, single

BAD = ("System.FormatException", "Format specifier was invalid.")
NOT_CORRECT = ("System.FormatException", "Input string was not in a correct format.")
INDEX = (
    "System.FormatException",
    "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.",
)


def outcome(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except ClrError as e:
        return e.full_name, e.text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (1e17, "1E+17"),
        (123456789012345678.0, "1.2345678901234568E+17"),
        (1e21, "1E+21"),
        (0.0001, "0.0001"),
        (0.00001, "1E-05"),
        (-1.5e-7, "-1.5E-07"),
        (123456789.123456789, "123456789.12345679"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (5e-324, "5E-324"),
    ],
)
def test_double_text(value: float, text: str) -> None:
    """The shortest text that reads back; scientific beyond 17 digits."""
    assert double_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1 / 3, "0.33333334"),
        (12345678.9, "12345679"),
        (1e8, "100000000"),
        (1e9, "1E+09"),
        (3.4028235e38, "3.4028235E+38"),
    ],
)
def test_single_text(value: float, text: str) -> None:
    """A float prints the shortest text of its 32 bits."""
    assert single_text(single(value)) == text


@pytest.mark.parametrize("text", ["1.10", "0.00", "-0.5", "79228162514264337593543950335", "0.0000001"])
def test_decimal_text(text: str) -> None:
    """A decimal keeps its scale and is never scientific."""
    assert decimal_text(Decimal(text)) == text


@pytest.mark.parametrize(
    ("value", "fmt", "text"),
    [
        (42, None, "42"),
        (42, "", "42"),
        (42, "D5", "00042"),
        (-42, "D5", "-00042"),
        (42, "X", "2A"),
        (42, "x8", "0000002a"),
        (-1, "X", "FFFFFFFF"),
        (5, "B8", BAD),
        (1234567, "N0", "1,234,567"),
        (-1234567, "N1", "-1,234,567.0"),
        (42, "F2", "42.00"),
        (42, "E2", "4.20E+001"),
        (42, "P", "4,200.00 %"),
        (-42, "C0", "(¤42)"),
        (12345, "G3", "1.23E+04"),
        (42, "R", BAD),
        (42, "Q", BAD),
        (0, "#,#", ""),
        (0, "#", ""),
        (5, "000", "005"),
        (5, "+0;-0;zero", "+5"),
        (-5, "+0;-0;zero", "-5"),
        (0, "+0;-0;zero", "zero"),
        (0, "#;neg;nil", "nil"),
        (1500, "0,.0k", "1.5k"),
        (1234567, "0,,.00M", "1.23M"),
        (42, "abc", "abc"),
        (42, "0 'units'", "42 units"),
        (42, "0 \\#", "42 #"),
        (5, "F100", "F105"),
        (5, "F099", "5." + "0" * 99),
        (7, "0'", "7"),
    ],
)
def test_format_integer(value: int, fmt: str | None, text: Any) -> None:
    """Standard and custom formats of a 32-bit integer."""
    assert outcome(format_integer, value, 32, True, fmt) == text


@pytest.mark.parametrize(
    ("value", "fmt", "text"),
    [
        (1234.5678, "F0", "1235"),
        (1234.5678, "N", "1,234.57"),
        (1234.5678, "E3", "1.235E+003"),
        (1234.5678, "e2", "1.23e+003"),
        (1234.5678, "G4", "1235"),
        (1e-7, "G3", "1E-07"),
        (0.12345, "P2", "12.35 %"),
        (0.5, "F0", "0"),
        (0.6, "F0", "1"),
        (1.5, "F0", "2"),
        (2.5, "F0", "2"),
        (2.345, "F2", "2.35"),
        (1.005, "F2", "1.00"),
        (2.5, "0", "3"),
        (1234.5, "#.###", "1234.5"),
        (0.126, "0%", "13%"),
        (0.00126, "0.00‰", "1.26‰"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (12345.678, "0.###E-0", "1.235E4"),
        (1e20, "0", "100000000000000000000"),
        (1e20, "N0", "100,000,000,000,000,000,000"),
        (-0.001, "0.00", "-0.00"),
        (-0.001, "F2", "-0.00"),
        (-0.001, "C2", "(¤0.00)"),
        (-1.5, "0.0;[0.0]", "[1.5]"),
        (1234567.89, "#,##0.00;(#,##0.00)", "1,234,567.89"),
        (1.5, "R5", "1.5"),
        (1 / 3, "G17", "0.33333333333333331"),
        (0.1 + 0.2, "G15", "0.3"),
        (float("nan"), "Q", "NaN"),
        (1.5, "Q", BAD),
        (5.5, "D3", BAD),
        (5.5, "X", BAD),
    ],
)
def test_format_double(value: float, fmt: str, text: Any) -> None:
    """Fixed formats are exact, custom ones start from 15 digits."""
    assert outcome(format_double, value, fmt) == text


@pytest.mark.parametrize(
    ("value", "fmt", "text"),
    [
        ("2.5", "0", "3"),
        ("1.10", "0.###", "1.1"),
        ("1234567.891", "N2", "1,234,567.89"),
        ("1234567.891", "C", "¤1,234,567.89"),
        ("0.5", "P1", "50.0 %"),
        ("123.4500", "G3", "123"),
        ("123.4500", "G", "123.4500"),
        ("0.00", "G5", "0"),
        ("-0.001", "F2", "0.00"),
        ("-0.001", "0.00", "0.00"),
        ("0.1", "R", BAD),
    ],
)
def test_format_decimal(value: str, fmt: str, text: Any) -> None:
    """Decimals round half away from zero and have no negative zero."""
    assert outcome(format_decimal, Decimal(value), fmt) == text


def test_format_single() -> None:
    """A float's custom format starts from 7 digits."""
    assert format_single(single(16777.217), "0.0000") == "16777.2200"
    assert format_single(single(0.1), "R") == "0.1"


@pytest.mark.parametrize(
    ("fmt", "args", "text"),
    [
        ("{0}", ["x"], "x"),
        ("{0,5}|{0,-5}|", ["ab"], "   ab|ab   |"),
        ("{0,1}|", ["abc"], "abc|"),
        ("{0:x4}", [255], "00ff"),
        ("{0:P1}", [0.1234], "12.3 %"),
        ("{0,-6}|{0,6:F1}|", [1.25], "1.25  |   1.2|"),
        ("{0 , 5 }|", [1], "    1|"),
        ("{0:0.0}{1}", [1, None], "1.0"),
        ("{0:X}", ["s"], "s"),
        ("{0:G}", [True], "True"),
        ("{0:}", [5], "5"),
        ("a}}b{{", [], "a}b{"),
        ("{0:D}", [EnumValue(string_comparison, 4)], "4"),
        ("{0:N}", [parse_guid("6f9619ff-8b86-d011-b42d-00c04fc964ff")], "6f9619ff8b86d011b42d00c04fc964ff"),
        ("{0", [1], NOT_CORRECT),
        ("}", [1], NOT_CORRECT),
        ("{a}", [1], NOT_CORRECT),
        ("{ 0}", [1], NOT_CORRECT),
        ("{-1}", [1], NOT_CORRECT),
        ("{0:{{}}}", [1], NOT_CORRECT),
        ("{0} {1}", [1], INDEX),
        ("{1000000}", [1], INDEX),
    ],
)
def test_composite(fmt: str, args: list[Any], text: Any) -> None:
    """string.Format."""
    assert outcome(composite, fmt, args) == text


@pytest.mark.parametrize(
    ("value", "fmt", "text"),
    [
        (-1, "X", "FFFFFFFF"),
        (Int64(-1), "X", "FFFFFFFFFFFFFFFF"),
        (Byte(255), "x4", "00ff"),
        (Single(single(1 / 3)), "R", "0.33333334"),
        (Decimal("1.50"), None, "1.50"),
        (None, "X", ""),
        ("text", "X", "text"),
        (EnumValue(string_comparison, 5), "X", "00000005"),
        (EnumValue(string_comparison, 5), "G", "OrdinalIgnoreCase"),
        (EnumValue(string_comparison, 5), "F", "OrdinalIgnoreCase"),
    ],
)
def test_format_value(value: Any, fmt: str | None, text: str) -> None:
    """A boxed value is formatted as its own type says."""
    assert format_value(value, fmt) == text
