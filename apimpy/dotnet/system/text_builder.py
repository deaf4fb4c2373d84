"""System.Text.StringBuilder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    IndexOutOfRangeException,
)
from apimpy.dotnet.system.number_format import decimal_text, double_text, single_text
from apimpy.dotnet.system.string_compose import join_texts, texts_of
from apimpy.dotnet.system.string_format import composite
from apimpy.dotnet.values import check_size, to_string

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["StringBuilder", "string_builder"]

_INDEX = "Index was out of range. Must be non-negative and less than the size of the collection."


class StringBuilder:
    """Text in pieces, joined when it is read."""

    __slots__ = ("capacity", "length", "most", "parts")

    def __init__(self, text: str = "", capacity: int = 16, most: int = 0x7FFFFFFF) -> None:
        self.parts: list[str] = [text] if text else []
        self.length = len(text)
        self.capacity, self.most = capacity, most
        self.grow()

    def grow(self) -> None:
        if self.length > self.capacity:
            self.capacity = max(self.length, self.capacity * 2)

    def append(self, text: str) -> StringBuilder:
        length = self.length + len(text)
        check_size(length)
        if length > self.most:
            raise ArgumentOutOfRangeException("valueCount", "The length cannot be greater than the capacity.")
        self.length = length
        self.parts.append(text)
        return self

    def text(self) -> str:
        if len(self.parts) > 1:
            self.parts = ["".join(self.parts)]
        return self.parts[0] if self.parts else ""

    def set(self, text: str) -> StringBuilder:
        check_size(len(text))
        if len(text) > self.most:
            raise ArgumentOutOfRangeException("requiredLength", "capacity was less than the current size.")
        self.parts, self.length = [text], len(text)
        return self

    clr_to_string = text


string_builder = clr_type("System.Text.StringBuilder", python=StringBuilder)


def _check(ok: bool, name: str, message: str = _INDEX) -> None:
    if not ok:
        raise ArgumentOutOfRangeException(name, message)


# --- construction and size -------------------------------------------------------------------------------------------


def _with_capacity(capacity: int) -> StringBuilder:
    _check(capacity >= 0, "capacity", "'capacity' must be greater than zero.")
    return StringBuilder("", capacity or 16)


def _with_limit(capacity: int, most: int) -> StringBuilder:
    _check(capacity <= most, "capacity", "Capacity exceeds maximum capacity.")
    _check(most > 0, "maxCapacity", "MaxCapacity must be one or greater.")
    _check(capacity >= 0, "capacity", "'capacity' must be greater than zero.")
    return StringBuilder("", capacity or min(16, most), most)


def _with_text(value: str | None, capacity: int) -> StringBuilder:
    _check(capacity >= 0, "capacity", "'capacity' must be greater than zero.")
    return StringBuilder(value or "", capacity or 16)


def _with_part(value: str | None, start: int, length: int, capacity: int) -> StringBuilder:
    _check(capacity >= 0, "capacity", "'capacity' must be greater than zero.")
    _check(length >= 0, "length", "'length' must be non-negative.")
    _check(start >= 0, "startIndex", "StartIndex cannot be less than zero.")
    text = value or ""
    _check(start + length <= len(text), "length", "Index and length must refer to a location within the string.")
    return StringBuilder(text[start : start + length], capacity or 16)


def _capacity(self: StringBuilder) -> int:
    self.grow()
    return self.capacity


def _set_capacity(self: StringBuilder, value: int) -> None:
    _check(value >= 0, "value", "Capacity must be positive.")
    _check(value >= self.length, "value", "capacity was less than the current size.")
    _check(value <= self.most, "value", "Capacity exceeds maximum capacity.")
    self.capacity = value


def _ensure_capacity(self: StringBuilder, capacity: int) -> int:
    _check(capacity >= 0, "capacity", "Capacity must be positive.")
    self.capacity = max(_capacity(self), capacity)
    return self.capacity


def _set_length(self: StringBuilder, value: int) -> None:
    _check(value >= 0, "value", "Length cannot be less than zero.")
    _check(value <= self.most, "value", "capacity was less than the current size.")
    check_size(value)
    self.set(self.text()[:value].ljust(value, "\0"))


string_builder.ctor("StringBuilder()", StringBuilder)
string_builder.ctor("StringBuilder(int capacity)", _with_capacity)
string_builder.ctor("StringBuilder(int capacity, int maxCapacity)", _with_limit)
string_builder.ctor("StringBuilder(string? value)", lambda value: StringBuilder(value or ""))
string_builder.ctor("StringBuilder(string? value, int capacity)", _with_text)
string_builder.ctor("StringBuilder(string? value, int startIndex, int length, int capacity)", _with_part)
string_builder.prop("int Length", lambda self: self.length, _set_length)
string_builder.prop("int Capacity", _capacity, _set_capacity)
string_builder.prop("int MaxCapacity", attr="most")
string_builder.method("int EnsureCapacity(int capacity)", _ensure_capacity)


# --- reading ---------------------------------------------------------------------------------------------------------


def _char_at(self: StringBuilder, index: int) -> str:
    if 0 <= index < self.length:
        return self.text()[index]
    raise IndexOutOfRangeException


def _set_char(self: StringBuilder, index: int, value: str) -> None:
    _check(0 <= index < self.length, "index")
    text = self.text()
    self.parts = [text[:index] + value + text[index + 1 :]]


def _part(self: StringBuilder, start: int, length: int) -> str:
    _check(start >= 0, "startIndex", "StartIndex cannot be less than zero.")
    _check(start <= self.length, "startIndex", "startIndex cannot be larger than length of string.")
    _check(length >= 0, "length", "Length cannot be less than zero.")
    _check(start + length <= self.length, "length", "Index and length must refer to a location within the string.")
    return self.text()[start : start + length]


def _copy_to(self: StringBuilder, start: int, target: Any, at: int, count: int) -> None:
    if target is None:
        raise ArgumentNullException("destination")
    _check(count >= 0, "count", "Argument count must not be negative.")
    _check(0 <= start <= self.length, "sourceIndex")
    if start + count > self.length:
        raise ArgumentException("Source string was not long enough. Check sourceIndex and count.")
    if at < 0 or at + count > len(target):
        raise ArgumentException(
            "Either offset did not refer to a position in the string, or there is an insufficient length of "
            "destination character array."
        )
    target[at : at + count] = self.text()[start : start + count]


def _same(self: StringBuilder, other: StringBuilder | None) -> bool:
    return other is not None and self.text() == other.text()


string_builder.indexer("char this[int index]", _char_at, _set_char)
string_builder.method("string ToString()", StringBuilder.text)
string_builder.method("string ToString(int startIndex, int length)", _part)
string_builder.method("void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)", _copy_to)
string_builder.method("bool Equals(StringBuilder? sb)", _same)


# --- appending and inserting -----------------------------------------------------------------------------------------

_TEXTS: dict[str, Callable[[Any], str]] = {
    "bool": to_string,
    "char": str,
    **dict.fromkeys(("sbyte", "byte", "short", "ushort", "int", "uint", "long", "ulong"), int.__repr__),
    "float": single_text,
    "double": double_text,
    "decimal": decimal_text,
    "object?": to_string,
    "char[]?": lambda chars: "".join(chars or ()),
    "StringBuilder?": to_string,
}


def _appending(text: Callable[[Any], str]) -> Callable[[StringBuilder, Any], StringBuilder]:
    return lambda self, value: self.append(text(value))


def _inserting(text: Callable[[Any], str]) -> Callable[[StringBuilder, int, Any], StringBuilder]:
    return lambda self, index, value: _insert(self, index, text(value))


def _insert(self: StringBuilder, index: int, value: str | None, count: int = 1) -> StringBuilder:
    _check(0 <= index <= self.length, "index")
    _check(count >= 0, "count", "Non-negative number required.")
    added = value or ""
    check_size(self.length + len(added) * count)
    text = self.text()
    return self.set(text[:index] + added * count + text[index:])


def _append(self: StringBuilder, value: str | None) -> StringBuilder:
    return self.append(value) if value else self


def _append_repeated(self: StringBuilder, value: str, count: int) -> StringBuilder:
    _check(count >= 0, "repeatCount", "Count cannot be less than zero.")
    check_size(self.length + count)
    return self.append(value * count)


def _append_part(self: StringBuilder, value: Any, start: int, count: int) -> StringBuilder:
    if value is None:
        if start == 0 and count == 0:
            return self
        raise ArgumentNullException("value")
    _check(count >= 0, "count")
    if isinstance(value, StringBuilder):
        value = value.text()
    _check(start >= 0 and start + count <= len(value), "startIndex")
    return self.append("".join(value[start : start + count]))


def _append_line(self: StringBuilder, value: str | None = None) -> StringBuilder:
    return self.append(f"{value or ''}\n")


string_builder.method("StringBuilder Append(string? value)", _append)
for _kind, _text in _TEXTS.items():
    string_builder.method(f"StringBuilder Append({_kind} value)", _appending(_text))
    if _kind != "StringBuilder?":
        string_builder.method(f"StringBuilder Insert(int index, {_kind} value)", _inserting(_text))
string_builder.method("StringBuilder Append(char value, int repeatCount)", _append_repeated)
string_builder.method("StringBuilder Append(string? value, int startIndex, int count)", _append_part)
string_builder.method("StringBuilder Append(char[]? value, int startIndex, int charCount)", _append_part)
string_builder.method(
    "StringBuilder Append(StringBuilder? value, int startIndex, int count)", _append_part, since="core"
)
string_builder.method("StringBuilder AppendLine()", _append_line)
string_builder.method("StringBuilder AppendLine(string? value)", _append_line)
string_builder.method("StringBuilder Insert(int index, string? value)", _insert)
string_builder.method("StringBuilder Insert(int index, string? value, int count)", _insert)


@string_builder.method("StringBuilder Insert(int index, char[] value, int startIndex, int charCount)")
def _insert_part(self: StringBuilder, index: int, value: Any, start: int, count: int) -> StringBuilder:
    if value is None:
        raise ArgumentNullException("value")
    _check(start >= 0 and count >= 0 and start + count <= len(value), "startIndex")
    return _insert(self, index, "".join(value[start : start + count]))


# --- formatting and joining ------------------------------------------------------------------------------------------


def _append_format(self: StringBuilder, fmt: str | None, *args: Any) -> StringBuilder:
    if fmt is None:
        raise ArgumentNullException("format")
    return self.append(composite(fmt, args))


def _append_format_array(self: StringBuilder, fmt: str | None, args: Any) -> StringBuilder:
    if fmt is None or args is None:
        raise ArgumentNullException("format" if fmt is None else "args")
    return self.append(composite(fmt, args))


for _args in ("object? arg0", "object? arg0, object? arg1", "object? arg0, object? arg1, object? arg2"):
    string_builder.method(f"StringBuilder AppendFormat(string format, {_args})", _append_format)
    string_builder.method(
        f"StringBuilder AppendFormat(IFormatProvider? provider, string format, {_args})",
        lambda self, _provider, fmt, *args: _append_format(self, fmt, *args),
    )
string_builder.method("StringBuilder AppendFormat(string format, params object[] args)", _append_format_array)
string_builder.method(
    "StringBuilder AppendFormat(IFormatProvider? provider, string format, params object[] args)",
    lambda self, _provider, fmt, args: _append_format_array(self, fmt, args),
)


def _append_join(self: StringBuilder, separator: str | None, values: Any) -> StringBuilder:
    if values is None:
        raise ArgumentNullException("values")
    return self.append(join_texts(separator, [to_string(v) for v in values], "values"))


def _append_join_any(of: Any, self: StringBuilder, separator: str | None, values: Any) -> StringBuilder:
    if values is None:
        raise ArgumentNullException("values")
    return self.append(join_texts(separator, texts_of(values, of)))


for _separator in ("string?", "char"):
    string_builder.method(
        f"StringBuilder AppendJoin({_separator} separator, params string[] values)", _append_join, since="core"
    )
    string_builder.method(
        f"StringBuilder AppendJoin({_separator} separator, params object[] values)", _append_join, since="core"
    )
    string_builder.method(
        f"StringBuilder AppendJoin<T>({_separator} separator, IEnumerable<T> values)",
        _append_join_any,
        reify=True,
        since="core",
    )


# --- changing --------------------------------------------------------------------------------------------------------


def _clear(self: StringBuilder) -> StringBuilder:
    self.parts, self.length = [], 0
    return self


def _remove(self: StringBuilder, start: int, length: int) -> StringBuilder:
    _check(length >= 0, "length", "Length cannot be less than zero.")
    _check(start >= 0, "startIndex", "StartIndex cannot be less than zero.")
    _check(start + length <= self.length, "length")
    text = self.text()
    return self.set(text[:start] + text[start + length :])


def _replace(self: StringBuilder, old: str | None, new: str | None) -> StringBuilder:
    return _replace_within(self, old, new, 0, self.length)


def _replace_within(self: StringBuilder, old: str | None, new: str | None, start: int, count: int) -> StringBuilder:
    _check(0 <= start <= self.length, "startIndex")
    _check(count >= 0 and start + count <= self.length, "count")
    if old is None:
        raise ArgumentNullException("oldValue")
    if not old:
        raise ArgumentException("Empty name is not legal.", "oldValue")
    text = self.text()
    part, added = text[start : start + count], new or ""
    if len(added) > len(old):
        check_size(self.length + part.count(old) * (len(added) - len(old)))
    return self.set(text[:start] + part.replace(old, added) + text[start + count :])


string_builder.method("StringBuilder Clear()", _clear)
string_builder.method("StringBuilder Remove(int startIndex, int length)", _remove)
for _kind in ("string", "char"):
    _mark = "?" if _kind == "string" else ""
    string_builder.method(f"StringBuilder Replace({_kind} oldValue, {_kind}{_mark} newValue)", _replace)
    string_builder.method(
        f"StringBuilder Replace({_kind} oldValue, {_kind}{_mark} newValue, int startIndex, int count)", _replace_within
    )
