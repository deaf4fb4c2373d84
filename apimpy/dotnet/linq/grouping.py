"""GroupBy, ToLookup, Join and GroupJoin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.comparison import equality_key
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.linq.enumerable import Lazy, enumerable, given
from apimpy.dotnet.values import Array, iterate, source

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

__all__ = ["Grouping", "Lookup"]

Function = Callable[..., Any]
_E = enumerable


class Grouping:
    """IGrouping<K, T>: a key and the elements that have it."""

    __slots__ = ("items", "key", "key_type", "of")

    def __init__(self, key_type: Type, of: Type, key: Any) -> None:
        self.key_type, self.of, self.key = key_type, of, key
        self.items: list[Any] = []

    @property
    def clr_type(self) -> Type:
        return grouping.of(self.key_type, self.of)

    def clr_to_string(self) -> str:
        return f"System.Linq.Grouping`2[{self.key_type.full_name},{self.of.full_name}]"

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class Lookup:
    """ILookup<K, T>: groups by key; a key that is not there gives an empty sequence."""

    __slots__ = ("groups", "hashed", "key_type", "value_type")

    def __init__(self, key_type: Type, value_type: Type, comparer: Any = None) -> None:
        self.key_type, self.value_type = key_type, value_type
        self.hashed = equality_key(key_type, comparer)
        self.groups: dict[Any, Grouping] = {}

    @property
    def clr_type(self) -> Type:
        return lookup.of(self.key_type, self.value_type)

    def clr_to_string(self) -> str:
        return f"System.Linq.Lookup`2[{self.key_type.full_name},{self.value_type.full_name}]"

    @property
    def of(self) -> Type:
        return grouping.of(self.key_type, self.value_type)

    def __iter__(self) -> Iterator[Grouping]:
        return iter(list(self.groups.values()))

    def __len__(self) -> int:
        return len(self.groups)

    def _hash(self, key: Any) -> Any:
        return key if self.hashed is None else self.hashed(key)

    def __contains__(self, key: object) -> bool:
        return self._hash(key) in self.groups

    def find(self, key: Any) -> list[Any]:
        found = self.groups.get(self._hash(key))
        return [] if found is None else found.items

    def get(self, key: Any) -> Any:
        found = self.groups.get(self._hash(key))
        return Array(self.value_type) if found is None else found

    def fill(self, items: Any, key_of: Function, element_of: Function | None) -> Lookup:
        hashed, groups = self.hashed, self.groups
        for v in iterate(items):
            key = key_of(v)
            h = key if hashed is None else hashed(key)
            group = groups.get(h)
            if group is None:
                group = groups[h] = Grouping(self.key_type, self.value_type, key)
            group.items.append(v if element_of is None else element_of(v))
        return self


grouping = clr_type(
    "System.Linq.IGrouping<TKey, TElement>",
    kind="interface",
    bases="IEnumerable<TElement>",
    python=Grouping,
    allowed="",
)
grouping.prop("TKey? Key", attr="key")

lookup = clr_type(
    "System.Linq.ILookup<TKey, TElement>",
    kind="interface",
    bases="IEnumerable<IGrouping<TKey, TElement>>",
    python=Lookup,
    allowed="",
)
lookup.prop("int Count", len)
lookup.indexer("IEnumerable<TElement> this[TKey key]", Lookup.get)
lookup.method("bool Contains(TKey key)", Lookup.__contains__)

# --- GroupBy, ToLookup -----------------------------------------------------------------------------------------------


def _grouped(k: Type, t: Type, items: Any, key_of: Function, element_of: Function | None, comparer: Any) -> Lazy:
    source(items)
    given(key_of, "keySelector")
    return Lazy(lambda: iter(Lookup(k, t, comparer).fill(items, key_of, element_of)), grouping.of(k, t))


def _results(
    k: Type,
    t: Type,
    r: Type,
    items: Any,
    key_of: Function,
    element_of: Function | None,
    result: Function,
    comparer: Any,
) -> Lazy:
    source(items)
    given(key_of, "keySelector")
    given(result, "resultSelector")

    def run() -> Iterator[Any]:
        for group in Lookup(k, t, comparer).fill(items, key_of, element_of):
            yield result(group.key, group)

    return Lazy(run, r)


_COMPARER = ", IEqualityComparer<K> comparer"
_SOURCE = "(this IEnumerable<T> source, Func<T, K> keySelector"


def _each_comparer(signature: str, make: Function) -> None:
    """Declare a method without and with a comparer; `make` takes the comparer last."""
    _E.method(signature + ")", lambda *args: make(*args, None), reify=True)
    _E.method(signature + _COMPARER + ")", make, reify=True)


_each_comparer(
    "static IEnumerable<IGrouping<K, T>> GroupBy<T, K>" + _SOURCE,
    lambda t, k, items, key, c: _grouped(k, t, items, key, None, c),
)
_each_comparer(
    "static IEnumerable<IGrouping<K, E>> GroupBy<T, K, E>" + _SOURCE + ", Func<T, E> elementSelector",
    lambda _t, k, e, items, key, element, c: _grouped(k, e, items, key, given(element, "elementSelector"), c),
)
_each_comparer(
    "static IEnumerable<R> GroupBy<T, K, R>" + _SOURCE + ", Func<K, IEnumerable<T>, R> resultSelector",
    lambda t, k, r, items, key, result, c: _results(k, t, r, items, key, None, result, c),
)
_each_comparer(
    "static IEnumerable<R> GroupBy<T, K, E, R>"
    + _SOURCE
    + ", Func<T, E> elementSelector, Func<K, IEnumerable<E>, R> resultSelector",
    lambda _t, k, e, r, items, key, element, result, c: _results(k, e, r, items, key, element, result, c),
)
_each_comparer(
    "static ILookup<K, T> ToLookup<T, K>" + _SOURCE,
    lambda t, k, items, key, c: Lookup(k, t, c).fill(source(items), given(key, "keySelector"), None),
)
_each_comparer(
    "static ILookup<K, E> ToLookup<T, K, E>" + _SOURCE + ", Func<T, E> elementSelector",
    lambda _t, k, e, items, key, element, c: Lookup(k, e, c).fill(
        source(items), given(key, "keySelector"), given(element, "elementSelector")
    ),
)

# --- Join, GroupJoin -------------------------------------------------------------------------------------------------


def _inner(k: Type, i: Type, inner: Any, key_of: Function, comparer: Any) -> Lookup:
    """The inner sequence by key; null keys match nothing."""
    found = Lookup(k, i, comparer).fill(inner, key_of, None)
    found.groups.pop(None, None)
    return found


def _checked(outer: Any, inner: Any, outer_key: Any, inner_key: Any, result: Any) -> None:
    given(outer, "outer")
    given(inner, "inner")
    given(outer_key, "outerKeySelector")
    given(inner_key, "innerKeySelector")
    given(result, "resultSelector")


def _join(
    _o: Type,
    i: Type,
    k: Type,
    r: Type,
    outer: Any,
    inner: Any,
    outer_key: Function,
    inner_key: Function,
    result: Function,
    comparer: Any,
) -> Lazy:
    _checked(outer, inner, outer_key, inner_key, result)

    def run() -> Iterator[Any]:
        found = _inner(k, i, inner, inner_key, comparer)
        for v in iterate(outer):
            key = outer_key(v)
            for match in found.find(key) if key is not None else ():
                yield result(v, match)

    return Lazy(run, r)


def _group_join(
    _o: Type,
    i: Type,
    k: Type,
    r: Type,
    outer: Any,
    inner: Any,
    outer_key: Function,
    inner_key: Function,
    result: Function,
    comparer: Any,
) -> Lazy:
    _checked(outer, inner, outer_key, inner_key, result)

    def run() -> Iterator[Any]:
        found = _inner(k, i, inner, inner_key, comparer)
        for v in iterate(outer):
            key = outer_key(v)
            yield result(v, Array(i, found.find(key) if key is not None else ()))

    return Lazy(run, r)


_KEYS = "(this IEnumerable<O> outer, IEnumerable<I> inner, Func<O, K> outerKeySelector, Func<I, K> innerKeySelector, "
_each_comparer("static IEnumerable<R> Join<O, I, K, R>" + _KEYS + "Func<O, I, R> resultSelector", _join)
_each_comparer(
    "static IEnumerable<R> GroupJoin<O, I, K, R>" + _KEYS + "Func<O, IEnumerable<I>, R> resultSelector", _group_join
)
