"""Cached values as bytes: boxed C# values and responses, with the types they have.

A value is one letter and what it needs; lengths are four bytes.  What has no letter is not kept: objects of the policy
that was running mean nothing to another process.  Bytes that somebody else put there are no value either.
"""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from apimpy.csharp.types import ClrType
from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.values import BOXES, Array, Char, Single
from apimpy.runtime.message import Body, Headers, Response
from apimpy.runtime.ports import CachedResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["decode", "encode"]

T = TypeVar("T")

_VERSION = 1
_DEPTH = 200
"""Tokens inside each other; JSON that was read has fewer."""
_LENGTH, _DOUBLE = struct.Struct(">I"), struct.Struct(">d")
_NUMBERS = {"i": int, **{letter: BOXES[f"System.{name}"] for letter, name in (
    ("l", "Int64"), ("h", "Int16"), ("y", "SByte"), ("o", "Byte"), ("H", "UInt16"), ("I", "UInt32"), ("L", "UInt64"),
)}}  # fmt: skip
_LETTERS = {kind: letter for letter, kind in _NUMBERS.items()}


class _Unknown(Exception):
    """No letter for this."""


def encode(value: Any) -> bytes | None:
    """The bytes of a value, None when it cannot be kept."""
    out = bytearray([_VERSION])
    try:
        _write(out, value, 0)
    except _Unknown:
        return None
    return bytes(out)


def decode(data: bytes) -> Any:
    """The value; None for bytes that are none."""
    reader = _Reader(data)
    try:
        if reader.byte() != _VERSION:
            return None
        value = reader.value(0)
        return value if reader.at == len(data) else None
    except (ValueError, KeyError, IndexError, ArithmeticError, struct.error, ClrError, _Unknown):
        return None


# --- out --------------------------------------------------------------------------------------------------------------


def _put(out: bytearray, letter: str, data: bytes) -> None:
    out += letter.encode()
    out += _LENGTH.pack(len(data))
    out += data


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def _write(out: bytearray, value: Any, depth: int) -> None:
    kind = type(value)
    if kind is str:
        _put(out, "s", _text(value))
    elif value is None:
        out += b"N"
    elif kind is bool:
        out += b"T" if value else b"F"
    elif kind in _LETTERS:
        _put(out, _LETTERS[kind], int.__repr__(value).encode())
    elif kind is float or kind is Single:
        out += b"d" if kind is float else b"f"
        out += _DOUBLE.pack(value)
    elif kind is Char:
        _put(out, "c", _text(value))
    elif kind is Decimal:
        _put(out, "m", str(value).encode())
    elif kind is bytes:
        _put(out, "b", value)
    elif kind is Array:
        _write_array(out, value)
    elif kind is CachedResponse:
        out += b"R" + _DOUBLE.pack(value.expires)
        _write_message(out, value.status, value.reason, value.headers, value.body)
    elif kind is Response:
        out += b"Q"
        _write_message(out, value.status, value.reason, value.headers.items(), value.body.wire() or b"")
    else:
        _write_object(out, value, depth)


def _write_array(out: bytearray, value: Array) -> None:
    if value.of.full_name != "System.Byte" or value.shape is not None:
        raise _Unknown
    _put(out, "A", bytes(value))


def _write_message(out: bytearray, status: int, reason: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
    pairs = list(headers)
    out += _LENGTH.pack(status) + _LENGTH.pack(len(pairs))
    for text in (reason, *(text for pair in pairs for text in pair)):
        _put(out, "s", _text(text))
    _put(out, "b", body)


def _write_object(out: bytearray, value: Any, depth: int) -> None:
    from apimpy.dotnet.json_net.scalars import BigInteger
    from apimpy.dotnet.json_net.token_base import JRaw, JToken, JValue
    from apimpy.dotnet.json_net.tree import JArray, JConstructor, JObject, JProperty
    from apimpy.dotnet.system.guid import Guid
    from apimpy.dotnet.time.datetime import DateTime
    from apimpy.dotnet.time.datetimeoffset import DateTimeOffset
    from apimpy.dotnet.time.timespan import TimeSpan

    if depth > _DEPTH:
        raise _Unknown
    kind = type(value)
    if kind is BigInteger:
        _put(out, "B", int.__repr__(value).encode())
    elif kind is DateTime:
        _put(out, "t", f"{value.ticks} {value.kind}".encode())
    elif kind is DateTimeOffset:
        _put(out, "z", f"{value.ticks} {value.offset}".encode())
    elif kind is TimeSpan:
        _put(out, "p", str(value.ticks).encode())
    elif kind is Guid:
        _put(out, "g", value.hex.encode())
    elif not isinstance(value, JToken):
        raise _Unknown
    elif isinstance(value, JObject):
        _put(out, "{", b"")
        names = [p.name for p in value.children() if isinstance(p, JProperty)]
        out += _LENGTH.pack(len(names))
        for name in names:
            _put(out, "s", _text(name))
            _write(out, value.get(name), depth + 1)
    elif isinstance(value, JArray):
        if isinstance(value, JConstructor):
            _put(out, "(", _text(value.name or ""))
        else:
            _put(out, "[", b"")
        items = value.children()
        out += _LENGTH.pack(len(items))
        for item in items:
            _write(out, item, depth + 1)
    elif isinstance(value, JProperty):
        _put(out, "P", _text(value.name))
        _write(out, value.value, depth + 1)
    elif isinstance(value, JValue):
        _put(out, "r" if isinstance(value, JRaw) else "v", value.kind.clr_to_string().encode())
        _write(out, value.value, depth + 1)
    else:
        raise _Unknown


# --- in ---------------------------------------------------------------------------------------------------------------


class _Reader:
    """Bytes, read from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        start, self.at = self.at, self.at + count
        if self.at > len(self._data):
            raise ValueError("the bytes end too early")
        return self._data[start : self.at]

    def number(self) -> int:
        found: int = _LENGTH.unpack(self.take(4))[0]
        return found

    def data(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        return self.data().decode("utf-8", "surrogatepass")

    def double(self) -> float:
        found: float = _DOUBLE.unpack(self.take(8))[0]
        return found

    def value(self, depth: int) -> Any:
        if depth > _DEPTH + 1:
            raise _Unknown
        letter = chr(self.byte())
        if letter in _NUMBERS:
            return _NUMBERS[letter](self.data())
        read = _READERS.get(letter)
        return self._token(letter, depth) if read is None else read(self)

    def array(self) -> Array:
        universe: Any = ClrType.universe
        return Array(universe.named("System.Byte"), self.data())

    def message(self) -> tuple[int, str, list[tuple[str, str]], bytes]:
        status, count = self.number(), self.number()
        reason = self._one(str)
        headers = [(self._one(str), self._one(str)) for _ in range(count)]
        return status, reason, headers, self._one(bytes)

    def _one(self, kind: type[T], depth: int = 0) -> T:
        """A value of that kind."""
        found = self.value(depth)
        if not isinstance(found, kind):
            raise _Unknown
        return found

    def cached(self) -> CachedResponse:
        expires = self.double()
        status, reason, headers, body = self.message()
        return CachedResponse(status, reason, tuple(headers), body, expires)

    def response(self) -> Response:
        status, reason, headers, body = self.message()
        return Response(status, reason, Headers(headers), Body(body))

    def _token(self, letter: str, depth: int) -> Any:
        from apimpy.dotnet.json_net.kinds import KIND
        from apimpy.dotnet.json_net.token_base import JRaw, JToken, JValue
        from apimpy.dotnet.json_net.tree import JArray, JConstructor, JObject, JProperty

        name = self.text()
        if letter == "v":
            return JValue.of(self.value(depth + 1), KIND[name])
        if letter == "r":
            return JRaw(self.value(depth + 1))
        if letter == "P":
            return JProperty(name, self._one(JToken, depth + 1))
        if letter == "{":
            made = JObject()
            for _ in range(self.number()):
                key = self._one(str)
                made.attach(key, self._one(JToken, depth + 1))
            return made
        if letter in "[(":
            items = [self._one(JToken, depth + 1) for _ in range(self.number())]
            return JArray(items) if letter == "[" else JConstructor(name or None, items)
        raise _Unknown


def _small(letter: str) -> Callable[[_Reader], Any]:
    """A reader for the small objects that are ticks or digits."""

    def read(reader: _Reader) -> Any:
        from apimpy.dotnet.json_net.scalars import BigInteger
        from apimpy.dotnet.system.guid import Guid
        from apimpy.dotnet.time.datetime import DateTime
        from apimpy.dotnet.time.datetimeoffset import DateTimeOffset
        from apimpy.dotnet.time.timespan import TimeSpan

        text = reader.data().decode()
        if letter == "g":
            return Guid(text)
        numbers = [int(part) for part in text.split()]
        if letter == "t":
            return DateTime(numbers[0], numbers[1])
        if letter == "z":
            return DateTimeOffset(numbers[0], numbers[1])
        return TimeSpan(numbers[0]) if letter == "p" else BigInteger(numbers[0])

    return read


_READERS: dict[str, Callable[[_Reader], Any]] = {
    "s": _Reader.text,
    "N": lambda reader: None,
    "T": lambda reader: True,
    "F": lambda reader: False,
    "d": _Reader.double,
    "f": lambda reader: Single(reader.double()),
    "c": lambda reader: Char(reader.text()),
    "m": lambda reader: Decimal(reader.data().decode()),
    "b": _Reader.data,
    "A": _Reader.array,
    "R": _Reader.cached,
    "Q": _Reader.response,
    **{letter: _small(letter) for letter in "tzpgB"},
}
