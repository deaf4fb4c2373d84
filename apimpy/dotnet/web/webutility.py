"""System.Net.WebUtility: form encoding and HTML encoding."""

from __future__ import annotations

import re
from urllib.parse import quote_plus, unquote_to_bytes

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, ArgumentOutOfRangeException
from apimpy.dotnet.values import Array, from_text, to_text, well_formed
from apimpy.dotnet.web.octets import byte_array
from apimpy.pattern import pattern

__all__ = ["form_decode", "form_encode", "html_decode", "html_encode"]

_SAFE = "-_.!*()"
_HTML = pattern("[<>&\"'\u00a0-\u00ff\U00010000-\U0010ffff\ud800-\udfff]")
_ENTITY = pattern(r"&([^&;]+);")
_NUMBER = pattern(r"#\s*\+?(\d{1,10})\s*\Z|#[xX]([0-9A-Fa-f]{1,8})\Z", re.ASCII)
_NAMED = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&#39;"}


def form_encode(value: str) -> str:
    """`UrlEncode`: blank as `+`, upper-case hexadecimal, UTF-8."""
    # quote_plus always leaves "~" alone; .NET encodes it
    return quote_plus(well_formed(value), safe=_SAFE).replace("~", "%7E")


def form_decode(value: str) -> str:
    """`UrlDecode`: what is no escape stays, what is no UTF-8 becomes U+FFFD."""
    if "%" not in value and "+" not in value:
        return value
    return from_text(unquote_to_bytes(well_formed(value.replace("+", " "))).decode("utf-8", "replace"))


def html_encode(value: str) -> str:
    def replace(m: re.Match[str]) -> str:
        char = m[0]
        if char in _NAMED:
            return _NAMED[char]
        return "\ufffd" if "\ud800" <= char <= "\udfff" else f"&#{ord(char)};"

    return _HTML.sub(replace, to_text(value))


def html_decode(value: str) -> str:
    return _ENTITY.sub(_entity, value) if "&" in value else value


def _entity(m: re.Match[str]) -> str:
    name = m[1]
    if name[0] != "#":
        from html.entities import name2codepoint  # a large table, seldom needed

        code = name2codepoint.get(name, 0x27 if name == "apos" else None)
        return m[0] if code is None else chr(code)
    number = _NUMBER.match(name)
    if number is None:
        return m[0]
    code = int(number[1]) if number[1] else int(number[2], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return m[0]
    return from_text(chr(code))


web = clr_type("System.Net.WebUtility", kind="static")


@web.method("static string? UrlEncode(string? value)")
def url_encode(value: str | None) -> str | None:
    return None if value is None else form_encode(value)


@web.method("static string? UrlDecode(string? encodedValue)")
def url_decode(value: str | None) -> str | None:
    return None if value is None else form_decode(value)


@web.method("static string? HtmlEncode(string? value)")
def html_encode_(value: str | None) -> str | None:
    return None if value is None else html_encode(value)


@web.method("static string? HtmlDecode(string? value)")
def html_decode_(value: str | None) -> str | None:
    return None if value is None else html_decode(value)


def _slice(data: Array | None, offset: int, count: int) -> bytes | None:
    if data is None:
        if count == 0:
            return None
        raise ArgumentNullException("bytes")
    if not 0 <= offset <= len(data):
        raise ArgumentOutOfRangeException("offset")
    if not 0 <= count <= len(data) - offset:
        raise ArgumentOutOfRangeException("count")
    return bytes(data[offset : offset + count])


@web.method("static byte[] UrlEncodeToBytes(byte[]? value, int offset, int count)")
def url_encode_to_bytes(value: Array | None, offset: int, count: int) -> Array | None:
    data = _slice(value, offset, count)
    return None if data is None else byte_array(quote_plus(data, safe=_SAFE).replace("~", "%7E").encode())


@web.method("static byte[] UrlDecodeToBytes(byte[]? encodedValue, int offset, int count)")
def url_decode_to_bytes(value: Array | None, offset: int, count: int) -> Array | None:
    data = _slice(value, offset, count)
    return None if data is None else byte_array(unquote_to_bytes(data.replace(b"+", b" ")))
