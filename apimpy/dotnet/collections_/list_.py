"""System.Collections.Generic.List<T> and System.Collections.ObjectModel.ReadOnlyCollection<T>."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.collections_.enumerator import Enumerator
from apimpy.dotnet.collections_.interfaces import copy_to
from apimpy.dotnet.comparison import equality, ordered, sort_key
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    ClrError,
    InvalidOperationException,
    NotSupportedException,
)
from apimpy.dotnet.typecheck import default_of
from apimpy.dotnet.values import Array, Runtime, iterate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from apimpy.csharp.types import Type

__all__ = ["List", "ReadOnlyCollection", "modified"]

_G = "System.Collections.Generic."


def modified() -> ClrError:
    return InvalidOperationException("Collection was modified; enumeration operation may not execute.")


class List(list[Any]):
    """A list that knows its element type.  `version` counts changes: an enumeration under way notices them."""

    __slots__ = ("of", "reserved", "version")

    def __init__(self, of: Type, items: Iterable[Any] = ()) -> None:
        super().__init__(items)
        self.of = of
        self.version = 0
        self.reserved = 0

    @property
    def clr_type(self) -> Type:
        return list_type.of(self.of)

    def clr_to_string(self) -> str:
        return self.clr_type.full_name

    def clr_iter(self) -> Iterator[Any]:
        version = self.version
        for item in list.__iter__(self):
            yield item
            if self.version != version:
                raise modified()

    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __hash__ = object.__hash__  # type: ignore[assignment]


list_type = clr_type(_G + "List<T>", bases="object, IList<T>, System.Collections.IList, IReadOnlyList<T>", python=List)
_T = list_type

# --- construction, access --------------------------------------------------------------------------------------------

_T.ctor("List()", List, reify=True)


@_T.ctor("List(int capacity)", reify=True)
def new_capacity(of: Type, capacity: int) -> List:
    if capacity < 0:
        raise ArgumentOutOfRangeException("capacity", "Non-negative number required.")
    made = List(of)
    made.reserved = capacity
    return made


@_T.ctor("List(IEnumerable<T> collection)", rt=True, reify=True)
def new_copy(rt: Runtime, of: Type, collection: Any) -> List:
    made = List(of)
    made.extend(_items(rt, made, collection))
    made.reserved = len(made)
    return made


def get_capacity(self: List) -> int:
    """What was asked for, doubled until the elements fit: how a list grows when elements come one by one."""
    while self.reserved < len(self):
        self.reserved = max(4, 2 * self.reserved)
    return self.reserved


def set_capacity(self: List, capacity: int) -> None:
    if capacity < len(self):
        raise ArgumentOutOfRangeException("value", "capacity was less than the current size.")
    self.reserved = capacity


def trim_excess(self: List) -> None:
    if len(self) < int(get_capacity(self) * 0.9):
        self.reserved = len(self)


def ensure_capacity(self: List, capacity: int) -> int:
    if capacity < 0:
        raise ArgumentOutOfRangeException("capacity", "Non-negative number required.")
    if get_capacity(self) < capacity:
        self.reserved = max(capacity, 4, 2 * self.reserved)
    return self.reserved


def _given(collection: Any) -> Iterator[Any]:
    if collection is None:
        raise ArgumentNullException("collection")
    return iterate(collection)


def _predicate(match: Any) -> Any:
    if match is None:
        raise ArgumentNullException("match")
    return match


def _out_of_range(param: str = "index") -> ArgumentOutOfRangeException:
    return ArgumentOutOfRangeException(
        param, "Index was out of range. Must be non-negative and less than the size of the collection."
    )


def get_item(self: Any, index: int) -> Any:
    if 0 <= index < len(self):
        return self[index]
    raise _out_of_range()


def set_item(self: List, index: int, value: Any) -> None:
    if not 0 <= index < len(self):
        raise _out_of_range()
    self[index] = value
    self.version += 1


_T.indexer("T? this[int index]", get_item, set_item)
_T.prop("int Count", len)
_T.prop("int Capacity", get_capacity, set_capacity)
_T.method("void TrimExcess()", trim_excess)
_T.method("int EnsureCapacity(int capacity)", ensure_capacity, since="core")
_T.method("IEnumerator<T> GetEnumerator()", lambda self: Enumerator(self, self.of))

# --- adding and removing ---------------------------------------------------------------------------------------------


@_T.method("void Add(T item)")
def add(self: List, item: Any) -> None:
    self.append(item)
    self.version += 1


def _items(rt: Runtime, self: List, collection: Any) -> list[Any]:
    """Elements to be added; copying is charged, though less than computing."""
    items = list(_given(collection))
    rt.check_size(len(self) + len(items))
    rt.tick(1 + len(items) // 16)
    return items


@_T.method("void AddRange(IEnumerable<T> collection)", rt=True)
def add_range(rt: Runtime, self: List, collection: Any) -> None:
    items = _items(rt, self, collection)
    self.extend(items)
    self.version += 1


def _position(self: List, index: int) -> int:
    if not 0 <= index <= len(self):
        raise ArgumentOutOfRangeException("index", "Index must be within the bounds of the List.")
    return index


@_T.method("void Insert(int index, T item)")
def insert(self: List, index: int, item: Any) -> None:
    self.insert(_position(self, index), item)
    self.version += 1


@_T.method("void InsertRange(int index, IEnumerable<T> collection)", rt=True)
def insert_range(rt: Runtime, self: List, index: int, collection: Any) -> None:
    items = _items(rt, self, collection)
    if not 0 <= index <= len(self):
        raise _out_of_range()
    self[index:index] = items
    self.version += 1


@_T.method("void Clear()")
def clear(self: List) -> None:
    self.clear()
    self.version += 1


@_T.method("bool Remove(T item)")
def remove(self: List, item: Any) -> bool:
    index = index_of(self, item)
    if index < 0:
        return False
    del self[index]
    self.version += 1
    return True


@_T.method("void RemoveAt(int index)")
def remove_at(self: List, index: int) -> None:
    if not 0 <= index < len(self):
        raise _out_of_range()
    del self[index]
    self.version += 1


@_T.method("int RemoveAll(Predicate<T> match)")
def remove_all(self: List, match: Callable[[Any], bool]) -> int:
    _predicate(match)
    kept = [v for v in self if not match(v)]
    removed = len(self) - len(kept)
    if removed:
        self[:] = kept
        self.version += 1
    return removed


def _range(self: list[Any], index: int, count: int) -> slice:
    if index < 0:
        raise ArgumentOutOfRangeException("index", "Non-negative number required.")
    if count < 0:
        raise ArgumentOutOfRangeException("count", "Non-negative number required.")
    if index + count > len(self):
        raise ArgumentException(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from "
            "index to the end of the source collection."
        )
    return slice(index, index + count)


@_T.method("void RemoveRange(int index, int count)")
def remove_range(self: List, index: int, count: int) -> None:
    del self[_range(self, index, count)]
    self.version += 1


@_T.method("List<T> GetRange(int index, int count)")
def get_range(self: List, index: int, count: int) -> List:
    return List(self.of, self[_range(self, index, count)])


_T.method("List<T> Slice(int start, int length)", get_range, since="core")

# --- searching -------------------------------------------------------------------------------------------------------


def index_of(self: Any, item: Any) -> int:
    same = equality(self.of)
    for i, v in enumerate(self):
        if same(v, item):
            return i
    return -1


_T.method("bool Contains(T item)", lambda self, v: index_of(self, v) >= 0)
_T.method("int IndexOf(T item)", index_of)


def _span(self: List, index: int, count: int | None = None) -> range:
    """Indexes from `index`, `count` of them or to the end."""
    if not 0 <= index <= len(self):
        raise ArgumentOutOfRangeException(
            "index", "Index was out of range. Must be non-negative and less than the size of the collection."
        )
    if count is None:
        count = len(self) - index
    if count < 0 or index + count > len(self):
        raise ArgumentOutOfRangeException(
            "count", "Count must be positive and count must refer to a location within the string/array/collection."
        )
    return range(index, index + count)


def _span_back(self: List, index: int, count: int | None = None) -> range:
    """Indexes from `index` downwards."""
    if not self:
        return range(0)
    if not 0 <= index < len(self):
        raise _out_of_range()
    if count is None:
        count = index + 1
    if count < 0 or count > index + 1:
        raise ArgumentOutOfRangeException(
            "count", "Count must be positive and count must refer to a location within the string/array/collection."
        )
    return range(index, index - count, -1)


def _first(self: List, indexes: range, test: Callable[[Any], bool]) -> int:
    for i in indexes:
        if i < len(self) and test(self[i]):
            return i
    return -1


def _equal_to(self: List, item: Any) -> Callable[[Any], bool]:
    same = equality(self.of)
    return lambda v: same(v, item)


_T.method("int IndexOf(T item, int index)", lambda self, v, i: _first(self, _span(self, i), _equal_to(self, v)))
_T.method(
    "int IndexOf(T item, int index, int count)",
    lambda self, v, i, n: _first(self, _span(self, i, n), _equal_to(self, v)),
)
_T.method("int LastIndexOf(T item)", lambda self, v: _first(self, _span_back(self, len(self) - 1), _equal_to(self, v)))
_T.method(
    "int LastIndexOf(T item, int index)", lambda self, v, i: _first(self, _span_back(self, i), _equal_to(self, v))
)
_T.method(
    "int LastIndexOf(T item, int index, int count)",
    lambda self, v, i, n: _first(self, _span_back(self, i, n), _equal_to(self, v)),
)
_T.method("int FindIndex(Predicate<T> match)", lambda self, f: _first(self, range(len(self)), _predicate(f)))
_T.method(
    "int FindIndex(int startIndex, Predicate<T> match)", lambda self, i, f: _first(self, _span(self, i), _predicate(f))
)
_T.method(
    "int FindIndex(int startIndex, int count, Predicate<T> match)",
    lambda self, i, n, f: _first(self, _span(self, i, n), _predicate(f)),
)
_T.method(
    "int FindLastIndex(Predicate<T> match)",
    lambda self, f: _first(self, _span_back(self, len(self) - 1), _predicate(f)),
)
_T.method(
    "int FindLastIndex(int startIndex, Predicate<T> match)",
    lambda self, i, f: _first(self, _span_back(self, i), _predicate(f)),
)
_T.method(
    "int FindLastIndex(int startIndex, int count, Predicate<T> match)",
    lambda self, i, n, f: _first(self, _span_back(self, i, n), _predicate(f)),
)


@_T.method("T? Find(Predicate<T> match)")
def find(self: List, match: Callable[[Any], bool]) -> Any:
    _predicate(match)
    for v in list(self):
        if match(v):
            return v
    return default_of(self.of)


@_T.method("T? FindLast(Predicate<T> match)")
def find_last(self: List, match: Callable[[Any], bool]) -> Any:
    _predicate(match)
    for v in self[::-1]:
        if match(v):
            return v
    return default_of(self.of)


@_T.method("List<T> FindAll(Predicate<T> match)")
def find_all(self: List, match: Callable[[Any], bool]) -> List:
    _predicate(match)
    return List(self.of, [v for v in list(self) if match(v)])


_T.method("bool Exists(Predicate<T> match)", lambda self, f: _first(self, range(len(self)), _predicate(f)) >= 0)
_T.method("bool TrueForAll(Predicate<T> match)", lambda self, f: all(map(_predicate(f), list(self))))


@_T.method("void ForEach(Action<T> action)")
def for_each(self: List, action: Callable[[Any], None]) -> None:
    if action is None:
        raise ArgumentNullException("action")
    for v in self.clr_iter():
        action(v)


def search(
    items: list[Any], value: Any, of: Type, comparer: Any = None, start: int = 0, stop: int | None = None
) -> int:
    """Binary search; the complement of the insertion point if the value is not there."""
    key = sort_key(of, comparer)
    stop = len(items) if stop is None else stop
    wanted = value if key is None else key(value)
    i = bisect_left(items, wanted, start, stop, key=key)
    if i < stop:
        found = items[i] if key is None else key(items[i])
        if not wanted < found:
            return i
    return ~i


_T.method("int BinarySearch(T item)", lambda self, v: search(self, v, self.of))
_T.method("int BinarySearch(T item, IComparer<T> comparer)", lambda self, v, c: search(self, v, self.of, c))


@_T.method("int BinarySearch(int index, int count, T item, IComparer<T> comparer)")
def search_range(self: List, index: int, count: int, item: Any, comparer: Any) -> int:
    where = _range(self, index, count)
    return search(self, item, self.of, comparer, where.start, where.stop)


# --- order -----------------------------------------------------------------------------------------------------------


def _sort(self: List, where: slice, comparer: Any) -> None:
    self[where] = ordered(self[where], self.of, comparer)
    self.version += 1


class Comparison:
    """A Comparison<T> delegate in the place of a comparer."""

    __slots__ = ("compare",)

    def __init__(self, compare: Callable[[Any, Any], int]) -> None:
        self.compare = compare


@_T.method("void Sort(Comparison<T> comparison)")
def sort_by(self: List, comparison: Callable[[Any, Any], int]) -> None:
    if comparison is None:
        raise ArgumentNullException("comparison")
    _sort(self, slice(None), Comparison(comparison))


_T.method("void Sort()", lambda self: _sort(self, slice(None), None))
_T.method("void Sort(IComparer<T> comparer)", lambda self, c: _sort(self, slice(None), c))
_T.method(
    "void Sort(int index, int count, IComparer<T> comparer)", lambda self, i, n, c: _sort(self, _range(self, i, n), c)
)


@_T.method("void Reverse()")
def reverse(self: List) -> None:
    self.reverse()
    self.version += 1


@_T.method("void Reverse(int index, int count)")
def reverse_range(self: List, index: int, count: int) -> None:
    where = _range(self, index, count)
    self[where] = self[where][::-1]
    self.version += 1


# --- copies ----------------------------------------------------------------------------------------------------------

_T.method("T[] ToArray()", lambda self: Array(self.of, self))
_T.method("void CopyTo(T[] array)", lambda self, a: copy_to(self, a, 0))
_T.method("void CopyTo(T[] array, int arrayIndex)", copy_to)
_T.method(
    "void CopyTo(int index, T[] array, int arrayIndex, int count)",
    lambda self, i, a, j, n: copy_to(get_range(self, i, n), a, j),
)


@_T.method("List<TOutput> ConvertAll<TOutput>(Converter<T, TOutput> converter)", reify=True)
def convert_all(output: Type, self: List, converter: Callable[[Any], Any]) -> List:
    if converter is None:
        raise ArgumentNullException("converter")
    return List(output, [converter(v) for v in list(self)])


# --- ReadOnlyCollection ----------------------------------------------------------------------------------------------


class ReadOnlyCollection:
    """A view of a list through which nobody changes it."""

    __slots__ = ("of", "source")

    read_only = True

    def __init__(self, of: Type, source: Any) -> None:
        self.of, self.source = of, source

    @property
    def clr_type(self) -> Type:
        return read_only.of(self.of)

    def clr_to_string(self) -> str:
        return self.clr_type.full_name

    def __iter__(self) -> Iterator[Any]:
        return iterate(self.source)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Any:
        return self.source[index]


def _refuse(_self: Any, *_args: Any) -> Any:
    raise NotSupportedException("Collection is read-only.")


read_only = clr_type(
    "System.Collections.ObjectModel.ReadOnlyCollection<T>",
    bases="object, IList<T>, IReadOnlyList<T>",
    python=ReadOnlyCollection,
    allowed="",
)
read_only.ctor("ReadOnlyCollection(IList<T> list)", ReadOnlyCollection, reify=True)
read_only.indexer("T? this[int index]", get_item)
read_only.prop("int Count", len)
read_only.method("bool Contains(T value)", lambda self, v: index_of(self, v) >= 0)
read_only.method("int IndexOf(T value)", index_of)
read_only.method("void CopyTo(T[] array, int index)", copy_to)
read_only.method("IEnumerator<T> GetEnumerator()", lambda self: Enumerator(self, self.of))
for _signature in (
    "void Add(T item)",
    "void Insert(int index, T item)",
    "bool Remove(T item)",
    "void RemoveAt(int index)",
):
    read_only.method(_signature, _refuse)
read_only.method("void Clear()", _refuse)
_T.method("ReadOnlyCollection<T> AsReadOnly()", lambda self: ReadOnlyCollection(self.of, self))
