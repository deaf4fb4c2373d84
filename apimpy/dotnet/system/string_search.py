"""Searching in strings: Contains, StartsWith, EndsWith, IndexOf, LastIndexOf, IndexOfAny, LastIndexOfAny.

Without a StringComparison, and with those of a culture, `IndexOf(string)`, `StartsWith` and their like see letters
with their accents, and neither soft hyphens nor control characters.  Where both texts are plain ASCII that is the
same as the ordinal search.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from apimpy.dotnet import collation
from apimpy.dotnet.exceptions import ArgumentNullException, ArgumentOutOfRangeException
from apimpy.dotnet.system.casing import fold
from apimpy.dotnet.system.comparers import comparer_of
from apimpy.dotnet.system.string_ import INDEX, string_

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.values import EnumValue

__all__: list[str] = []

_ORDINAL = 4
_COUNT = "Count must be positive and count must refer to a location within the string/array/collection."


def _null(value: Any) -> None:
    if value is None:
        raise ArgumentNullException("value")


def _ordinal(comparison: EnumValue) -> bool:
    comparer_of(comparison)
    return comparison.value >= 4


def _folded(comparison: EnumValue) -> bool:
    return comparison.value % 2 == 1


def _matches(text: str, value: str, folded: bool) -> tuple[list[int], int]:
    """Where `value` occurs in `text` as the culture sees it, and how many letters `text` has for it.

    Positions count letters; `_found` turns them into indices.
    """
    found, _ = collation.clusters(text)
    part, _ = collation.clusters(value)
    if folded:
        found, part = [fold(c) for c in found], [fold(c) for c in part]
    n = len(part)
    return [i for i in range(len(found) - n + 1) if found[i : i + n] == part], len(found)


def _is_plain(text: str, value: str) -> bool:
    return collation.plain(value) and collation.plain(text)


def _find(text: str, value: str | None, folded: bool = False) -> int:
    """The first occurrence, by culture."""
    if value is None:
        raise ArgumentNullException("value")
    if _is_plain(text, value):
        return fold(text).find(fold(value)) if folded else text.find(value)
    if not collation.canonical(value):
        return 0 if text else -1
    places, _ = _matches(text, value, folded)
    return collation.clusters(text)[1][places[0]] if places else -1


def _rfind(text: str, value: str, folded: bool = False) -> int:
    """The last occurrence, by culture; `value` is not empty."""
    if _is_plain(text, value):
        return fold(text).rfind(fold(value)) if folded else text.rfind(value)
    if not collation.canonical(value):
        return max(len(text) - 1, 0)
    places, _ = _matches(text, value, folded)
    return collation.clusters(text)[1][places[-1]] if places else -1


# --- contains, starts, ends ------------------------------------------------------------------------------------------


def _contains(self: str, value: str | None) -> bool:
    try:
        return value in self  # type: ignore[operator]
    except TypeError:
        raise ArgumentNullException("value") from None


def _contains_by(self: str, value: str | None, comparison: EnumValue) -> bool:
    return _index_by(self, value, comparison) >= 0


def _starts(self: str, value: str | None, folded: bool) -> bool:
    """StartsWith by culture."""
    if value is None:
        raise ArgumentNullException("value")
    if _is_plain(self, value):
        return fold(self).startswith(fold(value)) if folded else self.startswith(value)
    return 0 in _matches(self, value, folded)[0]


def _ends(self: str, value: str | None, folded: bool) -> bool:
    """EndsWith by culture."""
    if value is None:
        raise ArgumentNullException("value")
    if _is_plain(self, value) or not collation.canonical(value):
        return fold(self).endswith(fold(value)) if folded else self.endswith(value)
    places, total = _matches(self, value, folded)
    return bool(places) and places[-1] + len(collation.clusters(value)[0]) == total


def _starts_with(self: str, value: str | None) -> bool:
    if value is not None and (both := self + value).isascii() and both.isprintable():
        return self.startswith(value)  # as `_starts` would find after three calls
    return _starts(self, value, False)


def _starts_with_by(self: str, value: str | None, comparison: EnumValue) -> bool:
    if value is None:
        raise ArgumentNullException("value")
    if comparison.value == _ORDINAL:
        return self.startswith(value)
    if _ordinal(comparison):
        return fold(self).startswith(fold(value))
    return _starts(self, value, _folded(comparison))


def _ends_with(self: str, value: str | None) -> bool:
    if value is not None and (both := self + value).isascii() and both.isprintable():
        return self.endswith(value)
    return _ends(self, value, False)


def _ends_with_by(self: str, value: str | None, comparison: EnumValue) -> bool:
    if value is None:
        raise ArgumentNullException("value")
    if comparison.value == _ORDINAL:
        return self.endswith(value)
    if _ordinal(comparison):
        return fold(self).endswith(fold(value))
    return _ends(self, value, _folded(comparison))


def _starts_with_cased(self: str, value: str | None, ignore_case: bool, culture: Any) -> bool:
    return _starts(self, value, ignore_case)


def _ends_with_cased(self: str, value: str | None, ignore_case: bool, culture: Any) -> bool:
    return _ends(self, value, ignore_case)


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
    return _find(self, value)


def _check_start(self: str, start: int) -> None:
    if not 0 <= start <= len(self):
        raise ArgumentOutOfRangeException("startIndex", INDEX)


def _check_forward(self: str, start: int, count: int) -> int:
    _check_start(self, start)
    if count < 0 or start + count > len(self):
        raise ArgumentOutOfRangeException("count", _COUNT)
    return start + count


def _char_from(self: str, value: str, start: int) -> int:
    _check_start(self, start)
    return self.find(value, start)


def _char_within(self: str, value: str, start: int, count: int) -> int:
    return self.find(value, start, _check_forward(self, start, count))


def _index_from(self: str, value: str | None, start: int) -> int:
    _null(value)
    _check_start(self, start)
    return _shifted(_find(self[start:], value), start)


def _index_within(self: str, value: str | None, start: int, count: int) -> int:
    _null(value)
    return _shifted(_find(self[start : _check_forward(self, start, count)], value), start)


def _shifted(index: int, start: int) -> int:
    return index if index < 0 else index + start


def _index_by(self: str, value: str | None, comparison: EnumValue) -> int:
    if value is None:
        raise ArgumentNullException("value")
    if _ordinal(comparison):
        return fold(self).find(fold(value)) if _folded(comparison) else self.find(value)
    return _find(self, value, _folded(comparison))


def _index_from_by(self: str, value: str | None, start: int, comparison: EnumValue) -> int:
    _null(value)
    comparer_of(comparison)
    _check_start(self, start)
    return _shifted(_index_by(self[start:], value, comparison), start)


def _index_within_by(self: str, value: str | None, start: int, count: int, comparison: EnumValue) -> int:
    _null(value)
    comparer_of(comparison)
    return _shifted(_index_by(self[start : _check_forward(self, start, count)], value, comparison), start)


string_.method("int IndexOf(char value)", str.find)
string_.method("int IndexOf(char value, int startIndex)", _char_from)
string_.method("int IndexOf(char value, int startIndex, int count)", _char_within)
string_.method("int IndexOf(string value)", _index_of)
string_.method("int IndexOf(string value, int startIndex)", _index_from)
string_.method("int IndexOf(string value, int startIndex, int count)", _index_within)
string_.method("int IndexOf(string value, StringComparison comparisonType)", _index_by)
string_.method("int IndexOf(char value, StringComparison comparisonType)", _index_by, since="core")
string_.method("int IndexOf(string value, int startIndex, StringComparison comparisonType)", _index_from_by)
string_.method(
    "int IndexOf(string value, int startIndex, int count, StringComparison comparisonType)", _index_within_by
)


# --- backward --------------------------------------------------------------------------------------------------------


def _last_index_of(self: str, value: str | None) -> int:
    _null(value)
    return _rfind(self, value) if value else max(len(self) - 1, 0)


def _last_index_from(self: str, value: str | None, start: int) -> int:
    return _last_index_within(self, value, start, start + 1)


def _last_index_within(
    self: str, value: str | None, start: int, count: int, find: Callable[[str, str], int] | None = None
) -> int:
    """The last occurrence inside the `count` units that end at `start`; `find` says how to look for it."""
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
    if not value:
        return start
    first = start - count + 1
    return _shifted((find or _rfind)(self[first : start + 1], value), first)


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


def _last_finder(comparison: EnumValue) -> Callable[[str, str], int]:
    folded = _folded(comparison)
    if not _ordinal(comparison):
        return lambda text, value: _rfind(text, value, folded)
    return (lambda text, value: fold(text).rfind(fold(value))) if folded else str.rfind


def _last_index_by(self: str, value: str | None, comparison: EnumValue) -> int:
    _null(value)
    find = _last_finder(comparison)
    return find(self, value) if value else max(len(self) - 1, 0)


def _last_index_from_by(self: str, value: str | None, start: int, comparison: EnumValue) -> int:
    return _last_index_within_by(self, value, start, start + 1, comparison)


def _last_index_within_by(self: str, value: str | None, start: int, count: int, comparison: EnumValue) -> int:
    _null(value)
    return _last_index_within(self, value, start, count, _last_finder(comparison))


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
