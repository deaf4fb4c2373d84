"""C#'s `JContainer`, `JProperty`, `JArray` and `JConstructor`: declarations over `tree`."""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException
from apimpy.dotnet.json_net.kinds import BOOLEAN, INTEGER, STRING
from apimpy.dotnet.json_net.merge import merge
from apimpy.dotnet.json_net.serialize import from_object
from apimpy.dotnet.json_net.token import as_query, parse
from apimpy.dotnet.json_net.tree import (
    JArray,
    JConstructor,
    JContainer,
    JProperty,
    JToken,
    JValue,
    from_content,
    is_multi,
)
from apimpy.dotnet.values import Array

__all__ = ["array_", "container_", "property_"]

container_ = clr_type("Newtonsoft.Json.Linq.JContainer", bases="JToken, IList<JToken>", python=JContainer)


def _replace_all(container: JContainer, content: Any) -> None:
    container.clear()
    container.add(content)


container_.prop("int Count", lambda c: c.count)
container_.method("void Add(object? content)", lambda c, content: c.add(content))
container_.method("void AddFirst(object? content)", lambda c, content: c.add_at(0, content))
container_.method("void RemoveAll()", lambda c: c.clear())
container_.method("void ReplaceAll(object? content)", _replace_all)
container_.method("IEnumerable<JToken> Descendants()", lambda c: as_query(c.descendants))
container_.method("IEnumerable<JToken> DescendantsAndSelf()", lambda c: as_query(lambda: c.descendants(True)))
container_.method("void Merge(object? content)", lambda c, content: merge(c, content, None))
container_.method("void Merge(object? content, JsonMergeSettings? settings)", merge)

# --- JProperty -------------------------------------------------------------------------------------------------------

property_ = clr_type("Newtonsoft.Json.Linq.JProperty", bases="JContainer", python=JProperty)


_PLAIN = {str: STRING, int: INTEGER, bool: BOOLEAN}


@property_.ctor("JProperty(string name, object? content)")
def new_property(name: str | None, content: Any) -> JProperty:
    if name is None:
        raise ArgumentNullException("name")
    kind = _PLAIN.get(type(content))
    if kind is not None:
        made: JProperty = JProperty.__new__(JProperty)
        value = made._value = JValue.of(content, kind)
        made.name, made._owner, made._key, value._owner = name, None, None, made
        return made
    if not is_multi(content):
        return JProperty(name, from_content(content))
    array = JArray()
    array.add(content)
    return JProperty(name, array)


property_.ctor("JProperty(string name, params object?[] content)", new_property)
property_.ctor("JProperty(JProperty other)", lambda other: other.clone())
property_.prop("string Name", attr="name")
property_.prop("JToken Value", lambda p: p.value, lambda p, value: p.set_item(0, value))

# --- JArray ----------------------------------------------------------------------------------------------------------

array_ = clr_type("Newtonsoft.Json.Linq.JArray", bases="JContainer", python=JArray)


@array_.ctor("JArray(params object?[] content)")
def new_array(content: Any) -> JArray:
    array = JArray()
    array.add(content)
    return array


@array_.method("static JArray FromObject(object o)")
def array_from(value: Any) -> JToken:
    if value is None:
        raise ArgumentNullException("o")
    token = from_object(value)
    if token.kind is not JArray.kind:
        raise ArgumentException(f"Object serialized to {token.kind.clr_to_string()}. JArray instance expected.")
    return token


def _copy_to(array: JArray, target: Array | None, start: int) -> None:
    from apimpy.dotnet.collections_.interfaces import copy_to

    copy_to(array, target, start)


array_.ctor("JArray()", JArray)
array_.ctor("JArray(object? content)", new_array)
array_.ctor("JArray(JArray other)", lambda other: other.clone())
array_.method("static JArray Parse(string json)", lambda text: parse(text, "JArray"))
array_.method("static JArray Parse(string json, JsonLoadSettings? settings)", lambda text, s: parse(text, "JArray", s))
array_.indexer("JToken this[int index]", JArray.at, JArray.set_item)
array_.indexer("JToken? this[object key]", JArray.child_at, JArray.set_child)
array_.prop("bool IsReadOnly", lambda _array: False)
array_.method("void Add(JToken? item)", lambda array, item: array.insert_item(array.count, item))
array_.method("void Insert(int index, JToken? item)", JArray.insert_item)
array_.method("void RemoveAt(int index)", JArray.remove_at)
array_.method("bool Remove(JToken? item)", JArray.remove_item)
array_.method("bool Contains(JToken? item)", lambda array, item: array.index_of(item) >= 0)
array_.method("int IndexOf(JToken? item)", JArray.index_of)
array_.method("void Clear()", JArray.clear)
array_.method("void CopyTo(JToken[] array, int arrayIndex)", _copy_to)
array_.method("IEnumerator<JToken> GetEnumerator()", lambda array: _enumerator(array, "Newtonsoft.Json.Linq.JToken"))


def _enumerator(source: Any, of: str) -> Any:
    from apimpy.dotnet.collections_.enumerator import enumerator
    from apimpy.dotnet.universe import universe

    return enumerator(source, universe().named(of))


# --- JConstructor ----------------------------------------------------------------------------------------------------

constructor_ = clr_type("Newtonsoft.Json.Linq.JConstructor", bases="JContainer", python=JConstructor)


@constructor_.ctor("JConstructor(string name, params object?[] content)")
def new_constructor(name: str | None, content: Any) -> JConstructor:
    if name is None:
        raise ArgumentNullException("name")
    if not name:
        raise ArgumentException("Constructor name cannot be empty.", "name")
    token = JConstructor(name)
    token.add(content)
    return token


def _rename(token: JConstructor, name: str | None) -> None:
    token.name = name


constructor_.ctor("JConstructor()", JConstructor)
constructor_.ctor("JConstructor(string name)", lambda name: new_constructor(name, Array(_object())))
constructor_.ctor("JConstructor(string name, object content)", new_constructor)
constructor_.ctor("JConstructor(JConstructor other)", lambda other: other.clone())
constructor_.prop("string? Name", lambda token: token.name, _rename)


def _object() -> Any:
    from apimpy.dotnet.universe import universe

    return universe().named("System.Object")
