"""Calendar windows of token quotas, in UTC, and how a refusal names the time until one ends."""

from __future__ import annotations

import time

__all__ = ["PERIODS", "span_text", "window_end"]

PERIODS = ("Hourly", "Daily", "Weekly", "Monthly", "Yearly")
_HOUR, _DAY, _WEEK = 3600, 86_400, 604_800
_FIRST = {"monday": 4 * _DAY, "sunday": 3 * _DAY}
"""The first start of a week after the Thursday with which the epoch begins."""


def window_end(period: str, now: float, week_start: str) -> float:
    """The end of the window of `PERIODS` that holds `now`; both in UTC seconds.

    >>> window_end("Hourly", 1800.0, "monday")
    3600.0
    """
    second = int(now // 1)
    if period == "Hourly":
        return float(second - second % _HOUR + _HOUR)
    if period == "Daily":
        return float(second - second % _DAY + _DAY)
    if period == "Weekly":
        return float(second - (second - _FIRST[week_start]) % _WEEK + _WEEK)
    date = time.gmtime(second)
    if period == "Monthly" and date.tm_mon < 12:
        year, month = date.tm_year, date.tm_mon + 1
    else:
        year, month = date.tm_year + 1, 1
    from calendar import timegm  # here, because a linter never counts

    return float(timegm((year, month, 1, 0, 0, 0)))


def span_text(seconds: int) -> str:
    """A time in words; from one day on without seconds.

    >>> span_text(1293), span_text(86_400 + 3600 + 61)
    ('21 minutes and 33 seconds', '1 day, 1 hour and 1 minute')
    """
    days, rest = divmod(seconds, _DAY)
    parts = [(days, "day"), (rest // _HOUR, "hour"), (rest // 60 % 60, "minute")]
    if not days:
        parts.append((rest % 60, "second"))
    words = [f"{n} {unit}" if n == 1 else f"{n} {unit}s" for n, unit in parts if n]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
