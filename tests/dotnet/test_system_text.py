"""StringBuilder, Encoding, StringReader, StringWriter."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from apimpy.dotnet.values import single

if TYPE_CHECKING:
    pass
from library import INDEX, call, data, find, null, out_of_range

B = "System.Text.StringBuilder"
E = "System.Text.Encoding"
REGISTER = (
    "For information on defining a custom encoding, see the documentation for the Encoding.RegisterProvider method."
)


def builder(text: str) -> Any:
    return call(B, "StringBuilder(string? value)", text)


def text_of(value: Any) -> Any:
    return value if isinstance(value, tuple) else call(B, "string ToString()", value)


@pytest.mark.parametrize(
    ("text", "signature", "args", "result"),
    [
        ("", "StringBuilder Append(string? value)", (None,), ""),
        ("a", "StringBuilder Append(double value)", (1.5,), "a1.5"),
        ("a", "StringBuilder Append(bool value)", (True,), "aTrue"),
        ("a", "StringBuilder Append(decimal value)", (Decimal("1.50"),), "a1.50"),
        ("a", "StringBuilder Append(float value)", (single(0.1),), "a0.1"),
        ("a", "StringBuilder Append(object? value)", (None,), "a"),
        ("a", "StringBuilder Append(char value, int repeatCount)", ("x", 3), "axxx"),
        (
            "a",
            "StringBuilder Append(char value, int repeatCount)",
            ("x", -1),
            out_of_range("repeatCount", "Count cannot be less than zero."),
        ),
        ("a", "StringBuilder Append(string? value, int startIndex, int count)", ("abc", 1, 2), "abc"),
        (
            "a",
            "StringBuilder Append(string? value, int startIndex, int count)",
            ("abc", 1, 9),
            out_of_range("startIndex", INDEX),
        ),
        ("a", "StringBuilder AppendLine(string? value)", ("b",), "ab\n"),
        ("a", "StringBuilder AppendFormat(string format, object? arg0, object? arg1)", ("{0}-{1:D2}", "x", 5), "ax-05"),
        ("abc", "StringBuilder Insert(int index, string? value)", (1, "ZZ"), "aZZbc"),
        ("abc", "StringBuilder Insert(int index, string? value)", (9, "x"), out_of_range("index", INDEX)),
        ("x", "StringBuilder Insert(int index, string? value, int count)", (0, "ab", 2), "ababx"),
        ("abc", "StringBuilder Remove(int startIndex, int length)", (1, 1), "ac"),
        ("abc", "StringBuilder Remove(int startIndex, int length)", (1, 9), out_of_range("length", INDEX)),
        (
            "abc",
            "StringBuilder Remove(int startIndex, int length)",
            (-1, 1),
            out_of_range("startIndex", "StartIndex cannot be less than zero."),
        ),
        ("abcabc", "StringBuilder Replace(string oldValue, string? newValue)", ("b", "X"), "aXcaXc"),
        (
            "abcabc",
            "StringBuilder Replace(string oldValue, string? newValue, int startIndex, int count)",
            ("b", "X", 2, 4),
            "abcaXc",
        ),
        (
            "abc",
            "StringBuilder Replace(string oldValue, string? newValue)",
            ("", "x"),
            ("System.ArgumentException", "Empty name is not legal. (Parameter 'oldValue')"),
        ),
        ("abc", "StringBuilder Clear()", (), ""),
        ("abc", "string ToString(int startIndex, int length)", (1, 2), "bc"),
        (
            "abc",
            "string ToString(int startIndex, int length)",
            (1, 9),
            out_of_range("length", "Index and length must refer to a location within the string."),
        ),
        ("abc", "char this[int index]", (1,), "b"),
        (
            "abc",
            "char this[int index]",
            (5,),
            ("System.IndexOutOfRangeException", "Index was outside the bounds of the array."),
        ),
    ],
)
def test_string_builder(text: str, signature: str, args: tuple[Any, ...], result: Any) -> None:
    """What a member makes of a builder with that text."""
    found = call(B, signature, builder(text), *args)
    assert (found if isinstance(found, (str, tuple)) else text_of(found)) == result


def test_string_builder_changes() -> None:
    """Length and characters can be set; the capacity doubles."""
    b = builder("abc")
    find(B, "char this[int index]").setter(b, 0, "X")
    find(B, "int Length").setter(b, 2)
    assert text_of(b) == "Xb"
    find(B, "int Length").setter(b, 4)
    assert text_of(b) == "Xb\0\0"
    small = call(B, "StringBuilder(int capacity)", 5)
    call(B, "StringBuilder Append(string? value)", small, "abcdefgh")
    assert call(B, "int Capacity", small) == 10
    assert call(B, "bool Equals(StringBuilder? sb)", builder("a"), builder("a"))


def encoding(name: str) -> Any:
    return call(E, "static Encoding GetEncoding(string name)", name)


@pytest.mark.parametrize(
    ("name", "text", "encoded"),
    [
        ("utf-8", "é\ud83d\ude00", b"\xc3\xa9\xf0\x9f\x98\x80"),
        ("utf-8", "\ud83d", b"\xef\xbf\xbd"),
        ("us-ascii", "é\ud83d\ude00", b"???"),
        ("iso-8859-1", "é€\ud83d\ude00Ā", b"\xe9???A"),
        ("utf-16", "ab", b"a\0b\0"),
        ("utf-16BE", "a", b"\0a"),
        ("utf-32", "a", b"a\0\0\0"),
        ("utf-7", "é", b"+AOk-"),
    ],
)
def test_get_bytes(name: str, text: str, encoded: bytes) -> None:
    """What cannot be expressed is replaced."""
    assert bytes(call(E, "byte[] GetBytes(string s)", encoding(name), text)) == encoded


@pytest.mark.parametrize(
    ("name", "encoded", "text"),
    [
        ("utf-8", b"\xffA\xe2\x82", "\ufffdA\ufffd"),
        ("utf-8", b"\xef\xbb\xbfA", "\ufeffA"),
        ("utf-8", b"\xf0\x9f\x98\x80", "\ud83d\ude00"),
        ("us-ascii", b"h\xc8", "h?"),
        ("latin1", b"\xe9", "é"),
        ("utf-16", b"A\0B", "A\ufffd"),
    ],
)
def test_get_string(name: str, encoded: bytes, text: str) -> None:
    """Decoding never fails; text is in UTF-16 units."""
    assert call(E, "string GetString(byte[] bytes)", encoding(name), data(*encoded)) == text


@pytest.mark.parametrize(
    ("signature", "args", "result"),
    [
        (
            "static Encoding GetEncoding(string name)",
            ("nope",),
            (
                "System.ArgumentException",
                f"'nope' is not a supported encoding name. {REGISTER} (Parameter 'name')",
            ),
        ),
        ("static Encoding GetEncoding(string name)", (None,), null("name")),
        (
            "static Encoding GetEncoding(int codepage)",
            (1252,),
            (
                "System.NotSupportedException",
                f"No data is available for encoding 1252. {REGISTER}",
            ),
        ),
        (
            "byte[] GetBytes(string s)",
            (encoding("utf-8"), None),
            (
                "System.ArgumentNullException",
                "String reference not set to an instance of a String. (Parameter 's')",
            ),
        ),
        (
            "string GetString(byte[] bytes)",
            (encoding("utf-8"), None),
            ("System.ArgumentNullException", "Array cannot be null. (Parameter 'bytes')"),
        ),
        ("string GetString(byte[] bytes, int index, int count)", (encoding("utf-8"), data(65, 66, 67), 1, 2), "BC"),
        (
            "string GetString(byte[] bytes, int index, int count)",
            (encoding("utf-8"), data(1), 0, 5),
            out_of_range("bytes", "Index and count must refer to a location within the buffer."),
        ),
        (
            "string GetString(byte[] bytes, int index, int count)",
            (encoding("utf-8"), data(1), -1, 1),
            out_of_range("index", "Non-negative number required."),
        ),
        ("int GetByteCount(string s)", (encoding("utf-8"), "é"), 2),
        ("int GetMaxByteCount(int charCount)", (encoding("utf-8"), 5), 18),
        ("int GetMaxCharCount(int byteCount)", (encoding("utf-8"), 5), 6),
    ],
)
def test_encoding(signature: str, args: tuple[Any, ...], result: Any) -> None:
    """Counts and failures."""
    assert call(E, signature, *args) == result


def test_encoding_facts() -> None:
    """Names, pages and preambles; a strict encoding throws."""
    utf8 = encoding("utf-8")
    assert (utf8.web_name, utf8.display_name, utf8.code_page) == ("utf-8", "Unicode (UTF-8)", 65001)
    assert bytes(call(E, "byte[] GetPreamble()", utf8)) == b"\xef\xbb\xbf"
    bare = call("System.Text.UTF8Encoding", "UTF8Encoding()")
    assert bytes(call(E, "byte[] GetPreamble()", bare)) == b""
    assert bare != utf8  # the mark counts
    strict = call(
        "System.Text.UTF8Encoding",
        "UTF8Encoding(bool encoderShouldEmitUTF8Identifier, bool throwOnInvalidBytes)",
        False,
        True,
    )
    assert call(E, "string GetString(byte[] bytes)", strict, data(255)) == (
        "System.Text.DecoderFallbackException",
        "Unable to translate bytes [FF] at index 0 from specified code page to Unicode.",
    )


def test_string_reader() -> None:
    """Lines end at any line break; a closed reader throws."""
    reader = call("System.IO.StringReader", "StringReader(string s)", "l1\nl2\r\nl3\rx")
    lines = [call("System.IO.StringReader", "string? ReadLine()", reader) for _ in range(3)]
    assert lines == ["l1", "l2", "l3"]
    assert call("System.IO.StringReader", "int Peek()", reader) == 120
    assert call("System.IO.StringReader", "string ReadToEnd()", reader) == "x"
    assert call("System.IO.StringReader", "string? ReadLine()", reader) is None
    assert call("System.IO.StringReader", "int Read()", reader) == -1
    call("System.IDisposable", "void Dispose()", reader)
    assert call("System.IO.StringReader", "int Read()", reader) == (
        "System.ObjectDisposedException",
        "Cannot read from a closed TextReader.",
    )


def test_string_writer() -> None:
    """Values are written as their text."""
    writer = call("System.IO.StringWriter", "StringWriter()")
    call("System.IO.StringWriter", "void Write(int value)", writer, 1)
    call("System.IO.StringWriter", "void Write(string format, object? arg0)", writer, "a{0}", 5)
    call("System.IO.StringWriter", "void WriteLine(double value)", writer, 1.5)
    call("System.IO.StringWriter", "void Write(bool value)", writer, True)
    assert call("System.IO.StringWriter", "string ToString()", writer) == "1a51.5\nTrue"
    call("System.IO.StringWriter", "void Close()", writer)
    assert call("System.IO.StringWriter", "void WriteLine()", writer) == (
        "System.ObjectDisposedException",
        "Cannot write to a closed TextWriter.",
    )
