"""System.Collections.Generic.Dictionary<K, V> with its key and value collections; the sorted dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.collections_.enumerator import Enumerator
from apimpy.dotnet.collections_.interfaces import copy_to, key_not_found
from apimpy.dotnet.collections_.keyvalue import pair_class
from apimpy.dotnet.collections_.list_ import modified
from apimpy.dotnet.collections_.ordering import Slots
from apimpy.dotnet.comparison import equality, equality_key, sort_key
from apimpy.dotnet.decl import TypeDecl, clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    NotSupportedException,
)
from apimpy.dotnet.typecheck import default_of
from apimpy.dotnet.values import KeyValuePair, box, iterate, to_string

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

__all__ = ["Dictionary", "Keys", "SortedDictionary", "Values"]

_G = "System.Collections.Generic."
_NONE = object()


class Dictionary(Slots, Mapping[Any, Any]):
    """Entries are (key, value) pairs where keys need a `key_of`, plain values otherwise."""

    __slots__ = ("comparer", "key_type", "names", "pair", "value_type")

    def __init__(self, key_type: Type, value_type: Type, comparer: Any = None) -> None:
        super().__init__(equality_key(key_type, comparer))
        self.key_type, self.value_type, self.comparer = key_type, value_type, comparer
        self.names: dict[Any, Any] | None = None if self.key_of is None else {}
        """The keys as they were added, by their hashed form; None if that is the key itself."""
        self.pair = pair_class(key_type, value_type)

    @property
    def clr_type(self) -> Type:
        return dictionary.of(self.key_type, self.value_type)

    def clr_to_string(self) -> str:
        return self.clr_type.full_name

    def hashed(self, key: Any) -> Any:
        if key is None:
            raise ArgumentNullException("key")
        return key if self.key_of is None else self.key_of(key)

    # what other Python code sees: a mapping

    def __getitem__(self, key: Any) -> Any:
        return self.data[self.hashed(key)]

    def __contains__(self, key: object) -> bool:
        return self.hashed(key) in self.data

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        names = self.names
        return self.hashes() if names is None else iter([names[h] for h in self.hashes()])

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def get(self, key: Any, default: Any = None) -> Any:
        return self.data.get(self.hashed(key), default)

    # what C# sees

    def clr_entries(self) -> Iterator[tuple[Any, Any]]:
        """(key, value) in order; a change under way throws, removals are passed over."""
        version, data, names = self.version, self.data, self.names
        for h in self.hashes():
            value = data.get(h, _NONE)
            if value is _NONE:
                continue
            yield (h if names is None else names[h]), value
            if self.version != version:
                raise modified()

    def clr_iter(self) -> Iterator[KeyValuePair]:
        pair = self.pair
        return (pair(k, v) for k, v in self.clr_entries())

    def clr_keys(self) -> Keys:
        return Keys(self)

    def clr_values(self) -> Values:
        return Values(self)

    def put(self, key: Any, value: Any) -> None:
        """`d[key] = value`."""
        h = self.hashed(key)
        if h in self.data:
            self.data[h] = value
            self.version += 1
        else:
            self._new(h, key, value)

    def _new(self, h: Any, key: Any, value: Any) -> None:
        self.data[h] = value
        if self.names is not None:
            self.names[h] = key
        self.added(h)

    def try_add(self, key: Any, value: Any) -> bool:
        h = self.hashed(key)
        if h in self.data:
            return False
        self._new(h, key, value)
        return True

    def add(self, key: Any, value: Any) -> None:
        if not self.try_add(key, value):
            text = to_string(box(key, self.key_type))
            raise ArgumentException(f"An item with the same key has already been added. Key: {text}")

    def remove(self, key: Any) -> bool:
        return self.take(key)[0]

    def take(self, key: Any) -> tuple[bool, Any]:
        """Remove a key and say what it held."""
        h = self.hashed(key)
        if h not in self.data:
            return False, default_of(self.value_type)
        self.removing(h)
        if self.names is not None:
            del self.names[h]
        return True, self.data.pop(h)

    def clear(self) -> None:
        self.cleared()
        if self.names is not None:
            self.names = {}


# --- views -----------------------------------------------------------------------------------------------------------


class Keys:
    """Dictionary<K, V>.KeyCollection: the keys as they are now."""

    __slots__ = ("owner",)

    read_only = True

    def __init__(self, owner: Dictionary) -> None:
        self.owner = owner

    @property
    def of(self) -> Type:
        return self.owner.key_type

    @property
    def clr_type(self) -> Type:
        return keys.of(self.owner.key_type, self.owner.value_type)

    def clr_to_string(self) -> str:
        return f"{_nested(self.owner)}+KeyCollection[{self.owner.key_type.full_name},{self.owner.value_type.full_name}]"

    def __iter__(self) -> Iterator[Any]:
        return (k for k, _ in self.owner.clr_entries())

    def __len__(self) -> int:
        return len(self.owner)

    def __contains__(self, key: object) -> bool:
        return key is not None and key in self.owner

    clr_contains = __contains__


class Values:
    """Dictionary<K, V>.ValueCollection."""

    __slots__ = ("owner",)

    read_only = True

    def __init__(self, owner: Dictionary) -> None:
        self.owner = owner

    @property
    def of(self) -> Type:
        return self.owner.value_type

    @property
    def clr_type(self) -> Type:
        return values.of(self.owner.key_type, self.owner.value_type)

    def clr_to_string(self) -> str:
        kinds = f"{self.owner.key_type.full_name},{self.owner.value_type.full_name}"
        return f"{_nested(self.owner)}+ValueCollection[{kinds}]"

    def __iter__(self) -> Iterator[Any]:
        return (v for _, v in self.owner.clr_entries())

    def __len__(self) -> int:
        return len(self.owner)


def _nested(owner: Dictionary) -> str:
    return owner.clr_type.full_name.partition("[")[0]


keys = clr_type(
    _G + "Dictionary.KeyCollection<TKey, TValue>",
    bases="object, ICollection<TKey>, IReadOnlyCollection<TKey>",
    python=Keys,
    allowed="",
)
values = clr_type(
    _G + "Dictionary.ValueCollection<TKey, TValue>",
    bases="object, ICollection<TValue>, IReadOnlyCollection<TValue>",
    python=Values,
    allowed="",
)


def _frozen(kind: str) -> Callable[..., Any]:
    def refuse(*_args: Any) -> Any:
        raise NotSupportedException(f"Mutating a {kind} collection derived from a dictionary is not allowed.")

    return refuse


for _decl, _element, _kind in ((keys, "TKey", "key"), (values, "TValue", "value")):
    _decl.prop("int Count", len)
    _decl.method(f"void CopyTo({_element}[] array, int index)", copy_to)
    _decl.method(f"IEnumerator<{_element}> GetEnumerator()", lambda view: Enumerator(view, view.of))
    _decl.method(f"void Add({_element} item)", _frozen(_kind))
    _decl.method(f"bool Remove({_element} item)", _frozen(_kind))
    _decl.method("void Clear()", _frozen(_kind))

# --- Dictionary ------------------------------------------------------------------------------------------------------

dictionary = clr_type(
    _G + "Dictionary<TKey, TValue>",
    bases="object, IDictionary<TKey, TValue>, IReadOnlyDictionary<TKey, TValue>, System.Collections.IDictionary",
    python=Dictionary,
)
_T = dictionary


def _capacity(n: int) -> None:
    if n < 0:
        raise ArgumentOutOfRangeException("capacity")


def copied(made: Dictionary, source: Any, param: str) -> Dictionary:
    """`made`, filled from a dictionary or a sequence of pairs."""
    if source is None:
        raise ArgumentNullException(param)
    for key, value in iterate(source):
        made.add(key, value)
    return made


@_T.ctor("Dictionary(int capacity)", reify=True)
def new_capacity(k: Type, v: Type, capacity: int) -> Dictionary:
    _capacity(capacity)
    return Dictionary(k, v)


@_T.ctor("Dictionary(int capacity, IEqualityComparer<TKey> comparer)", reify=True)
def new_capacity_comparer(k: Type, v: Type, capacity: int, comparer: Any) -> Dictionary:
    _capacity(capacity)
    return Dictionary(k, v, comparer)


_T.ctor("Dictionary()", Dictionary, reify=True)
_T.ctor("Dictionary(IEqualityComparer<TKey> comparer)", Dictionary, reify=True)
_T.ctor(
    "Dictionary(IDictionary<TKey, TValue> dictionary)",
    lambda k, v, d: copied(Dictionary(k, v), d, "dictionary"),
    reify=True,
)
_T.ctor(
    "Dictionary(IDictionary<TKey, TValue> dictionary, IEqualityComparer<TKey> comparer)",
    lambda k, v, d, c: copied(Dictionary(k, v, c), d, "dictionary"),
    reify=True,
)


def get_item(self: Dictionary, key: Any) -> Any:
    value = self.data.get(self.hashed(key), _NONE)
    if value is _NONE:
        raise key_not_found(box(key, self.key_type))
    return value


def try_get(self: Dictionary, key: Any) -> tuple[bool, Any]:
    value = self.data.get(self.hashed(key), _NONE)
    return (False, default_of(self.value_type)) if value is _NONE else (True, value)


_T.indexer("TValue? this[TKey key]", get_item, Dictionary.put)
_T.prop("int Count", len)
_T.prop("KeyCollection<TKey, TValue> Keys", Keys)
_T.prop("ValueCollection<TKey, TValue> Values", Values)
_T.prop("IEqualityComparer<TKey>? Comparer", attr="comparer")
_T.method("void Add(TKey key, TValue value)", Dictionary.add)
_T.method("bool TryAdd(TKey key, TValue value)", Dictionary.try_add, since="core")
_T.method("bool ContainsKey(TKey key)", Dictionary.__contains__)
_T.method("bool TryGetValue(TKey key, out TValue value)", try_get)
_T.method("bool Remove(TKey key)", Dictionary.remove)
_T.method("bool Remove(TKey key, out TValue value)", Dictionary.take, since="core")
_T.method("void Clear()", Dictionary.clear)
_T.method("int EnsureCapacity(int capacity)", lambda d, n: max(n, len(d)), since="core")
_T.method("void TrimExcess()", lambda _d: None, since="core")
_T.method("IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator()", lambda d: Enumerator(d, d.pair.clr_type))


@_T.method("bool ContainsValue(TValue value)")
def contains_value(self: Dictionary, value: Any) -> bool:
    same = equality(self.value_type)
    return any(same(v, value) for v in self.data.values())


# --- sorted ----------------------------------------------------------------------------------------------------------


class SortedDictionary(Dictionary):
    """SortedDictionary<K, V> and SortedList<K, V>: enumerated by key."""

    __slots__ = ("decl", "key_order")

    def __init__(self, decl: Any, key_type: Type, value_type: Type, comparer: Any = None) -> None:
        # equality is the order's: two keys that compare as equal are the same key
        super().__init__(key_type, value_type)
        self.decl = decl
        self.comparer = comparer
        self.key_order = sort_key(key_type, comparer)
        if comparer is not None and hasattr(comparer, "equals"):
            self.key_of = equality_key(key_type, comparer)
            self.names = {}

    @property
    def clr_type(self) -> Type:
        return self.decl.of(self.key_type, self.value_type)  # type: ignore[no-any-return]

    def hashes(self) -> Iterator[Any]:
        names, order = self.names, self.key_order
        if names is not None:
            return iter(sorted(self.data, key=lambda h: names[h] if order is None else order(names[h])))
        return iter(sorted(self.data, key=order))


def _sorted_type(name: str) -> TypeDecl:
    decl = clr_type(
        f"{_G}{name}<TKey, TValue>",
        bases="object, IDictionary<TKey, TValue>, IReadOnlyDictionary<TKey, TValue>, System.Collections.IDictionary",
        python=SortedDictionary,
        allowed="",
    )
    decl.ctor(f"{name}()", lambda k, v: SortedDictionary(decl, k, v), reify=True)
    decl.ctor(f"{name}(IComparer<TKey> comparer)", lambda k, v, c: SortedDictionary(decl, k, v, c), reify=True)
    decl.ctor(
        f"{name}(IDictionary<TKey, TValue> dictionary)",
        lambda k, v, d: copied(SortedDictionary(decl, k, v), d, "dictionary"),
        reify=True,
    )
    decl.ctor(
        f"{name}(IDictionary<TKey, TValue> dictionary, IComparer<TKey> comparer)",
        lambda k, v, d, c: copied(SortedDictionary(decl, k, v, c), d, "dictionary"),
        reify=True,
    )
    decl.indexer("TValue? this[TKey key]", get_item, Dictionary.put)
    decl.prop("int Count", len)
    decl.prop("ICollection<TKey> Keys", Keys)
    decl.prop("ICollection<TValue> Values", Values)
    decl.method("void Add(TKey key, TValue value)", Dictionary.add)
    decl.method("bool ContainsKey(TKey key)", Dictionary.__contains__)
    decl.method("bool ContainsValue(TValue value)", contains_value)
    decl.method("bool TryGetValue(TKey key, out TValue value)", try_get)
    decl.method("bool Remove(TKey key)", Dictionary.remove)
    decl.method("void Clear()", Dictionary.clear)
    decl.method("IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator()", lambda d: Enumerator(d, d.pair.clr_type))
    if name == "SortedDictionary":
        decl.method("void CopyTo(KeyValuePair<TKey, TValue>[] array, int index)", copy_to)
    return decl


sorted_dictionary = _sorted_type("SortedDictionary")
sorted_list = _sorted_type("SortedList")
