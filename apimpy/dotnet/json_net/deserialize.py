"""From JSON to objects: `JsonConvert.DeserializeObject<T>(text)` and `token.ToObject<T>()`.

Both read through `typed`: text value by value, or a tree of tokens in the same way.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from apimpy.csharp.types import AnonymousType, ArrayType, Named, TupleType, Type
from apimpy.dotnet.collections_.list_ import List
from apimpy.dotnet.exceptions import ClrError, JsonSerializationException
from apimpy.dotnet.json_net.casts import BY_FULL_NAME, OBJECT, Cast, cast, change_type, convert, default_of
from apimpy.dotnet.json_net.exact import END_ARRAY, END_OBJECT, NAME, NONE, START_ARRAY, START_OBJECT
from apimpy.dotnet.json_net.library import call, construct, invoke
from apimpy.dotnet.json_net.scalars import BigInteger, is_bytes
from apimpy.dotnet.json_net.tree import JObject, JToken, bounded
from apimpy.dotnet.json_net.typed import TextReader, TokenReader
from apimpy.dotnet.json_net.typing_ import is_a
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import Anonymous, Array, ClrTuple, EnumValue, Runtime, to_string, type_of

__all__ = ["deserialize_text", "to_object"]

_GENERIC = "System.Collections.Generic."
_LISTS = frozenset(
    _GENERIC + n for n in ("List", "IList", "ICollection", "IEnumerable", "IReadOnlyList", "IReadOnlyCollection")
)
_SETS = frozenset((_GENERIC + "HashSet", _GENERIC + "ISet"))
_DICTIONARIES = frozenset(_GENERIC + n for n in ("Dictionary", "IDictionary", "IReadOnlyDictionary"))
_OTHERS = {_GENERIC + "SortedDictionary": "Add", _GENERIC + "Queue": "Enqueue", _GENERIC + "Stack": "Push"}
_BASE = "Newtonsoft.Json.Linq.JToken"
_KINDS = {
    "int": "Int32",
    "short": "Int32",
    "byte": "Int32",
    "string": "String",
    "decimal": "Decimal",
    "double": "Double",
    "float": "Double",
    "bool": "Boolean",
    "DateTime": "DateTime",
    "DateTimeOffset": "DateTimeOffset",
    "byte[]": "Bytes",
}
"""What the reader is asked for; everything else is read as it stands and converted."""
_DESCRIPTIONS = {
    "object": 'JSON object (e.g. {"name":"value"})',
    "array": "JSON array (e.g. [1,2,3])",
    "primitive": "JSON primitive value (e.g. string, number, boolean, null)",
    "string": "JSON string value",
}
_FIX_OBJECT = (
    "change the deserialized type so that it is a normal .NET type (e.g. not a primitive type like integer, not a "
    "collection type like an array or List<T>) that can be deserialized from a JSON object. JsonObjectAttribute can "
    "also be added to the type to force it to deserialize from a JSON object.\n"
)
_FIX_ARRAY = (
    "change the deserialized type to an array or a type that implements a collection interface (e.g. ICollection, "
    "IList) like List<T> that can be deserialized from a JSON array. JsonArrayAttribute can also be added to the type "
    "to force it to deserialize from a JSON array.\n"
)

Source = TextReader | TokenReader


@bounded
def to_object(token: JToken, of: Type, rt: Runtime) -> Any:
    """`token.ToObject<T>()`: plain types are the explicit conversions, all others go through the serializer."""
    target, nullable = _underlying(of)
    known = BY_FULL_NAME.get(target.full_name)
    if known is not None and known.keyword != "byte[]":
        return cast(rt, known, token, nullable=nullable or known.keyword in ("string", "Uri"))
    reader = TokenReader(rt, token)
    _move(reader, of)
    return _value(reader, of, rt)


@bounded
def deserialize_text(rt: Runtime, text: str, of: Type) -> Any:
    """One document, and nothing behind it."""
    reader = TextReader(rt, text)
    if not _move(reader, of):
        if of.is_value and not _underlying(of)[1]:
            raise _fail(reader, f"No JSON content found and type '{of.full_name}' is not nullable.")
        return None
    found = _value(reader, of, rt)
    while reader.read():
        if reader.current != "Comment":
            raise _fail(reader, "Additional text found in JSON string after finishing deserializing object.")
    return found


def deserialize_any(rt: Runtime, text: str) -> Any:
    """A document without a type: tokens and plain values.  Only an object must be complete."""
    reader = TextReader(rt, text)
    if not _content(reader):
        return None
    found = _object(reader)
    while reader.read():
        if reader.current != "Comment":
            raise _fail(reader, "Additional text found in JSON string after finishing deserializing object.")
    return found


def _underlying(of: Type) -> tuple[Type, bool]:
    if isinstance(of, Named) and of.decl.full_name == "System.Nullable":
        return of.args[0], True
    return of, not of.is_value


def _fail(reader: Source, message: str, inner: ClrError | None = None) -> ClrError:
    space = "" if message.endswith("\n") else " "
    return JsonSerializationException(f"{message}{space}{reader.where()}", inner)


# --- moving ----------------------------------------------------------------------------------------------------------


def _content(reader: Source) -> bool:
    """Move to the next token that is not a comment."""
    while reader.read():
        if reader.current != "Comment":
            return True
    return False


@cache
def _asked(of: Type) -> str | None:
    """What the reader is asked for on behalf of a type."""
    known = BY_FULL_NAME.get(_underlying(of)[0].full_name)
    return _KINDS.get(known.keyword) if known is not None else None


def _move(reader: Source, of: Type) -> bool:
    """Move to the next value as the type wants it read."""
    kind = _asked(of)
    return _content(reader) if kind is None else reader.read_as(kind)


# --- values ----------------------------------------------------------------------------------------------------------


@cache
def _name_of(of: Type) -> str:
    """The name a type goes by here: all tokens by that of their base, generic types without their arguments."""
    if is_a(of, _BASE):
        return _BASE
    return of.decl.full_name if isinstance(of, Named) else of.full_name


def _value(reader: Source, of: Type, rt: Runtime) -> Any:
    """The value the reader is at."""
    name = _name_of(of)
    if name == _BASE:
        return _token(reader, of)
    if name == "System.Object":
        return _object(reader)
    now = reader.current
    if now == START_OBJECT:
        return _from_object(reader, of, name, rt)
    if now == START_ARRAY:
        return _from_array(reader, of, name, rt)
    return _scalar(reader, of, rt)


def _token(reader: Source, of: Type) -> Any:
    if reader.current == "Null" and of.full_name not in (_BASE, "Newtonsoft.Json.Linq.JValue"):
        return None
    token = reader.take()
    if is_a(type_of(token), of.full_name):
        return token
    raise _fail(
        reader,
        f"Deserialized JSON type '{token.clr_name}' is not compatible with expected type '{of.full_name}'.",
    )


def _object(reader: Source) -> Any:
    if reader.current not in (START_OBJECT, START_ARRAY, "StartConstructor"):
        return reader.value
    whole = reader.current == START_OBJECT
    token = reader.take()
    if whole and reader.current == NONE:
        raise _fail(reader, "Unexpected end when deserializing object.")
    return token


def _scalar(reader: Source, of: Type, rt: Runtime) -> Any:
    target, nullable = _underlying(of)
    value = reader.value
    if value is None or (value == "" and nullable and of.full_name != "System.String"):
        if nullable:
            return None
        raise _unfit(reader, None, of)
    known = BY_FULL_NAME.get(target.full_name)
    try:
        if isinstance(target, Named) and target.decl.kind == "enum":
            return _enum(value, target)
        return _converted(known, value, target, rt)
    except ClrError as error:
        raise _unfit(reader, value, of, error) from error


def _unfit(reader: Source, value: Any, of: Type, inner: ClrError | None = None) -> ClrError:
    shown = "{null}" if value is None else f'"{value}"' if isinstance(value, str) else to_string(value)
    return _fail(reader, f"Error converting value {shown} to type '{of.full_name}'.", inner)


def _converted(known: Cast | None, value: Any, target: Type, rt: Runtime) -> Any:
    if known is None:
        if is_a(type_of(value), target.full_name):
            return value
        raise ClrError
    if known.keyword in ("Guid", "TimeSpan", "Uri", "byte[]", "DateTimeOffset"):
        if isinstance(value, str) or is_bytes(value) or known.keyword == "DateTimeOffset":
            return _relative(rt, value) if known.keyword == "Uri" else convert(rt, known, value)
        raise ClrError
    if known.keyword == "char" and not isinstance(value, str):
        return call(rt, "System.Convert", "ToChar", OBJECT, value)
    if isinstance(value, BigInteger) or type_of(value) is target:
        return convert(rt, known, value)
    return change_type(rt, value, target)


def _relative(rt: Runtime, text: Any) -> Any:
    kind = universe().named("System.UriKind").decl.enum_members["RelativeOrAbsolute"]
    return call(rt, "System.Uri", ".ctor", ("System.String", "System.UriKind"), text, kind)


def _enum(value: Any, of: Named) -> Any:
    if not isinstance(value, str):
        return EnumValue(of.decl, int(value))
    members = of.decl.enum_members
    bits = 0
    for name in str(value).split(","):
        wanted = name.strip()
        found = members.get(wanted)
        if found is None:
            found = next((m for n, m in members.items() if n.lower() == wanted.lower()), None)
        if found is None:
            if not wanted.lstrip("-").isdigit():
                raise ClrError
            bits |= int(wanted)
        else:
            bits |= found.value
    return EnumValue(of.decl, bits)


# --- containers ------------------------------------------------------------------------------------------------------


@cache
def _contract(of: Type, name: str) -> str:
    """What a type wants to be read from."""
    known = BY_FULL_NAME.get(name)
    target = _underlying(of)[0]
    if (known is not None and known.keyword not in ("string", "byte[]")) or (
        isinstance(target, Named) and (target.decl.kind == "enum" or target.full_name in BY_FULL_NAME)
    ):
        return "primitive"
    if known is not None:
        return "string" if known.keyword == "string" else "primitive"
    if isinstance(of, ArrayType) or name in _LISTS or name in _SETS or _OTHERS.get(name, "Add") != "Add":
        return "array"
    return "object"


def _misfit(reader: Source, of: Type, name: str, got: str) -> ClrError:
    wanted = _DESCRIPTIONS[_contract(of, name)]
    return _fail(
        reader,
        f"Cannot deserialize the current {_DESCRIPTIONS[got]} into type '{of.full_name}' because the type requires a "
        f"{wanted} to deserialize correctly.\nTo fix this error either change the JSON to a {wanted} or "
        f"{_FIX_OBJECT if got == 'object' else _FIX_ARRAY}",
    )


def _from_array(reader: Source, of: Type, name: str, rt: Runtime) -> Any:
    if _contract(of, name) != "array":
        raise _misfit(reader, of, name, "array")
    item_type = of.element if isinstance(of, ArrayType) else of.args[0] if isinstance(of, Named) else of
    values: list[Any] = []
    while _move(reader, item_type):
        if reader.current == END_ARRAY:
            return _sequence(values, of, name, item_type)
        if reader.current != "Comment":
            values.append(_value(reader, item_type, rt))
    raise _fail(reader, "Unexpected end when deserializing array.")


def _sequence(values: list[Any], of: Type, name: str, item_type: Type) -> Any:
    if isinstance(of, ArrayType):
        return Array(item_type, values)
    if name in _OTHERS:
        assert isinstance(of, Named)
        target, member = of, _OTHERS[name]
    else:
        target = universe().named(_GENERIC + ("HashSet" if name in _SETS else "List"), item_type)
        member = "Add"
    made = construct(target)
    if isinstance(made, List):
        made.extend(values)
        return made
    for value in values:
        invoke(target, member, made, value)
    return made


def _from_object(reader: Source, of: Type, name: str, rt: Runtime) -> Any:
    if _contract(of, name) != "object":
        _content(reader)
        raise _misfit(reader, of, name, "object")
    if name in _DICTIONARIES or name in _OTHERS:
        return _dictionary(reader, of, rt)
    token = reader.take()
    assert isinstance(token, JObject)
    return _record(reader, token, of, rt)


def _dictionary(reader: Source, of: Type, rt: Runtime) -> Any:
    assert isinstance(of, Named)
    key_type, value_type = of.args
    target = of if of.decl.full_name in _OTHERS else universe().named(_GENERIC + "Dictionary", key_type, value_type)
    made = construct(target)
    first = True
    while _content(reader):
        if reader.current == END_OBJECT:
            return made
        name = reader.value
        if first and reader.current == NAME and name in ("$id", "$type"):
            # metadata of the serializer, not members
            _content(reader)
            reader.take()
            continue
        first = False
        key = name if key_type.full_name == "System.String" else _key(reader, name, key_type, rt)
        if not _move(reader, value_type):
            break
        made.put(key, _value(reader, value_type, rt))
    raise _fail(reader, "Unexpected end when deserializing object.")


def _key(reader: Source, name: str, of: Type, rt: Runtime) -> Any:
    target = _underlying(of)[0]
    try:
        if isinstance(target, Named) and target.decl.kind == "enum":
            return _enum(name, target)
        return _converted(BY_FULL_NAME.get(target.full_name), name, target, rt)
    except ClrError as error:
        raise _fail(
            reader,
            f"Could not convert string '{name}' to dictionary key type '{of.full_name}'. Create a TypeConverter to "
            "convert from the string to the key type object.",
            error,
        ) from error


def _record(reader: Source, fields: JObject, of: Type, rt: Runtime) -> Any:
    """Tuples, pairs and anonymous objects: their members by name."""

    def member(name: str, type_: Type) -> Any:
        names = fields.keys()
        found = name if name in names else next((n for n in names if n.lower() == name.lower()), None)
        if found is None:
            return default_of(type_)
        inner = TokenReader(rt, fields.get(found))
        _move(inner, type_)
        return _value(inner, type_, rt)

    if isinstance(of, AnonymousType):
        made = Anonymous(member(n, t) for n, t in zip(of.names, of.types, strict=True))
        made.clr_type = of
        return made
    if isinstance(of, TupleType):
        pair = ClrTuple(member(f"Item{i}", t) for i, t in enumerate(of.elements, 1))
        pair.clr_type = of
        return pair
    if isinstance(of, Named) and of.decl.full_name == _GENERIC + "KeyValuePair":
        from apimpy.dotnet.collections_.keyvalue import new

        key, value = of.args
        return new(key, value, member("Key", key), member("Value", value))
    if isinstance(of, Named) and of.decl.full_name in ("System.Tuple", "System.ValueTuple"):
        plain = ClrTuple(member(f"Item{i}", t) for i, t in enumerate(of.args, 1))
        plain.clr_type = of
        return plain
    if isinstance(of, Named) and of.decl.kind == "interface":
        raise _fail(
            reader,
            f"Could not create an instance of type {of.full_name}. Type is an interface or abstract class and cannot "
            "be instantiated.",
        )
    raise _fail(reader, f"Cannot deserialize a JSON object into type '{of.full_name}'.")
