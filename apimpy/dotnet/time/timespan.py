"""System.TimeSpan: a duration in ticks."""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    FormatException,
    OverflowException,
)
from apimpy.dotnet.time import ticks as tk
from apimpy.dotnet.time.datetime_format import scan_quoted
from apimpy.dotnet.time.timespan_parse import parse_exact, parse_text

__all__ = ["TimeSpan"]

_LOW, _HIGH = -(2**63), 2**63 - 1


class TimeSpan:
    """A duration in ticks of 100 ns."""

    __slots__ = ("ticks",)

    def __init__(self, ticks: int) -> None:
        self.ticks = ticks

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimeSpan) and self.ticks == other.ticks

    def __hash__(self) -> int:
        return hash(self.ticks)

    def __lt__(self, other: TimeSpan) -> bool:
        return self.ticks < other.ticks

    def __le__(self, other: TimeSpan) -> bool:
        return self.ticks <= other.ticks

    def __gt__(self, other: TimeSpan) -> bool:
        return self.ticks > other.ticks

    def __ge__(self, other: TimeSpan) -> bool:
        return self.ticks >= other.ticks

    def __repr__(self) -> str:
        return f"TimeSpan({self.clr_to_string()})"

    def clr_to_string(self) -> str:
        return _constant(self.ticks)

    def clr_format(self, fmt: str) -> str:
        """`ToString(fmt)`."""
        return format_span(self.ticks, fmt)


# --- text ------------------------------------------------------------------------------------------------------------


def _split(ticks: int) -> tuple[str, int, int, int, int, int]:
    """Sign, days, hours, minutes, seconds, fraction in ticks."""
    sign, ticks = ("-", -ticks) if ticks < 0 else ("", ticks)
    seconds, fraction = divmod(ticks, tk.SECOND)
    return sign, seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60, fraction


def _constant(ticks: int) -> str:
    sign, days, h, m, s, f = _split(ticks)
    return f"{sign}{f'{days}.' if days else ''}{h:02}:{m:02}:{s:02}{f'.{f:07}' if f else ''}"


def format_span(ticks: int, fmt: str) -> str:
    """A duration in a standard (`c g G`) or custom format."""
    if fmt in ("", "c", "t", "T"):
        return _constant(ticks)
    sign, days, h, m, s, f = _split(ticks)
    if fmt == "g":
        fraction = f".{f:07}".rstrip("0") if f else ""
        return f"{sign}{f'{days}:' if days else ''}{h}:{m:02}:{s:02}{fraction}"
    if fmt == "G":
        return f"{sign}{days}:{h:02}:{m:02}:{s:02}.{f:07}"
    if len(fmt) == 1:
        raise FormatException
    return _custom(fmt, {"d": days, "h": h, "m": m, "s": s}, f)


def _custom(fmt: str, fields: dict[str, int], fraction: int) -> str:
    out: list[str] = []
    i = 0
    while i < len(fmt):
        c = fmt[i]
        if c in "'\"":
            literal, i = scan_quoted(fmt, i)
            out.append(literal)
            continue
        if c == "\\" and i + 1 < len(fmt):
            out.append(fmt[i + 1])
            i += 2
            continue
        if c == "%" and i + 1 < len(fmt) and fmt[i + 1] != "%":
            i += 1
            continue
        n = 1
        while i + n < len(fmt) and fmt[i + n] == c:
            n += 1
        i += n
        if c in fields:
            if n > (8 if c == "d" else 2):
                raise FormatException
            out.append(f"{fields[c]:0{n}}")
        elif c in "fF":
            if n > 7:
                raise FormatException
            digits = f"{fraction:07}"[:n]
            out.append(digits if c == "f" else digits.rstrip("0"))
        else:
            raise FormatException
    return "".join(out)


# --- the type --------------------------------------------------------------------------------------------------------

timespan = clr_type(
    "System.TimeSpan",
    kind="struct",
    bases="IComparable, IComparable<TimeSpan>, IEquatable<TimeSpan>, IFormattable",
    python=TimeSpan,
)
_T = timespan

time_span_styles = enum_type("System.Globalization.TimeSpanStyles", ("None", "AssumeNegative"), allowed="")

ZERO = TimeSpan(0)
_T.const("TimeSpan Zero", ZERO)
_T.const("TimeSpan MaxValue", TimeSpan(_HIGH))
_T.const("TimeSpan MinValue", TimeSpan(_LOW))
_T.const("long TicksPerMillisecond", tk.MILLISECOND)
_T.const("long TicksPerSecond", tk.SECOND)
_T.const("long TicksPerMinute", tk.MINUTE)
_T.const("long TicksPerHour", tk.HOUR)
_T.const("long TicksPerDay", tk.DAY)


def _checked(ticks: int) -> TimeSpan:
    if not _LOW <= ticks <= _HIGH:
        raise OverflowException("TimeSpan overflowed because the duration is too long.")
    return TimeSpan(ticks)


def _from_parts(days: int, hours: int, minutes: int, seconds: int, milliseconds: int) -> TimeSpan:
    total = days * tk.DAY + hours * tk.HOUR + minutes * tk.MINUTE + seconds * tk.SECOND + milliseconds * tk.MILLISECOND
    if not _LOW <= total <= _HIGH:
        raise ArgumentOutOfRangeException(None, "TimeSpan overflowed because the duration is too long.")
    return TimeSpan(total)


_T.ctor("TimeSpan()", lambda: ZERO)
_T.ctor("TimeSpan(long ticks)", TimeSpan)
_T.ctor("TimeSpan(int hours, int minutes, int seconds)", lambda h, m, s: _from_parts(0, h, m, s, 0))
_T.ctor("TimeSpan(int days, int hours, int minutes, int seconds)", lambda d, h, m, s: _from_parts(d, h, m, s, 0))
_T.ctor(
    "TimeSpan(int days, int hours, int minutes, int seconds, int milliseconds)",
    _from_parts,
)


_MILLISECONDS = 922_337_203_685_477.0  # .NET caps the total at whole milliseconds


def _part(ticks: int, unit: int, modulus: int) -> int:
    """A component with the sign of the whole, as .NET truncates."""
    return ticks // unit % modulus if ticks >= 0 else -(-ticks // unit % modulus)


_T.prop("long Ticks", attr="ticks")
_T.prop("int Days", lambda t: _part(t.ticks, tk.DAY, 2**31))
_T.prop("int Hours", lambda t: _part(t.ticks, tk.HOUR, 24))
_T.prop("int Minutes", lambda t: _part(t.ticks, tk.MINUTE, 60))
_T.prop("int Seconds", lambda t: _part(t.ticks, tk.SECOND, 60))
_T.prop("int Milliseconds", lambda t: _part(t.ticks, tk.MILLISECOND, 1000))
_T.prop("int Microseconds", lambda t: _part(t.ticks, 10, 1000), since="core")
_T.prop("int Nanoseconds", lambda t: _part(t.ticks, 1, 10) * 100, since="core")
_T.prop("double TotalDays", lambda t: t.ticks / tk.DAY)
_T.prop("double TotalHours", lambda t: t.ticks / tk.HOUR)
_T.prop("double TotalMinutes", lambda t: t.ticks / tk.MINUTE)
_T.prop("double TotalSeconds", lambda t: t.ticks / tk.SECOND)
_T.prop("double TotalMilliseconds", lambda t: max(-_MILLISECONDS, min(t.ticks / tk.MILLISECOND, _MILLISECONDS)))
_T.prop("double TotalMicroseconds", lambda t: t.ticks / 10, since="core")
_T.prop("double TotalNanoseconds", lambda t: t.ticks * 100.0, since="core")

_T.method("static TimeSpan FromDays(double value)", lambda v: TimeSpan(tk.scaled(v, tk.DAY)))
_T.method("static TimeSpan FromHours(double value)", lambda v: TimeSpan(tk.scaled(v, tk.HOUR)))
_T.method("static TimeSpan FromMinutes(double value)", lambda v: TimeSpan(tk.scaled(v, tk.MINUTE)))
_T.method("static TimeSpan FromSeconds(double value)", lambda v: TimeSpan(tk.scaled(v, tk.SECOND)))
_T.method("static TimeSpan FromMilliseconds(double value)", lambda v: TimeSpan(tk.scaled(v, tk.MILLISECOND)))
_T.method("static TimeSpan FromMicroseconds(double value)", lambda v: TimeSpan(tk.scaled(v, 10)), since="core")
_T.method("static TimeSpan FromTicks(long value)", TimeSpan)


@_T.method("TimeSpan operator -(TimeSpan t)")
@_T.method("TimeSpan Negate()")
def negate(t: TimeSpan) -> TimeSpan:
    if t.ticks == _LOW:
        raise OverflowException("Negating the minimum value of a twos complement number is invalid.")
    return TimeSpan(-t.ticks)


@_T.method("TimeSpan Duration()")
def duration(t: TimeSpan) -> TimeSpan:
    if t.ticks == _LOW:
        raise OverflowException(
            "The duration cannot be returned for TimeSpan.MinValue because the absolute value of TimeSpan.MinValue "
            "exceeds the value of TimeSpan.MaxValue."
        )
    return TimeSpan(abs(t.ticks))


_T.method("TimeSpan operator +(TimeSpan t)", lambda t: t)
for _signature in ("TimeSpan operator +(TimeSpan t1, TimeSpan t2)", "TimeSpan Add(TimeSpan ts)"):
    _T.method(_signature, lambda t, u: _checked(t.ticks + u.ticks))
for _signature in ("TimeSpan operator -(TimeSpan t1, TimeSpan t2)", "TimeSpan Subtract(TimeSpan ts)"):
    _T.method(_signature, lambda t, u: _checked(t.ticks - u.ticks))


def _rounded(ticks: float) -> TimeSpan:
    if ticks != ticks:
        raise ArgumentException("TimeSpan does not accept floating point Not-a-Number values.")
    if not -9.223372036854775808e18 <= ticks <= 9.223372036854775807e18:
        raise OverflowException("TimeSpan overflowed because the duration is too long.")
    return _checked(round(ticks))


def _divided(t: TimeSpan, divisor: float) -> TimeSpan:
    if divisor == 0:
        raise OverflowException("TimeSpan overflowed because the duration is too long.")
    return _rounded(t.ticks / divisor)


for _signature in ("TimeSpan operator *(TimeSpan timeSpan, double factor)", "TimeSpan Multiply(double factor)"):
    _T.method(_signature, lambda t, f: _rounded(t.ticks * f), since="core")
_T.method("TimeSpan operator *(double factor, TimeSpan timeSpan)", lambda f, t: _rounded(t.ticks * f), since="core")
for _signature in ("TimeSpan operator /(TimeSpan timeSpan, double divisor)", "TimeSpan Divide(double divisor)"):
    _T.method(_signature, _divided, since="core")


def _ratio(t: TimeSpan, u: TimeSpan) -> float:
    if u.ticks == 0:
        return float("nan") if t.ticks == 0 else float("inf") if t.ticks > 0 else float("-inf")
    return float(t.ticks) / float(u.ticks)


for _signature in ("double operator /(TimeSpan t1, TimeSpan t2)", "double Divide(TimeSpan ts)"):
    _T.method(_signature, _ratio, since="core")

_T.method("bool operator ==(TimeSpan t1, TimeSpan t2)", lambda t, u: t.ticks == u.ticks)
_T.method("bool operator !=(TimeSpan t1, TimeSpan t2)", lambda t, u: t.ticks != u.ticks)
_T.method("bool operator <(TimeSpan t1, TimeSpan t2)", lambda t, u: t.ticks < u.ticks)
_T.method("bool operator >(TimeSpan t1, TimeSpan t2)", lambda t, u: t.ticks > u.ticks)
_T.method("bool operator <=(TimeSpan t1, TimeSpan t2)", lambda t, u: t.ticks <= u.ticks)
_T.method("bool operator >=(TimeSpan t1, TimeSpan t2)", lambda t, u: t.ticks >= u.ticks)


@_T.method("static int Compare(TimeSpan t1, TimeSpan t2)")
@_T.method("int CompareTo(TimeSpan value)")
def compare_to(t: TimeSpan, u: TimeSpan) -> int:
    return (t.ticks > u.ticks) - (t.ticks < u.ticks)


@_T.method("int CompareTo(object value)")
def compare_to_object(t: TimeSpan, other: Any) -> int:
    if other is None:
        return 1
    if not isinstance(other, TimeSpan):
        raise ArgumentException("Object must be of type TimeSpan.")
    return compare_to(t, other)


_T.method("bool Equals(TimeSpan obj)", lambda t, u: t.ticks == u.ticks)
_T.method("bool Equals(object value)", lambda t, u: t == u)
_T.method("static bool Equals(TimeSpan t1, TimeSpan t2)", lambda t, u: t.ticks == u.ticks)
_T.method("int GetHashCode()", lambda t: ((t.ticks ^ t.ticks >> 32) + 2**31) % 2**32 - 2**31)

_T.method("string ToString()", TimeSpan.clr_to_string)
_T.method("string ToString(string format)", lambda t, f: format_span(t.ticks, f or ""))
_T.method(
    "string ToString(string format, IFormatProvider formatProvider)", lambda t, f, _p: format_span(t.ticks, f or "")
)


def _required(text: str | None, param: str = "input") -> str:
    if text is None:
        raise ArgumentNullException(param)
    return text


def parse(text: str | None) -> TimeSpan:
    """`TimeSpan.Parse`."""
    return TimeSpan(parse_text(_required(text)))


def _try_parse(text: str | None) -> tuple[bool, TimeSpan]:
    try:
        return True, parse(text)
    except (FormatException, OverflowException, ArgumentNullException):
        return False, ZERO


_T.method("static TimeSpan Parse(string s)", parse)
_T.method("static TimeSpan Parse(string input, IFormatProvider formatProvider)", lambda s, _p: parse(s))
_T.method("static bool TryParse(string s, out TimeSpan result)", _try_parse)
_T.method(
    "static bool TryParse(string input, IFormatProvider formatProvider, out TimeSpan result)",
    lambda s, _p: _try_parse(s),
)


def _exact(text: str | None, formats: list[str | None], negative: bool = False) -> TimeSpan:
    value = parse_exact(_required(text), [_required(f, "format") for f in formats])
    return TimeSpan(-value if negative else value)


def _try_exact(text: str | None, formats: list[str | None], negative: bool = False) -> tuple[bool, TimeSpan]:
    try:
        return True, _exact(text, formats, negative)
    except (FormatException, OverflowException, ArgumentNullException):
        return False, ZERO


for _kind, _wrap in (("string format", lambda f: [f]), ("string[] formats", list)):
    _T.method(
        f"static TimeSpan ParseExact(string input, {_kind}, IFormatProvider formatProvider)",
        lambda s, f, _p, wrap=_wrap: _exact(s, wrap(f)),
    )
    _T.method(
        f"static TimeSpan ParseExact(string input, {_kind}, IFormatProvider formatProvider, TimeSpanStyles styles)",
        lambda s, f, _p, st, wrap=_wrap: _exact(s, wrap(f), st.value == 1),
    )
    _T.method(
        f"static bool TryParseExact(string input, {_kind}, IFormatProvider formatProvider, out TimeSpan result)",
        lambda s, f, _p, wrap=_wrap: _try_exact(s, wrap(f)),
    )
    _T.method(
        f"static bool TryParseExact(string input, {_kind}, IFormatProvider formatProvider, TimeSpanStyles styles, "
        "out TimeSpan result)",
        lambda s, f, _p, st, wrap=_wrap: _try_exact(s, wrap(f), st.value == 1),
    )
