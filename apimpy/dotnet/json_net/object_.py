"""C#'s `JObject`: declarations over `tree`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException
from apimpy.dotnet.json_net.merge import find_property
from apimpy.dotnet.json_net.serialize import from_object
from apimpy.dotnet.json_net.token import as_query, parse
from apimpy.dotnet.json_net.tree import JObject, JProperty, JToken
from apimpy.dotnet.values import Array

if TYPE_CHECKING:
    from apimpy.dotnet.values import EnumValue

__all__ = ["object_"]

object_ = clr_type("Newtonsoft.Json.Linq.JObject", bases="JContainer, IDictionary<string, JToken>", python=JObject)


@object_.ctor("JObject(params object?[] content)")
def new_object(content: Any) -> JObject:
    token = JObject()
    if type(content) is JProperty:
        content = (content,)
    elif type(content) is not Array or content.of.is_value:
        token.add(content)
        return token
    values = token._values
    properties = token._properties = {}
    for item in content:
        if type(item) is JProperty and item._owner is None and item.name not in values:
            name, value = item.name, item._value
            value._owner, value._key, item._owner = token, name, token
            values[name], properties[name] = value, item
        else:
            token.add(item)
    return token


@object_.method("static JObject FromObject(object o)")
def object_from(value: Any) -> JToken:
    if value is None:
        raise ArgumentNullException("o")
    token = from_object(value)
    if token.kind is not JObject.kind:
        raise ArgumentException(f"Object serialized to {token.kind.clr_to_string()}. JObject instance expected.")
    return token


def _get(token: JObject, name: str | None) -> JToken | None:
    if name is None:
        raise ArgumentNullException("propertyName")
    return token.get(name)  # type: ignore[no-any-return]


def _put(token: JObject, name: str | None, value: JToken | None) -> None:
    if name is None:
        raise ArgumentNullException("propertyName")
    token.put(name, value)


def _add(token: JObject, name: str | None, value: JToken | None) -> None:
    if name is None:
        raise ArgumentNullException("name")
    token.attach(name, value)


def _property(token: JObject, name: str | None, comparison: EnumValue | None) -> JProperty | None:
    return None if name is None else find_property(token, name, comparison)


def _value(token: JObject, name: str | None, comparison: EnumValue | None) -> JToken | None:
    found = _property(token, name, comparison)
    return None if found is None else found.value


def _get_value(token: JObject, name: str | None) -> JToken | None:
    return None if name is None else token.get(name)


def _try_get(token: JObject, name: str | None) -> tuple[bool, JToken | None]:
    found = _get_value(token, name)
    return found is not None, found


def _try_get_with(token: JObject, name: str | None, comparison: EnumValue) -> tuple[bool, JToken | None]:
    found = _value(token, name, comparison)
    return found is not None, found


def _remove(token: JObject, name: str | None) -> bool:
    if name is None:
        raise ArgumentNullException("propertyName")
    return token.remove_name(name)


def _contains(token: JObject, name: str | None) -> bool:
    if name is None:
        raise ArgumentNullException("propertyName")
    return name in token


object_.ctor("JObject()", JObject)
object_.ctor("JObject(object content)", new_object)
object_.ctor("JObject(JObject other)", lambda other: other.clone())
object_.method("static JObject Parse(string json)", lambda text: parse(text, "JObject"))
object_.method(
    "static JObject Parse(string json, JsonLoadSettings? settings)", lambda text, s: parse(text, "JObject", s)
)
object_.indexer("JToken? this[string propertyName]", _get, _put)
object_.indexer("JToken? this[object key]", JObject.child_at, JObject.set_child)
object_.method("void Add(string propertyName, JToken? value)", _add)
object_.method("bool Remove(string propertyName)", _remove)
object_.method("bool ContainsKey(string propertyName)", _contains)
object_.method("JProperty? Property(string name)", lambda token, name: _property(token, name, None))
object_.method("JProperty? Property(string name, StringComparison comparison)", _property)
object_.method("JToken? GetValue(string propertyName)", _get_value)
object_.method("JToken? GetValue(string propertyName, StringComparison comparison)", _value)
object_.method("bool TryGetValue(string propertyName, out JToken? value)", _try_get)
object_.method("bool TryGetValue(string propertyName, StringComparison comparison, out JToken? value)", _try_get_with)


@object_.method("IEnumerable<JProperty> Properties()")
def properties(token: JObject) -> Any:
    return as_query(lambda: iter(token.children()), "Newtonsoft.Json.Linq.JProperty")


@object_.method("JEnumerable<JToken> PropertyValues()")
def property_values(token: JObject) -> Any:
    return as_query(lambda: (pair[1] for pair in token.pairs()))


@object_.method("IEnumerator<KeyValuePair<string, JToken>> GetEnumerator()")
def enumerate_pairs(token: JObject) -> Any:
    from apimpy.dotnet.collections_.enumerator import enumerator
    from apimpy.dotnet.universe import universe

    types = universe()
    pair = types.named(
        "System.Collections.Generic.KeyValuePair",
        types.named("System.String"),
        types.named("Newtonsoft.Json.Linq.JToken"),
    )
    return enumerator(token, pair)
