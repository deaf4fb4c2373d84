"""The interfaces of collections.  Their members work on every Python object that can be of the C# type:

arrays, our own collections, Json.NET's containers, and the plain mappings that `context` offers.  A change asked
through an interface is passed on to the object's own declared method; arrays and plain mappings refuse it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any

from apimpy.csharp.types import ClrType, Method, Property, Type
from apimpy.dotnet.collections_.enumerator import Enumerator, enumerator
from apimpy.dotnet.comparison import (
    DefaultComparer,
    DefaultEqualityComparer,
    FunctionComparer,
    equality,
)
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    ClrError,
    InvalidCastException,
    KeyNotFoundException,
    NotSupportedException,
)
from apimpy.dotnet.typecheck import cast, default_of, element_type
from apimpy.dotnet.values import Array, Query, box, iterate, to_string, type_of

__all__ = ["boxed_elements", "boxed_enumerator", "copy_to", "count", "key_not_found"]

_G = "System.Collections.Generic."

# --- what the members do ---------------------------------------------------------------------------------------------


def count(value: Any) -> int:
    """The number of elements of any collection."""
    if isinstance(value, Sized):
        return len(value)
    return sum(1 for _ in iterate(value))


def boxed_elements(value: Any) -> list[Any]:
    """The elements as the non-generic interfaces give them."""
    of = element_type(value)
    return [box(v, of) for v in iterate(value)]


def _object() -> Type:
    assert ClrType.universe is not None
    return ClrType.universe.named("System.Object")


def boxed_enumerator(value: Any) -> Enumerator:
    of = element_type(value)
    return Enumerator(Query(lambda: (box(v, of) for v in iterate(value)), _object()), _object(), strict=True)


def key_not_found(key: Any) -> ClrError:
    return KeyNotFoundException(f"The given key '{to_string(key)}' was not present in the dictionary.")


def _call(value: Any, name: str, *args: Any) -> Any:
    """The member that the object's own class declares under that name, called."""
    pending: list[Any] = [type_of(value)]
    seen: set[Any] = set()
    while pending:
        type = pending.pop(0)
        decl = getattr(type, "decl", None)
        if decl is None or decl in seen or decl.kind == "interface":
            continue
        seen.add(decl)
        for member in decl.own(name):
            if isinstance(member, Property) and len(member.index) in (len(args), len(args) - 1) and args:
                member = member.subst(type.mapping)
                values = [cast(a, p.type) if a is not None else a for a, p in zip(args, member.index, strict=False)]
                if len(args) == len(member.index):
                    return member.getter(value, *values) if member.getter else None
                if member.setter is not None:
                    return member.setter(value, *values, args[-1])
            elif isinstance(member, Method) and len(member.params) == len(args) and not member.static:
                if not (member.decl.rt or member.decl.reify):
                    return member.impl(value, *args)
        pending.extend(type.bases())
    raise NotSupportedException


def _fixed(value: Any) -> None:
    if isinstance(value, Array):
        raise NotSupportedException("Collection was of a fixed size.")
    _read_only(value)


def _read_only(value: Any) -> None:
    if isinstance(value, (Array, Query)) or (isinstance(value, Mapping) and not hasattr(value, "clr_type")):
        raise NotSupportedException("Collection is read-only.")


def _add(value: Any, item: Any) -> None:
    _fixed(value)
    if isinstance(value, Mapping):
        _call(value, "Add", item[0], item[1])
    else:
        _call(value, "Add", item)


def _add_boxed(value: Any, item: Any) -> int:
    of = element_type(value)
    try:
        unboxed = cast(item, of)
    except InvalidCastException as e:
        raise ArgumentException(
            f'The value "{to_string(item)}" is not of type "{of.full_name}" and cannot be used in this generic '
            "collection.",
            "value",
        ) from e
    _add(value, unboxed)
    return len(value) - 1


def _clear(value: Any) -> None:
    _read_only(value)
    _call(value, "Clear")


def _remove(value: Any, item: Any) -> bool:
    _fixed(value)
    if isinstance(value, Mapping):
        if not _contains_pair(value, item):
            return False
        return bool(_call(value, "Remove", item[0]))
    return bool(_call(value, "Remove", item))


def _contains_pair(value: Mapping[Any, Any], pair: Any) -> bool:
    return pair[0] in value and bool(value[pair[0]] == pair[1])


def _contains(value: Any, item: Any) -> bool:
    if isinstance(value, Mapping):
        return _contains_pair(value, item)
    own = getattr(value, "clr_contains", None)
    if own is not None:
        return bool(own(item))
    same = equality(element_type(value))
    return any(same(v, item) for v in iterate(value))


def copy_to(value: Any, array: Array | None, start: int) -> None:
    """`CopyTo(array, start)` of any collection."""
    if array is None:
        raise ArgumentNullException("array")
    if start < 0:
        raise ArgumentOutOfRangeException("arrayIndex", "Non-negative number required.")
    items = list(iterate(value))
    if start + len(items) > len(array):
        raise ArgumentException(
            "Destination array was not long enough. Check the destination index, length, and the array's lower bounds.",
            "destinationArray",
        )
    if str(array.of) == "object":
        of = element_type(value)
        items = [box(v, of) for v in items]
    array[start : start + len(items)] = items


def _index_error() -> ArgumentOutOfRangeException:
    return ArgumentOutOfRangeException(
        "index", "Index was out of range. Must be non-negative and less than the size of the collection."
    )


def _item(value: Any, index: int) -> Any:
    if isinstance(value, list):
        if 0 <= index < len(value):
            return value[index]
        raise _index_error()
    return _call(value, "this[]", index)


def _set_item(value: Any, index: int, item: Any) -> None:
    if isinstance(value, Array):
        if not 0 <= index < len(value):
            raise _index_error()
        value[index] = item
    else:
        _read_only(value)
        _call(value, "this[]", index, item)


def _index_of(value: Any, item: Any) -> int:
    same = equality(element_type(value))
    for i, v in enumerate(iterate(value)):
        if same(v, item):
            return i
    return -1


def _insert(value: Any, index: int, item: Any) -> None:
    _fixed(value)
    _call(value, "Insert", index, item)


def _remove_at(value: Any, index: int) -> None:
    _fixed(value)
    _call(value, "RemoveAt", index)


def _lookup(value: Any, key: Any) -> Any:
    if key is None:
        raise ArgumentNullException("key")
    try:
        return value[key]
    except KeyError:
        raise key_not_found(key) from None


def _store(value: Any, key: Any, item: Any) -> None:
    _read_only(value)
    _call(value, "this[]", key, item)


def _contains_key(value: Any, key: Any) -> bool:
    if key is None:
        raise ArgumentNullException("key")
    return key in value


_MISSING = object()


def _try_get(of: Type, value: Any, key: Any) -> tuple[bool, Any]:
    if key is None:
        raise ArgumentNullException("key")
    found = value.get(key, _MISSING)
    return (False, default_of(of)) if found is _MISSING else (True, found)


def _try_get_any(value: Any, key: Any) -> tuple[bool, Any]:
    """TryGetValue through an interface: the type of the value is the dictionary's own, else a reference."""
    of = getattr(value, "value_type", None)
    return _try_get(of if isinstance(of, Type) else _object(), value, key)


def _keys(value: Any) -> Any:
    return _view(value, "keys", "key_type")


def _values(value: Any) -> Any:
    return _view(value, "values", "value_type")


def _view(value: Any, method: str, attribute: str) -> Any:
    own = getattr(value, "clr_" + method, None)
    if own is not None:
        return own()
    of = getattr(value, attribute, None)
    items = [value[k] for k in value.keys()] if method == "values" else list(value.keys())  # noqa: SIM118
    if not isinstance(of, Type):
        assert ClrType.universe is not None
        strings = bool(items) and all(type(v) is str for v in items)
        of = ClrType.universe.named("System.String") if strings or method == "keys" else _object()
    return Array(of, items)


def _dictionary_add(value: Any, key: Any, item: Any) -> None:
    _read_only(value)
    _call(value, "Add", key, item)


def _dictionary_remove(value: Any, key: Any) -> bool:
    _read_only(value)
    return bool(_call(value, "Remove", key))


def _is_read_only(value: Any) -> bool:
    if isinstance(value, Array):
        return True
    if isinstance(value, Mapping):
        return not hasattr(value, "clr_type")
    return bool(getattr(value, "read_only", False))


# --- non-generic -----------------------------------------------------------------------------------------------------

enumerable = clr_type("System.Collections.IEnumerable", kind="interface", allowed="")
enumerable.method("IEnumerator GetEnumerator()", boxed_enumerator)

enumerator_ = clr_type("System.Collections.IEnumerator", kind="interface", allowed="")
enumerator_.method("bool MoveNext()", lambda e: e.move_next())
enumerator_.method("void Reset()", lambda e: e.reset())
enumerator_.prop("object? Current", lambda e: box(e.get_current(), e.of))

collection = clr_type("System.Collections.ICollection", kind="interface", bases="IEnumerable", allowed="")
collection.prop("int Count", count)
collection.prop("bool IsSynchronized", lambda _c: False)
collection.prop("object SyncRoot", lambda c: c)
collection.method("void CopyTo(Array array, int index)", copy_to)

list_plain = clr_type("System.Collections.IList", kind="interface", bases="ICollection", allowed="")
list_plain.indexer(
    "object? this[int index]",
    lambda c, i: box(_item(c, i), element_type(c)),
    lambda c, i, v: _set_item(c, i, cast(v, element_type(c))),
)
list_plain.prop("bool IsReadOnly", lambda c: bool(getattr(c, "read_only", False)))
list_plain.prop("bool IsFixedSize", lambda c: isinstance(c, Array))
list_plain.method("int Add(object? value)", _add_boxed)
list_plain.method("void Clear()", _clear)
list_plain.method("bool Contains(object? value)", _contains)
list_plain.method("int IndexOf(object? value)", _index_of)
list_plain.method("void Insert(int index, object? value)", lambda c, i, v: _insert(c, i, cast(v, element_type(c))))
list_plain.method("void Remove(object? value)", lambda c, v: _remove(c, v) and None)
list_plain.method("void RemoveAt(int index)", _remove_at)

dictionary_plain = clr_type("System.Collections.IDictionary", kind="interface", bases="ICollection", allowed="")
dictionary_plain.indexer("object? this[object key]", lambda d, k: d.get(k), _store)
dictionary_plain.prop("ICollection Keys", _keys)
dictionary_plain.prop("ICollection Values", _values)
dictionary_plain.method("void Add(object key, object? value)", _dictionary_add)
dictionary_plain.method("bool Contains(object key)", _contains_key)
dictionary_plain.method("void Clear()", _clear)

# --- generic ---------------------------------------------------------------------------------------------------------

enumerable_of = clr_type(_G + "IEnumerable<T>", kind="interface", bases="IEnumerable", python=Query)
enumerable_of.method("IEnumerator<T> GetEnumerator()", lambda c: enumerator(c, element_type(c)))

enumerator_of = clr_type(_G + "IEnumerator<T>", kind="interface", bases="IEnumerator, IDisposable", python=Enumerator)
enumerator_of.prop("T? Current", lambda e: e.get_current())
enumerator_of.method("bool MoveNext()", lambda e: e.move_next())
enumerator_of.method("void Reset()", lambda e: e.reset())
enumerator_of.method("void Dispose()", lambda _e: None)

collection_of = clr_type(_G + "ICollection<T>", kind="interface", bases="IEnumerable<T>")
collection_of.prop("int Count", count)
collection_of.prop("bool IsReadOnly", _is_read_only)
collection_of.method("void Add(T item)", _add)
collection_of.method("void Clear()", _clear)
collection_of.method("bool Contains(T item)", _contains)
collection_of.method("void CopyTo(T[] array, int arrayIndex)", copy_to)
collection_of.method("bool Remove(T item)", _remove)

list_of = clr_type(_G + "IList<T>", kind="interface", bases="ICollection<T>")
list_of.indexer("T? this[int index]", _item, _set_item)
list_of.method("int IndexOf(T item)", _index_of)
list_of.method("void Insert(int index, T item)", _insert)
list_of.method("void RemoveAt(int index)", _remove_at)

read_only_collection = clr_type(_G + "IReadOnlyCollection<T>", kind="interface", bases="IEnumerable<T>")
read_only_collection.prop("int Count", count)

read_only_list = clr_type(_G + "IReadOnlyList<T>", kind="interface", bases="IReadOnlyCollection<T>", allowed="")
read_only_list.indexer("T? this[int index]", _item)

_PAIRS = "<KeyValuePair<TKey, TValue>>"
dictionary_of = clr_type(_G + "IDictionary<TKey, TValue>", kind="interface", bases="ICollection" + _PAIRS)
dictionary_of.indexer("TValue? this[TKey key]", _lookup, _store)
dictionary_of.prop("ICollection<TKey> Keys", _keys)
dictionary_of.prop("ICollection<TValue> Values", _values)
dictionary_of.method("void Add(TKey key, TValue value)", _dictionary_add)
dictionary_of.method("bool ContainsKey(TKey key)", _contains_key)
dictionary_of.method("bool Remove(TKey key)", _dictionary_remove)
dictionary_of.method("bool TryGetValue(TKey key, out TValue value)", _try_get_any)

read_only_dictionary = clr_type(
    _G + "IReadOnlyDictionary<TKey, TValue>", kind="interface", bases="IReadOnlyCollection" + _PAIRS
)
read_only_dictionary.indexer("TValue? this[TKey key]", _lookup)
read_only_dictionary.prop("IEnumerable<TKey> Keys", _keys)
read_only_dictionary.prop("IEnumerable<TValue> Values", _values)
read_only_dictionary.method("bool ContainsKey(TKey key)", _contains_key)
read_only_dictionary.method("bool TryGetValue(TKey key, out TValue value)", _try_get_any)

set_of = clr_type(_G + "ISet<T>", kind="interface", bases="ICollection<T>")
set_of.method("bool Add(T item)", lambda s, v: s.add(v))
for _name in ("UnionWith", "IntersectWith", "ExceptWith", "SymmetricExceptWith"):
    set_of.method(f"void {_name}(IEnumerable<T> other)", lambda s, o, name=_name: _call(s, name, o))
for _name in ("IsSubsetOf", "IsSupersetOf", "IsProperSubsetOf", "IsProperSupersetOf", "Overlaps", "SetEquals"):
    set_of.method(f"bool {_name}(IEnumerable<T> other)", lambda s, o, name=_name: _call(s, name, o))

# --- comparers -------------------------------------------------------------------------------------------------------

comparer_plain = clr_type("System.Collections.IComparer", kind="interface", allowed="")
comparer_plain.method("int Compare(object? x, object? y)", lambda c, x, y: c.compare(x, y))
equality_plain = clr_type("System.Collections.IEqualityComparer", kind="interface", allowed="")
equality_plain.method("bool Equals(object? x, object? y)", lambda c, x, y: c.equals(x, y))
equality_plain.method("int GetHashCode(object obj)", lambda c, x: c.hash_code(x))

comparer_of = clr_type(_G + "IComparer<T>", kind="interface", allowed="")
comparer_of.method("int Compare(T? x, T? y)", lambda c, x, y: c.compare(x, y))
equality_of = clr_type(_G + "IEqualityComparer<T>", kind="interface", allowed="")
equality_of.method("bool Equals(T? x, T? y)", lambda c, x, y: c.equals(x, y))
equality_of.method("int GetHashCode(T obj)", lambda c, x: c.hash_code(x))

default_comparer = clr_type(
    _G + "Comparer<T>", bases="object, IComparer<T>, IComparer", python=DefaultComparer, allowed=""
)
default_comparer.prop("static Comparer<T> Default", lambda: DefaultComparer(_object(), default_comparer.of(_object())))
default_comparer.method(
    "static Comparer<T> Create(Comparison<T> comparison)",
    lambda t, f: FunctionComparer(t, default_comparer.of(t), f),
    reify=True,
)
default_comparer.method("int Compare(T? x, T? y)", lambda c, x, y: c.compare(x, y))

default_equality = clr_type(
    _G + "EqualityComparer<T>",
    bases="object, IEqualityComparer<T>, IEqualityComparer",
    python=DefaultEqualityComparer,
    allowed="",
)
default_equality.prop(
    "static EqualityComparer<T> Default",
    lambda: DefaultEqualityComparer(_object(), default_equality.of(_object())),
)
default_equality.method("bool Equals(T? x, T? y)", lambda c, x, y: c.equals(x, y))
default_equality.method("int GetHashCode(T obj)", lambda c, x: c.hash_code(x))
