"""System.TimeZoneInfo and TimeZone: zones by Windows or IANA id.  The host's own zone is UTC."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING

from apimpy.dotnet.collections_.list_ import ReadOnlyCollection
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    TimeZoneNotFoundException,
)
from apimpy.dotnet.time import datetime as clr
from apimpy.dotnet.time import ticks as tk
from apimpy.dotnet.time.datetime import LOCAL, UNSPECIFIED, UTC, DateTime
from apimpy.dotnet.time.datetime_format import offset_text
from apimpy.dotnet.time.datetimeoffset import DateTimeOffset
from apimpy.dotnet.time.timespan import TimeSpan
from apimpy.dotnet.time.windows_zones import WINDOWS_ZONES
from apimpy.dotnet.values import Array, EnumValue
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.csharp.types import Type

__all__ = ["TimeZoneInfo", "find"]


_EDGE = tk.DAY * 2


def _moment(ticks: int) -> dt.datetime:
    """A clock reading as Python's datetime, kept away from the ends of its range."""
    ticks = min(max(ticks, _EDGE), tk.MAX_TICKS - _EDGE)
    return dt.datetime(1, 1, 1) + dt.timedelta(microseconds=ticks // 10)  # noqa: DTZ001


def _ticks(delta: dt.timedelta | None) -> int:
    return 0 if delta is None else (delta.days * 86400 + delta.seconds) * tk.SECOND


class TimeZoneInfo:
    """A time zone: `zone` knows the rules, or is None for a fixed `base` offset (in ticks)."""

    __slots__ = ("base", "daylight_name", "display_name", "id", "standard_name", "zone")

    def __init__(self, id: str, zone: zoneinfo.ZoneInfo | None, base: int = 0, names: tuple[str, ...] = ()) -> None:
        self.id, self.zone, self.base = id, zone, base
        if zone is not None:
            self.base = self.standard_offset(2024)
        utc = f"(UTC{offset_text(self.base)})" if self.base else "(UTC)"
        self.display_name = names[0] if names else f"{utc} {id}"
        self.standard_name = names[1] if names else id
        self.daylight_name = names[2] if names else id.replace("Standard Time", "Daylight Time")

    def clr_to_string(self) -> str:
        return self.display_name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimeZoneInfo) and self.id.lower() == other.id.lower() and self.base == other.base

    def __hash__(self) -> int:
        return hash(self.id.lower())

    def standard_offset(self, year: int) -> int:
        """The offset without daylight saving in that year: the smaller one of January and July."""
        if self.zone is None:
            return self.base
        return min(_ticks(dt.datetime(year, month, 1, tzinfo=self.zone).utcoffset()) for month in (1, 7))

    def offset_at_utc(self, ticks: int) -> int:
        if self.zone is None:
            return self.base
        return _ticks(_moment(ticks).replace(tzinfo=dt.UTC).astimezone(self.zone).utcoffset())

    def offsets_at_local(self, ticks: int) -> tuple[int, int]:
        """The offsets of a clock reading: equal, but for the hours that exist twice or not at all."""
        if self.zone is None:
            return self.base, self.base
        local = _moment(ticks).replace(tzinfo=self.zone)
        return _ticks(local.utcoffset()), _ticks(local.replace(fold=1).utcoffset())

    def is_invalid(self, ticks: int) -> bool:
        first, second = self.offsets_at_local(ticks)
        return first < second

    def is_ambiguous(self, ticks: int) -> bool:
        first, second = self.offsets_at_local(ticks)
        return first > second

    def offset_at_local(self, ticks: int) -> int:
        """.NET takes standard time where a reading is ambiguous or skipped."""
        return min(self.offsets_at_local(ticks))


UTC_ZONE = TimeZoneInfo(
    "UTC", None, 0, ("(UTC) Coordinated Universal Time", "Coordinated Universal Time", "Coordinated Universal Time")
)
LOCAL_ZONE = TimeZoneInfo(
    "UTC", None, 0, ("(UTC) Coordinated Universal Time", "Coordinated Universal Time", "Coordinated Universal Time")
)

zone_info = clr_type("System.TimeZoneInfo", bases="object, IEquatable<TimeZoneInfo>", python=TimeZoneInfo)
_T = zone_info


@_T.method("static TimeZoneInfo FindSystemTimeZoneById(string id)")
def find(id: str | None) -> TimeZoneInfo:
    """The zone of a Windows or IANA id."""
    if id is None:
        raise ArgumentNullException("id")
    if id.upper() == "UTC":
        return UTC_ZONE
    name = WINDOWS_ZONES.get(id.casefold(), id)
    try:
        return TimeZoneInfo(id, zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise TimeZoneNotFoundException(f"The time zone ID '{id}' was not found on the local computer.") from e


_T.prop("static TimeZoneInfo Utc", lambda: UTC_ZONE)
_T.prop("static TimeZoneInfo Local", lambda: LOCAL_ZONE)
_T.prop("string Id", attr="id")
_T.prop("string DisplayName", attr="display_name")
_T.prop("string StandardName", attr="standard_name")
_T.prop("string DaylightName", attr="daylight_name")
_T.prop("TimeSpan BaseUtcOffset", lambda z: TimeSpan(z.base))
_T.method("string ToString()", TimeZoneInfo.clr_to_string)
_T.method("bool Equals(TimeZoneInfo other)", lambda z, o: z == o)
_T.method("bool Equals(object obj)", lambda z, o: z == o)
_T.method("int GetHashCode()", lambda z: hash(z) % 2**31)
_T.method("static void ClearCachedData()", lambda: None)


def _has_daylight(z: TimeZoneInfo) -> bool:
    if z.zone is None:
        return False
    return len({dt.datetime(2024, month, 1, tzinfo=z.zone).utcoffset() for month in (1, 4, 7, 10)}) > 1


_T.prop("bool SupportsDaylightSavingTime", _has_daylight)


@_T.method("static ReadOnlyCollection<TimeZoneInfo> GetSystemTimeZones()")
def system_zones() -> ReadOnlyCollection:
    found = [find(id) for id in sorted(zoneinfo.available_timezones())]
    return ReadOnlyCollection(zone_info.of(), sorted(found, key=lambda z: (z.base, z.id)))


@_T.method("bool HasSameRules(TimeZoneInfo other)")
def has_same_rules(z: TimeZoneInfo, other: TimeZoneInfo | None) -> bool:
    if other is None:
        raise ArgumentNullException("other")
    return z.zone == other.zone and z.base == other.base


# --- offsets ---------------------------------------------------------------------------------------------------------


def _reading(z: TimeZoneInfo, d: DateTime) -> int:
    """The clock reading in `z` that a DateTime argument means: one of kind Utc or Local is converted first."""
    if d.kind == UNSPECIFIED or z is UTC_ZONE or z is LOCAL_ZONE:
        return d.ticks
    return d.ticks + z.offset_at_utc(d.ticks)


def _offset(z: TimeZoneInfo, d: DateTime) -> int:
    return z.offset_at_local(d.ticks) if d.kind == UNSPECIFIED else z.offset_at_utc(d.ticks)


_T.method("TimeSpan GetUtcOffset(DateTime dateTime)", lambda z, d: TimeSpan(_offset(z, d)))
_T.method("TimeSpan GetUtcOffset(DateTimeOffset dateTimeOffset)", lambda z, d: TimeSpan(z.offset_at_utc(d.utc)))
_T.method("bool IsInvalidTime(DateTime dateTime)", lambda z, d: d.kind == UNSPECIFIED and z.is_invalid(d.ticks))
_T.method("bool IsAmbiguousTime(DateTime dateTime)", lambda z, d: z.is_ambiguous(_reading(z, d)))
_T.method(
    "bool IsAmbiguousTime(DateTimeOffset dateTimeOffset)",
    lambda z, d: z.is_ambiguous(d.utc + z.offset_at_utc(d.utc)),
)


def _is_daylight(z: TimeZoneInfo, offset: int, ticks: int) -> bool:
    return offset > z.standard_offset(tk.calendar(ticks).year)


_T.method("bool IsDaylightSavingTime(DateTime dateTime)", lambda z, d: _is_daylight(z, _offset(z, d), d.ticks))
_T.method(
    "bool IsDaylightSavingTime(DateTimeOffset dateTimeOffset)",
    lambda z, d: _is_daylight(z, z.offset_at_utc(d.utc), d.utc),
)


def _ambiguous_offsets(z: TimeZoneInfo, reading: int) -> Array:
    if not z.is_ambiguous(reading):
        raise ArgumentException("The supplied DateTime is not in an ambiguous time range.", "dateTime")
    return Array(_span_type(), [TimeSpan(o) for o in sorted(z.offsets_at_local(reading))])


def _span_type() -> Type:
    from apimpy.dotnet.time.timespan import timespan

    return timespan.of()


_T.method("TimeSpan[] GetAmbiguousTimeOffsets(DateTime dateTime)", lambda z, d: _ambiguous_offsets(z, _reading(z, d)))
_T.method(
    "TimeSpan[] GetAmbiguousTimeOffsets(DateTimeOffset dateTimeOffset)",
    lambda z, d: _ambiguous_offsets(z, d.utc + z.offset_at_utc(d.utc)),
)

# --- conversion ------------------------------------------------------------------------------------------------------


def _kind_of(z: TimeZoneInfo) -> int:
    return UTC if z is UTC_ZONE else LOCAL if z is LOCAL_ZONE else UNSPECIFIED


def _given(z: TimeZoneInfo | None, param: str) -> TimeZoneInfo:
    if z is None:
        raise ArgumentNullException(param)
    return z


def _clamped(ticks: int, kind: int) -> DateTime:
    return DateTime(min(max(ticks, 0), tk.MAX_TICKS), kind)


def _to_utc(d: DateTime, source: TimeZoneInfo) -> int:
    if d.kind != UNSPECIFIED and d.kind != _kind_of(source):
        raise ArgumentException(
            "The conversion could not be completed because the supplied DateTime did not have the Kind property set "
            "correctly.  For example, when the Kind property is DateTimeKind.Local, the source time zone must be "
            "TimeZoneInfo.Local.",
            "sourceTimeZone",
        )
    if source.is_invalid(d.ticks):
        raise ArgumentException(
            "The supplied DateTime represents an invalid time.  For example, when the clock is adjusted forward, any "
            "time in the period that is skipped is invalid.",
            "dateTime",
        )
    return d.ticks - source.offset_at_local(d.ticks)


@_T.method(
    "static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo sourceTimeZone, TimeZoneInfo destinationTimeZone)"
)
def convert_between(d: DateTime, source: TimeZoneInfo | None, destination: TimeZoneInfo | None) -> DateTime:
    source, destination = _given(source, "sourceTimeZone"), _given(destination, "destinationTimeZone")
    utc = _to_utc(d, source)
    return _clamped(utc + destination.offset_at_utc(utc), _kind_of(destination))


@_T.method("static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo destinationTimeZone)")
def convert(d: DateTime, destination: TimeZoneInfo | None) -> DateTime:
    return convert_between(d, UTC_ZONE if d.kind == UTC else LOCAL_ZONE, destination)


@_T.method("static DateTimeOffset ConvertTime(DateTimeOffset dateTimeOffset, TimeZoneInfo destinationTimeZone)")
def convert_offset(d: DateTimeOffset, destination: TimeZoneInfo | None) -> DateTimeOffset:
    offset = _given(destination, "destinationTimeZone").offset_at_utc(d.utc)
    return DateTimeOffset(min(max(d.utc + offset, 0), tk.MAX_TICKS), offset)


_T.method(
    "static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string destinationTimeZoneId)",
    lambda d, zone: convert(d, find(zone)),
)
_T.method(
    "static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string sourceTimeZoneId, "
    "string destinationTimeZoneId)",
    lambda d, source, zone: convert_between(
        d, LOCAL_ZONE if d.kind == LOCAL and source == LOCAL_ZONE.id else find(source), find(zone)
    ),
)
_T.method(
    "static DateTimeOffset ConvertTimeBySystemTimeZoneId(DateTimeOffset dateTimeOffset, string destinationTimeZoneId)",
    lambda d, zone: convert_offset(d, find(zone)),
)
_T.method(
    "static DateTime ConvertTimeFromUtc(DateTime dateTime, TimeZoneInfo destinationTimeZone)",
    lambda d, z: convert_between(d, UTC_ZONE, z),
)
_T.method("static DateTime ConvertTimeToUtc(DateTime dateTime)", lambda d: DateTime(d.ticks, UTC))
_T.method(
    "static DateTime ConvertTimeToUtc(DateTime dateTime, TimeZoneInfo sourceTimeZone)",
    lambda d, z: convert_between(d, z, UTC_ZONE),
)

# --- custom zones ----------------------------------------------------------------------------------------------------


@_T.method(
    "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, "
    "string standardDisplayName)"
)
def create(id: str | None, base: TimeSpan, display: str | None, standard: str | None) -> TimeZoneInfo:
    if id is None:
        raise ArgumentNullException("id")
    if not id:
        raise ArgumentException("The specified ID parameter '' is not supported.", "id")
    if base.ticks % tk.MINUTE:
        raise ArgumentException(
            "The TimeSpan parameter cannot be specified more precisely than whole minutes.", "baseUtcOffset"
        )
    if abs(base.ticks) > 14 * tk.HOUR:
        raise ArgumentOutOfRangeException(
            "baseUtcOffset", "The TimeSpan parameter must be within plus or minus 14.0 hours."
        )
    return TimeZoneInfo(id, None, base.ticks, (display or "", standard or "", ""))


_RULES = "time zones with rules of their own are not offered; use FindSystemTimeZoneById"
for _extra in ("", ", bool disableDaylightSavingTime"):
    _T.method(
        "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, "
        f"string standardDisplayName, string daylightDisplayName, AdjustmentRule[] adjustmentRules{_extra})",
        unsupported=_RULES,
    )
_T.method("AdjustmentRule[] GetAdjustmentRules()", unsupported=_RULES)
_T.method("string ToSerializedString()", unsupported=_RULES)
_T.method("static TimeZoneInfo FromSerializedString(string source)", unsupported=_RULES)


class TransitionTime(Record, frozen=True, eq=True):
    """When a change of the clocks happens each year: on a fixed day, or in the n-th week of a month."""

    time: DateTime
    month: int
    week: int
    day: int
    weekday: EnumValue
    fixed: bool


class AdjustmentRule(Record, frozen=True, eq=True):
    """Daylight saving between two dates."""

    start: DateTime
    end: DateTime
    delta: TimeSpan
    begins: TransitionTime
    ends: TransitionTime


transition_time = clr_type(
    "System.TimeZoneInfo.TransitionTime", kind="struct", bases="IEquatable<TransitionTime>", python=TransitionTime
)
_N = transition_time
_N.method(
    "static TransitionTime CreateFixedDateRule(DateTime timeOfDay, int month, int day)",
    lambda t, month, day: TransitionTime(t, month, 1, day, clr._DAYS[0], fixed=True),
)
_N.method(
    "static TransitionTime CreateFloatingDateRule(DateTime timeOfDay, int month, int week, DayOfWeek dayOfWeek)",
    lambda t, month, week, weekday: TransitionTime(t, month, week, 1, weekday, fixed=False),
)
_N.prop("DateTime TimeOfDay", attr="time")
_N.prop("int Month", attr="month")
_N.prop("int Week", attr="week")
_N.prop("int Day", attr="day")
_N.prop("DayOfWeek DayOfWeek", attr="weekday")
_N.prop("bool IsFixedDateRule", attr="fixed")
_N.method("bool operator ==(TransitionTime t1, TransitionTime t2)", lambda a, b: a == b)
_N.method("bool operator !=(TransitionTime t1, TransitionTime t2)", lambda a, b: a != b)

adjustment_rule = clr_type(
    "System.TimeZoneInfo.AdjustmentRule", bases="object, IEquatable<AdjustmentRule>", python=AdjustmentRule
)
_A = adjustment_rule
_A.method(
    "static AdjustmentRule CreateAdjustmentRule(DateTime dateStart, DateTime dateEnd, TimeSpan daylightDelta, "
    "TransitionTime daylightTransitionStart, TransitionTime daylightTransitionEnd)",
    AdjustmentRule,
)
_A.prop("DateTime DateStart", attr="start")
_A.prop("DateTime DateEnd", attr="end")
_A.prop("TimeSpan DaylightDelta", attr="delta")
_A.prop("TransitionTime DaylightTransitionStart", attr="begins")
_A.prop("TransitionTime DaylightTransitionEnd", attr="ends")

# --- TimeZone, the older class ---------------------------------------------------------------------------------------


class TimeZone:
    """System.TimeZone: the host's zone, which is UTC."""

    __slots__ = ()


_CURRENT = TimeZone()
time_zone = clr_type("System.TimeZone", python=TimeZone)
_Z = time_zone
_Z.prop("static TimeZone CurrentTimeZone", lambda: _CURRENT)
_Z.prop("string StandardName", lambda _z: LOCAL_ZONE.standard_name)
_Z.prop("string DaylightName", lambda _z: LOCAL_ZONE.daylight_name)
_Z.method("TimeSpan GetUtcOffset(DateTime time)", lambda _z, _d: TimeSpan(0))
_Z.method("bool IsDaylightSavingTime(DateTime time)", lambda _z, _d: False)
_Z.method("DateTime ToLocalTime(DateTime time)", lambda _z, d: DateTime(d.ticks, LOCAL))
_Z.method("DateTime ToUniversalTime(DateTime time)", lambda _z, d: DateTime(d.ticks, UTC))
