"""Percent-encoding as .NET does it: `Uri.EscapeDataString` and its relatives, and the canonical form inside a `Uri`.

Strings are C# strings (surrogate pairs) on both sides.  What this is not: `application/x-www-form-urlencoded`, which is
`webutility`.
"""

from __future__ import annotations

import re

from apimpy.dotnet.exceptions import UriFormatException
from apimpy.dotnet.values import from_text, to_text, well_formed
from apimpy.pattern import pattern

__all__ = ["canonical", "escape_data", "escape_uri", "is_escaped", "unescape", "unescape_safe"]

_RUN = pattern(r"(?:%[0-9A-Fa-f]{2})+")
_NOT_UNRESERVED = pattern(r"[^A-Za-z0-9\-._~]")
_NOT_URI = pattern(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]")
_CANONICAL = pattern(r"((?:%[0-9A-Fa-f]{2})+)|[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]")
_ILL_FORMED = pattern(r"""%(?![0-9A-Fa-f]{2})|[\x00-\x20\x7f"<>\\^`{|}\[\]]""")
_SURROGATE = pattern("[\ud800-\udfff]")
_BEYOND_ASCII = pattern(r"([^\x00-\x7f]+)(%[0-9A-F]{2}|[\x00-\x7f]?)")
_NO_IRI = pattern("[\x80-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff]")
"""What internationalized URIs do not show as such."""
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPES = {c: f"%{c:02X}" for c in range(128) if c not in _UNRESERVED}
_NOT_SAFE = frozenset(b";/?:@&=+$,#[]!'()*%\\\x7f") | frozenset(range(32))
"""ASCII that `Uri.ToString()` leaves escaped: unescaping it would change what the URI means."""


def _percent(text: str) -> str:
    return "".join(f"%{b:02X}" for b in text.encode())


def escape_data(value: str) -> str:
    """`Uri.EscapeDataString`: everything but the unreserved characters of RFC 3986."""
    if value.isascii():
        return value.translate(_ESCAPES)
    return _escape(value, _NOT_UNRESERVED)


def escape_uri(value: str) -> str:
    """`Uri.EscapeUriString`: reserved characters stay as they are."""
    return _escape(value, _NOT_URI)


def _escape(value: str, pattern: re.Pattern[str]) -> str:
    text = to_text(value)
    if _SURROGATE.search(text):
        return _BEYOND_ASCII.sub(_escape_broken, pattern.sub(lambda m: _percent_ascii(m[0]), value))
    return pattern.sub(lambda m: _percent(m[0]), text)


def _percent_ascii(char: str) -> str:
    return _percent(char) if char < "\x80" else char


def _escape_broken(m: re.Match[str]) -> str:
    """A run beyond ASCII with unpaired surrogates: the halves become U+FFFD, except where .NET cannot go on."""
    run, follower = m[1], m[2]
    if "\ud800" <= run[-1] <= "\udbff":
        if len(run) == 1 or not follower:
            raise UriFormatException("Invalid URI: There is an invalid sequence in the string.")
        # .NET encodes the next character with the half before it, needed or not
        return _percent(well_formed(run)) + (follower if follower[0] == "%" else _percent(follower))
    return _percent(well_formed(run)) + follower


def unescape(value: str) -> str:
    """`Uri.UnescapeDataString`: every escape but those that are no UTF-8."""
    return _RUN.sub(lambda m: _decode(m[0], frozenset()), value) if "%" in value else value


def unescape_safe(value: str) -> str:
    """The readable form `Uri.ToString()` gives: escapes stay where the character would mean something else."""
    return _RUN.sub(lambda m: _decode(m[0], _NOT_SAFE), value) if "%" in value else value


def _decode(run: str, keep: frozenset[int]) -> str:
    """Text of consecutive escapes; bytes of `keep` as written, bytes that are no UTF-8 in upper case."""
    data = bytes.fromhex(run.replace("%", ""))
    out: list[str] = []
    start = 0
    for i, byte in enumerate(data):
        if byte in keep:
            out += (_utf8(data[start:i], keep), run[3 * i : 3 * i + 3])
            start = i + 1
    out.append(_utf8(data[start:], keep))
    return "".join(out)


def _utf8(data: bytes, keep: frozenset[int]) -> str:
    def readable(part: bytes) -> str:
        text = part.decode()
        return from_text(_NO_IRI.sub(lambda m: _percent(m[0]), text) if keep else text)

    out: list[str] = []
    while data:
        try:
            out.append(readable(data))
            break
        except UnicodeDecodeError as error:
            out.append(readable(data[: error.start]))
            out.extend(f"%{b:02X}" for b in data[error.start : error.end])
            data = data[error.end :]
    return "".join(out)


def canonical(value: str) -> str:
    """A component as `Uri.AbsoluteUri` shows it: unreserved characters plain, everything unusual as UTF-8 escapes."""

    def replace(m: re.Match[str]) -> str:
        run = m[1]
        return _percent(m[0]) if run is None else _normal_run(run)

    return _CANONICAL.sub(replace, well_formed(value))


def _normal_run(run: str) -> str:
    """Escapes that were there: unreserved ones decoded, UTF-8 sequences in upper case, the rest as written."""
    data = bytes.fromhex(run.replace("%", ""))
    out: list[str] = []
    i = 0
    while i < len(data):
        byte = data[i]
        if byte in _UNRESERVED:
            out.append(chr(byte))
        elif byte < 0xC2 or (size := _sequence(data, i)) == 0:
            out.append(run[3 * i : 3 * i + 3])
        else:
            out.append(run[3 * i : 3 * (i + size)].upper())
            i += size - 1
        i += 1
    return "".join(out)


def _sequence(data: bytes, i: int) -> int:
    """Length of the UTF-8 sequence at `i`, 0 when there is none."""
    size = 2 if data[i] < 0xE0 else 3 if data[i] < 0xF0 else 4
    try:
        return size if len(data[i : i + size].decode()) == 1 else 0
    except UnicodeDecodeError:
        return 0


def is_escaped(value: str) -> bool:
    """Nothing in the component still needs an escape (letters beyond ASCII do not, unless they take two units)."""
    return _ILL_FORMED.search(value) is None and _SURROGATE.search(value) is None
