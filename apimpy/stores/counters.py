"""Counters of calls and bytes in the gateway's own memory: the embedded default.

Atomic because nothing awaits between reading and writing.  A rate counter holds one of two states, and the limit and
period of whoever asks are applied to it:

`bucket`: a level that rises by one with every call and drains at `limit / period` a second; a call fits while a whole
one is left below the limit.  It may pass the limit, because some calls are counted only afterwards.
`sliding`: the calls of the last `period` seconds, each leaving so long after it was counted.

Memory is bounded by what still matters: a drained level, an empty window and a quota whose window has ended are the
same as no entry, so every new key looks at the two oldest and drops them when they have become that.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from apimpy.runtime.ports import Verdict
from apimpy.stores.moments import EPSILON, SECOND, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.runtime.ports import Allowance, Rate, RateAlgorithm

__all__ = ["MemoryCounterStore"]

_MERGE_ABOVE, _MERGE_WITHIN = 1024, 0.05 * SECOND


class _Level:
    """Moments are whole microseconds, here and in `_Window`."""

    __slots__ = ("at", "level", "limit", "period")

    def __init__(self, now: float) -> None:
        self.level, self.at = 0.0, now
        self.limit, self.period = 0, SECOND
        """How fast it drains."""

    def left(self, rate: Rate, now: float) -> int:
        """Whole calls below the limit; negative when it has been passed."""
        self.limit, self.period = rate.limit, rate.period * SECOND
        self._settle(now)
        return math.floor(rate.limit - self.level + EPSILON)

    def _settle(self, now: float) -> None:
        self.level = max(0.0, self.level - max(0.0, now - self.at) * self.limit / self.period)
        self.at = max(self.at, now)

    def wait(self, rate: Rate, now: float) -> int:
        """Whole seconds until one call fits; `left` has been asked at the same time."""
        return max(1, math.ceil((self.level + 1 - rate.limit - EPSILON) * rate.period / rate.limit))

    def add(self, count: int, now: float) -> None:
        self.level += count

    def idle(self, now: float) -> bool:
        self._settle(now)
        return self.level <= 0


class _Window:
    __slots__ = ("events", "period", "used")

    def __init__(self, now: float) -> None:
        self.events: deque[tuple[float, int]] = deque()
        self.used, self.period = 0, 0.0
        """All that is remembered, and for how long: the longest period anybody asked for."""

    def left(self, rate: Rate, now: float) -> int:
        """Calls below the limit; negative when it has been passed."""
        period = rate.period * SECOND
        self.period = max(self.period, period)
        self._expire(now)
        used = self.used
        if period < self.period:
            for at, count in self.events:
                if at > now - period:
                    break
                used -= count
        return rate.limit - used

    def _expire(self, now: float) -> None:
        events = self.events
        while events and events[0][0] <= now - self.period:
            self.used -= events.popleft()[1]

    def wait(self, rate: Rate, now: float) -> int:
        """Whole seconds until one call fits: until enough of the oldest have left."""
        left, period = self.left(rate, now), rate.period * SECOND
        wait = 1
        for at, count in self.events:
            if left > 0:
                break
            if at > now - period:
                left += count
                wait = max(1, math.ceil((at + period - now) / SECOND))
        return wait

    def add(self, count: int, now: float) -> None:
        events = self.events
        self.used += count
        if events and (events[-1][0] >= now or (len(events) > _MERGE_ABOVE and now - events[-1][0] < _MERGE_WITHIN)):
            at, before = events[-1]  # the same moment, or a key so busy that twentieths of a second are fine enough
            events[-1] = (at, before + count)
        else:
            events.append((now, count))

    def idle(self, now: float) -> bool:
        self._expire(now)
        return not self.events


class MemoryCounterStore:
    """The `CounterStore` port in memory.  Keys compare ordinally; the two algorithms do not share counters."""

    def __init__(self) -> None:
        self._rates: dict[tuple[RateAlgorithm, str], _Level | _Window] = {}
        self._quotas: dict[str, tuple[int, float | None]] = {}
        """What has been used, and the end of the window."""

    def __len__(self) -> int:
        return len(self._rates) + len(self._quotas)

    async def rate_take(self, rates: Sequence[Rate], algorithm: RateAlgorithm, cost: int, now: float) -> Verdict:
        """Whether one more call fits every rate; if so, `cost` is counted on all of them, else on none."""
        known, now = len(self._rates), moment(now)
        states = [self._state(rate.key, algorithm, now) for rate in rates]
        pairs = tuple(zip(states, rates, strict=True))
        left = min(state.left(rate, now) for state, rate in pairs)
        if left > 0 and cost > 0:
            for state in states:
                state.add(cost, now)
        for _ in range(len(self._rates) - known):
            self._sweep_rates(now)
        if left <= 0:
            wait = max(state.wait(rate, now) for state, rate in pairs if state.left(rate, now) <= 0)
            return Verdict(False, 0, wait)
        return Verdict(True, max(0, left - max(0, cost)))

    async def rate_add(self, rate: Rate, algorithm: RateAlgorithm, count: int, now: float) -> None:
        """Count without a test."""
        if count > 0:
            now = moment(now)
            state = self._state(rate.key, algorithm, now)
            state.left(rate, now)  # brings it to this moment
            state.add(count, now)
            self._sweep_rates(now)

    def _state(self, key: str, algorithm: RateAlgorithm, now: float) -> _Level | _Window:
        found = self._rates.get((algorithm, key))
        if found is None:
            if algorithm not in ("bucket", "sliding"):
                raise ValueError(f"unknown rate algorithm {algorithm!r}")
            found = self._rates[algorithm, key] = _Level(now) if algorithm == "bucket" else _Window(now)
        return found

    def _sweep_rates(self, now: float) -> None:
        """Drop the two oldest entries if they no longer matter, else move them to the end."""
        rates = self._rates
        for _ in range(min(2, len(rates))):
            key = next(iter(rates))
            state = rates.pop(key)
            if not state.idle(now):
                rates[key] = state

    async def quota_take(self, allowances: Sequence[Allowance], now: float) -> int | None:
        """The index of the first allowance that is used up; None when none is: then every cost has been added."""
        for index, allowance in enumerate(allowances):
            if self._used(allowance) >= allowance.limit:
                return index
        await self.quota_add(allowances, now)
        return None

    def _used(self, allowance: Allowance) -> int:
        used, until = self._quotas.get(allowance.key, (0, allowance.until))
        return 0 if _is_later(allowance.until, until) else used

    async def quota_add(self, allowances: Sequence[Allowance], now: float) -> None:
        """Add the costs without a test.  A window that has ended since gets nothing."""
        for allowance in allowances:
            if allowance.cost <= 0:
                continue
            known = self._quotas.get(allowance.key)
            if known is None:
                self._sweep_quotas(now)
            elif _is_later(known[1], allowance.until):
                continue
            self._quotas[allowance.key] = (self._used(allowance) + allowance.cost, allowance.until)

    def _sweep_quotas(self, now: float) -> None:
        quotas = self._quotas
        for _ in range(min(2, len(quotas))):
            key = next(iter(quotas))
            used, until = quotas.pop(key)
            if until is None or until > now:
                quotas[key] = (used, until)


def _is_later(until: float | None, other: float | None) -> bool:
    return until is not None and other is not None and until > other
