"""`GetValueOrDefault` on the dictionaries of `context` and on any other dictionary.

Headers come first: the call is by far the most frequent one in policies, and costs one look-up.
"""

from __future__ import annotations

from typing import Any

from apimpy.csharp.types import Named, Type
from apimpy.dotnet.apim.views import HeaderView, View
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, InvalidCastException
from apimpy.dotnet.typecheck import default_of, is_instance, unbox
from apimpy.dotnet.values import from_text, iterate, type_of

__all__ = ["LenientVariables", "joined_or_default", "variable_or_default"]

extensions = clr_type("Apim.DictionaryExtensions", kind="static")

_MISSING: Any = object()
_EXACT: dict[str, type] = {
    "System.String": str,
    "System.Int32": int,
    "System.Boolean": bool,
    "System.Double": float,
}
"""Types whose boxed values are exactly of one Python class, so that one comparison decides."""


class LenientVariables(dict[str, Any]):
    """Variables of a gateway set to answer null for a name that was never set."""

    __slots__ = ()

    def __missing__(self, key: str) -> None:
        return None


def joined_or_default(source: Any, name: str | None, default: str | None) -> str | None:
    """Values of a header, query parameter or claim joined with commas."""
    if name is None:
        raise ArgumentNullException("key")
    if type(source) is HeaderView:  # before the general test, which costs more than the look-up itself
        values = source.raw.getall(name, None)
        if values is None:
            return default
        return from_text(values[0] if len(values) == 1 else ",".join(values))
    if source is None:
        raise ArgumentNullException("source")
    if isinstance(source, View):
        found = source.joined(name)
        return default if found is None else found
    values = source.get(name)
    return default if values is None else ",".join([v or "" for v in iterate(values)])


def text_or_default(source: Any, name: str | None, default: str | None) -> str | None:
    found = _lookup(source, name)
    return default if found is _MISSING else found


def variable_or_default(of: Type, source: Any, name: str | None, default: Any) -> Any:
    """A variable as T, the default when it is missing; null is default(T).  Another type is an error."""
    if name is None:
        raise ArgumentNullException("key")
    if source is None:
        raise ArgumentNullException("source")
    value = source.get(name, _MISSING)
    if value is _MISSING:
        return default
    if value is None:
        return default_of(of)
    if type(value) is _EXACT.get(of.decl.full_name if isinstance(of, Named) else ""):
        return value
    if not is_instance(value, of):
        raise InvalidCastException(
            f"Unable to convert context variable `{name}` of type `{type_of(value).full_name}` "
            f"to the type of `{of.full_name}`."
        )
    return unbox(value, of)


def _lookup(source: Any, key: Any) -> Any:
    if key is None:
        raise ArgumentNullException("key")
    if source is None:
        raise ArgumentNullException("source")
    return source.get(key, _MISSING)


_TEXTS = "this IReadOnlyDictionary<string, string[]> source"
_TEXT = "this IReadOnlyDictionary<string, string> source"
_OBJECTS = "this IReadOnlyDictionary<string, object> source"

extensions.method(f"static string GetValueOrDefault({_TEXTS}, string name, string? defaultValue)", joined_or_default)
extensions.method(f"static string GetValueOrDefault({_TEXT}, string name, string? defaultValue)", text_or_default)


@extensions.method(f"static string? GetValueOrDefault({_TEXTS}, string name)")
def joined_or_null(source: Any, name: str | None) -> str | None:
    return joined_or_default(source, name, None)


@extensions.method(f"static string? GetValueOrDefault({_TEXT}, string name)")
def text_or_null(source: Any, name: str | None) -> str | None:
    return text_or_default(source, name, None)


@extensions.method(f"static object? GetValueOrDefault({_OBJECTS}, string name)")
def object_or_null(source: Any, name: str | None) -> Any:
    found = _lookup(source, name)
    return None if found is _MISSING else found


@extensions.method(f"static T? GetValueOrDefault<T>({_OBJECTS}, string name)", reify=True)
def variable_or_none(of: Type, source: Any, name: str | None) -> Any:
    return variable_or_default(of, source, name, default_of(of))


extensions.method(
    f"static T GetValueOrDefault<T>({_OBJECTS}, string name, T defaultValue)", variable_or_default, reify=True
)


def value_or_none(key_type: Type, value_type: Type, source: Any, key: Any) -> Any:
    found = _lookup(source, key)
    return default_of(value_type) if found is _MISSING else found


def value_or_default(key_type: Type, value_type: Type, source: Any, key: Any, default: Any) -> Any:
    found = _lookup(source, key)
    return default if found is _MISSING else found


for _dictionary in ("IReadOnlyDictionary", "IDictionary", "Dictionary"):
    _source = f"this {_dictionary}<TKey, TValue> source"
    extensions.method(f"static TValue? GetValueOrDefault<TKey, TValue>({_source}, TKey key)", value_or_none, reify=True)
    extensions.method(
        f"static TValue GetValueOrDefault<TKey, TValue>({_source}, TKey key, TValue defaultValue)",
        value_or_default,
        reify=True,
    )
