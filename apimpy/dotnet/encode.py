"""C# values as JSON: what `apimpy eval` prints and what conformance cases expect.

    encode(boxed)        {"type": "System.Int32", "value": 3, "text": "3"}
    encode_error(error)  {"error": "run", "exception": "System.FormatException", "message": "…"}

`value` is made of what JSON has; floats may be NaN or infinite only as strings.  `text` is what a policy puts in place
of the expression, None where no text is worth showing (lazy sequences, anonymous objects).
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from apimpy.csharp.types import AnonymousType, ArrayType, ClrType, Named, Type
from apimpy.dotnet.apim.views import View
from apimpy.dotnet.exceptions import ArgumentException, ClrError, InvalidOperationException
from apimpy.dotnet.values import (
    Anonymous,
    Array,
    Char,
    ClrTuple,
    EnumValue,
    KeyValuePair,
    Query,
    box,
    iterate,
    to_string,
    to_text,
    type_of,
)

__all__ = ["encode", "encode_error", "type_name"]

DEPTH = 12
LENGTH = 10_000

_FORMATS = {"System.DateTime": "o", "System.DateTimeOffset": "o", "System.TimeSpan": "c", "System.Guid": "D"}
_AS_TEXT = (
    "System.Xml.Linq.XAttribute",
    "System.Xml.Linq.XName",
    "System.Xml.Linq.XNamespace",
    "System.Uri",
    "System.Type",
    "System.Text.StringBuilder",
    "System.Text.RegularExpressions.Capture",
)


def encode(value: Any) -> dict[str, Any]:
    """A boxed value with its run-time type and its text."""
    if value is None:
        return {"type": "null", "value": None, "text": ""}
    encoded = _value(value, 0)
    return {"type": type_name(value), "value": encoded, "text": to_text(to_string(value)) if _has_text(value) else None}


def encode_error(error: ClrError) -> dict[str, Any]:
    """A C# exception that reached the end of the expression."""
    row: dict[str, Any] = {"error": "run", "exception": error.full_name, "message": to_text(error.message)}
    if isinstance(error, ArgumentException) and error.param:
        row["param"] = error.param
    return row


def type_name(value: Any) -> str:
    """The run-time type of a boxed value as .NET prints it; types without a public name by what they can do."""
    if isinstance(value, Query):
        return _sequence_name(value.of)
    if isinstance(value, Mapping) and not hasattr(value, "clr_type"):
        return "System.Collections.Generic.Dictionary`2[System.String,System.Object]"
    if isinstance(value, View):
        return value.clr_to_string()
    found = type_of(value)
    if isinstance(found, AnonymousType):
        return "anonymous"
    name = found.full_name
    if "KeyCollection`" in name or "ValueCollection`" in name:  # nested types are written with a plus sign
        return to_string(value)
    return name.replace("Apim.", "").replace("System.Linq.IOrderedEnumerable", "System.Collections.Generic.IEnumerable")


def _sequence_name(of: Type | None) -> str:
    return f"System.Collections.Generic.IEnumerable`1[{of.full_name if of else 'System.Object'}]"


def _has_text(value: Any) -> bool:
    if isinstance(value, (Query, Anonymous)) or (callable(value) and not hasattr(value, "clr_to_string")):
        return False
    found = type_of(value)
    name = found.full_name
    return not name.startswith(("System.Linq.", "System.Collections.Generic.IEnumerable`"))


def _value(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if depth > DEPTH:
        return "..."
    if isinstance(value, (str, Char)):
        return to_text(str.__str__(value))
    if isinstance(value, EnumValue):
        return value.clr_to_string()
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else to_string(value)
    if isinstance(value, ClrError):
        return {"exception": value.full_name, "message": to_text(value.text)}
    if isinstance(value, KeyValuePair):
        return _pair(value, depth)
    if isinstance(value, (Anonymous, ClrTuple)):
        return _fields(value, depth)
    return _object(value, depth)


def _object(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping) and not _is_token(value):
        return _dictionary(value, depth)
    found = type_of(value)
    name = found.full_name
    if name in _FORMATS:
        return value.clr_format(_FORMATS[name])
    if isinstance(found, ArrayType) and found.element.full_name == "System.Byte" and found.rank == 1:
        return base64.b64encode(bytes(value)).decode()
    if _is_token(value):
        return to_text(value.compact())
    bases = _names(found)
    if "System.Xml.Linq.XNode" in bases:
        return to_text(_markup(found, value))
    if name == "System.Decimal" or not bases.isdisjoint(_AS_TEXT):
        return to_text(to_string(value))
    if name.startswith("System.Linq.IGrouping`"):
        key = box(value.key, value.key_type)
        return {"Key": _value(key, depth + 1), "Items": _items(value, depth)}
    if isinstance(value, (Array, Query)) or any(b == "System.Collections.IEnumerable" for b in bases):
        return _items(value, depth)
    if callable(value):
        return "delegate"
    return {"object": type_name(value), "text": to_text(to_string(value))}


def _is_token(value: Any) -> bool:
    return hasattr(value, "compact") and "Newtonsoft.Json.Linq.JToken" in _names(type_of(value))


def _names(of: Type) -> frozenset[str]:
    """Full names (without type arguments) of a type and everything it derives from."""
    names: set[str] = set()
    pending: list[Type] = [of]
    while pending:
        current = pending.pop()
        if isinstance(current, Named):
            if current.decl.full_name in names:
                continue
            names.add(current.decl.full_name)
        pending.extend(current.bases())
    return frozenset(names)


def _markup(of: Type, value: Any) -> str:
    """An XNode without formatting: its own `ToString(SaveOptions.DisableFormatting)`."""
    pending: list[Type] = [of]
    while pending:
        current = pending.pop(0)
        if isinstance(current, Named):
            for declared in current.decl.declarations.get("ToString", ()):
                if "SaveOptions" in declared.signature:
                    return str(declared.impl(value, _disable_formatting()))
        pending.extend(current.bases())
    return to_string(value)


def _disable_formatting() -> Any:
    universe = ClrType.universe
    assert universe is not None
    decl = universe.declaration("System.Xml.Linq.SaveOptions", 0)
    assert decl is not None
    return decl.enum_members["DisableFormatting"]


def _dictionary(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    key_type, value_type = getattr(value, "key_type", None), getattr(value, "value_type", None)
    out: dict[str, Any] = {}
    for key, item in value.items():
        boxed_key = box(key, key_type) if isinstance(key_type, Type) else key
        boxed = box(item, value_type) if isinstance(value_type, Type) else item
        out[to_text(to_string(boxed_key))] = _value(boxed, depth + 1)
    return out


def _pair(value: KeyValuePair, depth: int) -> dict[str, Any]:
    found = getattr(value, "clr_type", None)
    key, item = value
    if isinstance(found, Named):
        key, item = box(key, found.args[0]), box(item, found.args[1])
    return {"Key": _value(key, depth + 1), "Value": _value(item, depth + 1)}


def _fields(value: Anonymous | ClrTuple, depth: int) -> Any:
    found = getattr(value, "clr_type", None)
    if isinstance(found, AnonymousType):
        return {n: _value(box(v, t), depth + 1) for n, v, t in zip(found.names, value, found.types, strict=True)}
    types: tuple[Type, ...] = getattr(found, "elements", ()) or getattr(found, "args", ())
    items = (box(v, t) for v, t in zip(value, types, strict=True)) if types else iter(value)
    return [_value(v, depth + 1) for v in items]


def _items(value: Any, depth: int) -> list[Any]:
    of = getattr(value, "of", None)
    made = [_value(v, depth + 1) for v in islice(_boxed(value, of), LENGTH + 1)]
    if len(made) > LENGTH:
        raise InvalidOperationException("sequence too long")
    return made


def _boxed(value: Any, of: Any) -> Iterator[Any]:
    elements = iterate(value)
    return (box(v, of) for v in elements) if isinstance(of, Type) else elements
