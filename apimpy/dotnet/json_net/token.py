"""C#'s `JToken`, `IJEnumerable<T>` and the types around them: declarations over `tree`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, InvalidOperationException, JsonException
from apimpy.dotnet.json_net.casts import BYTES_CAST, CASTS, Cast, cast, value_as
from apimpy.dotnet.json_net.deserialize import to_object
from apimpy.dotnet.json_net.kinds import BOOLEAN, STRING, SelectSettings
from apimpy.dotnet.json_net.path import select
from apimpy.dotnet.json_net.path_text import path_of
from apimpy.dotnet.json_net.reader import parse_as
from apimpy.dotnet.json_net.scalars import kind_of
from apimpy.dotnet.json_net.serialize import from_object
from apimpy.dotnet.json_net.tree import JContainer, JObject, JToken, JValue, bounded
from apimpy.dotnet.values import Array, EnumValue, Int64, Query, Runtime, Single, UInt64, box, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.csharp.types import Type

__all__ = ["as_query", "content", "member_value", "parse", "token_"]

_READERS = "streaming JSON readers and writers are not available; use Parse and ToString"

json_reader = clr_type("Newtonsoft.Json.JsonReader", allowed="", unsupported=_READERS)
json_writer = clr_type("Newtonsoft.Json.JsonWriter", allowed="", unsupported=_READERS)
json_serializer = clr_type("Newtonsoft.Json.JsonSerializer", allowed="", unsupported="use JsonConvert")

sequence = clr_type("Newtonsoft.Json.Linq.IJEnumerable<T>", kind="interface", bases="IEnumerable<T>", allowed="")
sequence_struct = clr_type("Newtonsoft.Json.Linq.JEnumerable<T>", kind="struct", bases="IJEnumerable<T>", allowed="")


def as_query(items: Any, of: str = "Newtonsoft.Json.Linq.JToken") -> Query:
    """A sequence of tokens that can be enumerated again: `items` is called for every enumeration."""
    from apimpy.csharp.types import ClrType

    assert ClrType.universe is not None
    return Query(items, ClrType.universe.named(of))


def _pick(tokens: Any, key: Any) -> Query:
    def found() -> Iterator[JToken]:
        for token in tokens:
            value = token.child_at(key)
            if value is not None:
                yield value

    return as_query(found)


sequence.indexer("IJEnumerable<JToken> this[object key]", _pick)
sequence_struct.indexer("IJEnumerable<JToken> this[object key]", _pick)


class TokenComparer:
    """Compares tokens by content."""

    __slots__ = ()

    def equals(self, x: JToken | None, y: JToken | None) -> bool:
        return deep_equals(x, y)

    def hash_code(self, token: JToken | None) -> int:
        return 0 if token is None else hash(token.compact()) & 0x7FFFFFFF


comparer = clr_type(
    "Newtonsoft.Json.Linq.JTokenEqualityComparer",
    bases="object, IEqualityComparer<JToken>",
    python=TokenComparer,
    allowed="",
)
comparer.ctor("JTokenEqualityComparer()", TokenComparer)
comparer.method("bool Equals(JToken? x, JToken? y)", TokenComparer.equals)
comparer.method("int GetHashCode(JToken obj)", TokenComparer.hash_code)

token_ = clr_type("Newtonsoft.Json.Linq.JToken", bases="object, IJEnumerable<JToken>, ICloneable", python=JToken)

# --- reading and writing ---------------------------------------------------------------------------------------------


def parse(text: str | None, what: str, settings: Any = None) -> JToken:
    if text is None:
        raise ArgumentNullException("s")
    return parse_as(text, what, settings)


token_.method("static JToken Parse(string json)", lambda text: parse(text, "JToken"))
token_.method("static JToken Parse(string json, JsonLoadSettings? settings)", lambda text, s: parse(text, "JToken", s))
token_.method("static JToken Load(JsonReader reader)", unsupported=_READERS)
token_.method("static JToken ReadFrom(JsonReader reader)", unsupported=_READERS)
token_.method("JsonReader CreateReader()", unsupported=_READERS)
token_.method("void WriteTo(JsonWriter writer, params JsonConverter[] converters)", unsupported=_READERS)


@token_.method("static JToken FromObject(object o)")
def token_from(value: Any) -> JToken:
    if value is None:
        raise ArgumentNullException("o")
    return from_object(value)


token_.method("string ToString()", lambda token: token.clr_to_string())


@token_.method("string ToString(Newtonsoft.Json.Formatting formatting, params JsonConverter[] converters)")
def to_text(token: JToken, formatting: EnumValue, converters: Array) -> str:
    return token.indented() if formatting.value == 1 else token.compact()


# --- structure -------------------------------------------------------------------------------------------------------


@bounded
def deep_equals(a: JToken | None, b: JToken | None) -> bool:
    return a is b or (a is not None and b is not None and a.same(b))


@bounded
def deep_clone(token: JToken) -> JToken:
    return token.clone()


def _end(token: JToken, at: int) -> JToken | None:
    if not isinstance(token, JContainer):
        raise InvalidOperationException(f"Cannot access child value on {token.clr_name}.")
    return token.first() if at == 0 else token.last()


def _siblings(token: JToken, *, after: bool) -> Query:
    def found() -> Iterator[JToken]:
        parent = token.parent
        if parent is not None:
            at = parent.index_of(token)
            yield from parent.children()[at + 1 :] if after else parent.children()[:at]

    return as_query(found)


def _ancestors(token: JToken, *, with_self: bool) -> Query:
    def found() -> Iterator[JToken]:
        if with_self:
            yield token
        yield from token.ancestors()

    return as_query(found, "Newtonsoft.Json.Linq.JToken")


def _add_beside(token: JToken, content: Any, offset: int) -> None:
    parent = token.require_parent()
    parent.add_at(parent.index_of(token) + offset, content)


token_.method("static bool DeepEquals(JToken? t1, JToken? t2)", deep_equals)
token_.prop("static JTokenEqualityComparer EqualityComparer", TokenComparer)
token_.method("JToken DeepClone()", deep_clone)
token_.method("JToken DeepClone(JsonCloneSettings? settings)", lambda token, _s: deep_clone(token))
token_.prop("JTokenType Type", attr="kind")
token_.prop("bool HasValues", lambda token: token.has_values)
token_.prop("JContainer? Parent", lambda token: token.parent)
token_.prop("JToken Root", lambda token: token.root)
token_.prop("JToken? Next", lambda token: token.next())
token_.prop("JToken? Previous", lambda token: token.next(-1))
token_.prop("JToken? First", lambda token: _end(token, 0))
token_.prop("JToken? Last", lambda token: _end(token, 1))
token_.prop("string Path", path_of)
token_.method("void Remove()", lambda token: token.remove())
token_.method("void Replace(JToken value)", lambda token, value: token.replace(value))
token_.method("void AddAfterSelf(object? content)", lambda token, content: _add_beside(token, content, 1))
token_.method("void AddBeforeSelf(object? content)", lambda token, content: _add_beside(token, content, 0))
token_.method("IEnumerable<JToken> AfterSelf()", lambda token: _siblings(token, after=True))
token_.method("IEnumerable<JToken> BeforeSelf()", lambda token: _siblings(token, after=False))
token_.method("IEnumerable<JToken> Ancestors()", lambda token: _ancestors(token, with_self=False))
token_.method("IEnumerable<JToken> AncestorsAndSelf()", lambda token: _ancestors(token, with_self=True))
token_.method("JEnumerable<JToken> Children()", lambda token: as_query(token._guarded))


@token_.method("JEnumerable<T> Children<T>()", reify=True)
def children_of(of: Type, token: JToken) -> Query:
    return Query(lambda: (child for child in token._guarded() if is_token(child, of)), of)


def is_token(token: JToken, of: Type) -> bool:
    from apimpy.dotnet.json_net.typing_ import is_a

    return is_a(type_of(token), of.full_name)


def _child(token: JToken, key: Any) -> JToken | None:
    if type(token) is JObject and type(key) is str:
        found: JToken | None = token.get(key)
        return found
    return token.child_at(key)


token_.indexer(
    "JToken? this[object key]",
    _child,
    lambda token, key, value: token.set_child(key, value),
)

# --- values ----------------------------------------------------------------------------------------------------------


@token_.method("T? Value<T>(object key)", rt=True, reify=True)
def member_value(rt: Runtime, of: Type, token: JToken, key: Any) -> Any:
    return value_as(rt, of, token.child_at(key))


@token_.method("IEnumerable<T> Values<T>()", rt=True, reify=True)
def values_of(rt: Runtime, of: Type, token: JToken) -> Query:
    if not isinstance(token, JContainer):
        raise InvalidOperationException(f"Cannot access child value on {token.clr_name}.")
    return Query(lambda: (value_as(rt, of, child) for child in token._guarded()), of)


@token_.method("T? ToObject<T>()", rt=True, reify=True)
def object_of(rt: Runtime, of: Type, token: JToken) -> Any:
    return to_object(token, of, rt)


@token_.method("object? ToObject(Type objectType)", rt=True)
def object_of_type(rt: Runtime, token: JToken, of: Type | None) -> Any:
    if of is None:
        raise ArgumentNullException("objectType")
    return box(to_object(token, of, rt), of)


# --- paths -----------------------------------------------------------------------------------------------------------


def _required(settings: SelectSettings | None) -> bool:
    return settings is not None and bool(settings.get("ErrorWhenNoMatch"))


def _select_one(rt: Runtime, token: JToken, path: str | None, required: bool) -> JToken | None:
    if path is None:
        raise ArgumentNullException("expression")
    result: JToken | None = None
    for found in select(rt, token, path, required=required):
        if result is not None:
            raise JsonException("Path returned multiple tokens.")
        result = found
    return result


def _select_all(rt: Runtime, token: JToken, path: str | None, required: bool) -> Query:
    if path is None:
        raise ArgumentNullException("expression")
    text = path
    # a bad path is refused now, not when the result is enumerated
    from apimpy.dotnet.json_net.path import compile_path

    compile_path(text)
    return as_query(lambda: select(rt, token, text, required=required))


token_.method("JToken? SelectToken(string path)", lambda rt, t, path: _select_one(rt, t, path, False), rt=True)
token_.method("JToken? SelectToken(string path, bool errorWhenNoMatch)", _select_one, rt=True)
token_.method(
    "JToken? SelectToken(string path, JsonSelectSettings? settings)",
    lambda rt, token, path, settings: _select_one(rt, token, path, _required(settings)),
    rt=True,
)
token_.method("IEnumerable<JToken> SelectTokens(string path)", lambda rt, t, p: _select_all(rt, t, p, False), rt=True)
token_.method("IEnumerable<JToken> SelectTokens(string path, bool errorWhenNoMatch)", _select_all, rt=True)
token_.method(
    "IEnumerable<JToken> SelectTokens(string path, JsonSelectSettings? settings)",
    lambda rt, token, path, settings: _select_all(rt, token, path, _required(settings)),
    rt=True,
)

# --- conversions -----------------------------------------------------------------------------------------------------


def _explicit(to: Cast, *, nullable: bool) -> Any:
    def convert(rt: Runtime, token: JToken | None) -> Any:
        return cast(rt, to, token, nullable=nullable)

    def convert_bool(rt: Runtime, token: JToken | None) -> Any:
        if type(token) is JValue and token.kind is BOOLEAN and type(token.value) is bool:
            return token.value
        return cast(rt, to, token, nullable=nullable)

    def convert_integer(rt: Runtime, token: JToken | None) -> Any:
        if type(token) is JValue and type(token.value) is Int64 and low <= token.value <= high:
            return int(token.value)
        return cast(rt, to, token, nullable=nullable)

    if to.keyword == "bool":
        return convert_bool
    if not to.bits:
        return convert
    low, high = (-(1 << to.bits - 1), (1 << to.bits - 1) - 1) if to.signed else (0, (1 << to.bits) - 1)
    return convert_integer


def _to_string(rt: Runtime, token: JToken | None) -> Any:
    if type(token) is JValue and token.kind is STRING:
        return token.value
    return cast(rt, _STRING, token, nullable=True)


_STRING = next(c for c in CASTS if c.keyword == "string")
_MARKERS: dict[str, Any] = {
    # the constructor of JValue an argument goes to decides what is stored
    "float": Single,
    "ulong": UInt64,
    **dict.fromkeys(("byte", "sbyte", "short", "ushort", "int", "uint", "long"), Int64),
}


def _implicit(keyword: str) -> Any:
    marker = _MARKERS.get(keyword)

    def convert(value: Any) -> JValue:
        if value is None:
            return JValue(None)
        if keyword == "double":
            return JValue(value or 0.0)  # Json.NET has one zero, without a sign
        return JValue(value if marker is None else marker(value))

    return convert


def _from_char(value: str | None) -> JValue:
    from apimpy.dotnet.values import Char

    return JValue(None) if value is None else JValue.of(Char(value), STRING)


for _to in CASTS:
    if _to.keyword in ("string", "Uri"):
        continue
    token_.method(f"explicit operator {_to.keyword}(JToken? value)", _explicit(_to, nullable=False), rt=True)
    token_.method(f"explicit operator {_to.keyword}?(JToken? value)", _explicit(_to, nullable=True), rt=True)
    _in = _from_char if _to.keyword == "char" else _implicit(_to.keyword)
    if _to.keyword != "char":
        token_.method(f"implicit operator JToken({_to.keyword} value)", _in)
        token_.method(f"implicit operator JToken({_to.keyword}? value)", _in)
token_.method("explicit operator string?(JToken? value)", _to_string, rt=True)
token_.method("explicit operator Uri?(JToken? value)", _explicit(CASTS[-1], nullable=True), rt=True)
token_.method("explicit operator byte[]?(JToken? value)", _explicit(BYTES_CAST, nullable=True), rt=True)
token_.method("implicit operator JToken(string? value)", lambda text: JValue.of(text, STRING))
token_.method("implicit operator JToken(Uri? value)", JValue)
token_.method("implicit operator JToken(byte[] value)", JValue)


def content(value: Any) -> JValue:
    """`new JValue(object)`: only plain values have a kind."""
    return JValue.of(value, kind_of(value))
