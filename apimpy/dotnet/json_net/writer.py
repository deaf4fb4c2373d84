"""Writes tokens as JSON text: `compact` is `ToString(Formatting.None)`, `indented` is `ToString()`.

Raw parsed data that nobody touched is written without making tokens of it; data and tokens whose bytes orjson would
write in exactly the same way go through orjson.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from apimpy.dotnet.json_net.kinds import COMMENT, INTEGER, NULL, RAW, STRING
from apimpy.dotnet.json_net.scalars import date_of, date_text, float_text, quote, scalar_text
from apimpy.dotnet.json_net.tree import JArray, JConstructor, JObject, JProperty, JToken, JValue, bounded
from apimpy.dotnet.values import Int64, from_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["compact", "indented"]


def compact(token: JToken) -> str:
    fast = _alike(token, 0)
    return _compact(token) if fast is None else fast


def indented(token: JToken) -> str:
    if isinstance(token, JProperty):
        return _indented_property(token)
    fast = _alike(token, orjson.OPT_INDENT_2)
    return _indented(token) if fast is None else fast


@bounded
def _compact(token: JToken) -> str:
    out: list[str] = []
    _write(token, out.append)
    return "".join(out)


@bounded
def _indented(token: JToken) -> str:
    out: list[str] = []
    _write_indented(token, out.append, "\n")
    return "".join(out)


@bounded
def _indented_property(token: JProperty) -> str:
    out: list[str] = [quote(token.name), ": "]
    _write_indented(token.value, out.append, "\n")
    return "".join(out)


def _alike(token: JToken, option: int) -> str | None:
    """The text through orjson, where that is provably what Json.NET writes."""
    if type(token) is not JObject and type(token) is not JArray:
        return None
    try:
        return from_text(orjson.dumps(token, _known, option).decode())
    except TypeError:  # refused by `_known`; half a surrogate pair, a big integer, nested too deep
        return None


def _known(token: Any) -> Any:
    """What orjson may write for a token.  TypeError for what it writes differently: dates, exponents, separators."""
    kind = type(token)
    if kind is JValue:
        value, of = token.value, token.kind
        plain = type(value)
        if plain is str and of is STRING:
            if value.isascii() or not _has_separator(value):
                return value
        elif (of is INTEGER and (plain is Int64 or plain is int)) or plain is bool:
            return value
        elif of is NULL and value is None:
            return None
    elif kind is JObject:
        for name in token._values:
            if not name.isascii() and _has_separator(name):
                raise TypeError
        _check(token._values.values())
        return token._values
    elif kind is JArray:
        _check(token._items)
        return token._items
    raise TypeError


def _check(values: Iterable[Any]) -> None:
    """Raw data among tokens."""
    for value in values:
        kind = type(value)
        if kind is JValue or kind is int or kind is bool or kind is JObject or kind is JArray or value is None:
            continue
        if kind is str:
            if not value.isascii():
                if _has_separator(value):
                    raise TypeError
            elif len(value) < 41 and ((len(value) > 18 and value[10] == "T") or value[:1] == "/"):
                raise TypeError
        elif kind is float:
            if not (0.0001 <= value < 1e15 or -1e15 < value <= -0.0001 or value == 0.0):
                raise TypeError
        elif kind is dict:
            for name in value:
                if not name.isascii() and _has_separator(name):
                    raise TypeError
            _check(value.values())
        elif kind is list:
            _check(value)
        else:
            raise TypeError


def _has_separator(text: str) -> bool:
    return "\x85" in text or "\u2028" in text or "\u2029" in text


def _raw_text(raw: Any) -> str | None:
    """The text of a raw scalar; None for a container."""
    kind = type(raw)
    if kind is str:
        date = date_of(raw) if 18 < len(raw) < 41 or raw[:1] == "/" else None
        return quote(raw if date is None else date_text(date)) if raw.isascii() else quote(from_text(raw))
    if kind is int:
        return int.__repr__(raw)
    if kind is float:
        return float_text(raw)
    if kind is bool:
        return "true" if raw else "false"
    return "null" if raw is None else None


def _value_text(token: JValue) -> str:
    if token.kind is RAW:
        return str(token.value or "")
    if token.kind is COMMENT:
        return f"/*{token.value or ''}*/"
    return scalar_text(token.kind, token.value)


def _write(node: Any, emit: Callable[[str], None]) -> None:
    if isinstance(node, JValue):
        emit(_value_text(node))
        return
    text = _raw_text(node)
    if text is not None:
        emit(text)
        return
    if isinstance(node, JProperty):
        emit(quote(node.name) + ":")
        _write(node.value, emit)
        return
    values = node._values if isinstance(node, JObject) else node
    if type(values) is dict:
        separator = "{"
        for name, value in values.items():
            emit(separator + quote(name) + ":")
            _write(value, emit)
            separator = ","
        emit("}" if separator == "," else "{}")
        return
    opening, closing, items = _sequence(node)
    separator = opening
    for item in items:
        emit(separator)
        _write(item, emit)
        separator = "" if _is_comment(item) else ","
    emit(closing if items else opening + closing)


def _write_indented(node: Any, emit: Callable[[str], None], newline: str) -> None:
    if isinstance(node, JValue):
        emit(_value_text(node))
        return
    text = _raw_text(node)
    if text is not None:
        emit(text)
        return
    if isinstance(node, JProperty):
        emit(quote(node.name) + ": ")
        _write_indented(node.value, emit, newline)
        return
    inner = newline + "  "
    values = node._values if isinstance(node, JObject) else node
    if type(values) is dict:
        separator = "{" + inner
        for name, value in values.items():
            emit(separator + quote(name) + ": ")
            _write_indented(value, emit, inner)
            separator = "," + inner
        emit(newline + "}" if values else "{}")
        return
    opening, closing, items = _sequence(node)
    separator = opening + inner
    for item in items:
        emit(separator)
        _write_indented(item, emit, inner)
        separator = inner if _is_comment(item) else "," + inner
    emit(newline + closing if items else opening + closing)


def _sequence(node: Any) -> tuple[str, str, list[Any]]:
    if isinstance(node, JConstructor):
        return f"new {node.name}(", ")", node._items
    return "[", "]", node._items if isinstance(node, JArray) else node


def _is_comment(item: Any) -> bool:
    return isinstance(item, JValue) and item.kind is COMMENT
