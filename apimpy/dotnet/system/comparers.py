"""StringComparison, StringComparer, and the comparison of boxed values that IComparable stands for.

A comparer is a Python object with `compare(x, y)`, `equals(x, y)`, `hash_code(x)` and `key(x)` (a hashable stand-in:
equal keys mean equal strings, so a dictionary can look it up directly).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet import collation, comparison
from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException
from apimpy.dotnet.system.casing import fold
from apimpy.dotnet.system.object_ import hash_code
from apimpy.dotnet.values import EnumValue, equals, type_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "StringComparer",
    "compare_folded",
    "compare_ordinal",
    "compare_strings",
    "compare_values",
    "comparer_of",
    "string_comparer",
    "string_comparison",
]

string_comparison = enum_type(
    "System.StringComparison",
    (
        "CurrentCulture",
        "CurrentCultureIgnoreCase",
        "InvariantCulture",
        "InvariantCultureIgnoreCase",
        "Ordinal",
        "OrdinalIgnoreCase",
    ),
)


# --- strings ---------------------------------------------------------------------------------------------------------


def compare_ordinal(a: str, b: str) -> int:
    """The difference of the first units that differ, else of the lengths."""
    if a == b:
        return 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            return ord(x) - ord(y)
    return len(a) - len(b)


def compare_folded(a: str, b: str) -> int:
    return compare_ordinal(fold(a), fold(b))


def _compare_culture(a: str, b: str) -> int:
    return 0 if a == b else collation.compare(a, b)


def _compare_culture_folded(a: str, b: str) -> int:
    return 0 if a == b else collation.compare(a, b, True)


def _itself(text: str) -> str:
    return text


def _canonical_folded(text: str) -> str:
    return fold(collation.canonical(text))


class StringComparer:
    """One of the six comparers of System.StringComparer."""

    __slots__ = ("_compare", "key", "name")

    def __init__(self, name: str, compare: Callable[[str, str], int], key: Callable[[str], str]) -> None:
        self.name, self._compare, self.key = name, compare, key

    def clr_to_string(self) -> str:
        return "System.OrdinalComparer" if "Ordinal" in self.name else "System.CultureAwareComparer"

    def compare(self, x: Any, y: Any) -> int:
        if x is None or y is None:
            return (x is not None) - (y is not None)
        if type(x) is str and type(y) is str:
            return self._compare(x, y)
        return compare_values(x, y)

    def equals(self, x: Any, y: Any) -> bool:
        if type(x) is str and type(y) is str:
            return self.key(x) == self.key(y)
        return equals(x, y)

    def hash_code(self, x: Any) -> int:
        if x is None:
            raise ArgumentNullException("obj")
        return hash_code(self.key(x) if type(x) is str else x)


_CULTURE = StringComparer("InvariantCulture", _compare_culture, collation.canonical)
_CULTURE_FOLDED = StringComparer("InvariantCultureIgnoreCase", _compare_culture_folded, _canonical_folded)
_ORDINAL = StringComparer("Ordinal", compare_ordinal, _itself)
_ORDINAL_FOLDED = StringComparer("OrdinalIgnoreCase", compare_folded, fold)
_BY_COMPARISON = (_CULTURE, _CULTURE_FOLDED, _CULTURE, _CULTURE_FOLDED, _ORDINAL, _ORDINAL_FOLDED)


def comparer_of(kind: EnumValue) -> StringComparer:
    """The comparer a StringComparison stands for."""
    if 0 <= kind.value < 6:
        return _BY_COMPARISON[kind.value]
    raise ArgumentException("The string comparison type passed in is currently not supported.", "comparisonType")


def compare_strings(a: str | None, b: str | None, comparer: StringComparer = _CULTURE) -> int:
    """`string.Compare`: null is smallest."""
    if a is None or b is None:
        return (a is not None) - (b is not None)
    return comparer.compare(a, b)


def compare_values(a: Any, b: Any) -> int:
    """`a.CompareTo(b)` of boxed values through IComparable; null is smallest."""
    if isinstance(a, EnumValue) and b is not None and (not isinstance(b, EnumValue) or b.decl is not a.decl):
        raise ArgumentException(
            "Object must be the same type as the enum. The type passed in was "
            f"'{type_of(b).full_name}'; the enum type was '{a.decl.full_name}'."
        )
    return comparison.compare_values(a, b)


# --- declarations ----------------------------------------------------------------------------------------------------

string_comparer = clr_type(
    "System.StringComparer",
    bases="object, System.Collections.Generic.IComparer<string>, System.Collections.Generic.IEqualityComparer<string>",
    python=StringComparer,
)


def _always(comparer: StringComparer) -> Callable[[], StringComparer]:
    return lambda: comparer


string_comparer.prop("static StringComparer CurrentCulture", _always(_CULTURE))
string_comparer.prop("static StringComparer CurrentCultureIgnoreCase", _always(_CULTURE_FOLDED))
string_comparer.prop("static StringComparer InvariantCulture", _always(_CULTURE))
string_comparer.prop("static StringComparer InvariantCultureIgnoreCase", _always(_CULTURE_FOLDED))
string_comparer.prop("static StringComparer Ordinal", _always(_ORDINAL))
string_comparer.prop("static StringComparer OrdinalIgnoreCase", _always(_ORDINAL_FOLDED))


@string_comparer.method("static StringComparer Create(CultureInfo culture, bool ignoreCase)")
def _create(culture: Any, ignore_case: bool) -> StringComparer:
    if culture is None:
        raise ArgumentNullException("culture")
    return _CULTURE_FOLDED if ignore_case else _CULTURE


string_comparer.method(
    "static StringComparer FromComparison(StringComparison comparisonType)", comparer_of, since="core"
)
string_comparer.method("int Compare(string? x, string? y)", StringComparer.compare)
string_comparer.method("int Compare(object? x, object? y)", StringComparer.compare)
string_comparer.method("bool Equals(string? x, string? y)", StringComparer.equals)
string_comparer.method("bool Equals(object? x, object? y)", StringComparer.equals)
string_comparer.method("int GetHashCode(string obj)", StringComparer.hash_code)
string_comparer.method("int GetHashCode(object obj)", StringComparer.hash_code)
