"""System.Convert, BitConverter, Math and Random against what .NET gives."""

from __future__ import annotations

import math
from decimal import Decimal
from random import Random as Host
from typing import TYPE_CHECKING, Any

import pytest

from apimpy.dotnet.values import EnumValue, Int64, Runtime

if TYPE_CHECKING:
    pass
from library import INDEX, call, data, ints, member, null, out_of_range, plain, t

C = "System.Convert"
M = "System.Math"
BASE64 = (
    "System.FormatException",
    (
        "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding "
        "characters, or an illegal character among the padding characters."
    ),
)
RT = Runtime(clock=None, random=Host(1))


def overflow(what: str) -> tuple[str, str]:
    return "System.OverflowException", f"Value was either too large or too small for {what}."


def refused(source: str, target: str) -> tuple[str, str]:
    return "System.InvalidCastException", f"Invalid cast from '{source}' to '{target}'."


@pytest.mark.parametrize(
    ("signature", "value", "result"),
    [
        ("static int ToInt32(string? value)", " 42 ", 42),
        ("static int ToInt32(string? value)", None, 0),
        (
            "static int ToInt32(string? value)",
            "",
            ("System.FormatException", "Input string was not in a correct format."),
        ),
        ("static int ToInt32(double value)", -2.5, -2),
        ("static int ToInt32(double value)", 2147483647.4, 2147483647),
        ("static int ToInt32(double value)", 2147483647.5, overflow("an Int32")),
        ("static int ToInt32(double value)", -2147483648.5, -2147483648),
        ("static int ToInt32(double value)", math.nan, overflow("an Int32")),
        ("static int ToInt32(decimal value)", Decimal("2.5"), 2),
        ("static int ToInt32(bool value)", True, 1),
        ("static int ToInt32(char value)", "a", 97),
        ("static int ToInt32(long value)", 3000000000, overflow("an Int32")),
        (
            "static long ToInt64(double value)",
            9.3e18,
            ("System.OverflowException", "Arithmetic operation resulted in an overflow."),
        ),
        ("static byte ToByte(int value)", 300, overflow("an unsigned byte")),
        ("static sbyte ToSByte(int value)", 200, overflow("a signed byte")),
        ("static uint ToUInt32(int value)", -1, overflow("a UInt32")),
        ("static char ToChar(int value)", 65, "A"),
        ("static char ToChar(int value)", -1, overflow("a character")),
        (
            "static char ToChar(string? value)",
            "ab",
            ("System.FormatException", "String must be exactly one character long."),
        ),
        ("static char ToChar(string? value)", None, null("value")),
        ("static char ToChar(double value)", 1.5, refused("Double", "Char")),
        ("static bool ToBoolean(char value)", "a", refused("Char", "Boolean")),
        ("static bool ToBoolean(double value)", 0.1, True),
        ("static bool ToBoolean(string? value)", None, False),
        (
            "static bool ToBoolean(string? value)",
            "1",
            ("System.FormatException", "String '1' was not recognized as a valid Boolean."),
        ),
        ("static double ToDouble(string? value)", None, 0.0),
        ("static double ToDouble(char value)", "a", refused("Char", "Double")),
        ("static decimal ToDecimal(double value)", 1e30, overflow("a Decimal")),
        ("static float ToSingle(double value)", 1e300, math.inf),
        ("static DateTime ToDateTime(int value)", 5, refused("Int32", "DateTime")),
        ("static int ToInt32(object? value)", None, 0),
        ("static int ToInt32(object? value)", "5", 5),
        ("static int ToInt32(object? value)", Int64(7), 7),
        ("static int ToInt32(object? value)", member("System.StringComparison", "Ordinal"), 4),
        ("static bool ToBoolean(object? value)", None, False),
        ("static string ToString(object? value)", None, ""),
        ("static string? ToString(string? value)", None, None),
        ("static string ToString(double value)", 1.5, "1.5"),
        ("static TypeCode GetTypeCode(object? value)", "a", member("System.TypeCode", "String")),
        ("static TypeCode GetTypeCode(object? value)", None, member("System.TypeCode", "Empty")),
    ],
)
def test_convert(signature: str, value: Any, result: Any) -> None:
    """The matrix of conversions."""
    assert call(C, signature, value) == result


@pytest.mark.parametrize(
    ("signature", "text", "base", "result"),
    [
        ("static int ToInt32(string? value, int fromBase)", "0xFF", 16, 255),
        ("static int ToInt32(string? value, int fromBase)", "ffffffff", 16, -1),
        ("static int ToInt32(string? value, int fromBase)", "-10", 10, -10),
        ("static int ToInt32(string? value, int fromBase)", "+12", 16, 18),
        ("static int ToInt32(string? value, int fromBase)", "777", 8, 511),
        ("static int ToInt32(string? value, int fromBase)", None, 16, 0),
        ("static int ToInt32(string? value, int fromBase)", "12", 3, ("System.ArgumentException", "Invalid Base.")),
        (
            "static int ToInt32(string? value, int fromBase)",
            "-ff",
            16,
            ("System.ArgumentException", "String cannot contain a minus sign if the base is not 10."),
        ),
        (
            "static int ToInt32(string? value, int fromBase)",
            "102",
            2,
            ("System.FormatException", "Additional non-parsable characters are at the end of the string."),
        ),
        (
            "static int ToInt32(string? value, int fromBase)",
            "zz",
            16,
            ("System.FormatException", "Could not find any recognizable digits."),
        ),
        ("static int ToInt32(string? value, int fromBase)", "fffffffff", 16, overflow("a UInt32")),
        ("static int ToInt32(string? value, int fromBase)", "2147483648", 10, overflow("an Int32")),
        ("static byte ToByte(string? value, int fromBase)", "1ff", 16, overflow("an unsigned byte")),
        (
            "static byte ToByte(string? value, int fromBase)",
            "-1",
            10,
            (
                "System.OverflowException",
                "The string was being parsed as an unsigned number and could not have a negative sign.",
            ),
        ),
        ("static sbyte ToSByte(string? value, int fromBase)", "ff", 16, -1),
        ("static short ToInt16(string? value, int fromBase)", "8000", 16, -32768),
        ("static ushort ToUInt16(string? value, int fromBase)", "10000", 16, overflow("a UInt16")),
        ("static long ToInt64(string? value, int fromBase)", "ffffffffffffffff", 16, -1),
        ("static string ToString(int value, int toBase)", -255, 16, "ffffff01"),
        ("static string ToString(int value, int toBase)", -5, 10, "-5"),
        ("static string ToString(int value, int toBase)", 5, 3, ("System.ArgumentException", "Invalid Base.")),
        ("static string ToString(short value, int toBase)", -1, 16, "ffff"),
        ("static string ToString(long value, int toBase)", -1, 8, "1777777777777777777777"),
    ],
)
def test_bases(signature: str, text: Any, base: int, result: Any) -> None:
    """Numbers in base 2, 8, 10 and 16."""
    assert call(C, signature, text, base) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("AQID", [1, 2, 3]),
        ("A QI D", [1, 2, 3]),
        ("AQ I=\n", [1, 2]),
        ("AB==", [0]),
        (" ", []),
        ("AQI", BASE64),
        ("AQID====", BASE64),
        ("AA=A", BASE64),
        ("AA==AAAA", BASE64),
        ("AQ-_", BASE64),
        ("=", BASE64),
        (None, null("s")),
    ],
)
def test_from_base64(text: str | None, result: Any) -> None:
    """White space is ignored, padding is not."""
    assert plain(call(C, "static byte[] FromBase64String(string s)", text)) == result


def test_to_base64() -> None:
    """With line breaks every 76 characters, parts of arrays, and null."""
    broken = member("System.Base64FormattingOptions", "InsertLineBreaks")
    text = call(
        C, "static string ToBase64String(byte[] inArray, Base64FormattingOptions options)", data(*[0] * 58), broken
    )
    assert len(text) == 82
    assert text[76:78] == "\r\n"
    part = "static string ToBase64String(byte[] inArray, int offset, int length)"
    assert call(C, part, data(1, 2, 3), 1, 1) == "Ag=="
    assert call(C, part, data(1, 2, 3), 1, 5) == out_of_range(
        "offset", "Offset and length must refer to a position in the string."
    )
    assert call(C, "static string ToBase64String(byte[] inArray)", None) == null("inArray")
    assert call(C, "static string ToHexString(byte[] inArray)", data(1, 171)) == "01AB"
    assert plain(call(C, "static byte[] FromHexString(string s)", "01aB")) == [1, 171]


@pytest.mark.parametrize(
    ("value", "target", "result"),
    [
        (1.5, "Int32", 2),
        ("true", "Boolean", True),
        (42, "String", "42"),
        (None, "String", None),
        (None, "Int32", ("System.InvalidCastException", "Null object cannot be converted to a value type.")),
        ("1", "Guid", ("System.InvalidCastException", "Invalid cast from 'System.String' to 'System.Guid'.")),
        (ints(1), "String", ("System.InvalidCastException", "Object must implement IConvertible.")),
    ],
)
def test_change_type(value: Any, target: str, result: Any) -> None:
    """ChangeType boxes what it makes."""
    assert call(C, "static object? ChangeType(object? value, Type conversionType)", RT, value, t(target)) == result


def test_change_type_boxes() -> None:
    """A long stays a long."""
    found = call(
        C, "static object? ChangeType(object? value, TypeCode typeCode)", RT, "5", member("System.TypeCode", "Int64")
    )
    assert type(found) is Int64


B = "System.BitConverter"
SHORT = "Destination array is not long enough to copy all the items in the collection. Check array index and length."


@pytest.mark.parametrize(
    ("signature", "args", "result"),
    [
        ("static byte[] GetBytes(int value)", (1,), [1, 0, 0, 0]),
        ("static byte[] GetBytes(short value)", (258,), [2, 1]),
        ("static byte[] GetBytes(char value)", ("a",), [97, 0]),
        ("static double ToDouble(byte[] value, int startIndex)", (data(0, 0, 0, 0, 0, 0, 248, 63), 0), 1.5),
        ("static bool ToBoolean(byte[] value, int startIndex)", (data(2), 0), True),
        (
            "static int ToInt32(byte[] value, int startIndex)",
            (data(1, 2), 0),
            ("System.ArgumentException", f"{SHORT} (Parameter 'value')"),
        ),
        ("static int ToInt32(byte[] value, int startIndex)", (data(1, 2), 5), out_of_range("startIndex", INDEX)),
        ("static int ToInt32(byte[] value, int startIndex)", (None, 0), null("value")),
        ("static string ToString(byte[] value)", (data(1, 171, 255),), "01-AB-FF"),
        ("static string ToString(byte[] value)", (data(),), ""),
        ("static string ToString(byte[] value, int startIndex)", (data(1, 2, 3), 1), "02-03"),
        ("static string ToString(byte[] value, int startIndex)", (data(1, 2, 3), 4), out_of_range("startIndex", INDEX)),
        (
            "static string ToString(byte[] value, int startIndex, int length)",
            (data(1, 2, 3), 1, 5),
            ("System.ArgumentException", f"{SHORT} (Parameter 'value')"),
        ),
        ("static long DoubleToInt64Bits(double value)", (1.0,), 4607182418800017408),
    ],
)
def test_bit_converter(signature: str, args: tuple[Any, ...], result: Any) -> None:
    """Little-endian bytes."""
    assert plain(call(B, signature, *args)) == result


EVEN, AWAY, ZERO = (member("System.MidpointRounding", n) for n in ("ToEven", "AwayFromZero", "ToZero"))
BOTH = "static double Round(double value, int digits, MidpointRounding mode)"


@pytest.mark.parametrize(
    ("signature", "args", "result"),
    [
        (
            "static int Abs(int value)",
            (-(1 << 31),),
            ("System.OverflowException", "Negating the minimum value of a twos complement number is invalid."),
        ),
        (
            "static int Sign(double value)",
            (math.nan,),
            ("System.ArithmeticException", "Function does not accept floating point Not-a-Number values."),
        ),
        ("static double Round(double a)", (2.5,), 2.0),
        ("static double Round(double a)", (0.5000000000000001,), 1.0),
        ("static double Round(double value, int digits)", (2.675, 2), 2.68),
        ("static double Round(double value, int digits)", (1.005, 2), 1.0),
        ("static double Round(double value, int digits)", (1e300, 2), 1e300),
        (
            "static double Round(double value, int digits)",
            (1.5, 16),
            out_of_range("digits", "Rounding digits must be between 0 and 15, inclusive."),
        ),
        (BOTH, (1.255, 2, AWAY), 1.25),
        (BOTH, (2.345, 2, AWAY), 2.35),
        (BOTH, (2.39, 1, ZERO), 2.3),
        ("static double Round(double value, MidpointRounding mode)", (-2.5, AWAY), -3.0),
        (
            "static double Round(double value, MidpointRounding mode)",
            (1.5, EnumValue(EVEN.decl, 9)),
            (
                "System.ArgumentException",
                "The value '9' is not valid for this usage of the type MidpointRounding. (Parameter 'mode')",
            ),
        ),
        ("static decimal Round(decimal d, int decimals)", (Decimal("2.355"), 2), Decimal("2.36")),
        (
            "static decimal Round(decimal d, int decimals)",
            (Decimal(1), 29),
            out_of_range("decimals", "Decimal can only round to between 0 and 28 digits of precision."),
        ),
        ("static double Max(double val1, double val2)", (math.inf, 1.0), math.inf),
        ("static double Log(double a, double newBase)", (8, 2), 3.0),
        ("static double Log(double d)", (0,), -math.inf),
        ("static double Log10(double d)", (1000,), 3.0),
        ("static double Exp(double d)", (1000,), math.inf),
        ("static double Cosh(double d)", (-1000,), math.inf),
        ("static double Sinh(double d)", (-1000,), -math.inf),
        ("static int DivRem(int a, int b, out int result)", (7, 2), (3, 1)),
        (
            "static int DivRem(int a, int b, out int result)",
            (7, 0),
            ("System.DivideByZeroException", "Attempted to divide by zero."),
        ),
        ("static int Clamp(int value, int min, int max)", (5, 1, 3), 3),
        (
            "static int Clamp(int value, int min, int max)",
            (5, 3, 1),
            ("System.ArgumentException", "'3' cannot be greater than 1."),
        ),
        ("static double IEEERemainder(double x, double y)", (7, 4), -1.0),
    ],
)
def test_math(signature: str, args: tuple[Any, ...], result: Any) -> None:
    """Rounding, extremes and elementary functions."""
    assert call(M, signature, *args) == result


@pytest.mark.parametrize(
    ("signature", "value"),
    [
        ("static double Ceiling(double a)", -0.5),
        ("static double Round(double a)", -0.4),
        ("static double Truncate(double d)", -0.9),
    ],
)
def test_negative_zero(signature: str, value: float) -> None:
    """Rounding to zero keeps the sign."""
    assert str(call(M, signature, value)) == "-0.0"


@pytest.mark.parametrize(
    ("signature", "args"),
    [
        ("static double Sqrt(double d)", (-1,)),
        ("static double Log(double d)", (-1,)),
        ("static double Asin(double d)", (2,)),
        ("static double Max(double val1, double val2)", (1.0, math.nan)),
        ("static double Min(double val1, double val2)", (math.nan, 1.0)),
        ("static double Log(double a, double newBase)", (1, 1)),
        ("static double IEEERemainder(double x, double y)", (3, 0)),
    ],
)
def test_not_a_number(signature: str, args: tuple[float, ...]) -> None:
    """Undefined results are NaN, not exceptions."""
    assert math.isnan(call(M, signature, *args))


R = "System.Random"


def test_seeded_random() -> None:
    """The sequence of a seed is .NET's."""
    assert call(R, "int Next()", call(R, "Random(int Seed)", 42)) == 1434747710
    assert call(R, "double NextDouble()", call(R, "Random(int Seed)", 42)) == 0.6681064659115423
    assert call(R, "int Next(int minValue, int maxValue)", call(R, "Random(int Seed)", -5), 5, 1000) == 341
    wide = call(R, "int Next(int minValue, int maxValue)", call(R, "Random(int Seed)", 3), -(1 << 31), (1 << 31) - 1)
    assert wide == -630327711
    random = call(R, "Random(int Seed)", 1)
    call(R, "int Next()", random)
    call(R, "int Next(int maxValue)", random, 7)
    buffer = data(0, 0, 0, 0)
    call(R, "void NextBytes(byte[] buffer)", random, buffer)
    assert bytes(buffer).hex() == "86824097"


def test_random() -> None:
    """Without a seed the host's generator is used; ranges are checked."""
    random = call(R, "Random()", RT)
    assert all(0 <= call(R, "int Next(int maxValue)", random, 3) < 3 for _ in range(20))
    assert call(R, "int Next(int minValue, int maxValue)", random, 5, 5) == 5
    assert call(R, "int Next(int minValue, int maxValue)", random, 5, 1) == out_of_range(
        "minValue", "'minValue' cannot be greater than maxValue."
    )
    assert call(R, "int Next(int maxValue)", random, -1) == out_of_range(
        "maxValue", "'maxValue' must be greater than zero."
    )
