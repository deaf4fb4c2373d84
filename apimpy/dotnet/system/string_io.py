"""System.IO.StringReader and StringWriter, with the parts of TextReader and TextWriter they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    ObjectDisposedException,
)
from apimpy.dotnet.system.encoding import get_encoding
from apimpy.dotnet.system.number_format import decimal_text, double_text, single_text
from apimpy.dotnet.system.string_format import composite
from apimpy.dotnet.system.text_builder import StringBuilder
from apimpy.dotnet.values import to_string
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["StringReader", "StringWriter", "read_to_end"]

_LINE_END = pattern("\r\n|\r|\n")


class StringReader:
    """Text with a position; None once closed."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text: str | None = text
        self.position = 0

    def clr_dispose(self) -> None:
        self.text = None

    def open(self) -> str:
        if self.text is None:
            raise ObjectDisposedException("Cannot read from a closed TextReader.")
        return self.text


class StringWriter:
    """Writes into a StringBuilder."""

    __slots__ = ("builder", "closed", "new_line")

    def __init__(self, builder: StringBuilder) -> None:
        self.builder, self.closed, self.new_line = builder, False, "\n"

    def clr_dispose(self) -> None:
        self.closed = True

    def clr_to_string(self) -> str:
        return self.builder.text()

    def write(self, text: str) -> None:
        if self.closed:
            raise ObjectDisposedException("Cannot write to a closed TextWriter.")
        self.builder.append(text)


# --- reading ---------------------------------------------------------------------------------------------------------

text_reader = clr_type("System.IO.TextReader", bases="object, IDisposable", allowed="")
string_reader = clr_type("System.IO.StringReader", bases="System.IO.TextReader", python=StringReader)


@string_reader.ctor("StringReader(string s)")
def _new_reader(s: str | None) -> StringReader:
    if s is None:
        raise ArgumentNullException("s")
    return StringReader(s)


def _peek(self: StringReader) -> int:
    text = self.open()
    return ord(text[self.position]) if self.position < len(text) else -1


def _read(self: StringReader) -> int:
    found = _peek(self)
    self.position += found >= 0
    return found


def _read_buffer(self: StringReader, buffer: Any, index: int, count: int) -> int:
    text = self.open()
    if buffer is None:
        raise ArgumentNullException("buffer", "Buffer cannot be null.")
    if index < 0 or count < 0:
        raise ArgumentOutOfRangeException("index" if index < 0 else "count", "Non-negative number required.")
    if index + count > len(buffer):
        raise ArgumentException(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from "
            "index to the end of the source collection."
        )
    part = text[self.position : self.position + count]
    self.position += len(part)
    buffer[index : index + len(part)] = part
    return len(part)


def _read_line(self: StringReader) -> str | None:
    text = self.open()
    start = self.position
    if start >= len(text):
        return None
    end = _LINE_END.search(text, start)
    self.position = end.end() if end else len(text)
    return text[start : end.start()] if end else text[start:]


def read_to_end(self: StringReader) -> str:
    text = self.open()
    rest = text[self.position :]
    self.position = len(text)
    return rest


# members live on StringReader, as in .NET where it overrides them; TextReader has them for variables of that type
for _type in (text_reader, string_reader):
    _type.method("int Peek()", _peek)
    _type.method("int Read()", _read)
    _type.method("int Read(char[] buffer, int index, int count)", _read_buffer)
    _type.method("int ReadBlock(char[] buffer, int index, int count)", _read_buffer)
    _type.method("string? ReadLine()", _read_line)
    _type.method("string ReadToEnd()", read_to_end)
    _type.method("void Close()", StringReader.clr_dispose)
    _type.method("void Dispose()", StringReader.clr_dispose)


# --- writing ---------------------------------------------------------------------------------------------------------

text_writer = clr_type("System.IO.TextWriter", bases="object, IDisposable", allowed="")
string_writer = clr_type("System.IO.StringWriter", bases="System.IO.TextWriter", python=StringWriter)

_TEXTS: dict[str, Callable[[Any], str]] = {
    "bool": to_string,
    "char": str,
    **dict.fromkeys(("int", "uint", "long", "ulong"), int.__repr__),
    "float": single_text,
    "double": double_text,
    "decimal": decimal_text,
    "object?": to_string,
    "string?": to_string,
    "char[]?": lambda chars: "".join(chars or ()),
}


def _given(builder: StringBuilder | None) -> StringWriter:
    if builder is None:
        raise ArgumentNullException("sb")
    return StringWriter(builder)


string_writer.ctor("StringWriter()", lambda: StringWriter(StringBuilder()))
string_writer.ctor("StringWriter(IFormatProvider? formatProvider)", lambda _provider: StringWriter(StringBuilder()))
string_writer.ctor("StringWriter(StringBuilder sb)", _given)
string_writer.ctor("StringWriter(StringBuilder sb, IFormatProvider? formatProvider)", lambda sb, _provider: _given(sb))
string_writer.method("StringBuilder GetStringBuilder()", lambda self: self.builder)
string_writer.method("string ToString()", StringWriter.clr_to_string)


def _writing(text: Callable[[Any], str]) -> Callable[[StringWriter, Any], None]:
    return lambda self, value: self.write(text(value))


def _writing_line(text: Callable[[Any], str]) -> Callable[[StringWriter, Any], None]:
    return lambda self, value: self.write(text(value) + self.new_line)


def _formatted(self: StringWriter, fmt: str | None, args: Any) -> str:
    if fmt is None or args is None:
        raise ArgumentNullException("format" if fmt is None else "args")
    return composite(fmt, args)


def _chars_part(buffer: Any, index: int, count: int) -> str:
    if buffer is None:
        raise ArgumentNullException("buffer", "Buffer cannot be null.")
    if index < 0 or count < 0:
        raise ArgumentOutOfRangeException("index" if index < 0 else "count", "Non-negative number required.")
    return "".join(buffer[index : index + count])


def _write_format(self: StringWriter, fmt: str | None, *args: Any) -> None:
    self.write(_formatted(self, fmt, args))


def _write_line_format(self: StringWriter, fmt: str | None, *args: Any) -> None:
    self.write(_formatted(self, fmt, args) + self.new_line)


def _set_new_line(self: StringWriter, value: str | None) -> None:
    self.new_line = value or ""


for _type in (text_writer, string_writer):
    for _kind, _text in _TEXTS.items():
        _type.method(f"void Write({_kind} value)", _writing(_text))
        _type.method(f"void WriteLine({_kind} value)", _writing_line(_text))
    for _args in ("object? arg0", "object? arg0, object? arg1", "object? arg0, object? arg1, object? arg2"):
        _type.method(f"void Write(string format, {_args})", _write_format)
        _type.method(f"void WriteLine(string format, {_args})", _write_line_format)
    _type.method(
        "void Write(string format, params object[] arg)",
        lambda self, fmt, args: self.write(_formatted(self, fmt, args)),
    )
    _type.method(
        "void WriteLine(string format, params object[] arg)",
        lambda self, fmt, args: self.write(_formatted(self, fmt, args) + self.new_line),
    )
    _type.method(
        "void Write(char[] buffer, int index, int count)",
        lambda self, buffer, index, count: self.write(_chars_part(buffer, index, count)),
    )
    _type.method(
        "void WriteLine(char[] buffer, int index, int count)",
        lambda self, buffer, index, count: self.write(_chars_part(buffer, index, count) + self.new_line),
    )
    _type.method("void WriteLine()", lambda self: self.write(self.new_line))
    _type.method("void Flush()", lambda _self: None)
    _type.method("void Close()", StringWriter.clr_dispose)
    _type.method("void Dispose()", StringWriter.clr_dispose)
    _type.prop("System.Text.Encoding Encoding", lambda _self: get_encoding("utf-16"))
    _type.prop("string NewLine", lambda self: self.new_line, _set_new_line)
