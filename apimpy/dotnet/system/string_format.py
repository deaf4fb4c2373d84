"""`string.Format` and the formatting of single values: `{index,alignment:format}` under the invariant culture.

`format_value` is IFormattable's dispatch.  A class of the library takes part by defining `clr_format(fmt)`.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.exceptions import FormatException
from apimpy.dotnet.system.number_format import format_decimal, format_double, format_integer, format_single
from apimpy.dotnet.values import (
    Byte,
    EnumValue,
    Int16,
    Int64,
    SByte,
    Single,
    UInt16,
    UInt32,
    UInt64,
    check_size,
    to_string,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["align", "composite", "enum_format", "format_value"]

_BAD = "Input string was not in a correct format."
_INDEX = "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."
_LIMIT = 1_000_000

_SIZES: dict[type, tuple[int, bool]] = {
    int: (32, True),
    Int64: (64, True),
    Int16: (16, True),
    SByte: (8, True),
    Byte: (8, False),
    UInt16: (16, False),
    UInt32: (32, False),
    UInt64: (64, False),
}


def format_value(value: Any, fmt: str | None) -> str:
    """A boxed value by a format string; types without formats ignore it; "" for null."""
    if not fmt:
        return to_string(value)
    kind = type(value)
    size = _SIZES.get(kind)
    if size is not None:
        return format_integer(value, size[0], size[1], fmt)
    if kind is float:
        return format_double(value, fmt)
    if kind is Decimal:
        return format_decimal(value, fmt)
    if kind is Single:
        return format_single(value, fmt)
    if kind is EnumValue:
        return enum_format(value, fmt)
    method = getattr(value, "clr_format", None)
    return method(fmt) if method is not None else to_string(value)


def enum_format(value: EnumValue, fmt: str | None) -> str:
    if not fmt or fmt in "Gg":
        return value.clr_to_string()
    if fmt in "Dd":
        return str(value.value)
    if fmt in "Xx":
        return f"{value.value & 0xFFFFFFFF:08X}"
    if fmt in "Ff":
        return flag_names(value)
    raise FormatException('Format string can be only "G", "g", "X", "x", "F", "f", "D" or "d".')


def flag_names(value: EnumValue) -> str:
    """The F format: names of the bits set, also for an enum that is not marked as flags."""
    rest, names = value.value, []
    for name, member in sorted(value.decl.enum_members.items(), key=lambda item: -item[1].value):
        if member.value == value.value:
            return name
        if member.value and rest & member.value == member.value:
            names.append(name)
            rest &= ~member.value
    return ", ".join(reversed(names)) if names and not rest else str(value.value)


def align(text: str, width: int) -> str:
    """Padded to a width: right-aligned, or left-aligned for a negative one."""
    check_size(abs(width))
    return text.rjust(width) if width >= 0 else text.ljust(-width)


def composite(fmt: str, args: Sequence[Any]) -> str:
    """`string.Format(fmt, args)` with boxed arguments."""
    out: list[str] = []
    size = 0
    for literal, index, width, spec in _parse(fmt):
        if index < 0:
            text = literal
        elif index >= len(args):
            raise FormatException(_INDEX)
        else:
            text = format_value(args[index], spec)
            if width:
                text = align(text, width)
        size += len(text)
        check_size(size)
        out.append(text)
    return "".join(out)


class _Reader:
    """Reads a composite format.  What is wrong with it shows only after the pieces before were fine, as in .NET."""

    def __init__(self, fmt: str) -> None:
        self.fmt, self.i = fmt, 0

    def peek(self) -> str:
        if self.i >= len(self.fmt):
            raise FormatException(_BAD)
        return self.fmt[self.i]

    def blanks(self) -> None:
        while self.peek() == " ":
            self.i += 1

    def number(self) -> int:
        value = 0
        if not "0" <= self.peek() <= "9":
            raise FormatException(_BAD)
        while "0" <= self.peek() <= "9" and value < _LIMIT:
            value = value * 10 + int(self.peek())
            self.i += 1
        return value

    def hole(self) -> tuple[str, int, int, str | None]:
        """From behind `{`."""
        index, width, spec = self.number(), 0, None
        if index >= _LIMIT:
            return "", index, 0, None
        self.blanks()
        if self.peek() == ",":
            self.i += 1
            self.blanks()
            left = self.peek() == "-"
            self.i += left
            width = -self.number() if left else self.number()
            self.blanks()
        if self.peek() == ":":
            self.i += 1
            start = self.i
            while self.peek() != "}":
                if self.peek() == "{":
                    raise FormatException(_BAD)
                self.i += 1
            spec = self.fmt[start : self.i]
        if self.peek() != "}":
            raise FormatException(_BAD)
        self.i += 1
        return "", index, width, spec


@lru_cache(maxsize=256)
def _parse(fmt: str) -> tuple[tuple[str, int, int, str | None], ...]:
    """Pieces: (literal, -1, 0, None) or ("", index, width, format)."""
    out: list[tuple[str, int, int, str | None]] = []
    reader = _Reader(fmt)
    literal: list[str] = []
    n = len(fmt)
    while reader.i < n:
        c = fmt[reader.i]
        reader.i += 1
        if c not in "{}":
            literal.append(c)
        elif reader.i < n and fmt[reader.i] == c:
            literal.append(c)
            reader.i += 1
        elif c == "}":
            raise FormatException(_BAD)
        else:
            if literal:
                out.append(("".join(literal), -1, 0, None))
                literal = []
            out.append(reader.hole())
            if out[-1][1] >= _LIMIT:
                break
    if literal:
        out.append(("".join(literal), -1, 0, None))
    return tuple(out)
