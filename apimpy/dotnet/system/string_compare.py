"""String comparison: Compare, CompareOrdinal, CompareTo, Equals, GetHashCode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.exceptions import ArgumentException, ArgumentOutOfRangeException
from apimpy.dotnet.system.casing import fold
from apimpy.dotnet.system.comparers import (
    StringComparer,
    compare_ordinal,
    compare_strings,
    comparer_of,
    string_comparison,
)
from apimpy.dotnet.system.object_ import hash_code
from apimpy.dotnet.system.string_ import string_

if TYPE_CHECKING:
    from apimpy.dotnet.values import EnumValue

__all__: list[str] = []

_CULTURE = comparer_of(string_comparison.enum_members["InvariantCulture"])
_FOLDED = comparer_of(string_comparison.enum_members["InvariantCultureIgnoreCase"])
_ORDINAL = comparer_of(string_comparison.enum_members["Ordinal"])
_ORDINAL_FOLDED = comparer_of(string_comparison.enum_members["OrdinalIgnoreCase"])


def _cased(ignore_case: bool) -> StringComparer:
    return _FOLDED if ignore_case else _CULTURE


def _by_options(options: EnumValue) -> StringComparer:
    if options.value & 0x10000000:
        return _ORDINAL_FOLDED
    if options.value & 0x40000000:
        return _ORDINAL
    return _cased(bool(options.value & 1))


def _compare(a: str | None, b: str | None) -> int:
    return compare_strings(a, b)


def _compare_part(
    a: str | None, index_a: int, b: str | None, index_b: int, length: int, comparer: StringComparer
) -> int:
    if a is None or b is None:
        return (a is not None) - (b is not None)
    if length < 0:
        raise ArgumentOutOfRangeException("length", "Positive number required.")
    if index_a < 0:
        raise ArgumentOutOfRangeException("offset1", "Positive number required.")
    if index_b < 0:
        raise ArgumentOutOfRangeException("offset2", "Positive number required.")
    if index_a > len(a):
        raise ArgumentOutOfRangeException("length1", "Positive number required.")
    if index_b > len(b):
        raise ArgumentOutOfRangeException("length2", "Positive number required.")
    return comparer.compare(a[index_a : index_a + length], b[index_b : index_b + length])


def _ordinal(a: str | None, b: str | None) -> int:
    if a is None or b is None:
        return (a is not None) - (b is not None)
    return compare_ordinal(a, b)


def _compare_to_object(self: str, value: Any) -> int:
    if value is None:
        return 1
    if type(value) is not str:
        raise ArgumentException("Object must be of type String.")
    return compare_strings(self, value)


def _equal(a: str | None, b: str | None) -> bool:
    return a == b


def _equal_by(a: str | None, b: str | None, comparison: EnumValue) -> bool:
    kind = comparison.value
    if kind == 4:
        return a == b
    if kind == 5 and a is not None and b is not None:  # the everyday case
        return a.lower() == b.lower() if a.isascii() and b.isascii() else fold(a) == fold(b)
    comparer = comparer_of(comparison)
    return a is b if a is None or b is None else a == b or comparer.equals(a, b)


_PART = "string? strA, int indexA, string? strB, int indexB, int length"
string_.method("static int Compare(string? strA, string? strB)", _compare)
string_.method(
    "static int Compare(string? strA, string? strB, bool ignoreCase)",
    lambda a, b, ignore: compare_strings(a, b, _cased(ignore)),
)
string_.method(
    "static int Compare(string? strA, string? strB, StringComparison comparisonType)",
    lambda a, b, comparison: compare_strings(a, b, comparer_of(comparison)),
)
string_.method(
    "static int Compare(string? strA, string? strB, bool ignoreCase, CultureInfo culture)",
    lambda a, b, ignore, _culture: compare_strings(a, b, _cased(ignore)),
)
string_.method(
    "static int Compare(string? strA, string? strB, CultureInfo culture, CompareOptions options)",
    lambda a, b, _culture, options: compare_strings(a, b, _by_options(options)),
)
string_.method(f"static int Compare({_PART})", lambda a, i, b, j, length: _compare_part(a, i, b, j, length, _CULTURE))
string_.method(
    f"static int Compare({_PART}, bool ignoreCase)",
    lambda a, i, b, j, length, ignore: _compare_part(a, i, b, j, length, _cased(ignore)),
)
string_.method(
    f"static int Compare({_PART}, StringComparison comparisonType)",
    lambda a, i, b, j, length, comparison: _compare_part(a, i, b, j, length, comparer_of(comparison)),
)
string_.method(
    f"static int Compare({_PART}, bool ignoreCase, CultureInfo culture)",
    lambda a, i, b, j, length, ignore, _culture: _compare_part(a, i, b, j, length, _cased(ignore)),
)
string_.method(
    f"static int Compare({_PART}, CultureInfo culture, CompareOptions options)",
    lambda a, i, b, j, length, _culture, options: _compare_part(a, i, b, j, length, _by_options(options)),
)
string_.method("static int CompareOrdinal(string? strA, string? strB)", _ordinal)
string_.method(
    f"static int CompareOrdinal({_PART})", lambda a, i, b, j, length: _compare_part(a, i, b, j, length, _ORDINAL)
)
string_.method("int CompareTo(string? strB)", _compare)
string_.method("int CompareTo(object? value)", _compare_to_object)
string_.method("bool Equals(string? value)", _equal)
string_.method("bool Equals(object? obj)", lambda self, other: type(other) is str and self == other)
string_.method("bool Equals(string? value, StringComparison comparisonType)", _equal_by)
string_.method("static bool Equals(string? a, string? b)", _equal)
string_.method("static bool Equals(string? a, string? b, StringComparison comparisonType)", _equal_by)
string_.method("int GetHashCode()", hash_code)
string_.method(
    "int GetHashCode(StringComparison comparisonType)",
    lambda self, comparison: comparer_of(comparison).hash_code(self),
    since="core",
)
