"""Dates as text under the invariant culture: standard patterns (`o`, `R`, `u` …) and custom ones (`yyyy-MM-dd`)."""

from __future__ import annotations

import re
from functools import lru_cache

from apimpy.dotnet.exceptions import FormatException
from apimpy.dotnet.time.ticks import DAY, DAYS, HOUR, MINUTE, MONTHS, SECOND, calendar
from apimpy.pattern import pattern

__all__ = ["STANDARD", "format_date", "offset_text", "roundtrip", "scan_quoted"]

STANDARD = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
"""The invariant culture's patterns of the standard formats."""


def offset_text(offset: int, width: int = 3) -> str:
    """An offset in ticks as `+2` (width 1), `+02` (2) or `+02:00` (3)."""
    sign, minutes = ("-", -offset // MINUTE) if offset < 0 else ("+", offset // MINUTE)
    if width == 1:
        return f"{sign}{minutes // 60}"
    if width == 2:
        return f"{sign}{minutes // 60:02}"
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


def roundtrip(ticks: int, zone: str) -> str:
    """Format "o" with the text of K given."""
    d = calendar(ticks)
    rest = ticks % DAY
    second, fraction = divmod(rest, SECOND)
    return (
        f"{d.year:04}-{d.month:02}-{d.day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        f".{fraction:07}{zone}"
    )


def scan_quoted(fmt: str, i: int) -> tuple[str, int]:
    """The literal that starts with the quote at `i`, and the index after its end."""
    quote = fmt[i]
    out: list[str] = []
    i += 1
    while i < len(fmt):
        c = fmt[i]
        if c == quote:
            return "".join(out), i + 1
        if c == "\\":
            i += 1
            if i == len(fmt):
                raise FormatException
            c = fmt[i]
        out.append(c)
        i += 1
    raise FormatException(f"Cannot find a matching quote character for the character '{quote}'.")


def format_date(ticks: int, zone: str, offset: int, fmt: str) -> str:
    """A date in a custom or standard format.  `zone` is the text of K, `offset` what `zzz` shows.

    The conversions that some standard formats make (`U`, `r` of a DateTimeOffset) are the caller's.
    """
    if len(fmt) == 1:
        if fmt in "oO":
            return roundtrip(ticks, zone)
        pattern = STANDARD.get(fmt)
        if pattern is None:
            raise FormatException
        fmt = pattern
    made = _template(fmt)
    if made is None:
        return _custom(ticks, zone, offset, fmt)
    template, fields = made
    date = calendar(ticks)
    parts = {"y": date.year, "M": date.month, "d": date.day}
    second = ticks // SECOND % 86_400
    parts["H"], parts["m"], parts["s"] = second // 3600, second // 60 % 60, second % 60
    return template % tuple([zone if f == "K" else parts[f] for f in fields])


@lru_cache(maxsize=256)
def _template(fmt: str) -> tuple[str, str] | None:
    """A pattern of numbers and plain text for Python's `%`, and which number stands where; None for any other."""
    out: list[str] = []
    fields: list[str] = []
    for m in _PIECE.finditer(fmt):
        piece = m[0]
        if piece in _NUMBERS or piece == "K":
            out.append("%s" if piece == "K" else _NUMBERS[piece])
            fields.append(piece[0])
        elif (piece.isalpha() and piece != "T" and piece != "Z") or piece in "'\"\\%":
            return None  # names, fractions, literals
        else:
            out.append(piece)
    return "".join(out), "".join(fields)


_PIECE = pattern(r"([A-Za-z])\1*|.", re.DOTALL)
_NUMBERS = {"yyyy": "%04d"} | {letter * 2: "%02d" for letter in "MdHms"}


def _custom(ticks: int, zone: str, offset: int, fmt: str) -> str:
    out: list[str] = []
    i, end = 0, len(fmt)
    date = calendar(ticks)
    while i < end:
        c = fmt[i]
        if c in "'\"":
            literal, i = scan_quoted(fmt, i)
            out.append(literal)
            continue
        if c == "\\":
            if i + 1 == end:
                raise FormatException
            out.append(fmt[i + 1])
            i += 2
            continue
        if c == "%":
            if i + 1 == end or fmt[i + 1] == "%":
                raise FormatException
            out.append(_custom(ticks, zone, offset, fmt[i + 1]))  # exactly one letter: `%dd` is two formats
            i += 2
            continue
        n = 1
        if c in _FIELDS:
            while i + n < end and fmt[i + n] == c:
                n += 1
        i += n
        if c == "y":
            out.append(f"{date.year % 100:0{n}}" if n <= 2 else f"{date.year:0{n}}")
        elif c == "M":
            name = MONTHS[date.month - 1]
            out.append(f"{date.month:0{n}}" if n <= 2 else name[:3] if n == 3 else name)
        elif c == "d":
            name = DAYS[date.isoweekday() % 7]
            out.append(f"{date.day:0{n}}" if n <= 2 else name[:3] if n == 3 else name)
        elif c == "H":
            out.append(f"{ticks // HOUR % 24:0{min(n, 2)}}")
        elif c == "h":
            out.append(f"{ticks // HOUR % 12 or 12:0{min(n, 2)}}")
        elif c == "m":
            out.append(f"{ticks // MINUTE % 60:0{min(n, 2)}}")
        elif c == "s":
            out.append(f"{ticks // SECOND % 60:0{min(n, 2)}}")
        elif c in "fF":
            _fraction(out, f"{ticks % SECOND:07}", c, n)
        elif c == "t":
            half = "AM" if ticks % DAY < DAY // 2 else "PM"
            out.append(half[0] if n == 1 else half)
        elif c == "z":
            out.append(offset_text(offset, n))
        elif c == "K":
            out.append(zone)
        elif c == "g":
            out.append("A.D.")
        else:
            out.append(c)
    return "".join(out)


_FIELDS = frozenset("yMdHhmsfFtzg")


def _fraction(out: list[str], digits: str, c: str, n: int) -> None:
    if n > 7:
        raise FormatException
    digits = digits[:n]
    if c == "F":
        digits = digits.rstrip("0")
        if not digits:
            if out and out[-1] == ".":
                out.pop()
            return
    out.append(digits)
