"""System.DateTime, DateTimeKind and DayOfWeek.

    now = DateTime(ticks, UTC)          # ticks since 0001-01-01, kind one of UNSPECIFIED, UTC, LOCAL

The host's time zone is UTC: local and universal time have the same ticks, only the kind differs.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    FormatException,
    OverflowException,
)
from apimpy.dotnet.time import datetime_parse as parsing
from apimpy.dotnet.time import ticks as tk
from apimpy.dotnet.time.datetime_format import format_date, roundtrip
from apimpy.dotnet.time.timespan import TimeSpan
from apimpy.dotnet.values import Array, EnumValue, Runtime
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

__all__ = ["LOCAL", "UNSPECIFIED", "UTC", "DateTime", "from_iso", "to_o", "utc_from_ticks"]

UNSPECIFIED, UTC, LOCAL = 0, 1, 2

day_of_week = enum_type("System.DayOfWeek", tk.DAYS, allowed="")
datetime_kind = enum_type("System.DateTimeKind", ("Unspecified", "Utc", "Local"), allowed="Utc")

_KINDS = tuple(datetime_kind.enum_members.values())
_DAYS = tuple(day_of_week.enum_members.values())


class DateTime:
    """A point in time: ticks since 0001-01-01 and a kind that comparisons ignore."""

    __slots__ = ("kind", "ticks")

    def __init__(self, ticks: int, kind: int = UNSPECIFIED) -> None:
        self.ticks, self.kind = ticks, kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DateTime) and self.ticks == other.ticks

    def __hash__(self) -> int:
        return hash(self.ticks)

    def __lt__(self, other: DateTime) -> bool:
        return self.ticks < other.ticks

    def __le__(self, other: DateTime) -> bool:
        return self.ticks <= other.ticks

    def __gt__(self, other: DateTime) -> bool:
        return self.ticks > other.ticks

    def __ge__(self, other: DateTime) -> bool:
        return self.ticks >= other.ticks

    def __repr__(self) -> str:
        return f"DateTime({to_o(self)})"

    @property
    def date(self) -> date:
        return tk.calendar(self.ticks)

    def clr_to_string(self) -> str:
        return format_date(self.ticks, "", 0, "G")

    def clr_format(self, fmt: str) -> str:
        """`ToString(fmt)`; an empty format is "G"."""
        # universal time has the same ticks on this host, so "U" needs no conversion
        return format_date(self.ticks, _ZONES[self.kind], 0, fmt or "G")


_ZONES = ("", "Z", "+00:00")

MIN_VALUE = DateTime(0)
MAX_VALUE = DateTime(tk.MAX_TICKS)


def to_o(value: DateTime) -> str:
    """Format "o": 2024-01-31T10:00:00.0000000Z."""
    return roundtrip(value.ticks, _ZONES[value.kind])


def utc_from_ticks(ticks: int) -> DateTime:
    return DateTime(ticks, UTC)


_ISO = pattern(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?", re.ASCII
)
_MICROSOFT = pattern(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/", re.ASCII)


def from_iso(text: str) -> DateTime | None:
    """The date that Json.NET sees in a JSON string, or None: ISO 8601 with a time, or `/Date(ms)/`."""
    if text[:1] == "/":
        if m := _MICROSOFT.fullmatch(text):
            ticks = tk.UNIX_EPOCH + int(m[1]) * tk.MILLISECOND
            return DateTime(ticks, LOCAL if m[2] else UTC) if 0 <= ticks <= tk.MAX_TICKS else None
        return None
    if not 19 <= len(text) <= 40 or text[10] != "T":
        return None
    m = _ISO.fullmatch(text)
    if m is None:
        return None
    year, month, day, hour, minute, second = map(int, m.group(1, 2, 3, 4, 5, 6))
    fraction = int(m[7].ljust(7, "0")) if m[7] else 0
    if not (year and 1 <= month <= 12 and 1 <= day <= tk.days_in_month(year, month) and minute < 60 and second < 60):
        return None
    if hour > 24 or (hour == 24 and (minute or second or fraction)):
        return None
    ticks = (
        tk.day_number(year, month, day) * tk.DAY + hour * tk.HOUR + minute * tk.MINUTE + second * tk.SECOND + fraction
    )
    kind = UNSPECIFIED
    if m[8]:
        kind = UTC
    elif m[9]:
        kind = LOCAL
        offset = int(m[10]) * tk.HOUR + int(m[11] or 0) * tk.MINUTE
        ticks = ticks - offset if m[9] == "+" else ticks + offset
    if kind == LOCAL:
        ticks = min(max(ticks, 0), tk.MAX_TICKS)
    return DateTime(ticks, kind) if ticks <= tk.MAX_TICKS else None


def _checked(ticks: int, kind: int, param: str = "value") -> DateTime:
    if not 0 <= ticks <= tk.MAX_TICKS:
        raise ArgumentOutOfRangeException(
            param, "The added or subtracted value results in an un-representable DateTime."
        )
    return DateTime(ticks, kind)


datetime_ = clr_type(
    "System.DateTime",
    kind="struct",
    bases="IComparable, IFormattable, IConvertible, IComparable<DateTime>, IEquatable<DateTime>",
    python=DateTime,
    allowed=".ctor Add AddDays AddHours AddMilliseconds AddMinutes AddMonths AddSeconds AddTicks AddYears Date Day "
    "DayOfWeek DayOfYear DaysInMonth Hour IsDaylightSavingTime IsLeapYear MaxValue Millisecond Minute MinValue Month "
    "Now Parse Second Subtract Ticks TimeOfDay Today ToString UtcNow Year",
)
_T = datetime_

# --- construction ----------------------------------------------------------------------------------------------------


@_T.ctor("DateTime()")
def new_default() -> DateTime:
    return MIN_VALUE


@_T.ctor("DateTime(long ticks)")
def new_ticks(ticks: int) -> DateTime:
    if not 0 <= ticks <= tk.MAX_TICKS:
        raise ArgumentOutOfRangeException(
            "ticks", "Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks."
        )
    return DateTime(ticks)


def _kind(kind: EnumValue) -> int:
    if not 0 <= kind.value <= 2:
        raise ArgumentException("Invalid DateTimeKind value.", "kind")
    return kind.value


@_T.ctor("DateTime(long ticks, DateTimeKind kind)")
def new_ticks_kind(ticks: int, kind: EnumValue) -> DateTime:
    return DateTime(new_ticks(ticks).ticks, _kind(kind))


@_T.ctor("DateTime(int year, int month, int day)")
def new_date(year: int, month: int, day: int) -> DateTime:
    return DateTime(tk.from_parts(year, month, day))


@_T.ctor("DateTime(int year, int month, int day, int hour, int minute, int second)")
def new_time(year: int, month: int, day: int, hour: int, minute: int, second: int) -> DateTime:
    return DateTime(tk.from_parts(year, month, day, hour, minute, second))


@_T.ctor("DateTime(int year, int month, int day, int hour, int minute, int second, DateTimeKind kind)")
def new_time_kind(year: int, month: int, day: int, hour: int, minute: int, second: int, kind: EnumValue) -> DateTime:
    return DateTime(tk.from_parts(year, month, day, hour, minute, second), _kind(kind))


@_T.ctor("DateTime(int year, int month, int day, int hour, int minute, int second, int millisecond)")
def new_millisecond(year: int, month: int, day: int, hour: int, minute: int, second: int, millisecond: int) -> DateTime:
    return DateTime(tk.from_parts(year, month, day, hour, minute, second, millisecond))


@_T.ctor("DateTime(int year, int month, int day, int hour, int minute, int second, int millisecond, DateTimeKind kind)")
def new_millisecond_kind(
    year: int, month: int, day: int, hour: int, minute: int, second: int, millisecond: int, kind: EnumValue
) -> DateTime:
    return DateTime(tk.from_parts(year, month, day, hour, minute, second, millisecond), _kind(kind))


_T.const("DateTime MinValue", MIN_VALUE)
_T.const("DateTime MaxValue", MAX_VALUE)
_T.prop("static DateTime UnixEpoch", lambda: DateTime(tk.UNIX_EPOCH, UTC), since="core")


@_T.prop("static DateTime UtcNow", rt=True)
def utc_now(rt: Runtime) -> DateTime:
    return DateTime(tk.now_ticks(rt), UTC)


@_T.prop("static DateTime Now", rt=True)
def now(rt: Runtime) -> DateTime:
    return DateTime(tk.now_ticks(rt), LOCAL)


@_T.prop("static DateTime Today", rt=True)
def today(rt: Runtime) -> DateTime:
    return DateTime(tk.now_ticks(rt) // tk.DAY * tk.DAY, LOCAL)


@_T.method("static DateTime SpecifyKind(DateTime value, DateTimeKind kind)")
def specify_kind(value: DateTime, kind: EnumValue) -> DateTime:
    return DateTime(value.ticks, _kind(kind))


# --- parts -----------------------------------------------------------------------------------------------------------

_T.prop("long Ticks", attr="ticks")
_T.prop("DateTimeKind Kind", lambda d: _KINDS[d.kind])
_T.prop("int Year", lambda d: d.date.year)
_T.prop("int Month", lambda d: d.date.month)
_T.prop("int Day", lambda d: d.date.day)
_T.prop("int Hour", lambda d: d.ticks // tk.HOUR % 24)
_T.prop("int Minute", lambda d: d.ticks // tk.MINUTE % 60)
_T.prop("int Second", lambda d: d.ticks // tk.SECOND % 60)
_T.prop("int Millisecond", lambda d: d.ticks // tk.MILLISECOND % 1000)
_T.prop("int Microsecond", lambda d: d.ticks // 10 % 1000, since="core")
_T.prop("int Nanosecond", lambda d: d.ticks % 10 * 100, since="core")
_T.prop("DayOfWeek DayOfWeek", lambda d: _DAYS[d.date.isoweekday() % 7])
_T.prop("int DayOfYear", lambda d: d.date.timetuple().tm_yday)
_T.prop("DateTime Date", lambda d: DateTime(d.ticks // tk.DAY * tk.DAY, d.kind))
_T.prop("TimeSpan TimeOfDay", lambda d: TimeSpan(d.ticks % tk.DAY))
_T.method("static int DaysInMonth(int year, int month)", tk.days_in_month)
_T.method("static bool IsLeapYear(int year)", tk.is_leap_year)
_T.method("bool IsDaylightSavingTime()", lambda _d: False)

# --- arithmetic ------------------------------------------------------------------------------------------------------


def _moved_by(ticks: int, value: float, unit: int) -> int:
    """Ticks `value` units of `unit` milliseconds later, rounded to whole milliseconds as .NET does."""
    scaled = value * unit
    if not -315_537_897_600_000 < scaled < 315_537_897_600_000:
        if math.isnan(scaled):
            return ticks
        raise ArgumentOutOfRangeException("value", "Value to add was out of range.")
    ticks += int(scaled + (0.5 if scaled >= 0 else -0.5)) * 10_000
    return ticks if 0 <= ticks <= _MAX_TICKS else _checked(ticks, 0).ticks


_MAX_TICKS = tk.MAX_TICKS


def _adder(unit: int) -> Callable[[DateTime, float], DateTime]:
    def add(d: DateTime, value: float) -> DateTime:
        return DateTime(_moved_by(d.ticks, value, unit), d.kind)

    return add


_T.method("DateTime AddDays(double value)", _adder(86_400_000))
_T.method("DateTime AddHours(double value)", _adder(3_600_000))
_T.method("DateTime AddMinutes(double value)", _adder(60_000))
_T.method("DateTime AddSeconds(double value)", _adder(1000))
_T.method("DateTime AddMilliseconds(double value)", _adder(1))
_T.method("DateTime AddTicks(long value)", lambda d, v: _checked(d.ticks + v, d.kind))
_T.method("DateTime AddMonths(int months)", lambda d, n: DateTime(tk.add_months(d.ticks, n), d.kind))


@_T.method("DateTime AddYears(int value)")
def add_years(d: DateTime, years: int) -> DateTime:
    if not -10_000 <= years <= 10_000:
        raise ArgumentOutOfRangeException("years", "Years value must be between +/-10000.")
    return DateTime(tk.add_months(d.ticks, years * 12), d.kind)


_T.method("DateTime Add(TimeSpan value)", lambda d, t: _checked(d.ticks + t.ticks, d.kind))
_T.method("DateTime Subtract(TimeSpan value)", lambda d, t: _checked(d.ticks - t.ticks, d.kind))
_T.method("TimeSpan Subtract(DateTime value)", lambda d, e: TimeSpan(d.ticks - e.ticks))
_T.method("DateTime operator +(DateTime d, TimeSpan t)", lambda d, t: _checked(d.ticks + t.ticks, d.kind, "t"))
_T.method("DateTime operator -(DateTime d, TimeSpan t)", lambda d, t: _checked(d.ticks - t.ticks, d.kind, "t"))
_T.method("TimeSpan operator -(DateTime d1, DateTime d2)", lambda d, e: TimeSpan(d.ticks - e.ticks))
_T.method("bool operator ==(DateTime d1, DateTime d2)", lambda d, e: d.ticks == e.ticks)
_T.method("bool operator !=(DateTime d1, DateTime d2)", lambda d, e: d.ticks != e.ticks)
_T.method("bool operator <(DateTime t1, DateTime t2)", lambda d, e: d.ticks < e.ticks)
_T.method("bool operator >(DateTime t1, DateTime t2)", lambda d, e: d.ticks > e.ticks)
_T.method("bool operator <=(DateTime t1, DateTime t2)", lambda d, e: d.ticks <= e.ticks)
_T.method("bool operator >=(DateTime t1, DateTime t2)", lambda d, e: d.ticks >= e.ticks)


@_T.method("static int Compare(DateTime t1, DateTime t2)")
@_T.method("int CompareTo(DateTime value)")
def compare_to(d: DateTime, e: DateTime) -> int:
    return (d.ticks > e.ticks) - (d.ticks < e.ticks)


@_T.method("int CompareTo(object value)")
def compare_to_object(d: DateTime, other: Any) -> int:
    if other is None:
        return 1
    if not isinstance(other, DateTime):
        raise ArgumentException("Object must be of type DateTime.")
    return compare_to(d, other)


_T.method("bool Equals(DateTime value)", lambda d, e: d.ticks == e.ticks)
_T.method("bool Equals(object value)", lambda d, e: d == e)
_T.method("static bool Equals(DateTime t1, DateTime t2)", lambda d, e: d.ticks == e.ticks)
_T.method("int GetHashCode()", lambda d: ((d.ticks ^ d.ticks >> 32) + 2**31) % 2**32 - 2**31)
_T.method("TypeCode GetTypeCode()", lambda _d: _type_code())


def _type_code() -> Any:
    from apimpy.dotnet.universe import universe

    decl = universe().any_type("TypeCode", 0)
    assert decl is not None
    return decl.enum_members["DateTime"]


# --- conversions -----------------------------------------------------------------------------------------------------

_T.method("DateTime ToUniversalTime()", lambda d: DateTime(d.ticks, UTC))
_T.method("DateTime ToLocalTime()", lambda d: DateTime(d.ticks, LOCAL))

_FILE_EPOCH = 504_911_232_000_000_000
_OA_EPOCH = 599_264_352_000_000_000


@_T.method("long ToFileTimeUtc()")
@_T.method("long ToFileTime()")
def to_file_time(d: DateTime) -> int:
    if d.ticks < _FILE_EPOCH:
        raise ArgumentOutOfRangeException(None, "Not a valid Win32 FileTime.")
    return d.ticks - _FILE_EPOCH


def _from_file_time(value: int, kind: int) -> DateTime:
    if not 0 <= value <= tk.MAX_TICKS - _FILE_EPOCH:
        raise ArgumentOutOfRangeException("fileTime", "Not a valid Win32 FileTime.")
    return DateTime(value + _FILE_EPOCH, kind)


_T.method("static DateTime FromFileTimeUtc(long fileTime)", lambda v: _from_file_time(v, UTC))
_T.method("static DateTime FromFileTime(long fileTime)", lambda v: _from_file_time(v, LOCAL))
_T.method("long ToBinary()", lambda d: d.ticks | (0, 1, -2)[d.kind] << 62)


@_T.method("static DateTime FromBinary(long dateData)")
def from_binary(data: int) -> DateTime:
    ticks = data & 0x3FFF_FFFF_FFFF_FFFF
    if ticks > tk.MAX_TICKS:
        raise ArgumentException(
            "The binary data must result in a DateTime with ticks between DateTime.MinValue.Ticks "
            "and DateTime.MaxValue.Ticks.",
            "dateData",
        )
    return DateTime(ticks, LOCAL if data < 0 else (data >> 62) & 1)


@_T.method("double ToOADate()")
def to_oa_date(d: DateTime) -> float:
    if d.ticks == 0:
        return 0.0
    ticks = d.ticks + _OA_EPOCH if d.ticks < tk.DAY else d.ticks
    if ticks < 31_241_376_000_000_000:
        raise OverflowException("Not a legal OleAut date.")
    milliseconds = _quotient(ticks - _OA_EPOCH, tk.MILLISECOND)
    if milliseconds < 0:
        # OLE dates before 1899-12-30 count the fraction of the day forwards from a negative day
        fraction = -(-milliseconds % 86_400_000)
        if fraction:
            milliseconds -= (86_400_000 + fraction) * 2
    return milliseconds / 86_400_000


def _quotient(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)


@_T.method("static DateTime FromOADate(double d)")
def from_oa_date(value: float) -> DateTime:
    if not -657_435.0 < value < 2_958_466.0:
        raise ArgumentException("Not a legal OleAut date.")
    milliseconds = int(value * 86_400_000 + (0.5 if value >= 0 else -0.5))
    if milliseconds < 0:
        milliseconds -= -(-milliseconds % 86_400_000) * 2
    return DateTime(milliseconds * tk.MILLISECOND + _OA_EPOCH)


_T.method("string ToString()", DateTime.clr_to_string)
_T.method("string ToString(string format)", lambda d, f: d.clr_format(f or ""))
_T.method("string ToString(IFormatProvider provider)", lambda d, _p: d.clr_to_string())
_T.method("string ToString(string format, IFormatProvider provider)", lambda d, f, _p: d.clr_format(f or ""))
_T.method("string ToShortDateString()", lambda d: d.clr_format("d"))
_T.method("string ToLongDateString()", lambda d: d.clr_format("D"))
_T.method("string ToShortTimeString()", lambda d: d.clr_format("t"))
_T.method("string ToLongTimeString()", lambda d: d.clr_format("T"))


def _strings(items: list[str]) -> Array:
    from apimpy.dotnet.universe import universe

    return Array(universe().named("System.String"), items)


_T.method("string[] GetDateTimeFormats()", lambda d: _strings([d.clr_format(f) for f in "dDfFgGmMoOrRstTuUyY"]))
_T.method("string[] GetDateTimeFormats(char format)", lambda d, f: _strings([d.clr_format(f)]))

# --- parsing ---------------------------------------------------------------------------------------------------------


def _finish(parsed: parsing.Parsed, styles: int, text: str | None) -> DateTime:
    if parsed.offset is None:
        if styles & (parsing.ASSUME_UNIVERSAL | parsing.ASSUME_LOCAL):
            return DateTime(parsed.ticks, UTC if styles & parsing.ADJUST_TO_UNIVERSAL else LOCAL)
        return DateTime(parsed.ticks)
    if parsed.offset == 0 and parsed.zulu and styles & parsing.ROUNDTRIP_KIND:
        return DateTime(parsed.ticks, UTC)
    ticks = parsed.ticks - parsed.offset
    if ticks < 0 and parsed.ticks < tk.DAY:
        ticks += tk.DAY  # the first day of all stands for "a time without a date": it stays on its day
    if not 0 <= ticks <= tk.MAX_TICKS:
        raise FormatException(f"The DateTime represented by the string '{text}' is out of range.")
    return DateTime(ticks, UTC if styles & parsing.ADJUST_TO_UNIVERSAL else LOCAL)


def parse(rt: Runtime, text: str | None, styles: int = 0) -> DateTime:
    """`DateTime.Parse`; raises FormatException."""
    return _finish(parsing.parse_general(rt, text, styles), styles, text)


def parse_exact(rt: Runtime, text: str | None, formats: list[str | None], styles: int = 0) -> DateTime:
    return _finish(parsing.parse_exact(rt, text, formats, styles), styles, text)


def _try(call: Any, *args: Any) -> tuple[bool, DateTime]:
    try:
        return True, call(*args)
    except (FormatException, ArgumentNullException):
        return False, MIN_VALUE


_T.method("static DateTime Parse(string s)", lambda rt, s: parse(rt, s, 0), rt=True)
_T.method("static DateTime Parse(string s, IFormatProvider provider)", lambda rt, s, _p: parse(rt, s), rt=True)
_T.method(
    "static DateTime Parse(string s, IFormatProvider provider, DateTimeStyles styles)",
    lambda rt, s, _p, st: parse(rt, s, parsing.checked_styles(st, "styles")),
    rt=True,
)
_T.method("static bool TryParse(string s, out DateTime result)", lambda rt, s: _try(parse, rt, s), rt=True)
_T.method(
    "static bool TryParse(string s, IFormatProvider provider, DateTimeStyles styles, out DateTime result)",
    lambda rt, s, _p, st: _try(parse, rt, s, parsing.checked_styles(st, "styles")),
    rt=True,
)
_T.method(
    "static DateTime ParseExact(string s, string format, IFormatProvider provider)",
    lambda rt, s, f, _p: parse_exact(rt, s, [f]),
    rt=True,
)
_T.method(
    "static DateTime ParseExact(string s, string format, IFormatProvider provider, DateTimeStyles style)",
    lambda rt, s, f, _p, st: parse_exact(rt, s, [f], parsing.checked_styles(st)),
    rt=True,
)
_T.method(
    "static DateTime ParseExact(string s, string[] formats, IFormatProvider provider, DateTimeStyles style)",
    lambda rt, s, f, _p, st: parse_exact(rt, s, parsing.checked_formats(f), parsing.checked_styles(st)),
    rt=True,
)
_T.method(
    "static bool TryParseExact(string s, string format, IFormatProvider provider, DateTimeStyles style, "
    "out DateTime result)",
    lambda rt, s, f, _p, st: _try(parse_exact, rt, s, [f], parsing.checked_styles(st)),
    rt=True,
)
_T.method(
    "static bool TryParseExact(string s, string[] formats, IFormatProvider provider, DateTimeStyles style, "
    "out DateTime result)",
    lambda rt, s, f, _p, st: _try(parse_exact, rt, s, parsing.checked_formats(f), parsing.checked_styles(st)),
    rt=True,
)
