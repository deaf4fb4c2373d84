"""The tree model of Json.NET in Python: `JToken` and its kinds, attached to each other by the parent rules of Json.NET.

What is stored is lazy.  A `JObject` is a dict from name to child, a `JArray` a list of children; a child is either a
`JToken` or raw parsed data (dict, list, str, int, float, bool, None), which becomes a token when it is touched and then
replaces the raw value in place.  Date texts are recognised at that moment too.  `JProperty` objects are made only when
somebody asks for them; until then the value in the dict is all there is.

    >>> parse_text('{"a": [1, 2]}')["a"][0].value
    1

- `_owner` of a token is the `JObject`, `JArray`, `JConstructor` or (detached) `JProperty` that holds it; `parent` is
  what C# sees, which for a value in an object is the property.
- `value` of a `JValue` is the BOXED C# value (an integer read from text is an `Int64`).
- `__iter__` and `children()` give the children as `IEnumerable<JToken>` sees them (properties of an object);
  `clr_iter()` gives what `foreach` over the static type sees: for `JObject` the `KeyValuePair<string, JToken>`s.
- A token that already has a parent is cloned when it is added elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    InvalidOperationException,
    JsonException,
)
from apimpy.dotnet.json_net.kinds import (
    ARRAY,
    BOOLEAN,
    COMMENT,
    CONSTRUCTOR,
    DATE,
    FLOAT,
    INTEGER,
    NULL,
    OBJECT,
    PROPERTY,
    STRING,
)
from apimpy.dotnet.json_net.scalars import BigInteger, date_of
from apimpy.dotnet.json_net.token_base import (
    MODIFIED,
    RANGE,
    JContainer,
    JRaw,
    JToken,
    JValue,
    bounded,
    from_content,
    is_multi,
)
from apimpy.dotnet.values import Int64, KeyValuePair, from_text, to_string

__all__ = [
    "JArray",
    "JConstructor",
    "JContainer",
    "JObject",
    "JProperty",
    "JRaw",
    "JToken",
    "JValue",
    "bounded",
    "from_content",
    "is_multi",
    "wrap",
]

MISSING: Any = object()
_new = object.__new__
LONG_MAX = 0x7FFFFFFFFFFFFFFF


def wrap(raw: Any, owner: JContainer | None, key: str | None = None) -> JToken:
    """The token of raw parsed data."""
    kind = type(raw)
    token: JToken
    if kind is str:
        text = raw if raw.isascii() else from_text(raw)
        date = date_of(text) if 18 < len(text) < 41 or text[:1] == "/" else None
        token = _new(JValue)
        token.value, token.kind = (text, STRING) if date is None else (date, DATE)
    elif kind is dict:
        token = _new(JObject)
        token._values, token._properties = raw, None
    elif kind is list:
        token = _new(JArray)
        token._items, token._version = raw, 0
    elif kind is int:
        token = JValue.of(Int64(raw) if -LONG_MAX - 2 < raw <= LONG_MAX else BigInteger(raw), INTEGER)
    elif kind is float:
        token = JValue.of(raw or 0.0, FLOAT)  # Json.NET has one zero, without a sign
    elif kind is bool:
        token = JValue.of(raw, BOOLEAN)
    else:
        token = JValue.of(None, NULL)
    token._owner, token._key = owner, key
    return token


def unchanged(current: JToken, new: JToken | None) -> bool:
    """Assigning an equal plain value keeps the token that is there."""
    return isinstance(current, JValue) and ((current.kind is NULL and new is None) or current == new)


class JArray(JContainer):
    """Newtonsoft.Json.Linq.JArray"""

    __slots__ = ("_items", "_version")
    clr_name = "Newtonsoft.Json.Linq.JArray"
    kind = ARRAY

    def __init__(self, items: Iterable[JToken] = ()) -> None:
        self._owner = self._key = None
        self._items: list[Any] = []
        self._version = 0
        for item in items:
            self.insert_item(len(self._items), item)

    @property
    def count(self) -> int:
        return len(self._items)

    def children(self) -> list[JToken]:
        items = self._items
        for i, item in enumerate(items):
            if not isinstance(item, JToken):
                items[i] = wrap(item, self)
        return items

    def as_sequence(self) -> Iterable[JToken]:
        """An array is its own sequence: an enumeration notices changes."""
        return self

    def at(self, index: int) -> JToken:
        items = self._items
        if not 0 <= index < len(items):
            raise ArgumentOutOfRangeException("index", RANGE)
        item = items[index]
        if not isinstance(item, JToken):
            item = items[index] = wrap(item, self)
        return item

    __getitem__ = at

    def _guarded(self) -> Iterator[JToken]:
        # INVARIANT: enumerating a list that changes meanwhile throws, as List<T> does
        version = self._version
        for token in self.children():
            yield token
            if self._version != version:
                raise InvalidOperationException(MODIFIED)

    def __len__(self) -> int:
        return len(self._items)

    def child_at(self, key: Any) -> JToken | None:
        return self.at(self._index(key, "Accessed"))

    def set_child(self, key: Any, value: JToken | None) -> None:
        self.set_item(self._index(key, "Set"), value)

    def _index(self, key: Any, verb: str) -> int:
        if key is None:
            raise ArgumentNullException("key")
        if type(key) is not int:
            shown = f'"{key}"' if type(key) is str else to_string(key)
            raise ArgumentException(
                f"{verb} JArray values with invalid key value: {shown}. Int32 array index expected."
            )
        return key

    def index_of(self, item: JToken | None) -> int:
        for i, token in enumerate(self._items):
            if token is item:
                return i
        return -1

    def insert_item(self, index: int, item: JToken | None) -> None:
        if not 0 <= index <= len(self._items):
            raise ArgumentOutOfRangeException("index", "Index must be within the bounds of the List.")
        item = self.adopt(item)
        self.check_child(item)
        item._owner = self
        self._items.insert(index, item)
        self._version += 1

    def set_item(self, index: int, item: JToken | None) -> None:
        if index < 0:
            raise ArgumentOutOfRangeException("index", "Index is less than 0.")
        if index >= len(self._items):
            raise ArgumentOutOfRangeException("index", "Index is equal to or greater than Count.")
        current = self.at(index)
        if unchanged(current, item):
            return
        item = self.adopt(item)
        self.check_child(item)
        current._owner = None
        item._owner = self
        self._items[index] = item
        self._version += 1

    def remove_item(self, item: JToken | None) -> bool:
        at = self.index_of(item)
        if at < 0:
            return False
        self.remove_at(at)
        return True

    def remove_at(self, index: int) -> None:
        if index < 0:
            raise ArgumentOutOfRangeException("index", "Index is less than 0.")
        if index >= len(self._items):
            raise ArgumentOutOfRangeException("index", "Index is equal to or greater than Count.")
        self.at(index)._owner = None
        del self._items[index]
        self._version += 1

    def clear(self) -> None:
        for item in self._items:
            if isinstance(item, JToken):
                item._owner = None
        self._items.clear()
        self._version += 1

    def clone(self) -> JToken:
        copy: JArray = type(self).__new__(type(self))
        copy._owner = copy._key = None
        copy._version = 0
        copy._items = [_copied(item, copy, None) for item in self._items]
        if isinstance(self, JConstructor) and isinstance(copy, JConstructor):
            copy.name = self.name
        return copy

    def same(self, other: JToken) -> bool:
        if type(other) is not type(self) or len(self._items) != len(other._items):
            return False
        if isinstance(self, JConstructor) and isinstance(other, JConstructor) and self.name != other.name:
            return False
        return all(a.same(b) for a, b in zip(self.children(), other.children(), strict=True))


class JConstructor(JArray):
    """Newtonsoft.Json.Linq.JConstructor: `new Name(arguments)`.  To C# it is not a JArray."""

    __slots__ = ("name",)
    clr_name = "Newtonsoft.Json.Linq.JConstructor"
    kind = CONSTRUCTOR

    def __init__(self, name: str | None = None, items: Iterable[JToken] = ()) -> None:
        super().__init__(items)
        self.name = name

    def _index(self, key: Any, verb: str) -> int:
        if key is None:
            raise ArgumentNullException("key")
        if type(key) is not int:
            shown = f'"{key}"' if type(key) is str else to_string(key)
            raise ArgumentException(
                f"{verb} JConstructor values with invalid key value: {shown}. Argument position index expected."
            )
        return key


class JProperty(JContainer):
    """Newtonsoft.Json.Linq.JProperty.  Attached, its value lives in the object; detached, in `_value`."""

    __slots__ = ("_value", "name")
    clr_name = "Newtonsoft.Json.Linq.JProperty"
    kind = PROPERTY

    _owner: JObject | None

    def __init__(self, name: str, value: JToken | None = None) -> None:
        self._owner = self._key = None
        self.name = name
        self._value: JToken = self.adopt(value)
        self._value._owner = self

    @property
    def value(self) -> JToken:
        owner = self._owner
        if owner is None:
            return self._value
        found: JToken | None = owner.get(self.name)
        assert found is not None
        return found

    @property
    def count(self) -> int:
        return 1

    def children(self) -> list[JToken]:
        return [self.value]

    def insert_item(self, index: int, item: JToken | None) -> None:
        if item is not None and item.kind is COMMENT:
            return
        raise JsonException(f"{self.clr_name} cannot have multiple values.")

    def set_item(self, index: int, item: JToken | None) -> None:
        if index != 0:
            raise ArgumentOutOfRangeException
        current = self.value
        if unchanged(current, item):
            return
        item = self.adopt(item)
        self.check_child(item)
        current._owner = current._key = None
        owner = self._owner
        if owner is None:
            item._owner = self
            self._value = item
        else:
            item._owner, item._key = owner, self.name
            owner._values[self.name] = item

    def remove_item(self, item: JToken | None) -> bool:
        raise JsonException(f"Cannot add or remove items from {self.clr_name}.")

    def clear(self) -> None:
        raise JsonException(f"Cannot add or remove items from {self.clr_name}.")

    def detach(self) -> None:
        """Take the value out of the object with it."""
        value = self.value
        self._owner = None
        self._value = value
        value._owner, value._key = self, None

    def clone(self) -> JToken:
        return JProperty(self.name, self.value.clone())

    def same(self, other: JToken) -> bool:
        return isinstance(other, JProperty) and self.name == other.name and self.value.same(other.value)


class JObject(JContainer):
    """Newtonsoft.Json.Linq.JObject"""

    __slots__ = ("_properties", "_values")
    clr_name = "Newtonsoft.Json.Linq.JObject"
    kind = OBJECT

    def __init__(self) -> None:
        self._owner = self._key = None
        self._values: dict[str, Any] = {}
        self._properties: dict[str, JProperty] | None = None

    @property
    def count(self) -> int:
        return len(self._values)

    def get(self, name: str, default: Any = None) -> Any:
        """The token under a name; mapping-like, for the declared dictionary interfaces."""
        value = self._values.get(name, MISSING)
        if type(value) is JValue or isinstance(value, JToken):
            return value
        if value is MISSING:
            return default
        token = self._values[name] = wrap(value, self, name)
        return token

    def put(self, name: str, value: JToken | None) -> None:
        """`this[name] = value`"""
        if name in self._values:
            prop = self.property(name)
            assert prop is not None
            prop.set_item(0, value)
        else:
            self.attach(name, value)

    def attach(self, name: str, value: JToken | None) -> None:
        """Add a value under a name that is not taken; no property object is made."""
        if name in self._values:
            raise self._taken(name)
        item = self.adopt(value)
        self.check_value(item)
        item._owner, item._key = self, name
        self._values[name] = item

    def check_value(self, item: JToken) -> None:
        if type(item) is JProperty:
            raise ArgumentException(f"Can not add {item.clr_name} to {JProperty.clr_name}.")

    def _taken(self, name: str) -> ArgumentException:
        return ArgumentException(
            f"Can not add property {name} to {self.clr_name}. Property with the same name already exists on object."
        )

    def property(self, name: str) -> JProperty | None:
        if name not in self._values:
            return None
        known = self._properties
        if known is None:
            known = self._properties = {}
        prop = known.get(name)
        if prop is None:
            prop = known[name] = JProperty.__new__(JProperty)
            prop.name, prop._owner, prop._key = name, self, None
        return prop

    def children(self) -> list[JToken]:
        return [self.property(name) for name in self._values]  # type: ignore[misc]

    def pairs(self) -> Iterator[KeyValuePair]:
        for name in list(self._values):
            yield KeyValuePair(name, self.get(name))

    def clr_iter(self) -> Iterator[Any]:
        count = len(self._values)
        for name in list(self._values):
            yield KeyValuePair(name, self.get(name))
            if len(self._values) != count:
                raise InvalidOperationException(MODIFIED)

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> list[str]:
        return list(self._values)

    def items(self) -> Iterator[KeyValuePair]:
        return self.pairs()

    def __bool__(self) -> bool:
        return True

    def child_at(self, key: Any) -> JToken | None:
        found: JToken | None = self.get(self._name(key, "Accessed"))
        return found

    def set_child(self, key: Any, value: JToken | None) -> None:
        self.put(self._name(key, "Set"), value)

    def _name(self, key: Any, verb: str) -> str:
        if key is None:
            raise ArgumentNullException("key")
        if type(key) is not str:
            raise ArgumentException(
                f"{verb} JObject values with invalid key value: {to_string(key)}. Object property name expected."
            )
        return key

    def index_of(self, item: JToken | None) -> int:
        if not isinstance(item, JProperty) or item._owner is not self:
            return -1
        return list(self._values).index(item.name)

    def insert_item(self, index: int, item: JToken | None) -> None:
        if item is not None and item.kind is COMMENT:
            return
        item = self.adopt(item)
        if not isinstance(item, JProperty):
            raise ArgumentException(f"Can not add {item.clr_name} to {self.clr_name}.")
        name = item.name
        if name in self._values:
            raise self._taken(name)
        value = item._value
        value._owner, value._key = self, name
        item._owner = self
        self._values[name] = value
        if self._properties is None:
            self._properties = {}
        self._properties[name] = item
        if index < len(self._values) - 1:
            names = list(self._values)
            names.insert(index, names.pop())
            self._reorder(names)

    def _reorder(self, names: list[str]) -> None:
        values = {name: self._values[name] for name in names}
        self._values.clear()
        self._values.update(values)

    def set_item(self, index: int, item: JToken | None) -> None:
        names = list(self._values)
        current = self.property(names[index])
        item = self.adopt(item)
        if not isinstance(item, JProperty):
            raise ArgumentException(f"Can not add {item.clr_name} to {self.clr_name}.")
        assert current is not None
        if item.name != current.name and item.name in self._values:
            raise self._taken(item.name)
        self.remove_item(current)
        self.insert_item(index, item)

    def remove_item(self, item: JToken | None) -> bool:
        if not isinstance(item, JProperty) or item._owner is not self:
            return False
        item.detach()
        del self._values[item.name]
        if self._properties is not None:
            self._properties.pop(item.name, None)
        return True

    def remove_name(self, name: str) -> bool:
        prop = self.property(name)
        return prop is not None and self.remove_item(prop)

    def clear(self) -> None:
        for prop in self.children():
            self.remove_item(prop)

    def clone(self) -> JToken:
        copy = JObject()
        copy._values = {name: _copied(value, copy, name) for name, value in self._values.items()}
        return copy

    def same(self, other: JToken) -> bool:
        if not isinstance(other, JObject) or len(self._values) != len(other._values):
            return False
        for name in self._values:
            mine, theirs = self.get(name), other.get(name)
            if theirs is None or mine is None or not mine.same(theirs):
                return False
        return True


def _copied(value: Any, owner: JContainer, name: str | None) -> Any:
    """A copy of a child; raw data is copied raw."""
    if isinstance(value, JToken):
        token = value.clone()
        token._owner, token._key = owner, name
        return token
    if type(value) is dict:
        return {k: _copied(v, owner, None) for k, v in value.items()}
    if type(value) is list:
        return [_copied(v, owner, None) for v in value]
    return value


Mapping.register(JObject)
