"""System.String, Char, StringComparer and StringBuilder members against what .NET gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from apimpy.dotnet.values import Char, EnumValue, single

if TYPE_CHECKING:
    pass
from library import INDEX, call, chars, member, null, out_of_range, plain, strings, t

S = "System.String"


@pytest.mark.parametrize(
    ("signature", "args", "result"),
    [
        ("string Substring(int startIndex)", ("abcdef", 6), ""),
        (
            "string Substring(int startIndex)",
            ("abcdef", 7),
            out_of_range("startIndex", "startIndex cannot be larger than length of string."),
        ),
        (
            "string Substring(int startIndex)",
            ("abcdef", -1),
            out_of_range("startIndex", "StartIndex cannot be less than zero."),
        ),
        ("string Substring(int startIndex, int length)", ("abcdef", 1, 2), "bc"),
        (
            "string Substring(int startIndex, int length)",
            ("abcdef", 2, 10),
            out_of_range("length", "Index and length must refer to a location within the string."),
        ),
        (
            "string Substring(int startIndex, int length)",
            ("abcdef", 1, -1),
            out_of_range("length", "Length cannot be less than zero."),
        ),
        ("char this[int index]", ("hello", 4), "o"),
        (
            "char this[int index]",
            ("hello", 5),
            ("System.IndexOutOfRangeException", "Index was outside the bounds of the array."),
        ),
        (
            "char this[int index]",
            ("hello", -1),
            ("System.IndexOutOfRangeException", "Index was outside the bounds of the array."),
        ),
        (
            "string Remove(int startIndex)",
            ("abc", 3),
            out_of_range("startIndex", "startIndex must be less than length of string."),
        ),
        (
            "string Remove(int startIndex, int count)",
            ("abc", 1, 9),
            out_of_range("count", "Index and count must refer to a location within the string."),
        ),
        ("string Insert(int startIndex, string value)", ("abc", 3, "!"), "abc!"),
        (
            "string Insert(int startIndex, string value)",
            ("abc", 4, "!"),
            out_of_range("startIndex", "Specified argument was out of the range of valid values."),
        ),
        ("string Insert(int startIndex, string value)", ("abc", 1, None), null("value")),
        ("string PadLeft(int totalWidth)", ("7", 3), "  7"),
        ("string PadRight(int totalWidth, char paddingChar)", ("7", 3, "."), "7.."),
        ("string PadLeft(int totalWidth)", ("7", -1), out_of_range("totalWidth", "Non-negative number required.")),
        ("string Trim()", ("\u00a0x\u2003",), "x"),
        ("string Trim()", ("\x1cx",), "\x1cx"),
        ("string Trim(params char[]? trimChars)", ("xyabcyx", chars("xy")), "abc"),
        ("string Trim(params char[]? trimChars)", (" abc ", chars("")), "abc"),
        ("string TrimEnd(params char[]? trimChars)", ("//a/b//", chars("/")), "//a/b"),
        ("string ToUpper()", ("straße ﬁ ı ᾳ",), "STRAßE ﬁ ı ᾼ"),
        ("string ToLower()", ("ΑΣ ÀÉ",), "ας àé".replace("ς", "σ")),
        ("string Replace(string oldValue, string? newValue)", ("aaa", "aa", "b"), "ba"),
        ("string Replace(string oldValue, string? newValue)", ("abc", "a", None), "bc"),
        (
            "string Replace(string oldValue, string? newValue)",
            ("abc", "", "x"),
            ("System.ArgumentException", "String cannot be of zero length. (Parameter 'oldValue')"),
        ),
        ("string Replace(string oldValue, string? newValue)", ("abc", None, "x"), null("oldValue")),
        ("string Replace(char oldChar, char newChar)", ("abcabc", "a", "z"), "zbczbc"),
        ("bool Contains(string value)", ("abc", "BC"), False),
        ("bool Contains(string value)", ("abc", None), null("value")),
        ("bool StartsWith(string value)", ("abc", "ab"), True),
        ("bool StartsWith(string value)", ("abc", None), null("value")),
        ("bool EndsWith(string value)", ("abc", "bc"), True),
        ("int IndexOf(string value)", ("abcabc", ""), 0),
        ("int IndexOf(string value)", ("abc", None), null("value")),
        ("int IndexOf(string value, int startIndex)", ("abc", "", 3), 3),
        ("int IndexOf(string value, int startIndex)", ("abc", "a", 4), out_of_range("startIndex", INDEX)),
        ("int IndexOf(string value, int startIndex, int count)", ("abcabc", "c", 0, 2), -1),
        (
            "int IndexOf(char value, int startIndex, int count)",
            ("abc", "a", 1, 9),
            out_of_range(
                "count", "Count must be positive and count must refer to a location within the string/array/collection."
            ),
        ),
        ("int LastIndexOf(string value)", ("abc", ""), 2),
        ("int LastIndexOf(string value)", ("", ""), 0),
        ("int LastIndexOf(string value, int startIndex)", ("mississippi", "ss", 4), 2),
        ("int LastIndexOf(string value, int startIndex)", ("abc", "a", 3), 0),
        ("int LastIndexOf(string value, int startIndex)", ("abc", "", 1), 1),
        ("int LastIndexOf(string value, int startIndex)", ("abc", "a", 5), out_of_range("startIndex", INDEX)),
        ("int LastIndexOf(char value, int startIndex)", ("a.b.c", ".", 2), 1),
        ("int IndexOfAny(char[] anyOf)", ("abc", chars("cb")), 1),
        ("int LastIndexOfAny(char[] anyOf)", ("abcab", chars("ca")), 3),
        ("static string Join(string? separator, params string[] value)", (",", strings(None, "a", None)), ",a,"),
        ("static string Join(string? separator, params string[] value)", (",", None), null("value")),
        (
            "static string Join(string? separator, params object[] values)",
            ("-", [1, 2, "x", None, True]),
            "1-2-x--True",
        ),
        ("static string Join<T>(string? separator, IEnumerable<T> values)", (t("Single"), ",", [single(0.1)]), "0.1"),
        (
            "static string Join(string? separator, string[] value, int startIndex, int count)",
            ("|", strings("a", "b", "c", "d"), 1, 2),
            "b|c",
        ),
        (
            "static string Join(string? separator, string[] value, int startIndex, int count)",
            ("|", strings("a"), 0, 5),
            out_of_range("startIndex", "Index and count must refer to a location within the buffer."),
        ),
        ("static string Concat(params object[] args)", (["a", 1, None, True],), "a1True"),
        ("static string Concat(params string[] values)", (None,), null("values")),
        ("static string Format(string format, object? arg0)", (None, 1), null("format")),
        ("static string Format(string format, params object[] args)", ("{0}", None), null("args")),
        ("static bool IsNullOrEmpty(string? value)", (None,), True),
        ("static bool IsNullOrWhiteSpace(string? value)", (" \t",), True),
        ("static int Compare(string? strA, string? strB)", (None, "a"), -1),
        ("static int Compare(string? strA, string? strB)", ("a", "B"), -1),
        ("static int Compare(string? strA, string? strB, bool ignoreCase)", ("a", "A", True), 0),
        ("static int CompareOrdinal(string? strA, string? strB)", ("a", "A"), 32),
        ("static int CompareOrdinal(string? strA, string? strB)", ("ab", "abcd"), -2),
        (
            "static int Compare(string? strA, int indexA, string? strB, int indexB, int length)",
            ("abc", 1, "xbc", 1, 2),
            0,
        ),
        ("int CompareTo(string? strB)", ("a", None), 1),
        ("int CompareTo(object? value)", ("a", 5), ("System.ArgumentException", "Object must be of type String.")),
        ("bool Equals(object? obj)", ("a", Char("a")), False),
        ("String(char c, int count)", ("x", 3), "xxx"),
        ("String(char c, int count)", ("x", -1), out_of_range("count", "Count cannot be less than zero.")),
        ("String(char[]? value)", (None,), ""),
        ("String(char[] value, int startIndex, int length)", (chars("hello"), 1, 3), "ell"),
        ("String(char[] value, int startIndex, int length)", (chars("a"), 0, 5), out_of_range("startIndex", INDEX)),
        ("string Normalize()", ("e\u0301",), "é"),
    ],
)
def test_string(signature: str, args: tuple[Any, ...], result: Any) -> None:
    """Results and messages of string members."""
    assert call(S, signature, *args) == result


NONE, REMOVE = (member("System.StringSplitOptions", n) for n in ("None", "RemoveEmptyEntries"))
CHARS = "string[] Split(char[]? separator, int count, StringSplitOptions options)"
TEXTS = "string[] Split(string[]? separator, StringSplitOptions options)"


@pytest.mark.parametrize(
    ("signature", "args", "result"),
    [
        ("string[] Split(params char[]? separator)", ("a,,c,", chars(",")), ["a", "", "c", ""]),
        ("string[] Split(params char[]? separator)", ("a b\tc\nd", None), ["a", "b", "c", "d"]),
        ("string[] Split(params char[]? separator)", ("a, b;c", chars(",; ")), ["a", "", "b", "c"]),
        ("string[] Split(params char[]? separator)", ("a]b^c-d", chars("]^-")), ["a", "b", "c", "d"]),
        ("string[] Split(params char[]? separator)", ("", chars(",")), [""]),
        (CHARS, ("a,b,c,d", chars(","), 2, NONE), ["a", "b,c,d"]),
        (CHARS, (",a,,b,c", chars(","), 2, REMOVE), ["a", "b,c"]),
        (CHARS, (",a,,b,", chars(","), 2, REMOVE), ["a", "b,"]),
        (CHARS, (",a,,b,,", chars(","), 3, REMOVE), ["a", "b"]),
        (CHARS, (",,", chars(","), 1, REMOVE), [",,"]),
        (CHARS, ("", chars(","), 1, REMOVE), []),
        (CHARS, ("a,b", chars(","), 0, NONE), []),
        (CHARS, ("a", chars(","), -1, NONE), out_of_range("count", "Count cannot be less than zero.")),
        (TEXTS, ("a::b::::c", strings("::"), REMOVE), ["a", "b", "c"]),
        (TEXTS, ("ab\r\ncd\nef", strings("\r\n", "\n"), NONE), ["ab", "cd", "ef"]),
        (TEXTS, ("abc", strings(""), NONE), ["abc"]),
        (TEXTS, ("a b", strings(None), NONE), ["a b"]),
        (TEXTS, ("a b", strings(), NONE), ["a", "b"]),
    ],
)
def test_split(signature: str, args: tuple[Any, ...], result: Any) -> None:
    """Every overload of Split."""
    assert plain(call(S, signature, *args)) == result


@pytest.mark.parametrize(
    ("comparison", "equal"),
    [("Ordinal", False), ("OrdinalIgnoreCase", True), ("InvariantCultureIgnoreCase", True), ("CurrentCulture", False)],
)
def test_comparison(comparison: str, equal: bool) -> None:
    """StringComparison chooses the meaning of equality everywhere."""
    how = member("System.StringComparison", comparison)
    assert call(S, "bool Equals(string? value, StringComparison comparisonType)", "aB", "Ab", how) is equal
    assert call(S, "bool StartsWith(string value, StringComparison comparisonType)", "aBc", "Ab", how) is equal
    assert call(S, "bool Contains(string value, StringComparison comparisonType)", "xaBc", "Ab", how) is equal
    assert call(S, "int IndexOf(string value, StringComparison comparisonType)", "xaBc", "Ab", how) == (
        1 if equal else -1
    )
    replaced = call(
        S, "string Replace(string oldValue, string? newValue, StringComparison comparisonType)", "xaBc", "Ab", "-", how
    )
    assert replaced == ("x-c" if equal else "xaBc")


def test_unknown_comparison() -> None:
    """A number that is no StringComparison."""
    bad = EnumValue(member("System.StringComparison", "Ordinal").decl, 9)
    found = call(S, "bool Equals(string? value, StringComparison comparisonType)", "a", "A", bad)
    assert found == (
        "System.ArgumentException",
        "The string comparison type passed in is currently not supported. (Parameter 'comparisonType')",
    )


@pytest.mark.parametrize(
    ("name", "a", "b", "order", "same"),
    [
        ("Ordinal", "a", "B", 31, False),
        ("OrdinalIgnoreCase", "a", "B", -1, False),
        ("OrdinalIgnoreCase", "a", "A", 0, True),
        ("InvariantCulture", "a", "B", -1, False),
        ("Ordinal", None, "B", -1, False),
        ("Ordinal", None, None, 0, True),
    ],
)
def test_string_comparer(name: str, a: str | None, b: str | None, order: int, same: bool) -> None:
    """Compare and Equals of the six comparers."""
    comparer = call("System.StringComparer", f"static StringComparer {name}")
    assert call("System.StringComparer", "int Compare(string? x, string? y)", comparer, a, b) == order
    assert call("System.StringComparer", "bool Equals(string? x, string? y)", comparer, a, b) is same


@pytest.mark.parametrize(
    ("signature", "args", "result"),
    [
        ("static bool IsDigit(char c)", ("٣",), True),
        ("static bool IsDigit(char c)", ("½",), False),
        ("static bool IsNumber(char c)", ("½",), True),
        ("static bool IsLetter(char c)", ("é",), True),
        ("static bool IsLetterOrDigit(char c)", ("_",), False),
        ("static bool IsPunctuation(char c)", ("!",), True),
        ("static bool IsSymbol(char c)", ("+",), True),
        ("static bool IsSeparator(char c)", (" ",), True),
        ("static bool IsControl(char c)", ("\n",), True),
        ("static bool IsWhiteSpace(char c)", ("\x1c",), False),
        ("static bool IsUpper(char c)", ("É",), True),
        ("static bool IsDigit(string s, int index)", ("a1", 1), True),
        (
            "static bool IsDigit(string s, int index)",
            ("a", 5),
            out_of_range("index", "Specified argument was out of the range of valid values."),
        ),
        ("static double GetNumericValue(char c)", ("½",), 0.5),
        ("static double GetNumericValue(char c)", ("x",), -1.0),
        ("static double GetNumericValue(char c)", ("一",), -1.0),
        ("static string ConvertFromUtf32(int utf32)", (0x1F600,), "\ud83d\ude00"),
        ("static int ConvertToUtf32(string s, int index)", ("\ud83d\ude00", 0), 0x1F600),
        (
            "static char Parse(string s)",
            ("ab",),
            ("System.FormatException", "String must be exactly one character long."),
        ),
        ("int CompareTo(char value)", ("a", "c"), -2),
        ("int CompareTo(object? value)", ("a", "c"), ("System.ArgumentException", "Object must be of type Char.")),
        ("int GetHashCode()", ("a",), 6357089),
        ("bool Equals(object? obj)", ("a", Char("a")), True),
        ("bool Equals(object? obj)", ("a", "a"), False),
    ],
)
def test_char(signature: str, args: tuple[Any, ...], result: Any) -> None:
    """Members of char."""
    assert call("System.Char", signature, *args) == result
