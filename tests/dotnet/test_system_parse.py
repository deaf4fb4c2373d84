"""Reading numbers, booleans, Guids, enums and versions from text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.system.boolean_ import parse_boolean
from apimpy.dotnet.system.comparers import string_comparison
from apimpy.dotnet.system.enum_ import parse_enum
from apimpy.dotnet.system.guid import parse_guid
from apimpy.dotnet.system.number_format import double_text
from apimpy.dotnet.system.number_parse import OVERFLOW, parse_decimal, parse_double, parse_integer, read_integer
from apimpy.dotnet.universe import universe

FORMAT = ("System.FormatException", "Input string was not in a correct format.")
NULL = ("System.ArgumentNullException", "Value cannot be null. (Parameter 's')")
SHAPE = (
    "System.FormatException",
    "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).",
)


def outcome(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except ClrError as e:
        return e.full_name, e.text


def overflow(what: str) -> tuple[str, str]:
    return "System.OverflowException", f"Value was either too large or too small for {what}."


@pytest.mark.parametrize(
    ("text", "styles", "result"),
    [
        (" 42 ", 7, 42),
        ("-42", 7, -42),
        ("+42", 7, 42),
        ("-0", 7, 0),
        ("0012", 7, 12),
        ("5\0", 7, 5),
        ("4,200", 7, FORMAT),
        ("42.0", 7, FORMAT),
        ("", 7, FORMAT),
        ("+", 7, FORMAT),
        ("--1", 7, FORMAT),
        ("1 2", 7, FORMAT),
        ("1_000", 7, FORMAT),
        ("１", 7, FORMAT),
        ("\u00a01", 7, FORMAT),
        ("5\0\0 ", 7, FORMAT),
        (None, 7, NULL),
        ("2147483648", 7, overflow("an Int32")),
        ("9" * 5000, 7, overflow("an Int32")),
        ("0" * 5000 + "7", 7, 7),
        ("ffffffff", 515, -1),
        ("1fffffffff", 515, overflow("an Int32")),
        ("0x1f", 515, FORMAT),
        ("1,234", 64, 1234),
        ("(5)", 16, -5),
        ("1.0", 111, 1),
        ("1.5", 111, overflow("an Int32")),
        ("1e2", 511, 100),
    ],
)
def test_parse_int32(text: str | None, styles: int, result: Any) -> None:
    """int.Parse with NumberStyles."""
    assert outcome(parse_integer, text, styles, 32, True) == result


@pytest.mark.parametrize(
    ("text", "bits", "signed", "result"),
    [
        ("255", 8, False, 255),
        ("256", 8, False, overflow("an unsigned byte")),
        ("200", 8, True, overflow("a signed byte")),
        ("-32768", 16, True, -32768),
        ("70000", 16, False, overflow("a UInt16")),
        ("-1", 32, False, overflow("a UInt32")),
        ("-0", 32, False, 0),
        ("9223372036854775808", 64, True, overflow("an Int64")),
        ("18446744073709551615", 64, False, (1 << 64) - 1),
    ],
)
def test_parse_other_integers(text: str, bits: int, signed: bool, result: Any) -> None:
    """Each type names itself when a number does not fit."""
    assert outcome(parse_integer, text, 7, bits, signed) == result


@given(st.text(alphabet="0123456789+-.,eE ()¤\0\tx", max_size=12), st.integers(0, 511))
def test_read_integer_is_total(text: str, styles: int) -> None:
    """Any text under any style is a number, out of range, or not a number."""
    value = read_integer(text, styles, 32, True)
    assert value is None or value is OVERFLOW or -(1 << 31) <= value < 1 << 31


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("3.14", 3.14),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("1,5", 15.0),
        (" 1e3 ", 1000.0),
        ("1e400", float("inf")),
        ("-1e400", float("-inf")),
        ("1e-400", 0.0),
        ("infinity", float("inf")),
        ("-Infinity", float("-inf")),
        ("∞", FORMAT),
        ("1.5e", FORMAT),
        ("1.5e+", FORMAT),
        ("1_0", FORMAT),
        ("", FORMAT),
        (None, NULL),
    ],
)
def test_parse_double(text: str | None, result: Any) -> None:
    """double.Parse: thousands and exponents are fine, overflow is infinite."""
    assert outcome(parse_double, text) == result


@given(st.floats(allow_nan=False))
def test_double_round_trip(value: float) -> None:
    """The text of a double reads back as the same double."""
    assert parse_double(double_text(value)) == value


@pytest.mark.parametrize(
    ("text", "styles", "result"),
    [
        ("1.500", 111, "1.500"),
        ("1.5-", 111, "-1.5"),
        ("-0.0", 111, "0.0"),
        ("1.", 111, "1"),
        (".5", 111, "0.5"),
        ("0.12345678901234567890123456789012345", 111, "0.1234567890123456789012345679"),
        ("0.000000000000000000000000000000000001", 111, "0.0000000000000000000000000000"),
        ("79228162514264337593543950335.4", 111, "79228162514264337593543950335"),
        ("79228162514264337593543950335.5", 111, overflow("a Decimal")),
        ("1e3", 111, FORMAT),
        ("1e3", 511, "1000"),
        ("1.5e-3", 511, "0.0015"),
        ("1e50", 511, overflow("a Decimal")),
        ("1e9999", 511, overflow("a Decimal")),
        ("(1,234.50)", 511, "-1234.50"),
        ("¤1.5", 511, "1.5"),
        ("$1.5", 511, FORMAT),
        ("- 1.5", 111, FORMAT),
        ("1 000", 111, FORMAT),
        (".", 111, FORMAT),
        (None, 111, NULL),
    ],
)
def test_parse_decimal(text: str | None, styles: int, result: Any) -> None:
    """decimal.Parse keeps the scale."""
    found = outcome(parse_decimal, text, styles)
    assert (format(found, "f") if isinstance(found, Decimal) else found) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("true", True),
        (" TRUE ", True),
        ("False\0", False),
        ("yes", ("System.FormatException", "String 'yes' was not recognized as a valid Boolean.")),
        ("", ("System.FormatException", "String '' was not recognized as a valid Boolean.")),
        (None, ("System.ArgumentNullException", "Value cannot be null. (Parameter 'value')")),
    ],
)
def test_parse_boolean(text: str | None, result: Any) -> None:
    """Case and surrounding white space do not matter."""
    assert outcome(parse_boolean, text) == result


@pytest.mark.parametrize(
    "text",
    [
        "6F9619FF-8B86-D011-B42D-00C04FC964FF",
        "{6F9619FF-8B86-D011-B42D-00C04FC964FF}",
        "(6F9619FF-8B86-D011-B42D-00C04FC964FF)",
        "6F9619FF8B86D011B42D00C04FC964FF",
        "  6F9619FF-8B86-D011-B42D-00C04FC964FF ",
        "{0x6f9619ff,0x8b86,0xd011,{0xb4,0x2d,0x00,0xc0,0x4f,0xc9,0x64,0xff}}",
    ],
)
def test_parse_guid(text: str) -> None:
    """All five formats."""
    assert parse_guid(text).clr_to_string() == "6f9619ff-8b86-d011-b42d-00c04fc964ff"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("xyz", SHAPE),
        ("6F9619FF-8B86-D011-B42D-00C04FC964F", SHAPE),
        ("{6F9619FF-8B86-D011-B42D-00C04FC964FF", SHAPE),
        ("", ("System.FormatException", "Unrecognized Guid format.")),
        (
            "6F9619FF-8B86-D011-B42D-00C04FC964FG",
            ("System.FormatException", "Guid string should only contain hexadecimal characters."),
        ),
        (
            "6F9619FF-8B86-D011-B42D:00C04FC964FF",
            ("System.FormatException", "Dashes are in the wrong position for GUID parsing."),
        ),
        (None, ("System.ArgumentNullException", "Value cannot be null. (Parameter 'input')")),
    ],
)
def test_parse_guid_fails(text: str | None, result: Any) -> None:
    """Each mistake has its message."""
    assert outcome(parse_guid, text) == result


@pytest.mark.parametrize(
    ("text", "ignore_case", "result"),
    [
        ("Ordinal", False, 4),
        (" Ordinal ", False, 4),
        ("ordinal", True, 4),
        ("5", False, 5),
        ("99", False, 99),
        ("InvariantCulture, Ordinal", False, 6),
        ("ordinal", False, ("System.ArgumentException", "Requested value 'ordinal' was not found.")),
        ("Ordinal,", False, ("System.ArgumentException", "Requested value 'Ordinal,' was not found.")),
        (
            "",
            False,
            (
                "System.ArgumentException",
                "Must specify valid information for parsing in the string. (Parameter 'value')",
            ),
        ),
        ("99999999999", False, overflow("an Int32")),
        (None, False, ("System.ArgumentNullException", "Value cannot be null. (Parameter 'value')")),
    ],
)
def test_parse_enum(text: str | None, ignore_case: bool, result: Any) -> None:
    """Names, lists of names, and numbers."""
    universe()
    found = outcome(parse_enum, string_comparison, text, ignore_case)
    assert getattr(found, "value", found) == result
