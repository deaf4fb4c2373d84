"""Reads JSON text into tokens.

`parse_text`/`parse_bytes` hand the text to orjson and wrap what comes back lazily.  Whatever orjson refuses, and the
few things it accepts but reads differently (integers beyond 64 bits, nesting beyond 64), goes through `exact.Reader`,
which reads as leniently as Json.NET and makes its messages.

    parse_text('{"a": 1}')           # JToken.Parse
    parse_as(text, "JObject")        # JObject.Parse
"""

from __future__ import annotations

from typing import Any

import orjson

from apimpy.dotnet.json_net.exact import Reader
from apimpy.dotnet.json_net.load import load
from apimpy.dotnet.json_net.tree import JToken, wrap
from apimpy.dotnet.values import from_text, to_text
from apimpy.pattern import pattern

__all__ = ["MAX_DEPTH", "parse_as", "parse_bytes", "parse_text"]

MAX_DEPTH = 64

_DIGITS = bytes(0x30 if 0x30 <= c <= 0x39 else 0 for c in range(256))
_BIG_INTEGER = pattern(rb"(?:^|[\s:,\[])-?[0-9]{20,}(?:$|[\s,}\]])")
_UP_TO_ASTRAL = bytes(range(0xF0))


def parse_text(text: str, settings: Any = None) -> JToken:
    """`JToken.Parse(text)`"""
    return parse_as(text, "JToken", settings)


def parse_bytes(data: bytes | bytearray | memoryview, what: str = "JToken") -> JToken:
    """JSON in UTF-8 (a byte order mark is skipped) as a token; `what` is JToken, JObject or JArray."""
    data = bytes(data)
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    token = _fast(data, what)
    return load(Reader(from_text(data.decode("utf-8", "replace"))), what, None) if token is None else token


def parse_as(text: str, what: str, settings: Any = None) -> JToken:
    """`JToken.Parse`, `JObject.Parse` or `JArray.Parse`, by the name of the class."""
    if settings is None:
        try:
            data = (text if text.isascii() else to_text(text)).encode()
        except UnicodeEncodeError:  # half a surrogate pair: only the exact reader keeps it
            data = b""
        token = _fast(data, what)
        if token is not None:
            return token
    return load(Reader(from_text(text)), what, settings)


def _fast(data: bytes, what: str) -> JToken | None:
    try:
        raw = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    kind = type(raw)
    if (what == "JObject" and kind is not dict) or (what == "JArray" and kind is not list):
        return None
    if len(data) > 2 * MAX_DEPTH and data.count(b"{") + data.count(b"[") > MAX_DEPTH and too_deep([raw], MAX_DEPTH + 1):
        return None
    if _may_be_big(data) and _BIG_INTEGER.search(data):
        return None
    if (not data.isascii() and data.translate(None, _UP_TO_ASTRAL)) or (
        b"\\" in data and (b"\\ud" in data or b"\\uD" in data)
    ):
        raw = _paired(raw)
    return wrap(raw, None)


def _may_be_big(data: bytes) -> bool:
    """Whether there is a run of 20 digits; it would cover four neighbours of every fifth byte."""
    if len(data) < 20:
        return False
    return b"0000" in data[::5].translate(_DIGITS) and b"0" * 20 in data.translate(_DIGITS)


def too_deep(raw: Any, limit: int) -> bool:
    """Whether containers nest more than `limit` deep; level by level, so that depth costs nothing."""
    level = [raw]
    for _ in range(limit):
        following: list[Any] = []
        for node in level:
            for value in node.values() if type(node) is dict else node:
                if type(value) is dict or type(value) is list:
                    following.append(value)
        if not following:
            return False
        level = following
    return True


def _paired(raw: Any) -> Any:
    """Names in a document with characters beyond the basic plane become C# strings at once (values do when touched)."""
    if type(raw) is dict:
        return {from_text(k): _paired(v) for k, v in raw.items()}
    if type(raw) is list:
        return [_paired(v) for v in raw]
    return raw


def require(text: str | None, what: str) -> JToken:
    """`parse_as` for declared members: null is refused by the reader."""
    from apimpy.dotnet.exceptions import ArgumentNullException

    if text is None:
        raise ArgumentNullException("s")
    return parse_as(text, what)
