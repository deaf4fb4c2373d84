"""Searching in strings: Contains, StartsWith, EndsWith, IndexOf, LastIndexOf, IndexOfAny, LastIndexOfAny.

Culture-sensitive searches of the platform differ from ordinal ones for text with ignorable characters only; here all
are ordinal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.exceptions import ArgumentNullException, ArgumentOutOfRangeException
from apimpy.dotnet.system.casing import fold
from apimpy.dotnet.system.comparers import comparer_of
from apimpy.dotnet.system.string_ import INDEX, string_

if TYPE_CHECKING:
    from apimpy.dotnet.values import EnumValue

__all__: list[str] = []

_COUNT = "Count must be positive and count must refer to a location within the string/array/collection."


def _null(value: Any) -> None:
    if value is None:
        raise ArgumentNullException("value")


def _keys(self: str, value: str | None, comparison: EnumValue) -> tuple[str, str]:
    """Both texts in the form in which they can be compared ordinally."""
    if value is None:
        raise ArgumentNullException("value")
    comparer = comparer_of(comparison)
    return (fold(self), fold(value)) if comparer.key is fold else (self, value)


# --- contains, starts, ends ------------------------------------------------------------------------------------------


def _contains(self: str, value: str | None) -> bool:
    try:
        return value in self  # type: ignore[operator]
    except TypeError:
        raise ArgumentNullException("value") from None


def _contains_by(self: str, value: str | None, comparison: EnumValue) -> bool:
    text, part = _keys(self, value, comparison)
    return part in text


def _starts_with(self: str, value: str | None) -> bool:
    try:
        return self.startswith(value)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentNullException("value") from None


def _starts_with_by(self: str, value: str | None, comparison: EnumValue) -> bool:
    text, part = _keys(self, value, comparison)
    return text.startswith(part)


def _ends_with(self: str, value: str | None) -> bool:
    try:
        return self.endswith(value)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentNullException("value") from None


def _ends_with_by(self: str, value: str | None, comparison: EnumValue) -> bool:
    text, part = _keys(self, value, comparison)
    return text.endswith(part)


def _starts_with_cased(self: str, value: str | None, ignore_case: bool, culture: Any) -> bool:
    _null(value)
    assert value is not None
    return fold(self).startswith(fold(value)) if ignore_case else self.startswith(value)


def _ends_with_cased(self: str, value: str | None, ignore_case: bool, culture: Any) -> bool:
    _null(value)
    assert value is not None
    return fold(self).endswith(fold(value)) if ignore_case else self.endswith(value)


string_.method("bool Contains(string value)", _contains)
string_.method("bool Contains(char value)", str.__contains__)
string_.method("bool Contains(string value, StringComparison comparisonType)", _contains_by, since="core")
string_.method("bool Contains(char value, StringComparison comparisonType)", _contains_by, since="core")
string_.method("bool StartsWith(string value)", _starts_with)
string_.method("bool StartsWith(char value)", lambda self, c: self[:1] == c, since="core")
string_.method("bool StartsWith(string value, StringComparison comparisonType)", _starts_with_by)
string_.method("bool StartsWith(string value, bool ignoreCase, CultureInfo culture)", _starts_with_cased)
string_.method("bool EndsWith(string value)", _ends_with)
string_.method("bool EndsWith(char value)", lambda self, c: self[-1:] == c, since="core")
string_.method("bool EndsWith(string value, StringComparison comparisonType)", _ends_with_by)
string_.method("bool EndsWith(string value, bool ignoreCase, CultureInfo culture)", _ends_with_cased)


# --- forward ---------------------------------------------------------------------------------------------------------


def _index_of(self: str, value: str | None) -> int:
    try:
        return self.find(value)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentNullException("value") from None


def _check_start(self: str, start: int) -> None:
    if not 0 <= start <= len(self):
        raise ArgumentOutOfRangeException("startIndex", INDEX)


def _check_forward(self: str, start: int, count: int) -> int:
    _check_start(self, start)
    if count < 0 or start + count > len(self):
        raise ArgumentOutOfRangeException("count", _COUNT)
    return start + count


def _index_from(self: str, value: str | None, start: int) -> int:
    _null(value)
    _check_start(self, start)
    return self.find(value, start)  # type: ignore[arg-type]


def _index_within(self: str, value: str | None, start: int, count: int) -> int:
    _null(value)
    end = _check_forward(self, start, count)
    return self.find(value, start, end)  # type: ignore[arg-type]


def _index_by(self: str, value: str | None, comparison: EnumValue) -> int:
    text, part = _keys(self, value, comparison)
    return text.find(part)


def _index_from_by(self: str, value: str | None, start: int, comparison: EnumValue) -> int:
    text, part = _keys(self, value, comparison)
    return _index_from(text, part, start)


def _index_within_by(self: str, value: str | None, start: int, count: int, comparison: EnumValue) -> int:
    text, part = _keys(self, value, comparison)
    return _index_within(text, part, start, count)


for _kind in ("string", "char"):
    string_.method(f"int IndexOf({_kind} value)", str.find if _kind == "char" else _index_of)
    string_.method(f"int IndexOf({_kind} value, int startIndex)", _index_from)
    string_.method(f"int IndexOf({_kind} value, int startIndex, int count)", _index_within)
string_.method("int IndexOf(string value, StringComparison comparisonType)", _index_by)
string_.method("int IndexOf(char value, StringComparison comparisonType)", _index_by, since="core")
string_.method("int IndexOf(string value, int startIndex, StringComparison comparisonType)", _index_from_by)
string_.method(
    "int IndexOf(string value, int startIndex, int count, StringComparison comparisonType)", _index_within_by
)


# --- backward --------------------------------------------------------------------------------------------------------


def _last_index_of(self: str, value: str | None) -> int:
    _null(value)
    if not value:
        return max(len(self) - 1, 0)
    return self.rfind(value)


def _last_index_from(self: str, value: str | None, start: int) -> int:
    return _last_index_within(self, value, start, start + 1)


def _last_index_within(self: str, value: str | None, start: int, count: int) -> int:
    """The last occurrence inside the `count` units that end at `start`."""
    _null(value)
    assert value is not None
    if not self:
        if start not in (-1, 0):
            raise ArgumentOutOfRangeException("startIndex", INDEX)
        return -1 if value else 0
    if start == len(self):
        start -= 1
        count -= 1
        if not value and count >= 0 and start - count + 1 >= 0:
            return start
    if not 0 <= start < len(self):
        raise ArgumentOutOfRangeException("startIndex", INDEX)
    if count < 0 or start - count + 1 < 0:
        raise ArgumentOutOfRangeException("count", _COUNT)
    return self.rfind(value, start - count + 1, start + 1) if value else start


def _last_char_from(self: str, value: str, start: int) -> int:
    return _last_char_within(self, value, start, start + 1)


def _last_char_within(self: str, value: str, start: int, count: int) -> int:
    if not self:
        return -1
    if not 0 <= start < len(self):
        raise ArgumentOutOfRangeException("startIndex", INDEX)
    if count < 0 or start - count + 1 < 0:
        raise ArgumentOutOfRangeException("count", _COUNT)
    return self.rfind(value, start - count + 1, start + 1)


def _last_index_by(self: str, value: str | None, comparison: EnumValue) -> int:
    return _last_index_of(*_keys(self, value, comparison))


def _last_index_from_by(self: str, value: str | None, start: int, comparison: EnumValue) -> int:
    text, part = _keys(self, value, comparison)
    return _last_index_from(text, part, start)


def _last_index_within_by(self: str, value: str | None, start: int, count: int, comparison: EnumValue) -> int:
    text, part = _keys(self, value, comparison)
    return _last_index_within(text, part, start, count)


string_.method("int LastIndexOf(string value)", _last_index_of)
string_.method("int LastIndexOf(char value)", str.rfind)
string_.method("int LastIndexOf(string value, int startIndex)", _last_index_from)
string_.method("int LastIndexOf(char value, int startIndex)", _last_char_from)
string_.method("int LastIndexOf(string value, int startIndex, int count)", _last_index_within)
string_.method("int LastIndexOf(char value, int startIndex, int count)", _last_char_within)
string_.method("int LastIndexOf(string value, StringComparison comparisonType)", _last_index_by)
string_.method("int LastIndexOf(string value, int startIndex, StringComparison comparisonType)", _last_index_from_by)
string_.method(
    "int LastIndexOf(string value, int startIndex, int count, StringComparison comparisonType)", _last_index_within_by
)


# --- any of several --------------------------------------------------------------------------------------------------


def _any_of(chars: Any) -> re.Pattern[str] | None:
    if chars is None:
        raise ArgumentNullException("anyOf")
    return re.compile("[" + re.escape("".join(chars)) + "]") if chars else None


def _first_any(self: str, chars: Any, start: int, end: int) -> int:
    pattern = _any_of(chars)
    found = pattern.search(self, start, end) if pattern else None
    return found.start() if found else -1


def _last_any(self: str, chars: Any, start: int, end: int) -> int:
    if chars is None:
        raise ArgumentNullException("anyOf")
    return max((self.rfind(c, start, end) for c in chars), default=-1)


def _index_any_from(self: str, chars: Any, start: int) -> int:
    _check_start(self, start)
    return _first_any(self, chars, start, len(self))


def _index_any_within(self: str, chars: Any, start: int, count: int) -> int:
    return _first_any(self, chars, start, _check_forward(self, start, count))


def _last_any_within(self: str, chars: Any, start: int, count: int) -> int:
    if not self:
        return -1
    if not 0 <= start < len(self):
        raise ArgumentOutOfRangeException("startIndex", INDEX)
    if count < 0 or start - count + 1 < 0:
        raise ArgumentOutOfRangeException("count", _COUNT)
    return _last_any(self, chars, start - count + 1, start + 1)


string_.method("int IndexOfAny(char[] anyOf)", lambda self, chars: _first_any(self, chars, 0, len(self)))
string_.method("int IndexOfAny(char[] anyOf, int startIndex)", _index_any_from)
string_.method("int IndexOfAny(char[] anyOf, int startIndex, int count)", _index_any_within)
string_.method("int LastIndexOfAny(char[] anyOf)", lambda self, chars: _last_any(self, chars, 0, len(self)))
string_.method(
    "int LastIndexOfAny(char[] anyOf, int startIndex)",
    lambda self, chars, start: _last_any_within(self, chars, start, start + 1),
)
string_.method("int LastIndexOfAny(char[] anyOf, int startIndex, int count)", _last_any_within)
