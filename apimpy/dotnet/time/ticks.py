"""Arithmetic on ticks: 100 ns steps since 0001-01-01, the only representation dates have here.

Calendar arithmetic is Python's proleptic Gregorian ordinal, which is .NET's day number plus one.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from apimpy.dotnet.exceptions import ArgumentException, ArgumentOutOfRangeException, OverflowException

if TYPE_CHECKING:
    from apimpy.dotnet.values import Runtime

__all__ = [
    "DAY",
    "DAYS",
    "HOUR",
    "MAX_TICKS",
    "MILLISECOND",
    "MINUTE",
    "MONTHS",
    "SECOND",
    "UNIX_EPOCH",
    "add_months",
    "calendar",
    "day_number",
    "days_in_month",
    "from_parts",
    "is_leap_year",
    "now_ticks",
    "scaled",
]

MILLISECOND = 10_000
SECOND = 10_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

UNIX_EPOCH = 719_162 * DAY
MAX_TICKS = 3_652_059 * DAY - 1

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap_year(year: int) -> bool:
    if not 1 <= year <= 9999:
        raise ArgumentOutOfRangeException("year", "Year must be between 1 and 9999.")
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    if not 1 <= month <= 12:
        raise ArgumentOutOfRangeException("month", "Month must be between one and twelve.")
    return 29 if is_leap_year(year) and month == 2 else _LENGTHS[month - 1]


def day_number(year: int, month: int, day: int) -> int:
    """Days since 0001-01-01; the arguments are checked."""
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= days_in_month(year, month)):
        raise ArgumentOutOfRangeException(
            None, "Year, Month, and Day parameters describe an un-representable DateTime."
        )
    return date(year, month, day).toordinal() - 1


def from_parts(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, millisecond: int = 0
) -> int:
    ticks = day_number(year, month, day) * DAY
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        raise ArgumentOutOfRangeException(
            None, "Hour, Minute, and Second parameters describe an un-representable DateTime."
        )
    if not 0 <= millisecond < 1000:
        raise ArgumentOutOfRangeException("millisecond", "Valid values are between 0 and 999, inclusive.")
    return ticks + hour * HOUR + minute * MINUTE + second * SECOND + millisecond * MILLISECOND


def calendar(ticks: int) -> date:
    """Year, month and day of a tick count."""
    return date.fromordinal(ticks // DAY + 1)


def add_months(ticks: int, months: int) -> int:
    """The same day `months` later, or the last one of that month if it is shorter."""
    if not -120_000 <= months <= 120_000:
        raise ArgumentOutOfRangeException("months", "Months value must be between +/-120000.")
    d = calendar(ticks)
    index = d.year * 12 + d.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9999:
        raise ArgumentOutOfRangeException(
            "months", "The added or subtracted value results in an un-representable DateTime."
        )
    return day_number(year, month, min(d.day, days_in_month(year, month))) * DAY + ticks % DAY


def scaled(value: float, unit: int) -> int:
    """`value` units as ticks, truncated: TimeSpan.FromSeconds and its relatives."""
    if math.isnan(value):
        raise ArgumentException("TimeSpan does not accept floating point Not-a-Number values.")
    ticks = value * unit
    if not -9.223372036854775808e18 <= ticks <= 9.223372036854775807e18:
        raise OverflowException("TimeSpan overflowed because the duration is too long.")
    return min(int(ticks), 2**63 - 1)


def now_ticks(rt: Runtime) -> int:
    """The clock of the evaluation in ticks, UTC."""
    read = getattr(rt.clock, "ticks", None)
    if read is not None:
        return read()  # type: ignore[no-any-return]
    return UNIX_EPOCH + int(rt.clock.now() * SECOND)
