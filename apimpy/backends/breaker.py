"""The circuit breaker of one backend: a state machine without a clock of its own.

    breaker = Breaker(Rule(count=3, interval=60, statuses=((500, 599),), trip=30))
    if breaker.is_open(now): …                     # nothing is sent
    breaker.record(now, failed=True)               # after every attempt

Closed, it counts; when failures reach the threshold within the interval it opens for the trip duration, or for what
the failing response's `Retry-After` said, and then it is closed again with nothing remembered.  There is no half-open
state.  Results that arrive while it is open (of requests that were under way) change nothing.
"""

from __future__ import annotations

from collections import deque

from apimpy.record import Record

__all__ = ["LEAST_ATTEMPTS", "SLOTS", "Breaker", "Rule", "retry_after_seconds"]

LEAST_ATTEMPTS = 10
"""Attempts in the interval before a percentage means anything."""
_LONGEST_WAIT = 366 * 86400.0
"""Seconds; a backend that asks for more asks for nonsense."""
SLOTS = 60
"""Parts of the interval in which attempts are counted for a percentage."""


class Rule(Record, frozen=True, eq=True):
    """When a breaker trips, and for how long.  Seconds; `statuses` are inclusive ranges; `reasons` in lower case."""

    name: str = ""
    count: int | None = None
    percentage: int | None = None
    interval: float = 3600.0
    statuses: tuple[tuple[int, int], ...] = ()
    reasons: frozenset[str] = frozenset()
    trip: float = 3600.0
    accept_retry_after: bool = False

    def fails_with(self, status: int) -> bool:
        """Whether a response with this status counts as a failure."""
        if any(low <= status <= high for low, high in self.statuses):
            return True
        return not self.statuses and 500 <= status <= 599 and "server errors" in self.reasons

    def fails_for(self, reason: str) -> bool:
        """Whether an attempt without a response counts; `reason` as in LastError."""
        return reason.lower() in self.reasons

    def wait(self, retry_after: float | None) -> float:
        """Seconds for which a failure opens it that asked for so many."""
        return retry_after if self.accept_retry_after and retry_after else self.trip


class Breaker:
    """The state of one backend."""

    __slots__ = ("_attempts", "_failures", "open_until", "rule", "trips")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.open_until = 0.0
        """UTC seconds; in the past when it is closed."""
        self.trips = 0
        self._failures: deque[float] = deque(maxlen=rule.count or 1)
        self._attempts: deque[list[float]] = deque()
        """For a percentage: `[slot, attempts, failures]`."""

    def is_open(self, now: float) -> bool:
        """Whether nothing is to be sent."""
        return now < self.open_until

    def record(self, now: float, *, failed: bool, retry_after: float | None = None, attempt: bool = True) -> bool:
        """The outcome of an attempt; whether it tripped the breaker.

        `attempt` False: a failure that came to light later, of an attempt that has been recorded.
        """
        if now < self.open_until:
            return False
        rule = self.rule
        tripped = False
        if failed and rule.count is not None:
            self._failures.append(now)
            tripped = len(self._failures) == rule.count and now - self._failures[0] <= rule.interval
        if rule.percentage is not None:
            attempts, failures = self._share(now, failed, attempt)
            tripped |= attempts >= LEAST_ATTEMPTS and failures * 100 >= rule.percentage * attempts
        if not (tripped and failed):
            return False
        self.open_until = now + rule.wait(retry_after)
        self.trips += 1
        self._failures.clear()
        self._attempts.clear()
        return True

    def open_elsewhere(self, until: float, *, tripped: bool) -> None:
        """Gateways that share it have opened it; `tripped`: for what this one reported."""
        if until > self.open_until:
            self.open_until = until
            self._failures.clear()
            self._attempts.clear()
        self.trips += tripped

    def _share(self, now: float, failed: bool, attempt: bool) -> tuple[int, int]:
        """Attempts and failures of the interval, this one among them."""
        rows = self._attempts
        slot = now // (self.rule.interval / SLOTS)
        if not rows or rows[-1][0] < slot:
            rows.append([slot, 0, 0])
        rows[-1][1] += attempt
        rows[-1][2] += failed
        while rows[0][0] <= slot - SLOTS:
            rows.popleft()
        return int(sum(row[1] for row in rows)), int(sum(row[2] for row in rows))


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` asks for, in either form; None when there is nothing to wait for."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        from email.utils import parsedate_to_datetime  # who checks policies needs no dates of HTTP

        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else None
