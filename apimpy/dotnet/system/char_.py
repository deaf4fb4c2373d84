"""System.Char: one UTF-16 unit, a Python `str` of length 1."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    FormatException,
)
from apimpy.dotnet.system.casing import WHITE, lower, upper
from apimpy.dotnet.system.globalization import UNICODE_CATEGORIES, unicode_category
from apimpy.dotnet.system.object_ import hash_code, type_code
from apimpy.dotnet.values import Char, from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["char", "parse_char"]

char = clr_type(
    "System.Char",
    kind="struct",
    alias="char",
    python=Char,
    bases="IComparable, IComparable<char>, IEquatable<char>, IConvertible",
)
char.const("char MinValue", "\0")
char.const("char MaxValue", "\uffff")


# --- categories ------------------------------------------------------------------------------------------------------


def _in(*categories: str) -> Callable[[str], bool]:
    wanted = frozenset(categories)
    return lambda c: unicodedata.category(c) in wanted


def _is_upper(c: str) -> bool:
    return "A" <= c <= "Z" if c < "\x80" else unicodedata.category(c) == "Lu"


def _is_lower(c: str) -> bool:
    # the ordinal indicators were lower case in the Unicode that Latin-1 tables of the platform are made of
    return "a" <= c <= "z" if c < "\x80" else unicodedata.category(c) == "Ll" or c in "\xaa\xba"


def _is_letter_or_digit(c: str) -> bool:
    return c.isalpha() or c.isdecimal()


_TESTS: dict[str, Callable[[str], bool]] = {
    "IsDigit": str.isdecimal,
    "IsLetter": str.isalpha,
    "IsLetterOrDigit": _is_letter_or_digit,
    "IsUpper": _is_upper,
    "IsLower": _is_lower,
    "IsWhiteSpace": WHITE.__contains__,
    "IsNumber": _in("Nd", "Nl", "No"),
    "IsPunctuation": _in("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"),
    "IsSymbol": _in("Sm", "Sc", "Sk", "So"),
    "IsSeparator": _in("Zs", "Zl", "Zp"),
    "IsControl": _in("Cc"),
    "IsSurrogate": lambda c: "\ud800" <= c <= "\udfff",
    "IsHighSurrogate": lambda c: "\ud800" <= c <= "\udbff",
    "IsLowSurrogate": lambda c: "\udc00" <= c <= "\udfff",
}


def _unit(s: str | None, index: int) -> str:
    if s is None:
        raise ArgumentNullException("s")
    if not 0 <= index < len(s):
        raise ArgumentOutOfRangeException("index")
    return s[index]


def _point(s: str | None, index: int) -> str:
    """The character at an index: two units are one if they are a surrogate pair."""
    first = _unit(s, index)
    assert s is not None
    return to_text(s[index : index + 2]) if first >= "\ud800" and _is_pair_at(s, index) else first


def _at(test: Callable[[str], Any]) -> Callable[[str | None, int], Any]:
    return lambda s, index: test(_point(s, index))


def _unit_at(test: Callable[[str], Any]) -> Callable[[str | None, int], Any]:
    return lambda s, index: test(_unit(s, index))


def _category(c: str) -> Any:
    return unicode_category.enum_members[UNICODE_CATEGORIES[unicodedata.category(c)]]


def _numeric(c: str) -> float:
    # ideographs have numeric values for Unicode, not for .NET
    return -1.0 if c.isalpha() else float(unicodedata.numeric(c, -1.0))


for _name, _test in _TESTS.items():
    char.method(f"static bool {_name}(char c)", _test)
    char.method(f"static bool {_name}(string s, int index)", _unit_at(_test) if "Surrogate" in _name else _at(_test))
char.method("static bool IsAscii(char c)", str.isascii, since="core")
char.method("static UnicodeCategory GetUnicodeCategory(char c)", _category)
char.method("static UnicodeCategory GetUnicodeCategory(string s, int index)", _at(_category))
char.method("static double GetNumericValue(char c)", _numeric)
char.method("static double GetNumericValue(string s, int index)", _at(_numeric))


# --- surrogate pairs -------------------------------------------------------------------------------------------------


def _is_pair(high: str, low: str) -> bool:
    return "\ud800" <= high <= "\udbff" and "\udc00" <= low <= "\udfff"


def _is_pair_at(s: str | None, index: int) -> bool:
    first = _unit(s, index)
    assert s is not None
    return index + 1 < len(s) and _is_pair(first, s[index + 1])


def _from_utf32(utf32: int) -> str:
    if not 0 <= utf32 <= 0x10FFFF or 0xD800 <= utf32 <= 0xDFFF:
        raise ArgumentOutOfRangeException(
            "utf32",
            "A valid UTF32 value is between 0x000000 and 0x10ffff, inclusive, and should not include surrogate "
            "codepoint values (0x00d800 ~ 0x00dfff).",
        )
    return from_text(chr(utf32))


def _join_pair(high: str, low: str) -> int:
    return 0x10000 + ((ord(high) - 0xD800) << 10) + ord(low) - 0xDC00


def _to_utf32(high: str, low: str) -> int:
    if not "\ud800" <= high <= "\udbff":
        raise ArgumentOutOfRangeException(
            "highSurrogate",
            "A valid high surrogate character is between 0xd800 and 0xdbff, inclusive.",
        )
    if not "\udc00" <= low <= "\udfff":
        raise ArgumentOutOfRangeException(
            "lowSurrogate",
            "A valid low surrogate character is between 0xdc00 and 0xdfff, inclusive.",
        )
    return _join_pair(high, low)


def _to_utf32_at(s: str | None, index: int) -> int:
    first = _unit(s, index)
    assert s is not None
    if not "\ud800" <= first <= "\udfff":
        return ord(first)
    if _is_pair_at(s, index):
        return _join_pair(first, s[index + 1])
    kind = "high" if first <= "\udbff" else "low"
    raise ArgumentException(
        f"Found a {kind} surrogate char without a preceding high surrogate at index: {index}. "
        "The input may not be in this encoding, or may not contain valid Unicode (UTF-16) characters."
        if kind == "low"
        else f"Found a high surrogate char without a following low surrogate at index: {index}. "
        "The input may not be in this encoding, or may not contain valid Unicode (UTF-16) characters.",
        "s",
    )


char.method("static bool IsSurrogatePair(char highSurrogate, char lowSurrogate)", _is_pair)
char.method("static bool IsSurrogatePair(string s, int index)", _is_pair_at)
char.method("static string ConvertFromUtf32(int utf32)", _from_utf32)
char.method("static int ConvertToUtf32(char highSurrogate, char lowSurrogate)", _to_utf32)
char.method("static int ConvertToUtf32(string s, int index)", _to_utf32_at)


# --- text, case, comparison ------------------------------------------------------------------------------------------


def parse_char(s: str | None) -> str:
    if s is None:
        raise ArgumentNullException("s")
    if len(s) != 1:
        raise FormatException("String must be exactly one character long.")
    return s


def _try_parse(s: str | None) -> tuple[bool, str]:
    return (True, s) if s is not None and len(s) == 1 else (False, "\0")


def _itself(self: str) -> str:
    return self


def _itself_by(self: str, provider: Any) -> str:
    return self


def _compare(self: str, other: str) -> int:
    return ord(self) - ord(other)


def _compare_object(self: str, other: Any) -> int:
    if other is None:
        return 1
    if type(other) is not Char:
        raise ArgumentException("Object must be of type Char.")
    return ord(self) - ord(other)


char.method("static char Parse(string s)", parse_char)
char.method("static bool TryParse(string? s, out char result)", _try_parse)
char.method("static char ToUpper(char c)", upper)
char.method("static char ToUpper(char c, CultureInfo culture)", lambda c, _culture: upper(c))
char.method("static char ToUpperInvariant(char c)", upper)
char.method("static char ToLower(char c)", lower)
char.method("static char ToLower(char c, CultureInfo culture)", lambda c, _culture: lower(c))
char.method("static char ToLowerInvariant(char c)", lower)
char.method("static string ToString(char c)", _itself)
char.method("string ToString()", _itself)
char.method("string ToString(IFormatProvider? provider)", _itself_by)
char.method("int CompareTo(char value)", _compare)
char.method("int CompareTo(object? value)", _compare_object)
char.method("bool Equals(char obj)", str.__eq__)
char.method("bool Equals(object? obj)", lambda self, other: type(other) is Char and other == self)
char.method("int GetHashCode()", lambda self: hash_code(Char(self)))
char.method("TypeCode GetTypeCode()", lambda _self: type_code.enum_members["Char"])
