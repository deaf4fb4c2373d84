"""Text as durations: `[-][d.]hh:mm[:ss[.fffffff]]` and the formats of `TimeSpan.ParseExact`.  Results are ticks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.dotnet.exceptions import ClrError, FormatException, OverflowException
from apimpy.dotnet.time import ticks as tk
from apimpy.dotnet.time.datetime_format import scan_quoted
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["parse_exact", "parse_text"]

# every arrangement that .NET tries, the most usual first; the first whose numbers are in range wins
_SHAPES = tuple(
    re.compile("(?P<sign>-)?" + shape, re.ASCII)
    for shape in (
        r"(?P<d>\d+)",
        r"(?P<h>\d+):(?P<m>\d+)",
        r"(?P<h>\d+):(?P<m>\d+):(?P<s>\d+)",
        r"(?P<d>\d+)\.(?P<h>\d+):(?P<m>\d+)",
        r"(?P<d>\d+)[.:](?P<h>\d+):(?P<m>\d+):(?P<s>\d+)",
        r"(?P<h>\d+):(?P<m>\d+):(?P<s>\d+)\.(?P<f>\d+)",
        r"(?P<d>\d+)[.:](?P<h>\d+):(?P<m>\d+):(?P<s>\d+)\.(?P<f>\d+)",
        r"(?P<d>\d+):(?P<h>\d+):(?P<m>\d+)",
    )
)
_CONSTANT = pattern(
    r"\s*(?P<sign>-)?(?:(?P<d>\d+)\.)?(?P<h>\d+):(?P<m>\d+)(?::(?P<s>\d+)(?:\.(?P<f>\d{0,7}))?)?\s*"
    r"|\s*(?P<minus>-)?(?P<days>\d+)\s*",
    re.ASCII,
)
_GENERAL = pattern(
    r"\s*(?P<sign>-)?(?:(?P<d>\d+):)??(?P<h>\d{1,2}):(?P<m>\d{1,2})(?::(?P<s>\d{1,2})(?:\.(?P<f>\d+))?)?\s*"
    r"|\s*(?P<minus>-)?(?P<days>\d+)\s*",
    re.ASCII,
)
_GENERAL_LONG = pattern(r"(?P<sign>-)?(?P<d>\d+):(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)\.(?P<f>\d{7})", re.ASCII)
_STANDARD = {"c": _CONSTANT, "t": _CONSTANT, "T": _CONSTANT, "g": _GENERAL, "G": _GENERAL_LONG}


def _bad(text: str) -> ClrError:
    return FormatException(f"String '{text}' was not recognized as a valid TimeSpan.")


def _overflow(text: str) -> ClrError:
    return OverflowException(
        f"The TimeSpan string '{text}' could not be parsed because at least one of the numeric components is out of "
        "range or contains too many digits."
    )


def _ticks(fields: dict[str, str | None]) -> int | None:
    """The value, or None if a component is out of its range."""
    days, hours, minutes, seconds = (int(fields.get(k) or 0) for k in "dhms")
    days = int(fields.get("days") or days)
    fraction = _fraction(fields.get("f") or "")
    if days > 10_675_199 or hours > 23 or minutes > 59 or seconds > 59 or fraction is None:
        return None
    value = days * tk.DAY + hours * tk.HOUR + minutes * tk.MINUTE + seconds * tk.SECOND + fraction
    if fields.get("sign") or fields.get("minus"):
        value = -value
    return value if -(2**63) <= value < 2**63 else None


def _fraction(digits: str) -> int | None:
    """Ticks of the digits after the point; more than seven are rounded, and only allowed after a zero."""
    if len(digits) <= 7:
        return int(digits.ljust(7, "0"))
    number = int(digits)
    zeros = len(digits) - len(digits.lstrip("0"))
    if number == 0:
        return 0
    if zeros == 0 or zeros > 7:
        return None
    scale: int = 10 ** (len(digits) - 7)
    return (2 * number + scale) // (2 * scale)


def parse_text(text: str) -> int:
    """`TimeSpan.Parse`."""
    body = text.strip()
    matched = False
    for shape in _SHAPES:
        if m := shape.fullmatch(body):
            matched = True
            value = _ticks(m.groupdict())
            if value is not None:
                return value
    raise _overflow(text) if matched else _bad(text)


def parse_exact(text: str, formats: Sequence[str]) -> int:
    """`TimeSpan.ParseExact` with one or several formats."""
    failure: ClrError = _bad(text)
    for fmt in formats:
        try:
            return _exact(text, fmt)
        except (FormatException, OverflowException) as e:
            if len(formats) == 1:
                failure = e
    raise failure


def _exact(text: str, fmt: str) -> int:
    if not fmt:
        raise FormatException("Format specifier '' was invalid.")
    pattern = _STANDARD.get(fmt)
    if pattern is None:
        if len(fmt) == 1:
            raise FormatException(f"Format specifier '{fmt}' was invalid.")
        pattern = re.compile(_pattern(fmt), re.ASCII)
    m = pattern.fullmatch(text)
    if m is None:
        raise _bad(text) if fmt in _STANDARD else FormatException("Input string was not in a correct format.")
    value = _ticks(m.groupdict())
    if value is None:
        raise _overflow(text)
    return value


def _pattern(fmt: str) -> str:
    """The regular expression of a custom format."""
    out: list[str] = []
    i = 0
    while i < len(fmt):
        c = fmt[i]
        if c in "'\"":
            literal, i = scan_quoted(fmt, i)
            out.append(re.escape(literal))
            continue
        if c == "\\" and i + 1 < len(fmt):
            out.append(re.escape(fmt[i + 1]))
            i += 2
            continue
        if c == "%" and i + 1 < len(fmt):
            i += 1
            continue
        n = 1
        while i + n < len(fmt) and fmt[i + n] == c:
            n += 1
        i += n
        name = c.lower() if c == "F" else c
        if name not in "dhmsf" or n > {"d": 8, "f": 7}.get(name, 2) or f"(?P<{name}>" in "".join(out):
            raise FormatException("Input string was not in a correct format.")
        if c == "F":
            out.append(rf"(?P<f>\d{{0,{n}}})")
        elif c == "f":
            out.append(rf"(?P<f>\d{{{n}}})")
        else:
            most = 8 if c == "d" else 2
            out.append(rf"(?P<{c}>\d{{{n},{most}}})")
    return "".join(out)
