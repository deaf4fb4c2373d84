"""From token to object: `token.ToObject<T>()` and `JsonConvert.DeserializeObject<T>(text)`.

A node is a token or raw parsed data.  Raw data keeps what the text said (a date is still its text), which is what the
serializer sees when it reads text straight into strings.
"""

from __future__ import annotations

from typing import Any

from apimpy.csharp.types import AnonymousType, ArrayType, Named, TupleType, Type
from apimpy.dotnet.exceptions import ClrError, JsonReaderException, JsonSerializationException
from apimpy.dotnet.json_net.casts import BY_FULL_NAME, cast, convert, default_of
from apimpy.dotnet.json_net.kinds import BOOLEAN, FLOAT, INTEGER, NULL, STRING, UNDEFINED
from apimpy.dotnet.json_net.library import construct, invoke
from apimpy.dotnet.json_net.path_text import path_text
from apimpy.dotnet.json_net.scalars import scalar_text
from apimpy.dotnet.json_net.tree import JArray, JObject, JProperty, JToken, JValue, bounded, wrap
from apimpy.dotnet.json_net.typing_ import is_a
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import Anonymous, Array, ClrTuple, KeyValuePair, Runtime, type_of

__all__ = ["deserialize", "to_object"]

_GENERIC = "System.Collections.Generic."
_LISTS = frozenset(
    _GENERIC + n for n in ("List", "IList", "ICollection", "IEnumerable", "IReadOnlyList", "IReadOnlyCollection")
)
_SETS = frozenset((_GENERIC + "HashSet", _GENERIC + "ISet"))
_DICTIONARIES = frozenset(_GENERIC + n for n in ("Dictionary", "IDictionary", "IReadOnlyDictionary"))
_OTHERS = {_GENERIC + "SortedDictionary": "Add", _GENERIC + "Queue": "Enqueue", _GENERIC + "Stack": "Push"}
_BASE = "Newtonsoft.Json.Linq.JToken"


def to_object(token: JToken, of: Type, rt: Runtime) -> Any:
    """`token.ToObject<T>()`: plain types are the explicit conversions, all others go through the serializer."""
    target, nullable = _underlying(of)
    known = BY_FULL_NAME.get(target.full_name)
    if known is not None and known.keyword != "byte[]":
        return cast(rt, known, token, nullable=nullable or known.keyword in ("string", "Uri"))
    return deserialize(token, of, rt)


def deserialize(node: Any, of: Type, rt: Runtime) -> Any:
    return _read(node, of, rt, ())


def _underlying(of: Type) -> tuple[Type, bool]:
    if isinstance(of, Named) and of.decl.full_name == "System.Nullable":
        return of.args[0], True
    return of, not of.is_value


def raw_of(token: JToken) -> Any:
    """The raw data of a freshly parsed document, else the token."""
    if type(token) is JObject:
        return token._values
    return token._items if type(token) is JArray else token


@bounded
def _read(node: Any, of: Type, rt: Runtime, path: tuple[str | int, ...]) -> Any:
    name = of.decl.full_name if isinstance(of, Named) else of.full_name
    if isinstance(node, JProperty):
        node = node.value
    if is_a(of, _BASE):
        return _token(node, of, path)
    if name == "System.Object":
        token = node.clone() if isinstance(node, JToken) else wrap(node, None)
        return token.value if isinstance(token, JValue) else token
    fields = _fields(node)
    items = _items(node)
    if fields is None and items is None:
        return _scalar(node, of, rt, path)
    if isinstance(of, ArrayType) or name in _LISTS or name in _SETS or _OTHERS.get(name, "Add") != "Add":
        if items is None:
            raise _wrong_shape("object", of, path)
        return _sequence(items, of, name, rt, path)
    if fields is None:
        raise _wrong_shape("array", of, path)
    if name in _DICTIONARIES or name in _OTHERS:
        return _dictionary(fields, of, rt, path)
    return _record(fields, of, rt, path)


def _fields(node: Any) -> dict[str, Any] | None:
    return node._values if isinstance(node, JObject) else node if type(node) is dict else None


def _items(node: Any) -> list[Any] | None:
    return node._items if isinstance(node, JArray) else node if type(node) is list else None


def _token(node: Any, of: Type, path: tuple[str | int, ...]) -> Any:
    token = node.clone() if isinstance(node, JToken) else wrap(node, None)
    if is_a(type_of(token), of.full_name):
        return token
    if token.kind is NULL:
        return None
    raise JsonSerializationException(
        f"Deserialized JSON type '{token.clr_name}' is not compatible with expected type '{of.full_name}'."
        f" Path '{path_text(path)}'."
    )


def _scalar(node: Any, of: Type, rt: Runtime, path: tuple[str | int, ...]) -> Any:
    target, nullable = _underlying(of)
    from_text = not isinstance(node, JToken)
    token = wrap(node, None) if from_text else node  # a scalar is always a JValue
    assert isinstance(token, JValue)
    kind, value = token.kind, token.value
    known = BY_FULL_NAME.get(target.full_name)
    if kind is NULL or kind is UNDEFINED or value is None:
        if nullable:
            return None
        raise JsonSerializationException(
            f"Error converting value {{null}} to type '{of.full_name}'. Path '{path_text(path)}'."
        )
    if known is not None and known.keyword == "string" and from_text:
        # read straight into a string, the text says it all: dates stay as they are
        return node if type(node) is str else scalar_text(kind, value)
    if isinstance(target, Named) and target.decl.kind == "enum":
        return _enum(value, target, path)
    if known is None:
        if isinstance(target, ArrayType) or target.full_name.startswith(_GENERIC):
            raise JsonSerializationException(
                f"Error converting value {_shown(token)} to type '{of.full_name}'. Path '{path_text(path)}'."
            )
        return default_of(of)
    try:
        if known.bits and kind is not INTEGER:
            if kind is FLOAT or kind is BOOLEAN:
                shown = scalar_text(kind, value)
                raise JsonReaderException(f"Input string '{shown}' is not a valid integer. Path '{path_text(path)}'.")
            if kind is STRING and value == "" and nullable:
                return None
        return convert(rt, known, value)
    except JsonReaderException:
        raise
    except ClrError as error:
        if known.bits and kind is STRING:
            raise JsonReaderException(
                f"Could not convert string to integer: {value}. Path '{path_text(path)}'."
            ) from error
        raise JsonSerializationException(
            f"Error converting value {_shown(token)} to type '{of.full_name}'. Path '{path_text(path)}'.", error
        ) from error


def _shown(token: JValue) -> str:
    return f'"{token.value}"' if token.kind is STRING else token.clr_to_string()


def _enum(value: Any, of: Named, path: tuple[str | int, ...]) -> Any:
    from apimpy.dotnet.values import EnumValue

    if isinstance(value, str):
        found = of.decl.enum_members.get(value)
        if found is None:
            found = next((m for n, m in of.decl.enum_members.items() if n.lower() == value.lower()), None)
        if found is None:
            raise JsonSerializationException(
                f"Error converting value \"{value}\" to type '{of.full_name}'. Path '{path_text(path)}'."
            )
        return found
    return EnumValue(of.decl, int(value))


def _wrong_shape(got: str, of: Type, path: tuple[str | int, ...]) -> ClrError:
    here, there = ('{"name":"value"}', "[1,2,3]") if got == "object" else ("[1,2,3]", '{"name":"value"}')
    wanted = "array" if got == "object" else "object"
    return JsonSerializationException(
        f"Cannot deserialize the current JSON {got} (e.g. {here}) into type '{of.full_name}' because the type requires "
        f"a JSON {wanted} (e.g. {there}) to deserialize correctly. Path '{path_text(path)}'."
    )


def _sequence(items: list[Any], of: Type, name: str, rt: Runtime, path: tuple[str | int, ...]) -> Any:
    item_type = of.element if isinstance(of, ArrayType) else of.args[0] if isinstance(of, Named) else of
    values = [_read(item, item_type, rt, (*path, i)) for i, item in enumerate(items)]
    if isinstance(of, ArrayType):
        return Array(item_type, values)
    if name in _OTHERS:
        assert isinstance(of, Named)
        target, member = of, _OTHERS[name]
    else:
        target = universe().named(_GENERIC + ("HashSet" if name in _SETS else "List"), item_type)
        member = "Add"
    made = construct(target)
    for value in values:
        invoke(target, member, made, value)
    return made


def _dictionary(fields: dict[str, Any], of: Type, rt: Runtime, path: tuple[str | int, ...]) -> Any:
    assert isinstance(of, Named)
    key_type, value_type = of.args
    target = of if of.decl.full_name in _OTHERS else universe().named(_GENERIC + "Dictionary", key_type, value_type)
    made = construct(target)
    for name, node in fields.items():
        key = name if key_type.full_name == "System.String" else _scalar(name, key_type, rt, (*path, name))
        invoke(target, "Add", made, key, _read(node, value_type, rt, (*path, name)))
    return made


def _record(fields: dict[str, Any], of: Type, rt: Runtime, path: tuple[str | int, ...]) -> Any:
    """Tuples, pairs and anonymous objects: their members by name."""

    def member(name: str, type_: Type) -> Any:
        found = name if name in fields else next((n for n in fields if n.lower() == name.lower()), None)
        return default_of(type_) if found is None else _read(fields[found], type_, rt, (*path, name))

    if isinstance(of, AnonymousType):
        made = Anonymous(member(n, t) for n, t in zip(of.names, of.types, strict=True))
        made.clr_type = of
        return made
    if isinstance(of, TupleType):
        pair = ClrTuple(member(f"Item{i}", t) for i, t in enumerate(of.elements, 1))
        pair.clr_type = of
        return pair
    if isinstance(of, Named) and of.decl.full_name == _GENERIC + "KeyValuePair":
        return KeyValuePair(member("Key", of.args[0]), member("Value", of.args[1]))
    if isinstance(of, Named) and of.decl.full_name in ("System.Tuple", "System.ValueTuple"):
        plain = ClrTuple(member(f"Item{i}", t) for i, t in enumerate(of.args, 1))
        plain.clr_type = of
        return plain
    if isinstance(of, Named) and (of.decl.kind == "interface" or of.decl.is_value):
        raise JsonSerializationException(
            f"Could not create an instance of type {of.full_name}. Type is an interface or abstract class and cannot "
            f"be instantiated. Path '{path_text(path)}'."
        )
    raise JsonSerializationException(
        f"Cannot deserialize a JSON object into type '{of.full_name}'. Path '{path_text(path)}'."
    )
