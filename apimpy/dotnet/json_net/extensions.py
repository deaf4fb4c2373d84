"""C#'s `Newtonsoft.Json.Linq.Extensions`: `Value`, `Values`, `Children`, … on sequences of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException
from apimpy.dotnet.json_net.casts import value_as
from apimpy.dotnet.json_net.token import as_query
from apimpy.dotnet.json_net.tree import JContainer, JToken, JValue
from apimpy.dotnet.values import Query, Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from apimpy.csharp.types import Type

__all__ = ["extensions"]

extensions = clr_type("Newtonsoft.Json.Linq.Extensions", kind="static")


def tokens(source: Any) -> Iterable[JToken]:
    """The tokens of an `IEnumerable<JToken>`; a token stands for its children."""
    if source is None:
        raise ArgumentNullException("source")
    return source  # type: ignore[no-any-return]


@extensions.method("static U? Value<U>(this IEnumerable<JToken> value)", rt=True, reify=True)
def value(rt: Runtime, of: Type, source: Any) -> Any:
    if source is None:
        raise ArgumentNullException("value")
    if not isinstance(source, JToken):
        raise ArgumentException("Source value must be a JToken.")
    return value_as(rt, of, source)


@extensions.method("static U? Value<T, U>(this IEnumerable<T> value)", rt=True, reify=True)
def value_from(rt: Runtime, t: Type, of: Type, source: Any) -> Any:
    return value(rt, of, source)


def _flat(source: Any) -> Iterator[JToken]:
    for token in tokens(source):
        if isinstance(token, JValue):
            yield token
        else:
            yield from token.children()


def _members(source: Any, key: Any) -> Iterator[JToken]:
    for token in tokens(source):
        found = token.child_at(key)
        if found is not None:
            yield found


@extensions.method("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source)", rt=True, reify=True)
def values(rt: Runtime, of: Type, source: Any) -> Query:
    tokens(source)
    return Query(lambda: (value_as(rt, of, token) for token in _flat(source)), of)


@extensions.method("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source, object key)", rt=True, reify=True)
def values_at(rt: Runtime, of: Type, source: Any, key: Any) -> Query:
    tokens(source)
    return Query(lambda: (value_as(rt, of, token) for token in _members(source, key)), of)


def _each(walk: Callable[[JToken], Iterable[JToken]]) -> Callable[[Any], Query]:
    def run(source: Any) -> Query:
        tokens(source)
        return as_query(lambda: (found for token in source for found in walk(token)))

    return run


def _below(token: JToken) -> Iterable[JToken]:
    return token.descendants() if isinstance(token, JContainer) else ()


def _self_and_below(token: JToken) -> Iterable[JToken]:
    return token.descendants(True) if isinstance(token, JContainer) else (token,)


def _self_and_above(token: JToken) -> Iterator[JToken]:
    yield token
    yield from token.ancestors()


def _properties(source: Any) -> Query:
    tokens(source)
    return as_query(lambda: (p for token in source for p in token.children()), "Newtonsoft.Json.Linq.JProperty")


@extensions.method("static IEnumerable<U> Children<T, U>(this IEnumerable<T> source)", rt=True, reify=True)
def children_as(rt: Runtime, t: Type, of: Type, source: Any) -> Query:
    tokens(source)
    return Query(lambda: (value_as(rt, of, child) for token in source for child in token.children()), of)


_SEQUENCE = "static IJEnumerable<JToken>"
extensions.method(f"{_SEQUENCE} Values(this IEnumerable<JToken> source)", lambda s: as_query(lambda: _flat(s)))
extensions.method(
    f"{_SEQUENCE} Values(this IEnumerable<JToken> source, object key)", lambda s, k: as_query(lambda: _members(s, k))
)
extensions.method(f"{_SEQUENCE} Children<T>(this IEnumerable<T> source)", _each(lambda t: t.children()))
extensions.method(f"{_SEQUENCE} Ancestors(this IEnumerable<JToken> source)", _each(lambda t: t.ancestors()))
extensions.method(f"{_SEQUENCE} AncestorsAndSelf(this IEnumerable<JToken> source)", _each(_self_and_above))
extensions.method(f"{_SEQUENCE} Descendants(this IEnumerable<JContainer> source)", _each(_below))
extensions.method(f"{_SEQUENCE} DescendantsAndSelf(this IEnumerable<JContainer> source)", _each(_self_and_below))
extensions.method(f"{_SEQUENCE} AsJEnumerable(this IEnumerable<JToken> source)", tokens)
extensions.method("static IJEnumerable<T> AsJEnumerable<T>(this IEnumerable<T> source)", tokens)
extensions.method("static IJEnumerable<JProperty> Properties(this IEnumerable<JObject> source)", _properties)
