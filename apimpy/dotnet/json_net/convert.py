"""C#'s `JsonConvert`: SerializeObject, DeserializeObject and the text of single values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import AnonymousType, ClrType, Type
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, ClrError
from apimpy.dotnet.json_net.deserialize import deserialize_any, deserialize_text
from apimpy.dotnet.json_net.kinds import COMMENT
from apimpy.dotnet.json_net.reader import parse_text
from apimpy.dotnet.json_net.scalars import find_kind, quote, scalar_text
from apimpy.dotnet.json_net.serialize import from_object
from apimpy.dotnet.json_net.tree import JToken, JValue
from apimpy.dotnet.json_net.typing_ import is_a
from apimpy.dotnet.values import Array, EnumValue, Runtime, box, from_text, type_of

if TYPE_CHECKING:
    from apimpy.dotnet.json_net.kinds import SerializerSettings

__all__ = ["deserialize", "serialize_text"]

convert = clr_type("Newtonsoft.Json.JsonConvert", kind="static", allowed="SerializeObject DeserializeObject")

# --- writing ---------------------------------------------------------------------------------------------------------


def serialize_text(value: Any, *, indented: bool = False, settings: SerializerSettings | None = None) -> str:
    """`JsonConvert.SerializeObject` of a boxed value."""
    if settings is not None and settings.get("Formatting").value == 1:
        indented = True
    token = from_object(value, settings, text=True)
    text = token.indented() if indented else token.compact()
    escaping = 0 if settings is None else settings.get("StringEscapeHandling").value
    return _escaped(text, escaping) if escaping else text


def _escaped(text: str, handling: int) -> str:
    """EscapeNonAscii (1) and EscapeHtml (2): outside strings JSON has none of these characters."""
    special = (lambda c: c > "\x7f") if handling == 1 else (lambda c: c in "<>&'")
    return "".join(f"\\u{ord(c):04x}" if special(c) else c for c in text)


convert.method("static string SerializeObject(object? value)", serialize_text)
convert.method(
    "static string SerializeObject(object? value, Newtonsoft.Json.Formatting formatting)",
    lambda value, formatting: serialize_text(value, indented=formatting.value == 1),
)
convert.method(
    "static string SerializeObject(object? value, params JsonConverter[] converters)",
    lambda value, _converters: serialize_text(value),
)
convert.method(
    "static string SerializeObject(object? value, Newtonsoft.Json.Formatting formatting, "
    "params JsonConverter[] converters)",
    lambda value, formatting, _converters: serialize_text(value, indented=formatting.value == 1),
)
convert.method(
    "static string SerializeObject(object? value, JsonSerializerSettings? settings)",
    lambda value, settings: serialize_text(value, settings=settings),
)


@convert.method(
    "static string SerializeObject(object? value, Newtonsoft.Json.Formatting formatting, "
    "JsonSerializerSettings? settings)"
)
def serialize_with(value: Any, formatting: EnumValue, settings: SerializerSettings | None) -> str:
    return serialize_text(value, indented=formatting.value == 1, settings=settings)


# --- reading ---------------------------------------------------------------------------------------------------------


def deserialize(rt: Runtime, text: str | None, of: Type | None) -> Any:
    """`JsonConvert.DeserializeObject<T>(text)`; without a type, tokens and plain values."""
    if text is None:
        raise ArgumentNullException("value")
    untyped = of is None or of.full_name == "System.Object"
    if of is None or untyped or is_a(of, "Newtonsoft.Json.Linq.JToken"):
        token = _faultless(text)
        if token is not None:
            if untyped:
                return token.value if isinstance(token, JValue) else token
            if of is not None and is_a(type_of(token), of.full_name):
                return token
    return deserialize_any(rt, from_text(text)) if of is None else deserialize_text(rt, from_text(text), of)


def _faultless(text: str) -> JToken | None:
    """The token of a document without faults, the usual case; what is wrong with others is found out value by value."""
    try:
        token = parse_text(text)
    except ClrError:
        return None
    return None if token.kind is COMMENT else token


@convert.method("static T? DeserializeObject<T>(string value)", rt=True, reify=True)
def deserialize_object(rt: Runtime, of: Type, text: str | None) -> Any:
    return deserialize(rt, text, of)


convert.method("static object? DeserializeObject(string value)", lambda rt, text: deserialize(rt, text, None), rt=True)


@convert.method("static object? DeserializeObject(string value, Type type)", rt=True)
def deserialize_type(rt: Runtime, text: str | None, of: Type | None) -> Any:
    found = deserialize(rt, text, of)
    return found if of is None else box(found, of)


@convert.method("static T? DeserializeObject<T>(string value, JsonSerializerSettings? settings)", rt=True, reify=True)
def deserialize_with(rt: Runtime, of: Type, text: str | None, settings: SerializerSettings | None) -> Any:
    return deserialize(rt, text, of)


@convert.method("static T? DeserializeObject<T>(string value, params JsonConverter[] converters)", rt=True, reify=True)
def deserialize_converters(rt: Runtime, of: Type, text: str | None, converters: Array) -> Any:
    return deserialize(rt, text, of)


@convert.method("static T? DeserializeAnonymousType<T>(string value, T anonymousTypeObject)", rt=True, reify=True)
def deserialize_like(rt: Runtime, of: Type, text: str | None, sample: Any) -> Any:
    kind = getattr(sample, "clr_type", of)
    return deserialize(rt, text, kind if isinstance(kind, AnonymousType) else of)


_NO_XML = "conversion between JSON and XML is not available"
convert.method("static string SerializeXNode(System.Xml.Linq.XObject node)", unsupported=_NO_XML)
convert.method(
    "static string SerializeXNode(System.Xml.Linq.XObject node, Newtonsoft.Json.Formatting formatting)",
    unsupported=_NO_XML,
)
convert.method(
    "static string SerializeXNode(System.Xml.Linq.XObject node, Newtonsoft.Json.Formatting formatting, "
    "bool omitRootObject)",
    unsupported=_NO_XML,
)
convert.method("static System.Xml.Linq.XDocument DeserializeXNode(string value)", unsupported=_NO_XML)
convert.method(
    "static System.Xml.Linq.XDocument DeserializeXNode(string value, string? deserializeRootElementName)",
    unsupported=_NO_XML,
)
convert.method("static string SerializeXmlNode(System.Xml.XmlNode node)", unsupported=_NO_XML)
convert.method("static System.Xml.XmlDocument DeserializeXmlNode(string value)", unsupported=_NO_XML)

# --- single values ---------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    if value is None:
        return "null"
    kind = find_kind(value)
    if kind is None:
        raise ArgumentException(
            f"Unsupported type: {type_of(value).full_name}. Use the JsonSerializer class to get the object's JSON "
            "representation."
        )
    return scalar_text(kind, value)


def _typed(full_name: str) -> Any:
    def text(value: Any) -> str:
        assert ClrType.universe is not None
        return _text(box(value, ClrType.universe.named(full_name)))

    return text


for _name, _full in (
    ("bool", "Boolean"),
    ("byte", "Byte"),
    ("sbyte", "SByte"),
    ("short", "Int16"),
    ("ushort", "UInt16"),
    ("int", "Int32"),
    ("uint", "UInt32"),
    ("long", "Int64"),
    ("ulong", "UInt64"),
    ("float", "Single"),
    ("double", "Double"),
    ("decimal", "Decimal"),
    ("DateTime", "DateTime"),
    ("DateTimeOffset", "DateTimeOffset"),
    ("Guid", "Guid"),
    ("TimeSpan", "TimeSpan"),
    ("Uri?", "Uri"),
    ("object?", "Object"),
):
    convert.method(f"static string ToString({_name} value)", _typed("System." + _full))
convert.method("static string ToString(char value)", quote)
convert.method("static string ToString(string? value)", lambda text: "null" if text is None else quote(text))
for _name, _value in (
    ("True", "true"),
    ("False", "false"),
    ("Null", "null"),
    ("Undefined", "undefined"),
    ("PositiveInfinity", "Infinity"),
    ("NegativeInfinity", "-Infinity"),
    ("NaN", "NaN"),
):
    convert.const(f"string {_name}", _value)
