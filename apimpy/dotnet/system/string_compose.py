"""Taking strings apart and putting them together: Split, Replace, Join, Concat, Format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import bare, enum_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, ArgumentOutOfRangeException
from apimpy.dotnet.system.casing import WHITE, fold
from apimpy.dotnet.system.comparers import comparer_of
from apimpy.dotnet.system.number_format import single_text
from apimpy.dotnet.system.string_ import string_
from apimpy.dotnet.system.string_format import composite
from apimpy.dotnet.values import Array, EnumValue, check_size, iterate, to_string
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from apimpy.csharp.types import Type

__all__ = ["join_texts", "replace", "texts_of"]

string_split_options = enum_type(
    "System.StringSplitOptions", {"None": 0, "RemoveEmptyEntries": 1, "TrimEntries": 2}, flags=True
)

_STRING = string_.of()
_BLANKS = pattern(f"[{WHITE}]")
_UNLIMITED = 0x7FFFFFFF


# --- split -----------------------------------------------------------------------------------------------------------


def _char_pattern(separators: Any) -> re.Pattern[str]:
    return re.compile("[" + re.escape("".join(separators)) + "]") if separators else _BLANKS


def _string_pattern(separators: Any) -> re.Pattern[str] | None:
    """None: there are separators, but all are empty, so nothing is split."""
    if not separators:
        return _BLANKS
    wanted = [re.escape(s) for s in separators if s]
    return re.compile("|".join(wanted)) if wanted else None


def _split(self: str, pattern: re.Pattern[str] | None, count: int, options: int) -> Array:
    if count < 0:
        raise ArgumentOutOfRangeException("count", "Count cannot be less than zero.")
    if not 0 <= options <= 3:
        raise ArgumentException(f"Illegal enum value: {options}.")
    drop, trim = options & 1, options & 2
    if count == 0 or (drop and not self):
        return Array(_STRING)
    if count == 1 or pattern is None:
        whole = self.strip(WHITE) if trim else self
        return Array(_STRING, () if drop and not whole else (whole,))
    pieces = _dropping(self, pattern, count, bool(trim)) if drop else pattern.split(self, count - 1)
    return Array(_STRING, (p.strip(WHITE) for p in pieces) if trim else pieces)


def _dropping(self: str, pattern: re.Pattern[str], count: int, trim: bool) -> Iterator[str]:
    """Pieces that are not empty; the last one is the rest, without empty pieces in front."""
    start, found = 0, 0
    matches = pattern.finditer(self)
    for m in matches:
        piece = self[start : m.start()]
        start = m.end()
        if piece.strip(WHITE) if trim else piece:
            yield piece
            found += 1
            if found == count - 1:
                for following in matches:
                    between = self[start : following.start()]
                    if between.strip(WHITE) if trim else between:
                        break
                    start = following.end()
                break
    rest = self[start:]
    if rest.strip(WHITE) if trim else rest:
        yield rest


def _pieces(self: str, separators: Any) -> list[str]:
    if separators is not None and len(separators) == 1:
        return self.split(separators[0])
    return _char_pattern(separators).split(self)


@string_.method("string[] Split(params char[]? separator)")
@bare(_pieces)
def _split_chars(self: str, separators: Any) -> Array:
    return Array(_STRING, _pieces(self, separators))


string_.method(
    "string[] Split(char[]? separator, int count)",
    lambda self, separators, count: _split(self, _char_pattern(separators), count, 0),
)
string_.method(
    "string[] Split(char[]? separator, StringSplitOptions options)",
    lambda self, separators, options: _split(self, _char_pattern(separators), _UNLIMITED, options.value),
)
string_.method(
    "string[] Split(char[]? separator, int count, StringSplitOptions options)",
    lambda self, separators, count, options: _split(self, _char_pattern(separators), count, options.value),
)
string_.method(
    "string[] Split(string[]? separator, StringSplitOptions options)",
    lambda self, separators, options: _split(self, _string_pattern(separators), _UNLIMITED, options.value),
)
string_.method(
    "string[] Split(string[]? separator, int count, StringSplitOptions options)",
    lambda self, separators, count, options: _split(self, _string_pattern(separators), count, options.value),
)
string_.method(
    "string[] Split(char separator, StringSplitOptions options)",
    lambda self, c, options: _split(self, _char_pattern(c), _UNLIMITED, options.value),
    since="core",
)
string_.method(
    "string[] Split(char separator, int count, StringSplitOptions options = StringSplitOptions.None)",
    lambda self, c, count, options: _split(self, _char_pattern(c), count, options.value),
    since="core",
)
string_.method(
    "string[] Split(string? separator, StringSplitOptions options = StringSplitOptions.None)",
    lambda self, s, options: _split(self, _string_pattern([s]), _UNLIMITED, options.value),
    since="core",
)
string_.method(
    "string[] Split(string? separator, int count, StringSplitOptions options = StringSplitOptions.None)",
    lambda self, s, count, options: _split(self, _string_pattern([s]), count, options.value),
    since="core",
)


# --- replace ---------------------------------------------------------------------------------------------------------


def _check_replacement(self: str, old: str, new: str) -> None:
    if len(new) > len(old) and (len(self) // len(old) + 1) * len(new) > 1_000_000:
        check_size(len(self) + self.count(old) * (len(new) - len(old)))


@string_.method("string Replace(string oldValue, string? newValue)")
def replace(self: str, old: str | None, new: str | None) -> str:
    if not old:
        raise _bad_old(old)
    if new is None:
        return self.replace(old, "")
    if len(new) > len(old):
        _check_replacement(self, old, new)
    return self.replace(old, new)


def _bad_old(old: str | None) -> ArgumentException:
    if old is None:
        return ArgumentNullException("oldValue")
    return ArgumentException("String cannot be of zero length.", "oldValue")


def _replace_by(self: str, old: str | None, new: str | None, comparison: EnumValue) -> str:
    if not old:
        raise _bad_old(old)
    comparer_of(comparison)
    return _replace_folded(self, old, new or "") if comparison.value % 2 else replace(self, old, new)


def _replace_cased(self: str, old: str | None, new: str | None, ignore_case: bool, culture: Any) -> str:
    if not old:
        raise _bad_old(old)
    return _replace_folded(self, old, new or "") if ignore_case else replace(self, old, new)


def _replace_folded(self: str, old: str, new: str) -> str:
    text, part = fold(self), fold(old)
    _check_replacement(text, part, new)
    out: list[str] = []
    start = 0
    while (at := text.find(part, start)) >= 0:
        out += (self[start:at], new)
        start = at + len(part)
    out.append(self[start:])
    return "".join(out)


def _replace_char(self: str, old: str, new: str) -> str:
    return self.replace(old, new)


string_.method("string Replace(char oldChar, char newChar)", _replace_char)
string_.method(
    "string Replace(string oldValue, string? newValue, StringComparison comparisonType)", _replace_by, since="core"
)
string_.method(
    "string Replace(string oldValue, string? newValue, bool ignoreCase, CultureInfo culture)",
    _replace_cased,
    since="core",
)
string_.method(
    "string ReplaceLineEndings()", lambda self: re.sub("\r\n|[\r\n\f\x85\u2028\u2029]", "\n", self), since="core"
)


# --- join and concat -------------------------------------------------------------------------------------------------


def join_texts(separator: str | None, values: Any, name: str = "value") -> str:
    """`string.Join` of strings; null ones are empty."""
    if values is None:
        raise ArgumentNullException(name)
    separator = separator or ""
    if None in values:
        values = [v or "" for v in values]
    check_size(sum(map(len, values)) + len(separator) * len(values))
    return separator.join(values)


def texts_of(values: Iterable[Any], of: Type) -> list[str]:
    """The texts of elements of that static type, as Join and Concat show them."""
    if of is _STRING:
        return [v or "" for v in iterate(values)]
    if of.full_name == "System.Single":
        return [single_text(v) for v in iterate(values)]
    return [to_string(v) for v in iterate(values)]


def _join_objects(separator: str | None, values: Any) -> str:
    if values is None:
        raise ArgumentNullException("values")
    return join_texts(separator, [to_string(v) for v in values])


def _join_any(of: Type, separator: str | None, values: Any) -> str:
    if values is None:
        raise ArgumentNullException("values")
    return join_texts(separator, texts_of(values, of))


def _join_strings(separator: str | None, values: Any) -> str:
    return _join_any(_STRING, separator, values)


def _join_part(separator: str | None, values: Any, start: int, count: int) -> str:
    if values is None:
        raise ArgumentNullException("value")
    if start < 0:
        raise ArgumentOutOfRangeException("startIndex", "StartIndex cannot be less than zero.")
    if count < 0:
        raise ArgumentOutOfRangeException("count", "Count cannot be less than zero.")
    if start + count > len(values):
        raise ArgumentOutOfRangeException("startIndex", "Index and count must refer to a location within the buffer.")
    return join_texts(separator, values[start : start + count])


string_.method("static string Join(string? separator, params string[] value)", join_texts)
string_.method("static string Join(string? separator, params object[] values)", _join_objects)
string_.method("static string Join(string? separator, IEnumerable<string> values)", _join_strings)
string_.method("static string Join<T>(string? separator, IEnumerable<T> values)", _join_any, reify=True)
string_.method("static string Join(string? separator, string[] value, int startIndex, int count)", _join_part)
string_.method("static string Join(char separator, params string[] value)", join_texts, since="core")
string_.method("static string Join(char separator, params object[] values)", _join_objects, since="core")
string_.method("static string Join<T>(char separator, IEnumerable<T> values)", _join_any, reify=True, since="core")
string_.method(
    "static string Join(char separator, string[] value, int startIndex, int count)", _join_part, since="core"
)


def _concat_texts(*values: str | None) -> str:
    check_size(sum(len(v) for v in values if v))
    return "".join(v or "" for v in values)


def _concat_objects(*values: Any) -> str:
    return _concat_texts(*map(to_string, values))


def _concat_array(values: Any) -> str:
    if values is None:
        raise ArgumentNullException("args")
    return _concat_objects(*values)


string_.method("static string Concat(object? arg0)", to_string)
string_.method("static string Concat(object? arg0, object? arg1)", _concat_objects)
string_.method("static string Concat(object? arg0, object? arg1, object? arg2)", _concat_objects)
string_.method("static string Concat(params object[] args)", _concat_array)
string_.method("static string Concat(string? str0, string? str1)", _concat_texts)
string_.method("static string Concat(string? str0, string? str1, string? str2)", _concat_texts)
string_.method("static string Concat(string? str0, string? str1, string? str2, string? str3)", _concat_texts)
string_.method("static string Concat(params string[] values)", lambda values: join_texts("", values, "values"))
string_.method("static string Concat(IEnumerable<string> values)", lambda values: _join_strings("", values))
string_.method(
    "static string Concat<T>(IEnumerable<T> values)", lambda of, values: _join_any(of, "", values), reify=True
)


# --- format ----------------------------------------------------------------------------------------------------------


def _format(fmt: str | None, *args: Any) -> str:
    if fmt is None:
        raise ArgumentNullException("format")
    return composite(fmt, args)


def _format_array(fmt: str | None, args: Any) -> str:
    if fmt is None or args is None:
        raise ArgumentNullException("format" if fmt is None else "args")
    return composite(fmt, args)


def _format_with(provider: Any, fmt: str | None, *args: Any) -> str:
    return _format(fmt, *args)


for _args in ("object? arg0", "object? arg0, object? arg1", "object? arg0, object? arg1, object? arg2"):
    string_.method(f"static string Format(string format, {_args})", _format)
    string_.method(f"static string Format(IFormatProvider? provider, string format, {_args})", _format_with)
string_.method("static string Format(string format, params object[] args)", _format_array)
string_.method(
    "static string Format(IFormatProvider? provider, string format, params object[] args)",
    lambda _provider, fmt, args: _format_array(fmt, args),
)
