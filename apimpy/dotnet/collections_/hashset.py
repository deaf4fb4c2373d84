"""System.Collections.Generic.HashSet<T> and SortedSet<T>."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.collections_.enumerator import Enumerator
from apimpy.dotnet.collections_.interfaces import copy_to
from apimpy.dotnet.collections_.ordering import Slots
from apimpy.dotnet.comparison import equality_key, sort_key
from apimpy.dotnet.decl import TypeDecl, clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, ArgumentOutOfRangeException, InvalidOperationException
from apimpy.dotnet.typecheck import default_of
from apimpy.dotnet.values import Array, iterate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from apimpy.csharp.types import Type

__all__ = ["HashSet", "SortedSet"]

_G = "System.Collections.Generic."
_NONE = object()


class HashSet(Slots):
    """Entries are the elements."""

    __slots__ = ("comparer", "of")

    def __init__(self, of: Type, items: Any = None, comparer: Any = None) -> None:
        super().__init__(equality_key(of, comparer))
        self.of, self.comparer = of, comparer
        if items is not None:
            for item in iterate(items):
                self.add(item)

    @property
    def clr_type(self) -> Type:
        return hash_set.of(self.of)

    def clr_to_string(self) -> str:
        return self.clr_type.full_name

    def hashed(self, item: Any) -> Any:
        return item if self.key_of is None else self.key_of(item)

    def __contains__(self, item: object) -> bool:
        return self.hashed(item) in self.data

    clr_contains = __contains__

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        version, data = self.version, self.data
        for h in self.hashes():
            item = data.get(h, _NONE)
            if item is _NONE:
                continue
            yield item
            if self.version != version:
                raise InvalidOperationException("Collection was modified after the enumerator was instantiated.")

    def add(self, item: Any) -> bool:
        h = self.hashed(item)
        if h in self.data:
            return False
        self.data[h] = item
        self.added(h)
        return True

    def remove(self, item: Any) -> bool:
        h = self.hashed(item)
        if h not in self.data:
            return False
        self.removing(h)
        del self.data[h]
        self.version += 1
        if not self.data:  # .NET starts over when the last element went
            self.cleared()
        return True

    def clear(self) -> None:
        if self.data:
            self.version += 1
        self.cleared()

    def other(self, items: Any) -> dict[Any, Any]:
        """The elements of another sequence by hash."""
        if items is None:
            raise ArgumentNullException("other")
        if isinstance(items, HashSet) and items.key_of is self.key_of and items.comparer is self.comparer:
            return dict(items.data)
        return {self.hashed(v): v for v in iterate(items)}


hash_set = clr_type(_G + "HashSet<T>", bases="object, ISet<T>, IReadOnlyCollection<T>", python=HashSet)


def _given(items: Any) -> Any:
    if items is None:
        raise ArgumentNullException("collection")
    return items


def _copy_some(self: HashSet, array: Any, start: int, count: int) -> None:
    if count < 0:
        raise ArgumentOutOfRangeException("count", "Non-negative number required.")
    copy_to(Array(self.of, list(self)[:count]), array, start)


def _with_capacity(of: Type, capacity: int, comparer: Any = None) -> HashSet:
    if capacity < 0:
        raise ArgumentOutOfRangeException("capacity")
    return HashSet(of, None, comparer)


hash_set.ctor("HashSet()", HashSet, reify=True)
hash_set.ctor("HashSet(IEnumerable<T> collection)", lambda t, c: HashSet(t, _given(c)), reify=True)
hash_set.ctor("HashSet(IEqualityComparer<T> comparer)", lambda t, c: HashSet(t, None, c), reify=True)
hash_set.ctor(
    "HashSet(IEnumerable<T> collection, IEqualityComparer<T> comparer)",
    lambda t, c, e: HashSet(t, _given(c), e),
    reify=True,
)
hash_set.ctor("HashSet(int capacity)", lambda t, n: _with_capacity(t, n, None), reify=True)
hash_set.ctor("HashSet(int capacity, IEqualityComparer<T> comparer)", _with_capacity, reify=True)
hash_set.prop("IEqualityComparer<T>? Comparer", attr="comparer")
hash_set.method("void TrimExcess()", lambda _s: None)
hash_set.method("int EnsureCapacity(int capacity)", lambda s, n: max(n, len(s)), since="core")


def try_get(self: HashSet, item: Any) -> tuple[bool, Any]:
    found = self.data.get(self.hashed(item), _NONE)
    return (False, default_of(self.of)) if found is _NONE else (True, found)


def union_with(self: HashSet, items: Any) -> None:
    for item in self.other(items).values():
        self.add(item)


def intersect_with(self: HashSet, items: Any) -> None:
    other = self.other(items)
    for h in list(self.data):
        if h not in other:
            self.remove(self.data[h])


def except_with(self: HashSet, items: Any) -> None:
    for item in self.other(items).values():
        self.remove(item)


def symmetric_except_with(self: HashSet, items: Any) -> None:
    for item in self.other(items).values():
        if not self.remove(item):
            self.add(item)


def is_subset(self: HashSet, items: Any) -> bool:
    return self.data.keys() <= self.other(items).keys()


def is_superset(self: HashSet, items: Any) -> bool:
    return self.data.keys() >= self.other(items).keys()


def is_proper_subset(self: HashSet, items: Any) -> bool:
    return self.data.keys() < self.other(items).keys()


def is_proper_superset(self: HashSet, items: Any) -> bool:
    return self.data.keys() > self.other(items).keys()


def overlaps(self: HashSet, items: Any) -> bool:
    return not self.data.keys().isdisjoint(self.other(items).keys())


def set_equals(self: HashSet, items: Any) -> bool:
    return self.data.keys() == self.other(items).keys()


def remove_where(self: HashSet, match: Callable[[Any], bool]) -> int:
    if match is None:
        raise ArgumentNullException("match")
    gone = [item for item in list(self) if match(item)]
    for item in gone:
        self.remove(item)
    return len(gone)


def _declare(decl: TypeDecl) -> None:
    """The members that both kinds of set have."""
    decl.prop("int Count", len)
    decl.method("bool Add(T item)", HashSet.add)
    decl.method("bool Remove(T item)", HashSet.remove)
    decl.method("bool Contains(T item)", HashSet.__contains__)
    decl.method("void Clear()", HashSet.clear)
    decl.method("bool TryGetValue(T equalValue, out T actualValue)", try_get)
    decl.method("void UnionWith(IEnumerable<T> other)", union_with)
    decl.method("void IntersectWith(IEnumerable<T> other)", intersect_with)
    decl.method("void ExceptWith(IEnumerable<T> other)", except_with)
    decl.method("void SymmetricExceptWith(IEnumerable<T> other)", symmetric_except_with)
    decl.method("bool IsSubsetOf(IEnumerable<T> other)", is_subset)
    decl.method("bool IsSupersetOf(IEnumerable<T> other)", is_superset)
    decl.method("bool IsProperSubsetOf(IEnumerable<T> other)", is_proper_subset)
    decl.method("bool IsProperSupersetOf(IEnumerable<T> other)", is_proper_superset)
    decl.method("bool Overlaps(IEnumerable<T> other)", overlaps)
    decl.method("bool SetEquals(IEnumerable<T> other)", set_equals)
    decl.method("int RemoveWhere(Predicate<T> match)", remove_where)
    decl.method("void CopyTo(T[] array)", lambda s, a: copy_to(s, a, 0))
    decl.method("void CopyTo(T[] array, int arrayIndex)", copy_to)
    decl.method("void CopyTo(T[] array, int arrayIndex, int count)", _copy_some)
    decl.method("IEnumerator<T> GetEnumerator()", lambda s: Enumerator(s, s.of))


_declare(hash_set)


class SortedSet(HashSet):
    """SortedSet<T>: enumerated in order."""

    __slots__ = ("sort",)

    def __init__(self, of: Type, items: Any = None, comparer: Any = None) -> None:
        self.sort = sort_key(of, comparer)
        super().__init__(of, items, comparer if hasattr(comparer, "equals") else None)

    @property
    def clr_type(self) -> Type:
        return sorted_set.of(self.of)

    def hashes(self) -> Iterator[Any]:
        sort, data = self.sort, self.data
        return iter(sorted(data, key=lambda h: data[h] if sort is None else sort(data[h])))


sorted_set = clr_type(
    _G + "SortedSet<T>", bases="object, ISet<T>, IReadOnlyCollection<T>", python=SortedSet, allowed=""
)
_declare(sorted_set)
sorted_set.ctor("SortedSet()", SortedSet, reify=True)
sorted_set.ctor("SortedSet(IEnumerable<T> collection)", lambda t, c: SortedSet(t, _given(c)), reify=True)
sorted_set.ctor("SortedSet(IComparer<T> comparer)", lambda t, c: SortedSet(t, None, c), reify=True)
sorted_set.ctor(
    "SortedSet(IEnumerable<T> collection, IComparer<T> comparer)",
    lambda t, c, o: SortedSet(t, _given(c), o),
    reify=True,
)
sorted_set.prop("T? Min", lambda s: next(iter(s), default_of(s.of)))
sorted_set.prop("T? Max", lambda s: list(s)[-1] if s else default_of(s.of))
