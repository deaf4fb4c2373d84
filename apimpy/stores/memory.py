"""Token counters in the gateway's own memory: the embedded default.

Atomic because nothing awaits between reading and writing.  A rate key holds one of two states:

`bucket`: a balance that starts full at `limit` and refills at `limit / 60` tokens a second.  It may go below zero
(debt), because what a response costs is known only afterwards.
`sliding`: the charges of the last 60 seconds, each leaving 60 seconds after it was made.

Memory is bounded by what still matters: a full bucket and an empty window are the same as no entry, so every new key
looks at the two oldest and drops them when they have become that.
"""

from __future__ import annotations

import math
from collections import deque

from apimpy.runtime.ports import RateAlgorithm, Verdict

__all__ = ["MemoryTokenStore"]

WINDOW = 60.0
_MERGE_ABOVE, _MERGE_WITHIN = 1024, 0.05
_EPSILON = 1e-9
"""Below it a difference of two times or balances is rounding."""


class _Bucket:
    __slots__ = ("at", "balance")

    def __init__(self, limit: int, now: float) -> None:
        self.balance, self.at = float(limit), now

    def settle(self, limit: int, now: float) -> float:
        """The balance at `now`, clamped to the limit of the element that asks."""
        elapsed = max(0.0, now - self.at)
        self.balance = min(float(limit), self.balance + elapsed * limit / WINDOW)
        self.at = max(self.at, now)
        return self.balance

    def admit(self, limit: int, estimate: int | None, now: float) -> Verdict:
        balance = self.settle(limit, now)
        need = estimate or 0
        if (balance <= _EPSILON) if estimate is None else (balance + _EPSILON < need):
            left = max(0, math.floor(balance + _EPSILON))
            return Verdict(False, left, self._wait(limit, need))
        self.balance -= need
        return Verdict(True, self.left(limit, now))

    def _wait(self, limit: int, need: int) -> int | None:
        if need > limit or limit <= 0:
            return None
        return max(1, math.ceil((need - self.balance) * WINDOW / limit - _EPSILON))

    def charge(self, limit: int, tokens: int, now: float) -> int:
        self.settle(limit, now)
        self.balance -= tokens
        return self.left(limit, now)

    def left(self, limit: int, now: float) -> int:
        return max(0, math.floor(self.settle(limit, now) + _EPSILON))

    def idle(self, limit: int, now: float) -> bool:
        return self.settle(limit, now) >= limit


class _Window:
    __slots__ = ("events", "used")

    def __init__(self, limit: int, now: float) -> None:
        self.events: deque[tuple[float, int]] = deque()
        self.used = 0

    def _expire(self, now: float) -> int:
        events = self.events
        while events and events[0][0] <= now - WINDOW:
            self.used -= events.popleft()[1]
        return max(0, self.used)  # a correction can outlive the charge it corrects

    def admit(self, limit: int, estimate: int | None, now: float) -> Verdict:
        used = self._expire(now)
        need = estimate or 0
        if used >= limit if estimate is None else used + need > limit:
            return Verdict(False, max(0, limit - used), self._wait(limit, estimate, now))
        if need:
            self._add(now, need)
        return Verdict(True, max(0, limit - used - need))

    def _wait(self, limit: int, estimate: int | None, now: float) -> int | None:
        """Whole seconds until enough charges have left; None when that never happens."""
        room = limit - 1 if estimate is None else limit - estimate
        if room < 0:
            return None
        used, wait = self.used, 1
        for at, tokens in self.events:
            if used <= room:
                break
            used -= tokens
            wait = max(1, math.ceil(at + WINDOW - now - _EPSILON))
        return wait

    def _add(self, now: float, tokens: int) -> None:
        events = self.events
        self.used += tokens
        if events and (events[-1][0] >= now or (len(events) > _MERGE_ABOVE and now - events[-1][0] < _MERGE_WITHIN)):
            at, before = events[-1]  # the same moment, or a key so busy that twentieths of a second are fine enough
            events[-1] = (at, before + tokens)
        else:
            events.append((now, tokens))

    def charge(self, limit: int, tokens: int, now: float) -> int:
        self._expire(now)
        if tokens:
            self._add(now, tokens)
        return self.left(limit, now)

    def left(self, limit: int, now: float) -> int:
        return max(0, limit - self._expire(now))

    def idle(self, limit: int, now: float) -> bool:
        self._expire(now)
        return not self.events


class MemoryTokenStore:
    """The `TokenStore` port in memory.  Keys compare ordinally; the two algorithms do not share counters."""

    def __init__(self) -> None:
        self._rates: dict[tuple[RateAlgorithm, str], tuple[_Bucket | _Window, int]] = {}

    def __len__(self) -> int:
        return len(self._rates)

    def _state(self, key: str, limit: int, algorithm: RateAlgorithm, now: float) -> _Bucket | _Window:
        found = self._rates.get((algorithm, key))
        if found is not None:
            state, known = found
            if known != limit:
                self._rates[algorithm, key] = (state, limit)
            return state
        self._sweep(now)
        if algorithm == "bucket":
            state = _Bucket(limit, now)
        elif algorithm == "sliding":
            state = _Window(limit, now)
        else:
            raise ValueError(f"unknown rate algorithm {algorithm!r}")
        self._rates[algorithm, key] = (state, limit)
        return state

    def _sweep(self, now: float) -> None:
        """Drop the two oldest entries if they no longer matter, else move them to the end."""
        rates = self._rates
        for _ in range(min(2, len(rates))):
            key = next(iter(rates))
            state, limit = rates.pop(key)
            if not state.idle(limit, now):
                rates[key] = (state, limit)

    async def rate_admit(
        self, key: str, limit: int, algorithm: RateAlgorithm, estimate: int | None, now: float
    ) -> Verdict:
        """Test, and when allowed reserve `estimate` tokens.  Without an estimate nothing is reserved."""
        return self._state(key, limit, algorithm, now).admit(limit, estimate, now)

    async def rate_charge(self, key: str, limit: int, algorithm: RateAlgorithm, tokens: int, now: float) -> int:
        """Charge (negative: give back); tokens left, never negative."""
        return self._state(key, limit, algorithm, now).charge(limit, tokens, now)

    async def rate_left(self, key: str, limit: int, algorithm: RateAlgorithm, now: float) -> int:
        """Tokens left, never negative."""
        return self._state(key, limit, algorithm, now).left(limit, now)
