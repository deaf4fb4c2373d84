"""System.Array: the members of every array, and the static algorithms.  Also System.Buffer.

An array is a `values.Array`; elements are unboxed as its element type says.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from apimpy.csharp.types import Named, Type
from apimpy.dotnet.comparison import equality, sort_key
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    ArrayTypeMismatchException,
    ClrError,
    IndexOutOfRangeException,
    InvalidCastException,
    InvalidOperationException,
)
from apimpy.dotnet.values import Array, box, check_size

__all__ = ["array"]

array = clr_type("System.Array", bases="object, ICloneable, System.Collections.IList", python=Array)

_INDEX = "Index was out of range. Must be non-negative and less than the size of the collection."
_COUNT = "Count must be positive and count must refer to a location within the string/array/collection."
_SHORT = "Destination array was not long enough. Check the destination index, length, and the array's lower bounds."
_INTEGRAL = frozenset(f"System.{n}" for n in ("SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"))
_REAL = frozenset(("System.Single", "System.Double"))


def _given(value: Any, name: str) -> Any:
    if value is None:
        raise ArgumentNullException(name)
    return value


# --- shape and elements ----------------------------------------------------------------------------------------------


def _shape(self: Array) -> tuple[int, ...]:
    return self.shape or (len(self),)


def _length_of(self: Array, dimension: int) -> int:
    shape = _shape(self)
    if not 0 <= dimension < len(shape):
        raise IndexOutOfRangeException
    return shape[dimension]


def _offset(self: Array, *indices: int) -> int:
    shape = _shape(self)
    if len(indices) != len(shape):
        names = {1: "a one-dimensional", 2: "a two-dimensional", 3: "a three-dimensional"}
        raise ArgumentException(f"Array was not {names.get(len(indices), 'a matching')} array.")
    at = 0
    for index, size in zip(indices, shape, strict=True):
        if not 0 <= index < size:
            raise IndexOutOfRangeException
        at = at * size + index
    return at


def _get(self: Array, *indices: int) -> Any:
    return box(self[_offset(self, *indices)], self.of)


def _set(self: Array, value: Any, *indices: int) -> None:
    from apimpy.dotnet.typecheck import cast, default_of

    at = _offset(self, *indices)
    if value is None and self.of.is_value:
        self[at] = default_of(self.of)
        return
    try:
        self[at] = cast(value, self.of)
    except InvalidCastException:
        raise InvalidCastException("Object cannot be stored in an array of this type.") from None


def _enumerator(self: Array) -> Any:
    from apimpy.dotnet.collections_.interfaces import boxed_enumerator

    return boxed_enumerator(self)


def _clone(self: Array) -> Array:
    return Array(self.of, self, self.shape)


array.prop("int Length", len)
array.prop("long LongLength", len)
array.prop("int Rank", lambda self: len(_shape(self)))
array.prop("bool IsFixedSize", lambda _self: True)
array.prop("bool IsReadOnly", lambda _self: False)
array.prop("bool IsSynchronized", lambda _self: False)
array.prop("object SyncRoot", lambda self: self)
array.method("int GetLength(int dimension)", _length_of)
array.method("long GetLongLength(int dimension)", _length_of)
array.method("int GetUpperBound(int dimension)", lambda self, dimension: _length_of(self, dimension) - 1)
array.method("int GetLowerBound(int dimension)", lambda self, dimension: _length_of(self, dimension) * 0)
array.method("object Clone()", _clone)
array.method("System.Collections.IEnumerator GetEnumerator()", _enumerator)
array.method("void Initialize()", lambda _self: None)
for _kind in ("int", "long"):
    for _names in (("index",), ("index1", "index2"), ("index1", "index2", "index3")):
        _list = ", ".join(f"{_kind} {name}" for name in _names)
        array.method(f"object? GetValue({_list})", _get)
        array.method(f"void SetValue(object? value, {_list})", _set)
array.method("object? GetValue(params int[] indices)", lambda self, indices: _get(self, *indices))
array.method(
    "void SetValue(object? value, params int[] indices)", lambda self, value, indices: _set(self, value, *indices)
)


# --- making ----------------------------------------------------------------------------------------------------------


def _create(kind: Type | None, *lengths: int) -> Array:
    from apimpy.dotnet.typecheck import default_of

    total = 1
    for i, length in enumerate(lengths):
        if length < 0:
            raise ArgumentOutOfRangeException(
                f"length{i + 1}" if len(lengths) > 1 else "length", "Non-negative number required."
            )
        total *= length
    check_size(total)
    of = _given(kind, "elementType")
    return Array(of, [default_of(of)] * total, lengths if len(lengths) > 1 else None)


def _resize(of: Type, items: Array | None, size: int) -> tuple[None, Array]:
    from apimpy.dotnet.typecheck import default_of

    if size < 0:
        raise ArgumentOutOfRangeException("newSize", "Non-negative number required.")
    check_size(size)
    kept: list[Any] = list(items[:size]) if items is not None else []
    return None, Array(of, kept + [default_of(of)] * (size - len(kept)))


array.method("static Array CreateInstance(Type elementType, int length)", _create)
array.method("static Array CreateInstance(Type elementType, int length1, int length2)", _create)
array.method("static Array CreateInstance(Type elementType, int length1, int length2, int length3)", _create)
array.method("static T[] Empty<T>()", Array, reify=True)
array.method("static void Resize<T>(ref T[]? array, int newSize)", _resize, reify=True)


def _read_only(of: Type, items: Array | None) -> Any:
    from apimpy.dotnet.collections_.list_ import ReadOnlyCollection

    return ReadOnlyCollection(of, _given(items, "array"))


array.method(
    "static System.Collections.ObjectModel.ReadOnlyCollection<T> AsReadOnly<T>(T[] array)", _read_only, reify=True
)


# --- copying ---------------------------------------------------------------------------------------------------------


def _adapted(items: list[Any], source: Type, target: Type) -> list[Any]:
    """Elements of one static type as those of another: boxed, unboxed or widened."""
    from apimpy.dotnet.typecheck import cast

    if source is target:
        return items
    if not (source.is_value or target.is_value):
        return _cast_down(items, source, target)
    if not target.is_value:
        if isinstance(target, Named) and target.decl.full_name in ("System.Object", "System.ValueType"):
            return [box(v, source) for v in items]
        raise ArrayTypeMismatchException("Source array type cannot be assigned to destination array type.")
    if not source.is_value:
        return [cast(v, target) for v in items]
    if source.full_name in _INTEGRAL and target.full_name in _INTEGRAL:
        return items
    if source.full_name in _INTEGRAL | _REAL and target.full_name in _REAL:
        return [float(v) for v in items]
    raise ArrayTypeMismatchException("Source array type cannot be assigned to destination array type.")


def _cast_down(items: list[Any], source: Type, target: Type) -> list[Any]:
    """References into an array of other references: every one must fit, or the types must have nothing in common."""
    from apimpy.dotnet.typecheck import assignable, is_instance

    if assignable(source, target):
        return items
    if not assignable(target, source) and not any(
        isinstance(t, Named) and t.decl.kind == "interface" for t in (source, target)
    ):
        raise ArrayTypeMismatchException("Source array type cannot be assigned to destination array type.")
    if not all(v is None or is_instance(v, target) for v in items):
        raise InvalidCastException(
            "At least one element in the source array could not be cast down to the destination array type."
        )
    return items


def _copy(source: Array | None, start: int, target: Array | None, at: int, length: int) -> None:
    if source is None:
        raise ArgumentNullException("sourceArray")
    if target is None:
        raise ArgumentNullException("destinationArray")
    if length < 0:
        raise ArgumentOutOfRangeException("length", "Non-negative number required.")
    if start < 0:
        raise ArgumentOutOfRangeException(
            "sourceIndex", "Number was less than the array's lower bound in the first dimension."
        )
    if at < 0:
        raise ArgumentOutOfRangeException(
            "destinationIndex", "Number was less than the array's lower bound in the first dimension."
        )
    if start + length > len(source):
        raise ArgumentException(
            "Source array was not long enough. Check the source index, length, and the array's lower bounds.",
            "sourceArray",
        )
    if at + length > len(target):
        raise ArgumentException(_SHORT, "destinationArray")
    target[at : at + length] = _adapted(source[start : start + length], source.of, target.of)


def _clear(items: Array | None, index: int, length: int) -> None:
    from apimpy.dotnet.typecheck import default_of

    if items is None:
        raise ArgumentNullException("array")
    if index < 0 or length < 0 or index + length > len(items):
        raise IndexOutOfRangeException
    items[index : index + length] = [default_of(items.of)] * length


for _kind in ("int", "long"):
    array.method(
        f"static void Copy(Array sourceArray, Array destinationArray, {_kind} length)",
        lambda source, target, length: _copy(source, 0, target, 0, length),
    )
    array.method(
        f"static void Copy(Array sourceArray, {_kind} sourceIndex, Array destinationArray, {_kind} destinationIndex, "
        f"{_kind} length)",
        _copy,
    )
    array.method(
        f"void CopyTo(Array array, {_kind} index)",
        lambda self, target, index: _copy(self, 0, target, index, len(self)),
    )
array.method(
    "static void ConstrainedCopy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, "
    "int length)",
    _copy,
)
array.method("static void Clear(Array array, int index, int length)", _clear)
array.method(
    "static void Clear(Array array)", lambda items: _clear(items, 0, len(_given(items, "array"))), since="core"
)


# --- searching -------------------------------------------------------------------------------------------------------


def _range(items: Any, start: int, count: int | None) -> range:
    _given(items, "array")
    if not 0 <= start <= len(items):
        raise ArgumentOutOfRangeException("startIndex", _INDEX)
    if count is None:
        count = len(items) - start
    if count < 0 or start + count > len(items):
        raise ArgumentOutOfRangeException("count", _COUNT)
    return range(start, start + count)


def _back(items: Any, start: int | None, count: int | None) -> range:
    """Indexes from `start` down."""
    _given(items, "array")
    if start is None:
        start = len(items) - 1
    if items and not 0 <= start < len(items):
        raise ArgumentOutOfRangeException("startIndex", _INDEX)
    if count is None:
        count = start + 1
    if count < 0 or start - count + 1 < 0:
        raise ArgumentOutOfRangeException("count", _COUNT)
    return range(start, start - count, -1)


def _find_equal(items: Any, where: range, value: Any, of: Type) -> int:
    same = equality(of)
    return next((i for i in where if same(items[i], value)), -1)


def _index_of(of: Type, items: Any, value: Any, start: int = 0, count: int | None = None) -> int:
    return _find_equal(items, _range(items, start, count), value, of)


def _last_index_of(of: Type, items: Any, value: Any, start: int | None = None, count: int | None = None) -> int:
    return _find_equal(items, _back(items, start, count), value, of)


def _boxed(items: Array | None) -> tuple[Type, Any]:
    """For the overloads that take any Array and an object."""
    from apimpy.dotnet.system.object_ import object_

    if items is None:
        raise ArgumentNullException("array")
    return object_.of(), Array(object_.of(), [box(v, items.of) for v in items])


for _where in ("", ", int startIndex", ", int startIndex, int count"):
    array.method(f"static int IndexOf<T>(T[] array, T value{_where})", _index_of, reify=True)
    array.method(f"static int LastIndexOf<T>(T[] array, T value{_where})", _last_index_of, reify=True)
    array.method(
        f"static int IndexOf(Array array, object? value{_where})",
        lambda items, value, *where: _index_of(*_boxed(items), value, *where),
    )
    array.method(
        f"static int LastIndexOf(Array array, object? value{_where})",
        lambda items, value, *where: _last_index_of(*_boxed(items), value, *where),
    )


Predicate = Callable[[Any], bool]


def _matching(items: Any, match: Predicate | None) -> Predicate:
    _given(items, "array")
    if match is None:
        raise ArgumentNullException("match")
    return match


def _find(of: Type, items: Any, match: Predicate | None) -> Any:
    return _first(of, items, _matching(items, match), iter(items))


def _find_last(of: Type, items: Any, match: Predicate | None) -> Any:
    return _first(of, items, _matching(items, match), reversed(items))


def _first(of: Type, items: Any, match: Predicate, ordered: Any) -> Any:
    from apimpy.dotnet.typecheck import default_of

    for value in ordered:
        if match(value):
            return value
    return default_of(of)


def _find_index(items: Any, *args: Any) -> int:
    *where, match = args
    start, count = (*where, None, None)[:2]
    matching = _matching(items, match)
    return next((i for i in _range(items, start or 0, count) if matching(items[i])), -1)


def _find_last_index(items: Any, *args: Any) -> int:
    *where, match = args
    start, count = (*where, None, None)[:2]
    matching = _matching(items, match)
    return next((i for i in _back(items, start, count) if matching(items[i])), -1)


def _find_all(of: Type, items: Any, match: Predicate | None) -> Array:
    return Array(of, filter(_matching(items, match), items))


for _where in ("", "int startIndex, ", "int startIndex, int count, "):
    array.method(f"static int FindIndex<T>(T[] array, {_where}Predicate<T> match)", _find_index)
    array.method(f"static int FindLastIndex<T>(T[] array, {_where}Predicate<T> match)", _find_last_index)
array.method("static T? Find<T>(T[] array, Predicate<T> match)", _find, reify=True)
array.method("static T? FindLast<T>(T[] array, Predicate<T> match)", _find_last, reify=True)
array.method("static T[] FindAll<T>(T[] array, Predicate<T> match)", _find_all, reify=True)
array.method(
    "static bool Exists<T>(T[] array, Predicate<T> match)",
    lambda items, match: any(map(_matching(items, match), items)),
)
array.method(
    "static bool TrueForAll<T>(T[] array, Predicate<T> match)",
    lambda items, match: all(map(_matching(items, match), items)),
)


def _for_each(items: Any, action: Callable[[Any], Any] | None) -> None:
    call = _given(action, "action") if items is not None else _given(items, "array")
    for value in items:
        call(value)


def _convert_all(_source: Type, target: Type, items: Any, converter: Callable[[Any], Any] | None) -> Array:
    _given(items, "array")
    return Array(target, map(_given(converter, "converter"), items))


array.method("static void ForEach<T>(T[] array, Action<T> action)", _for_each)
array.method(
    "static TOutput[] ConvertAll<TInput, TOutput>(TInput[] array, Converter<TInput, TOutput> converter)",
    _convert_all,
    reify=True,
)


# --- order -----------------------------------------------------------------------------------------------------------


def _part(items: Any, index: int, length: int, name: str = "array") -> slice:
    _given(items, name)
    if index < 0:
        raise ArgumentOutOfRangeException("index", "Non-negative number required.")
    if length < 0:
        raise ArgumentOutOfRangeException("length", "Non-negative number required.")
    if index + length > len(items):
        raise ArgumentException(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from "
            "index to the end of the source collection."
        )
    return slice(index, index + length)


def _sort(of: Type, items: Any, index: int = 0, length: int | None = None, comparer: Any = None) -> None:
    where = _part(items, index, len(items or ()) - index if length is None else length)
    _sort_by(items, where, sort_key(of, comparer))


def _sort_by(items: Any, where: slice, key: Callable[[Any], Any] | None) -> None:
    try:
        items[where] = sorted(items[where], key=key)
    except ClrError as e:
        raise InvalidOperationException("Failed to compare two elements in the array.", e) from e


def _sort_pairs(
    of: Type, _values: Type, keys: Any, items: Any, index: int = 0, length: int | None = None, comparer: Any = None
) -> None:
    where = _part(keys, index, len(keys or ()) - index if length is None else length, "keys")
    if items is None:
        _sort_by(keys, where, sort_key(of, comparer))
        return
    _part(items, index, where.stop - index)
    key = sort_key(of, comparer) or (lambda v: v)
    pairs = list(zip(keys[where], items[where], strict=True))
    _sort_by(pairs, slice(None), lambda pair: key(pair[0]))
    keys[where] = [k for k, _ in pairs]
    items[where] = [v for _, v in pairs]


def _sort_comparison(items: Any, comparison: Callable[[Any, Any], int] | None) -> None:
    _given(items, "array")
    items[:] = sorted(items, key=cmp_to_key(_given(comparison, "comparison")))


def _sort_any(items: Array | None, comparer: Any = None) -> None:
    if items is None:
        raise ArgumentNullException("array")
    _sort(items.of, items, comparer=comparer)


def _reverse(items: Any, index: int = 0, length: int | None = None) -> None:
    where = _part(items, index, len(items or ()) - index if length is None else length)
    items[where] = items[where][::-1]


def _search(of: Type, items: Any, index: int, length: int, value: Any, comparer: Any = None) -> int:
    where = _part(items, index, length)
    key = sort_key(of, comparer) or (lambda v: v)
    wanted = key(value)
    low: int = where.start
    high: int = where.stop - 1
    try:
        while low <= high:
            middle = (low + high) // 2
            found = key(items[middle])
            if found == wanted:
                return middle
            if found < wanted:
                low = middle + 1
            else:
                high = middle - 1
    except ClrError as e:
        raise InvalidOperationException("Failed to compare two elements in the array.", e) from e
    return ~low


def _search_whole(of: Type, items: Any, value: Any, comparer: Any = None) -> int:
    return _search(of, items, 0, len(_given(items, "array")), value, comparer)


def _fill(items: Any, value: Any, start: int = 0, count: int | None = None) -> None:
    for i in _range(items, start, count):
        items[i] = value


array.method("static void Sort<T>(T[] array)", _sort, reify=True)
array.method("static void Sort<T>(T[] array, int index, int length)", _sort, reify=True)
array.method("static void Sort<T>(T[] array, int index, int length, IComparer<T>? comparer)", _sort, reify=True)
array.method(
    "static void Sort<T>(T[] array, IComparer<T>? comparer)",
    lambda of, items, comparer: _sort(of, items, comparer=comparer),
    reify=True,
)
array.method("static void Sort<T>(T[] array, Comparison<T> comparison)", _sort_comparison)
array.method("static void Sort(Array array)", _sort_any)
array.method("static void Sort(Array array, System.Collections.IComparer? comparer)", _sort_any)
array.method("static void Sort<TKey, TValue>(TKey[] keys, TValue[]? items)", _sort_pairs, reify=True)
array.method(
    "static void Sort<TKey, TValue>(TKey[] keys, TValue[]? items, IComparer<TKey>? comparer)",
    lambda of, values, keys, items, comparer: _sort_pairs(of, values, keys, items, comparer=comparer),
    reify=True,
)
array.method(
    "static void Sort<TKey, TValue>(TKey[] keys, TValue[]? items, int index, int length)", _sort_pairs, reify=True
)
array.method(
    "static void Sort<TKey, TValue>(TKey[] keys, TValue[]? items, int index, int length, IComparer<TKey>? comparer)",
    _sort_pairs,
    reify=True,
)
array.method("static void Reverse(Array array)", _reverse)
array.method("static void Reverse(Array array, int index, int length)", _reverse)
array.method("static int BinarySearch<T>(T[] array, T value)", _search_whole, reify=True)
array.method("static int BinarySearch<T>(T[] array, T value, IComparer<T>? comparer)", _search_whole, reify=True)
array.method("static int BinarySearch<T>(T[] array, int index, int length, T value)", _search, reify=True)
array.method(
    "static int BinarySearch<T>(T[] array, int index, int length, T value, IComparer<T>? comparer)",
    _search,
    reify=True,
)
array.method("static void Fill<T>(T[] array, T value)", _fill, since="core")
array.method("static void Fill<T>(T[] array, T value, int startIndex, int count)", _fill, since="core")


# --- Buffer ----------------------------------------------------------------------------------------------------------

buffer = clr_type("System.Buffer", kind="static", allowed="")


@buffer.method("static void BlockCopy(Array src, int srcOffset, Array dst, int dstOffset, int count)")
def _block_copy(source: Array | None, start: int, target: Array | None, at: int, count: int) -> None:
    if source is None or target is None:
        raise ArgumentNullException("src" if source is None else "dst")
    if source.of.full_name != "System.Byte" or target.of.full_name != "System.Byte":
        raise ArgumentException("Object must be an array of primitives.", "src")
    if start < 0 or at < 0 or count < 0:
        name = "srcOffset" if start < 0 else "dstOffset" if at < 0 else "count"
        raise ArgumentOutOfRangeException(name, "Non-negative number required.")
    if start + count > len(source) or at + count > len(target):
        raise ArgumentException(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from "
            "index to the end of the source collection."
        )
    target[at : at + count] = source[start : start + count]


buffer.method("static int ByteLength(Array array)", len)
