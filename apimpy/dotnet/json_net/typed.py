"""What the serializer reads from: JSON text or a tree of tokens, value by value, each as the type that is wanted.

`read_as("Int32")` is Json.NET's `ReadAsInt32`: text that is read straight into a type keeps what the text said (`1.10`
stays a decimal of scale 2, a date read as a string stays its text) and is refused in the reader's own words.

Both readers offer `current` and `value`, `read()`, `read_as(kind)`, `take()` (the current value as a token, moving to
its end), `error(message)` and `where()` (the end of every message).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

from apimpy.dotnet.exceptions import ClrError, FormatException, JsonReaderException
from apimpy.dotnet.json_net.casts import OBJECT
from apimpy.dotnet.json_net.exact import (
    END_ARRAY,
    END_OBJECT,
    NAME,
    NONE,
    START_ARRAY,
    START_OBJECT,
    Reader,
    based,
    is_based,
)
from apimpy.dotnet.json_net.kinds import BOOLEAN, BYTES, DATE, FLOAT, GUID, INTEGER, NULL, STRING, TIMESPAN, URI
from apimpy.dotnet.json_net.library import call
from apimpy.dotnet.json_net.load import take
from apimpy.dotnet.json_net.path_text import path_text
from apimpy.dotnet.json_net.scalars import BigInteger, date_of, plain_text
from apimpy.dotnet.json_net.tree import JArray, JObject, JProperty, JToken, JValue
from apimpy.dotnet.system.guid import to_bytes
from apimpy.dotnet.system.number_parse import FLOAT as FLOAT_STYLE
from apimpy.dotnet.system.number_parse import read_decimal, read_double
from apimpy.dotnet.time import datetime, datetimeoffset
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import Array, Runtime, to_string, type_of

__all__ = ["TextReader", "TokenReader", "Typed"]

_ROUNDTRIP = 128
_LOW, _HIGH = -(1 << 31), (1 << 31) - 1
_CLOSED = ("Null", NONE, END_ARRAY)


class Typed:
    """What both readers share: strings read as something else."""

    rt: Runtime
    current: str
    value: Any

    def error(self, message: str) -> ClrError:
        return JsonReaderException(f"{message} {self.where()}")

    def where(self) -> str:
        raise NotImplementedError  # both readers say where they are

    def put(self, token: str, value: Any) -> None:
        """Replace the current token."""
        self.current, self.value = token, value

    def string_as(self, text: str, kind: str) -> None:
        """A JSON string as a value of that kind; an empty one is null."""
        if kind == "String":
            self.put("String", text)
        elif kind == "Bytes":
            self.put("Bytes", _bytes(_from_base64(self.rt, text)))
        elif not text:
            self.put("Null", None)
        else:
            token, what, value = _READERS[kind](self.rt, text)
            if value is None:
                self.put("String", text)
                raise self.error(f"Could not convert string to {what}: {text}.")
            self.put(token, value)

    def _byte_array(self) -> None:
        """`[1, 2, 3]` read as bytes; the opening bracket is current."""
        out = bytearray()
        while self.read():
            if self.current == "Integer" and 0 <= self.value <= 255:
                out.append(int(self.value))
            elif self.current == END_ARRAY:
                self.put("Bytes", _bytes(bytes(out)))
                return
            elif self.current != "Comment":
                raise self.error(f"Unexpected token when reading bytes: {self.current}.")
        raise self.error("Unexpected end when reading bytes.")

    def read(self) -> bool:
        raise NotImplementedError  # both readers move their way


def _bytes(data: bytes) -> Array:
    return Array(universe().named("System.Byte"), data)


def _from_base64(rt: Runtime, text: str) -> bytes:
    if len(text) == 36:
        with suppress(FormatException):
            return to_bytes(call(rt, "System.Guid", "Parse", ("System.String",), text))
    return bytes(call(rt, "System.Convert", "FromBase64String", ("System.String",), text))


def _int(_rt: Runtime, text: str) -> tuple[str, str, Any]:
    stripped = text.strip()
    digits = stripped[1:] if stripped[:1] in ("-", "+") else stripped
    number = int(stripped) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
    return "Integer", "integer", number if number is not None and _LOW <= number <= _HIGH else None


def _decimal(_rt: Runtime, text: str) -> tuple[str, str, Any]:
    found = read_decimal(text)
    if found is None or not isinstance(found, Decimal):
        found = read_decimal(text, FLOAT_STYLE)
    return "Float", "decimal", found if isinstance(found, Decimal) else None


def _double(_rt: Runtime, text: str) -> tuple[str, str, Any]:
    return "Float", "double", read_double(text)


def _boolean(_rt: Runtime, text: str) -> tuple[str, str, Any]:
    return "Boolean", "boolean", {"true": True, "false": False}.get(text.strip(" \t\n\r\0").lower())


def _date(rt: Runtime, text: str) -> tuple[str, str, Any]:
    found = date_of(text)
    if found is None:
        try:
            found = datetime.parse(rt, text, _ROUNDTRIP)
        except ClrError:
            found = None
    return "Date", "DateTime", found


def _offset(rt: Runtime, text: str) -> tuple[str, str, Any]:
    if text[0] == "/" and (date := date_of(text)) is not None:
        return "Date", "DateTimeOffset", _with_offset(rt, date)
    try:
        return "Date", "DateTimeOffset", datetimeoffset.parse(rt, text, _ROUNDTRIP)
    except ClrError:
        return "Date", "DateTimeOffset", None


def _with_offset(rt: Runtime, date: Any) -> Any:
    return call(rt, "System.DateTimeOffset", ".ctor", ("System.DateTime",), date)


_READERS = {
    "Int32": _int,
    "Decimal": _decimal,
    "Double": _double,
    "Boolean": _boolean,
    "DateTime": _date,
    "DateTimeOffset": _offset,
}
_NUMBERS = ("Int32", "Decimal", "Double")


class TextReader(Reader, Typed):
    """JSON text, read value by value."""

    def __init__(self, rt: Runtime, text: str) -> None:
        super().__init__(text)
        self.rt = rt

    def take(self) -> JToken:
        return take(self)

    def read_as(self, kind: str) -> bool:
        """Move to the next value, as that kind; False at the end of the text."""
        if self.state == "PostValue":
            while self.state == "PostValue":
                if self._post_value() and self.current != "Comment":
                    return True
        if self.state == "Finished":
            while self._read():
                if self.current != "Comment":
                    return True
            self._set(NONE)
            return False
        if self._next(kind):
            return True
        self._set(NONE)
        return False

    def _next(self, kind: str) -> bool:
        while self.pos < self.end:
            c = self.text[self.pos]
            if c in "\"'":
                self.pos += 1
                text = self._string(c)
                self._after()
                self._count()
                self.string_as(text, kind)
                return True
            if c == "n":
                return self._null()
            if c == "/":
                self._comment()
            elif c == "]":
                self.pos += 1
                if self.container[0] != "Array":
                    raise self.unexpected(c)
                return self._set(END_ARRAY)
            elif c == ",":
                self.pos += 1
                self._set("Undefined")
                raise self.unexpected(c)
            elif (c in "-." or c.isnumeric()) and not (c == "-" and self.peek(1) == "I"):
                return self._number_as(kind, c)
            elif c in "tf" and kind in ("Boolean", "String"):
                word = "true" if c == "t" else "false"
                if not self._match(word):
                    raise self.unexpected(self.peek())
                return self._set(kind, c == "t" if kind == "Boolean" else word)
            elif c in "NI-" and kind in ("Double", "String"):
                return self._not_a_number(kind, c)
            elif c in "[{" and kind == "Bytes":
                self.read()
                if c == "[":
                    self._byte_array()
                    return True
                raise self.error("Error reading bytes. Unexpected token: StartObject.")
            elif not self._space(c):
                self.pos += 1
                raise self.unexpected(c)
        return False

    def _null(self) -> bool:
        if self.pos + 1 >= self.end:
            self.pos = self.end
            raise self.error("Unexpected end when reading JSON.")
        if self.peek(1) != "u":
            self.pos += 2
            raise self.unexpected(self.text[self.pos - 1])
        return self._word("n")

    def _not_a_number(self, kind: str, c: str) -> bool:
        word = {"N": "NaN", "I": "Infinity", "-": "-Infinity"}[c]
        if not self._match(word):
            raise self.error(f"Error parsing {word} value.")
        return self._set("String", word) if kind == "String" else self._set("Float", float(word.lower()))

    def _number_as(self, kind: str, c: str) -> bool:
        if kind in ("Bytes", "DateTime", "DateTimeOffset"):
            self.pos += 1
            raise self.unexpected(c)
        text = self.number_text()
        if kind == "Boolean":
            _, number = self.number_of(text)
            return self._set("Boolean", bool(number), counted=True)
        if kind == "String":
            if (based(text) if is_based(text) else read_double(text)) is None:
                raise self.error(f"Input string '{text}' is not a valid number.")
            return self._set("String", text, counted=True)
        return self._set("Integer" if kind == "Int32" else "Float", self._numeric(kind, text), counted=True)

    def _numeric(self, kind: str, text: str) -> Any:
        found: Any
        if is_based(text):
            found = based(text)
            if found is not None and kind != "Int32":
                found = Decimal(found) if kind == "Decimal" else float(found)
        elif kind == "Int32":
            digits = text.removeprefix("-")
            found = int(text) if digits.isascii() and digits.isdigit() else None
            if found is not None and not _LOW <= found <= _HIGH:
                raise self.error(f"JSON integer {text} is too large or small for an Int32.")
        elif kind == "Decimal":
            found = _decimal(self.rt, text)[2]
        else:
            found = read_double(text)
        if found is None:
            what = {"Int32": "integer", "Decimal": "decimal"}.get(kind, "double")
            raise self.error(f"Input string '{text}' is not a valid {what}.")
        return found


_TOKENS = {
    NULL: "Null",
    INTEGER: "Integer",
    FLOAT: "Float",
    BOOLEAN: "Boolean",
    DATE: "Date",
    BYTES: "Bytes",
    STRING: "String",
}
_WANTED = {
    "Int32": "integer",
    "String": "string",
    "Decimal": "decimal",
    "Double": "double",
    "Boolean": "boolean",
    "DateTime": "date",
    "DateTimeOffset": "date",
    "Bytes": "bytes",
}


class TokenReader(Typed):
    """A tree of tokens, read like text."""

    def __init__(self, rt: Runtime, token: JToken) -> None:
        self.rt = rt
        self.current, self.value = NONE, None
        self.steps: list[str | int] = []
        self._node: JToken = token
        self._walk = self._tokens(token)

    def where(self) -> str:
        return f"Path '{path_text(self.steps)}'."

    def _tokens(self, token: JToken) -> Iterator[tuple[str, Any, JToken]]:
        if isinstance(token, JProperty):
            token = token.value
        if isinstance(token, JObject):
            yield START_OBJECT, None, token
            self.steps.append("")
            for pair in token.pairs():
                self.steps[-1] = pair[0]
                yield NAME, pair[0], token
                yield from self._tokens(pair[1])
            self.steps.pop()
            yield END_OBJECT, None, token
        elif isinstance(token, JArray):
            yield START_ARRAY, None, token
            self.steps.append(0)
            for i, item in enumerate(token.children()):
                self.steps[-1] = i
                yield from self._tokens(item)
            self.steps.pop()
            yield END_ARRAY, None, token
        else:
            assert isinstance(token, JValue)
            value = token.value
            if token.kind in (GUID, TIMESPAN, URI):
                value = plain_text(token.kind, value)
            name = "Null" if value is None else _TOKENS.get(token.kind, "String")
            yield name, value, token

    def read(self) -> bool:
        self.current, self.value, self._node = next(self._walk, (NONE, None, self._node))
        return self.current != NONE

    def take(self) -> JToken:
        node, depth = self._node, 0
        if self.current in (START_OBJECT, START_ARRAY):
            depth = 1
            while depth and self.read():
                depth += (self.current in (START_OBJECT, START_ARRAY)) - (self.current in (END_OBJECT, END_ARRAY))
        return node.clone()

    def read_as(self, kind: str) -> bool:
        self.read()
        now, value = self.current, self.value
        if now in _CLOSED:
            return now != NONE
        if now == "String":
            self.string_as(value, kind)
        elif kind == "String" and now in ("Integer", "Float", "Boolean", "Date", "Bytes"):
            self.put("String", to_string(value))
        elif kind in _NUMBERS and now in ("Integer", "Float"):
            self._number(kind, value)
        elif kind == "Boolean" and now in ("Integer", "Float", "Boolean"):
            self.put("Boolean", bool(value))
        elif kind in ("DateTime", "DateTimeOffset") and now == "Date":
            self._date(kind, value)
        elif kind == "Bytes" and now in ("Bytes", START_ARRAY):
            if now == START_ARRAY:
                self._byte_array()
        else:
            raise self.error(f"Error reading {_WANTED[kind]}. Unexpected token: {now}.")
        return True

    def _number(self, kind: str, value: Any) -> None:
        try:
            if isinstance(value, BigInteger):
                value = float(value) if kind == "Double" else int(value)
            number = call(self.rt, "System.Convert", "To" + kind, OBJECT, value)
        except ClrError as error:
            name = _WANTED[kind]
            raise JsonReaderException(
                f"Could not convert to {name}: {to_string(value)}. {self.where()}", error
            ) from error
        self.put("Integer" if kind == "Int32" else "Float", int(number) if kind == "Int32" else number)

    def _date(self, kind: str, value: Any) -> None:
        has_offset = type_of(value).full_name == "System.DateTimeOffset"
        if kind == "DateTime" and has_offset:
            value = datetime.DateTime(value.ticks)
        elif kind == "DateTimeOffset" and not has_offset:
            value = _with_offset(self.rt, value)
        self.put("Date", value)
