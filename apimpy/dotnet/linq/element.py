"""First, Last, Single, ElementAt, Any, All, Count, Contains, SequenceEqual, Aggregate: one answer from a sequence."""

from __future__ import annotations

from collections.abc import Callable, Sized
from itertools import islice
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.comparison import equality
from apimpy.dotnet.exceptions import ArgumentOutOfRangeException
from apimpy.dotnet.linq.enumerable import elements_missing, enumerable, given, more_than_one, no_elements
from apimpy.dotnet.typecheck import default_of
from apimpy.dotnet.values import iterate, source

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

__all__ = ["count"]

Function = Callable[..., Any]
_E = enumerable
_NONE = object()


def _first(items: Any, predicate: Function | None) -> Any:
    for v in iterate(items) if predicate is None else filter(predicate, iterate(items)):
        return v
    return _NONE


def _last(items: Any, predicate: Function | None) -> Any:
    if isinstance(items, list):
        # from the end, as .NET does with lists: the predicate sees the last elements only
        for v in reversed(items):
            if predicate is None or predicate(v):
                return v
        return _NONE
    found = _NONE
    for v in iterate(items) if predicate is None else filter(predicate, iterate(items)):
        found = v
    return found


def _single(items: Any, predicate: Function | None) -> Any:
    found = _NONE
    for v in iterate(items) if predicate is None else filter(predicate, iterate(items)):
        if found is not _NONE:
            raise more_than_one(predicate)
        found = v
    return found


def _declare(name: str, pick: Callable[[Any, Function | None], Any]) -> None:
    """`Name` and `NameOrDefault`, with and without a predicate."""

    def plain(items: Any) -> Any:
        found = pick(source(items), None)
        if found is _NONE:
            raise no_elements()
        return found

    def matching(items: Any, predicate: Function) -> Any:
        found = pick(source(items), given(predicate, "predicate"))
        if found is _NONE:
            raise elements_missing(predicate)
        return found

    def or_default(t: Type, items: Any) -> Any:
        found = pick(source(items), None)
        return default_of(t) if found is _NONE else found

    def matching_or_default(t: Type, items: Any, predicate: Function) -> Any:
        found = pick(source(items), given(predicate, "predicate"))
        return default_of(t) if found is _NONE else found

    def or_value(items: Any, default: Any) -> Any:
        found = pick(source(items), None)
        return default if found is _NONE else found

    def matching_or_value(items: Any, predicate: Function, default: Any) -> Any:
        found = pick(source(items), given(predicate, "predicate"))
        return default if found is _NONE else found

    head = f"static T? {name}"
    _E.method(head + "<T>(this IEnumerable<T> source)", plain)
    _E.method(head + "<T>(this IEnumerable<T> source, Func<T, bool> predicate)", matching)
    head += "OrDefault<T>(this IEnumerable<T> source"
    _E.method(head + ")", or_default, reify=True)
    _E.method(head + ", Func<T, bool> predicate)", matching_or_default, reify=True)
    _E.method(head + ", T defaultValue)", or_value, since="core")
    _E.method(head + ", Func<T, bool> predicate, T defaultValue)", matching_or_value, since="core")


_declare("First", _first)
_declare("Last", _last)
_declare("Single", _single)


def _at(items: Any, index: int) -> Any:
    if index < 0:
        return _NONE
    if isinstance(items, list):
        return items[index] if index < len(items) else _NONE
    return next(islice(iterate(items), index, None), _NONE)


@_E.method("static T? ElementAt<T>(this IEnumerable<T> source, int index)")
def element_at(items: Any, index: int) -> Any:
    found = _at(source(items), index)
    if found is _NONE:
        if isinstance(items, list):
            raise ArgumentOutOfRangeException(
                "index", "Index was out of range. Must be non-negative and less than the size of the collection."
            )
        raise ArgumentOutOfRangeException("index")
    return found


@_E.method("static T? ElementAtOrDefault<T>(this IEnumerable<T> source, int index)", reify=True)
def element_at_or_default(t: Type, items: Any, index: int) -> Any:
    found = _at(source(items), index)
    return default_of(t) if found is _NONE else found


# --- counting, testing -----------------------------------------------------------------------------------------------


@_E.method("static long LongCount<T>(this IEnumerable<T> source)")
@_E.method("static int Count<T>(this IEnumerable<T> source)")
def count(items: Any) -> int:
    if isinstance(items, Sized):
        return len(items)
    n = 0
    for _ in iterate(source(items)):
        n += 1
    return n


@_E.method("static long LongCount<T>(this IEnumerable<T> source, Func<T, bool> predicate)")
@_E.method("static int Count<T>(this IEnumerable<T> source, Func<T, bool> predicate)")
def count_matching(items: Any, predicate: Function) -> int:
    n = 0
    for _ in filter(given(predicate, "predicate"), iterate(source(items))):
        n += 1
    return n


@_E.method("static bool Any<T>(this IEnumerable<T> source)")
def any_(items: Any) -> bool:
    if isinstance(items, Sized):
        return len(items) > 0
    return _first(source(items), None) is not _NONE


@_E.method("static bool Any<T>(this IEnumerable<T> source, Func<T, bool> predicate)")
def any_matching(items: Any, predicate: Function) -> bool:
    source(items)
    return any(map(given(predicate, "predicate"), iterate(items)))


@_E.method("static bool All<T>(this IEnumerable<T> source, Func<T, bool> predicate)")
def all_(items: Any, predicate: Function) -> bool:
    source(items)
    return all(map(given(predicate, "predicate"), iterate(items)))


@_E.method("static bool TryGetNonEnumeratedCount<T>(this IEnumerable<T> source, out int count)", since="core")
def try_count(items: Any) -> tuple[bool, int]:
    return (True, len(items)) if isinstance(source(items), Sized) else (False, 0)


@_E.method("static bool Contains<T>(this IEnumerable<T> source, T value)", reify=True)
def contains(t: Type, items: Any, value: Any) -> bool:
    own = getattr(source(items), "clr_contains", None)
    if own is not None:
        return bool(own(value))
    if isinstance(items, str):
        return value in items
    same = equality(t)
    return any(same(v, value) for v in iterate(items))


@_E.method("static bool Contains<T>(this IEnumerable<T> source, T value, IEqualityComparer<T> comparer)", reify=True)
def contains_by(t: Type, items: Any, value: Any, comparer: Any) -> bool:
    same = equality(t, comparer)
    return any(same(v, value) for v in iterate(source(items)))


@_E.method(
    "static bool SequenceEqual<T>(this IEnumerable<T> first, IEnumerable<T> second, IEqualityComparer<T> comparer)",
    reify=True,
)
def sequence_equal_by(t: Type, first: Any, second: Any, comparer: Any) -> bool:
    given(first, "first")
    given(second, "second")
    same = equality(t, comparer)
    a, b = iterate(first), iterate(second)
    for x in a:
        y = next(b, _NONE)
        if y is _NONE or not same(x, y):
            return False
    return next(b, _NONE) is _NONE


@_E.method("static bool SequenceEqual<T>(this IEnumerable<T> first, IEnumerable<T> second)", reify=True)
def sequence_equal(t: Type, first: Any, second: Any) -> bool:
    return sequence_equal_by(t, first, second, None)


# --- Aggregate -------------------------------------------------------------------------------------------------------


@_E.method("static T? Aggregate<T>(this IEnumerable<T> source, Func<T, T, T> func)")
def aggregate(items: Any, function: Function) -> Any:
    values = iterate(source(items))
    given(function, "func")
    result = next(values, _NONE)
    if result is _NONE:
        raise no_elements()
    for v in values:
        result = function(result, v)
    return result


@_E.method("static A? Aggregate<T, A>(this IEnumerable<T> source, A seed, Func<A, T, A> func)")
def aggregate_seed(items: Any, seed: Any, function: Function) -> Any:
    source(items)
    given(function, "func")
    for v in iterate(items):
        seed = function(seed, v)
    return seed


@_E.method(
    "static R? Aggregate<T, A, R>(this IEnumerable<T> source, A seed, Func<A, T, A> func, Func<A, R> resultSelector)"
)
def aggregate_result(items: Any, seed: Any, function: Function, result: Function) -> Any:
    given(result, "resultSelector")
    return result(aggregate_seed(items, seed, function))
