"""Reads a text against one date format: the scanner behind ParseExact."""

from __future__ import annotations

from apimpy.dotnet.exceptions import FormatException
from apimpy.dotnet.time.datetime_format import STANDARD, scan_quoted
from apimpy.dotnet.time.ticks import DAYS, HOUR, MINUTE, MONTHS

__all__ = ["scan"]

_SPACES = "\t\n\v\f\r \xa0"


class _Mismatch(Exception):
    """The text does not follow the format."""


class _Scanner:
    def __init__(self, text: str, inner: bool) -> None:
        self.text, self.i, self.inner = text, 0, inner
        self.found: dict[str, int] = {}

    def skip(self) -> None:
        while self.i < len(self.text) and self.text[self.i] in _SPACES:
            self.i += 1

    def literal(self, expected: str) -> None:
        for c in expected:
            if c == " " and self.inner:
                self.skip()
                continue
            if self.inner:
                self.skip()
            if not self.text.startswith(c, self.i):
                raise _Mismatch
            self.i += 1

    def put(self, key: str, value: int, letter: str) -> None:
        if self.found.setdefault(key, value) != value:
            raise FormatException(f"DateTime pattern '{letter}' appears more than once with different values.")

    def digits(self, least: int, most: int) -> str:
        start = self.i
        while self.i < len(self.text) and self.i - start < most and self.text[self.i] in "0123456789":
            self.i += 1
        if self.i - start < least:
            raise _Mismatch
        return self.text[start : self.i]

    def name(self, names: tuple[str, ...], length: int | None) -> int:
        for index, name in enumerate(names):
            word = name[:length]
            if self.text[self.i : self.i + len(word)].lower() == word.lower():
                self.i += len(word)
                return index
        raise _Mismatch

    def offset(self, n: int) -> int:
        sign = self.text[self.i : self.i + 1]
        if sign not in ("+", "-"):
            raise _Mismatch
        self.i += 1
        hours = int(self.digits(1 if n == 1 else 2, 2))
        minutes = 0
        if n >= 3:
            if self.text.startswith(":", self.i):
                self.i += 1
            minutes = int(self.digits(2, 2))
        if hours > 14 or minutes > 59:
            raise _Mismatch
        value = hours * HOUR + minutes * MINUTE
        return -value if sign == "-" else value

    def zone(self) -> None:
        """`K`: Z, an offset, or nothing."""
        if self.text[self.i : self.i + 1] in ("Z", "z"):
            self.i += 1
            self.found["z"] = 0
            self.found["Z"] = 1
        elif self.text[self.i : self.i + 1] in ("+", "-"):
            self.found["z"] = self.offset(3)

    def field(self, c: str, n: int) -> None:
        if self.inner:
            self.skip()
        if c == "y":
            text = self.digits(n, max(n, 2))
            year = int(text)
            self.put("y", year + (2000 if year <= 29 else 1900) if n <= 2 else year, c)
        elif c == "M" and n >= 3:
            self.put("M", self.name(MONTHS, 3 if n == 3 else None) + 1, c)
        elif c == "d" and n >= 3:
            self.put("w", self.name(DAYS, 3 if n == 3 else None), c)
        elif c in "MdHhms":
            number = int(self.digits(1 if n == 1 else 2, 2))
            if c == "h" and number > 12:
                raise _Mismatch
            self.put("H" if c == "h" else c, number, c)
            if c == "h":
                self.found["h"] = 1
        elif c in "fF":
            if n > 7:
                raise _Mismatch
            self.put("f", int(self.digits(n if c == "f" else 0, n).ljust(7, "0")), c)
        elif c == "t":
            if n == 1 and self.text[self.i : self.i + 1] not in ("A", "P"):  # the single letter alone minds its case
                raise _Mismatch
            self.put("t", self.name(("A", "P") if n == 1 else ("AM", "PM"), None), c)
        elif c == "z":
            self.put("z", self.offset(n), c)
        else:
            self.name(("A.D.", "AD"), None)


def scan(text: str, fmt: str, leading: int, trailing: int, inner: int) -> dict[str, int] | None:
    """The fields found, or None if the text does not follow the format.

    They are y M d H m s f t w z; h: the hour is one of twelve; Z: the zone was written as Z.
    """
    if not fmt:
        raise FormatException("Format specifier '' was invalid.")
    if len(fmt) == 1:
        pattern = STANDARD.get(fmt)
        if pattern is None:
            raise FormatException
        fmt = pattern
    s = _Scanner(text, bool(inner))
    if leading:
        s.skip()
    try:
        _walk(s, fmt)
    except _Mismatch:
        return None
    if trailing:
        s.skip()
    return s.found if s.i == len(text) else None


def _walk(s: _Scanner, fmt: str) -> None:
    i = 0
    while i < len(fmt):
        c = fmt[i]
        if c in "'\"":
            literal, i = scan_quoted(fmt, i)
            s.literal(literal)
            continue
        if c == "\\" and i + 1 < len(fmt):
            s.literal(fmt[i + 1])
            i += 2
            continue
        if c == "%":
            if i + 1 == len(fmt) or fmt[i + 1] == "%":
                raise FormatException(f"Format specifier '{fmt}' was invalid.")
            i += 1
            continue
        n = 1
        if c in "yMdHhmsfFtzg":
            while i + n < len(fmt) and fmt[i + n] == c:
                n += 1
            i += n
            s.field(c, n)
            continue
        i += 1
        if c == "K":
            s.zone()
        elif c == "Z":
            s.literal("Z")
            s.put("z", 0, c)
            s.found["Z"] = 1
        elif c == "." and i < len(fmt) and fmt[i] == "F" and not s.text.startswith(".", s.i):
            while i < len(fmt) and fmt[i] == "F":  # a missing fraction takes its point with it
                i += 1
        else:
            s.literal(c)
