"""System.DateTimeOffset: a clock reading with its distance from UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    FormatException,
)
from apimpy.dotnet.time import datetime as dt
from apimpy.dotnet.time import datetime_parse as parsing
from apimpy.dotnet.time import ticks as tk
from apimpy.dotnet.time.datetime import LOCAL, UTC, DateTime
from apimpy.dotnet.time.datetime_format import format_date, offset_text, roundtrip
from apimpy.dotnet.time.timespan import TimeSpan

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.values import EnumValue, Runtime

__all__ = ["DateTimeOffset", "make"]


class DateTimeOffset:
    """`ticks` of the clock reading and `offset` of its zone, both in ticks; equality is that of the instant."""

    __slots__ = ("offset", "ticks")

    def __init__(self, ticks: int, offset: int = 0) -> None:
        self.ticks, self.offset = ticks, offset

    @property
    def utc(self) -> int:
        return self.ticks - self.offset

    @property
    def reading(self) -> DateTime:
        return DateTime(self.ticks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DateTimeOffset) and self.utc == other.utc

    def __hash__(self) -> int:
        return hash(self.utc)

    def __lt__(self, other: DateTimeOffset) -> bool:
        return self.utc < other.utc

    def __le__(self, other: DateTimeOffset) -> bool:
        return self.utc <= other.utc

    def __gt__(self, other: DateTimeOffset) -> bool:
        return self.utc > other.utc

    def __ge__(self, other: DateTimeOffset) -> bool:
        return self.utc >= other.utc

    def __repr__(self) -> str:
        return f"DateTimeOffset({to_o(self)})"

    def clr_to_string(self) -> str:
        return f"{format_date(self.ticks, '', 0, 'G')} {offset_text(self.offset)}"

    def clr_format(self, fmt: str) -> str:
        """`ToString(fmt)`; an empty format is the general one with the offset."""
        if not fmt:
            return self.clr_to_string()
        if fmt == "U":
            raise FormatException
        ticks = self.utc if fmt in ("r", "R", "u") else self.ticks
        return format_date(ticks, offset_text(self.offset), self.offset, fmt)


def to_o(value: DateTimeOffset) -> str:
    """Format "o": 2024-01-31T10:00:00.0000000+02:00."""
    return roundtrip(value.ticks, offset_text(value.offset))


def make(ticks: int, offset: int = 0) -> DateTimeOffset:
    """With the checks of the constructor."""
    if offset % tk.MINUTE:
        raise ArgumentException("Offset must be specified in whole minutes.", "offset")
    if not -14 * tk.HOUR <= offset <= 14 * tk.HOUR:
        raise ArgumentOutOfRangeException("offset", "Offset must be within plus or minus 14 hours.")
    if not 0 <= ticks - offset <= tk.MAX_TICKS:
        raise ArgumentOutOfRangeException(
            "offset", "The UTC time represented when the offset is applied must be between year 0 and 10,000."
        )
    return DateTimeOffset(ticks, offset)


datetimeoffset = clr_type(
    "System.DateTimeOffset",
    kind="struct",
    bases="IComparable, IFormattable, IComparable<DateTimeOffset>, IEquatable<DateTimeOffset>",
    python=DateTimeOffset,
)
_T = datetimeoffset

# --- construction ----------------------------------------------------------------------------------------------------

_T.const("DateTimeOffset MinValue", DateTimeOffset(0))
_T.const("DateTimeOffset MaxValue", DateTimeOffset(tk.MAX_TICKS))
_T.prop("static DateTimeOffset UnixEpoch", lambda: DateTimeOffset(tk.UNIX_EPOCH), since="core")
_T.prop("static DateTimeOffset UtcNow", lambda rt: DateTimeOffset(tk.now_ticks(rt)), rt=True)
_T.prop("static DateTimeOffset Now", lambda rt: DateTimeOffset(tk.now_ticks(rt)), rt=True)

_T.ctor("DateTimeOffset()", lambda: DateTimeOffset(0))
_T.ctor("DateTimeOffset(DateTime dateTime)", lambda d: DateTimeOffset(d.ticks))
_T.ctor("DateTimeOffset(long ticks, TimeSpan offset)", lambda t, o: make(dt.new_ticks(t).ticks, o.ticks))


@_T.ctor("DateTimeOffset(DateTime dateTime, TimeSpan offset)")
def new_with_offset(d: DateTime, offset: TimeSpan) -> DateTimeOffset:
    if offset.ticks and d.kind:
        if d.kind == UTC:
            raise ArgumentException("The UTC Offset for Utc DateTime instances must be 0.", "offset")
        raise ArgumentException(
            "The UTC Offset of the local dateTime parameter does not match the offset argument.", "offset"
        )
    return make(d.ticks, offset.ticks)


@_T.ctor("DateTimeOffset(int year, int month, int day, int hour, int minute, int second, TimeSpan offset)")
def new_parts(y: int, mo: int, d: int, h: int, mi: int, s: int, offset: TimeSpan) -> DateTimeOffset:
    return make(tk.from_parts(y, mo, d, h, mi, s), offset.ticks)


@_T.ctor(
    "DateTimeOffset(int year, int month, int day, int hour, int minute, int second, int millisecond, TimeSpan offset)"
)
def new_parts_ms(y: int, mo: int, d: int, h: int, mi: int, s: int, ms: int, offset: TimeSpan) -> DateTimeOffset:
    return make(tk.from_parts(y, mo, d, h, mi, s, ms), offset.ticks)


_T.method("implicit operator DateTimeOffset(DateTime dateTime)", lambda d: DateTimeOffset(d.ticks))


@_T.method("static DateTimeOffset FromUnixTimeSeconds(long seconds)")
def from_unix_seconds(seconds: int) -> DateTimeOffset:
    if not -62135596800 <= seconds <= 253402300799:
        raise ArgumentOutOfRangeException(
            "seconds", "Valid values are between -62135596800 and 253402300799, inclusive."
        )
    return DateTimeOffset(tk.UNIX_EPOCH + seconds * tk.SECOND)


@_T.method("static DateTimeOffset FromUnixTimeMilliseconds(long milliseconds)")
def from_unix_milliseconds(milliseconds: int) -> DateTimeOffset:
    if not -62135596800000 <= milliseconds <= 253402300799999:
        raise ArgumentOutOfRangeException(
            "milliseconds", "Valid values are between -62135596800000 and 253402300799999, inclusive."
        )
    return DateTimeOffset(tk.UNIX_EPOCH + milliseconds * tk.MILLISECOND)


_T.method("long ToUnixTimeSeconds()", lambda d: (d.ticks - d.offset - tk.UNIX_EPOCH) // tk.SECOND)
_T.method("long ToUnixTimeMilliseconds()", lambda d: (d.ticks - d.offset - tk.UNIX_EPOCH) // tk.MILLISECOND)
_T.method("static DateTimeOffset FromFileTime(long fileTime)", lambda v: DateTimeOffset(dt._from_file_time(v, 1).ticks))
_T.method("long ToFileTime()", lambda d: dt.to_file_time(DateTime(d.utc)))

# --- parts -----------------------------------------------------------------------------------------------------------

_T.prop("long Ticks", attr="ticks")
_T.prop("long UtcTicks", attr="utc")
_T.prop("TimeSpan Offset", lambda d: TimeSpan(d.offset))
_T.prop("DateTime DateTime", lambda d: DateTime(d.ticks))
_T.prop("DateTime UtcDateTime", lambda d: DateTime(d.utc, UTC))
_T.prop("DateTime LocalDateTime", lambda d: DateTime(d.utc, LOCAL))
_T.prop("DateTime Date", lambda d: DateTime(d.ticks // tk.DAY * tk.DAY))
_T.prop("TimeSpan TimeOfDay", lambda d: TimeSpan(d.ticks % tk.DAY))
_T.prop("int Year", lambda d: tk.calendar(d.ticks).year)
_T.prop("int Month", lambda d: tk.calendar(d.ticks).month)
_T.prop("int Day", lambda d: tk.calendar(d.ticks).day)
_T.prop("int Hour", lambda d: d.ticks // tk.HOUR % 24)
_T.prop("int Minute", lambda d: d.ticks // tk.MINUTE % 60)
_T.prop("int Second", lambda d: d.ticks // tk.SECOND % 60)
_T.prop("int Millisecond", lambda d: d.ticks // tk.MILLISECOND % 1000)
_T.prop("DayOfWeek DayOfWeek", lambda d: dt._DAYS[tk.calendar(d.ticks).isoweekday() % 7])
_T.prop("int DayOfYear", lambda d: tk.calendar(d.ticks).timetuple().tm_yday)

# --- arithmetic ------------------------------------------------------------------------------------------------------


def _adder(unit: int) -> Callable[[DateTimeOffset, float], DateTimeOffset]:
    """So many units later.  The range is that of the reading and that of the instant."""

    def add(d: DateTimeOffset, value: float) -> DateTimeOffset:
        ticks = dt._moved_by(d.ticks, value, unit)
        return make(ticks, d.offset) if d.offset else DateTimeOffset(ticks)

    return add


def _moved(d: DateTimeOffset, to: DateTime) -> DateTimeOffset:
    return make(to.ticks, d.offset)


_T.method("DateTimeOffset AddDays(double days)", _adder(86_400_000))
_T.method("DateTimeOffset AddHours(double hours)", _adder(3_600_000))
_T.method("DateTimeOffset AddMinutes(double minutes)", _adder(60_000))
_T.method("DateTimeOffset AddSeconds(double seconds)", _adder(1000))
_T.method("DateTimeOffset AddMilliseconds(double milliseconds)", _adder(1))
_T.method("DateTimeOffset AddTicks(long ticks)", lambda d, v: _moved(d, dt._checked(d.ticks + v, 0)))
_T.method("DateTimeOffset AddMonths(int months)", lambda d, n: make(tk.add_months(d.ticks, n), d.offset))
_T.method("DateTimeOffset AddYears(int years)", lambda d, n: _moved(d, dt.add_years(d.reading, n)))
for _signature in ("DateTimeOffset Add(TimeSpan timeSpan)", "DateTimeOffset operator +(DateTimeOffset d, TimeSpan t)"):
    _T.method(_signature, lambda d, t: _moved(d, dt._checked(d.ticks + t.ticks, 0)))
for _signature in (
    "DateTimeOffset Subtract(TimeSpan value)",
    "DateTimeOffset operator -(DateTimeOffset d, TimeSpan t)",
):
    _T.method(_signature, lambda d, t: _moved(d, dt._checked(d.ticks - t.ticks, 0)))
for _signature in (
    "TimeSpan Subtract(DateTimeOffset value)",
    "TimeSpan operator -(DateTimeOffset left, DateTimeOffset right)",
):
    _T.method(_signature, lambda d, e: TimeSpan(d.utc - e.utc))
_T.method("bool operator ==(DateTimeOffset left, DateTimeOffset right)", lambda d, e: d.utc == e.utc)
_T.method("bool operator !=(DateTimeOffset left, DateTimeOffset right)", lambda d, e: d.utc != e.utc)
_T.method("bool operator <(DateTimeOffset left, DateTimeOffset right)", lambda d, e: d.utc < e.utc)
_T.method("bool operator >(DateTimeOffset left, DateTimeOffset right)", lambda d, e: d.utc > e.utc)
_T.method("bool operator <=(DateTimeOffset left, DateTimeOffset right)", lambda d, e: d.utc <= e.utc)
_T.method("bool operator >=(DateTimeOffset left, DateTimeOffset right)", lambda d, e: d.utc >= e.utc)


@_T.method("static int Compare(DateTimeOffset first, DateTimeOffset second)")
@_T.method("int CompareTo(DateTimeOffset other)")
def compare_to(d: DateTimeOffset, e: DateTimeOffset) -> int:
    return (d.utc > e.utc) - (d.utc < e.utc)


_T.method("bool Equals(DateTimeOffset other)", lambda d, e: d.utc == e.utc)
_T.method("bool Equals(object obj)", lambda d, e: d == e)
_T.method("bool EqualsExact(DateTimeOffset other)", lambda d, e: d.ticks == e.ticks and d.offset == e.offset)
_T.method("static bool Equals(DateTimeOffset first, DateTimeOffset second)", lambda d, e: d.utc == e.utc)
_T.method("int GetHashCode()", lambda d: ((d.utc ^ d.utc >> 32) + 2**31) % 2**32 - 2**31)

# --- conversions and text --------------------------------------------------------------------------------------------

_T.method(
    "DateTimeOffset ToOffset(TimeSpan offset)", lambda d, o: make(dt._checked(d.utc + o.ticks, 0, "t").ticks, o.ticks)
)
_T.method("DateTimeOffset ToUniversalTime()", lambda d: DateTimeOffset(d.utc))
_T.method("DateTimeOffset ToLocalTime()", lambda d: DateTimeOffset(d.utc))
_T.method("string ToString()", DateTimeOffset.clr_to_string)
_T.method("string ToString(string format)", lambda d, f: d.clr_format(f or ""))
_T.method("string ToString(IFormatProvider formatProvider)", lambda d, _p: d.clr_to_string())
_T.method("string ToString(string format, IFormatProvider formatProvider)", lambda d, f, _p: d.clr_format(f or ""))


def _finish(parsed: parsing.Parsed, styles: int, text: str | None) -> DateTimeOffset:
    # without an offset the reading is local, which is universal here
    offset = parsed.offset or 0
    utc = parsed.ticks - offset
    if not 0 <= utc <= tk.MAX_TICKS:
        raise FormatException(f"The UTC representation of the date '{text}' falls outside the year range 1-9999.")
    if styles & parsing.ADJUST_TO_UNIVERSAL:
        return DateTimeOffset(utc)
    return DateTimeOffset(parsed.ticks, offset)


def parse(rt: Runtime, text: str | None, styles: int = 0) -> DateTimeOffset:
    """`DateTimeOffset.Parse`."""
    return _finish(parsing.parse_general(rt, text, styles, "input"), styles, text)


def parse_exact(rt: Runtime, text: str | None, formats: list[str | None], styles: int = 0) -> DateTimeOffset:
    return _finish(parsing.parse_exact(rt, text, formats, styles, "input"), styles, text)


def _try(call: Any, *args: Any) -> tuple[bool, DateTimeOffset]:
    try:
        return True, call(*args)
    except (FormatException, ArgumentNullException):
        return False, DateTimeOffset(0)


def _styles(styles: EnumValue) -> int:
    if styles.value & parsing.NO_CURRENT_DATE:
        raise ArgumentException(
            "The DateTimeStyles value 'NoCurrentDateDefault' is not allowed when parsing DateTimeOffset.", "styles"
        )
    return parsing.checked_styles(styles, "styles")


_T.method("static DateTimeOffset Parse(string input)", lambda rt, s: parse(rt, s, 0), rt=True)
_T.method(
    "static DateTimeOffset Parse(string input, IFormatProvider formatProvider)", lambda rt, s, _p: parse(rt, s), rt=True
)
_T.method(
    "static DateTimeOffset Parse(string input, IFormatProvider formatProvider, DateTimeStyles styles)",
    lambda rt, s, _p, st: parse(rt, s, _styles(st)),
    rt=True,
)
_T.method("static bool TryParse(string input, out DateTimeOffset result)", lambda rt, s: _try(parse, rt, s), rt=True)
_T.method(
    "static bool TryParse(string input, IFormatProvider formatProvider, DateTimeStyles styles, "
    "out DateTimeOffset result)",
    lambda rt, s, _p, st: _try(parse, rt, s, _styles(st)),
    rt=True,
)
_T.method(
    "static DateTimeOffset ParseExact(string input, string format, IFormatProvider formatProvider)",
    lambda rt, s, f, _p: parse_exact(rt, s, [f]),
    rt=True,
)
_T.method(
    "static DateTimeOffset ParseExact(string input, string format, IFormatProvider formatProvider, "
    "DateTimeStyles styles)",
    lambda rt, s, f, _p, st: parse_exact(rt, s, [f], _styles(st)),
    rt=True,
)
_T.method(
    "static DateTimeOffset ParseExact(string input, string[] formats, IFormatProvider formatProvider, "
    "DateTimeStyles styles)",
    lambda rt, s, f, _p, st: parse_exact(rt, s, parsing.checked_formats(f), _styles(st)),
    rt=True,
)
_T.method(
    "static bool TryParseExact(string input, string format, IFormatProvider formatProvider, DateTimeStyles styles, "
    "out DateTimeOffset result)",
    lambda rt, s, f, _p, st: _try(parse_exact, rt, s, [f], _styles(st)),
    rt=True,
)
_T.method(
    "static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, "
    "DateTimeStyles styles, out DateTimeOffset result)",
    lambda rt, s, f, _p, st: _try(parse_exact, rt, s, parsing.checked_formats(f), _styles(st)),
    rt=True,
)
