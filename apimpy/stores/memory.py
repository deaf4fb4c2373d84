"""Token counters in the gateway's own memory: the embedded default.

Atomic because nothing awaits between reading and writing.  A rate key holds one of two states:

`bucket`: a balance that starts full at the limit and refills at a sixtieth of it a second.  It may go below zero
(debt), because what a response costs is known only afterwards.
`sliding`: the charges of the last 60 seconds, each leaving 60 seconds after it was made.

A quota key holds what its window has used.
Memory is bounded by what still matters: a full bucket, an empty window and a quota whose window has ended are the same
as no entry, so every new key looks at the two oldest and drops them when they have become that.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from apimpy.runtime.ports import TokenVerdict
from apimpy.stores.moments import EPSILON, SECOND, moment

if TYPE_CHECKING:
    from apimpy.runtime.ports import RateAlgorithm, TokenLimits

__all__ = ["MemoryTokenStore"]

WINDOW = 60 * SECOND
_MERGE_ABOVE, _MERGE_WITHIN = 1024, 0.05 * SECOND


class _Bucket:
    """Moments are whole microseconds, here and in `_Window`."""

    __slots__ = ("at", "balance", "limit")

    def __init__(self, limit: int, now: float) -> None:
        self.balance, self.at, self.limit = float(limit), now, 0

    def left(self, limit: int, now: float) -> int:
        """Whole tokens at `now`, clamped to the limit of the policy that asks; negative: a debt."""
        self.limit = limit
        elapsed = now - self.at
        if elapsed > 0:
            self.balance += elapsed * limit / WINDOW
            self.at = now
        if self.balance > limit:
            self.balance = float(limit)
        return math.floor(self.balance + EPSILON)

    def fits(self, need: int | None) -> bool:
        """Asked after `left`, as is `wait`."""
        return self.balance > EPSILON if need is None else self.balance + EPSILON >= need

    def wait(self, need: int | None, now: float) -> int | None:
        """Whole seconds until the need fits; None when that never happens."""
        limit, need = self.limit, need or 0
        if need > limit or limit <= 0:
            return None
        return max(1, math.ceil((need - self.balance - EPSILON) * 60 / limit))

    def charge(self, tokens: int, now: float) -> None:
        self.balance -= tokens

    def give_back(self, tokens: int, since: float) -> None:
        self.balance += tokens

    def idle(self, now: float) -> bool:
        return self.left(self.limit, now) >= self.limit


class _Window:
    __slots__ = ("events", "limit", "used")

    def __init__(self, limit: int, now: float) -> None:
        self.events: deque[tuple[float, int]] = deque()
        self.used, self.limit = 0, limit

    def left(self, limit: int, now: float) -> int:
        """Tokens left of the limit of the policy that asks; negative: it has been passed."""
        self.limit = limit
        self._expire(now)
        return limit - self.used

    def _expire(self, now: float) -> None:
        events = self.events
        while events and events[0][0] <= now - WINDOW:
            self.used -= events.popleft()[1]

    def fits(self, need: int | None) -> bool:
        """Asked after `left`, as is `wait`."""
        return self.used < self.limit if need is None else self.used + need <= self.limit

    def wait(self, need: int | None, now: float) -> int | None:
        """Whole seconds until enough charges have left; None when that never happens."""
        room = self.limit - 1 if need is None else self.limit - need
        if room < 0:
            return None
        used, wait = self.used, 1
        for at, tokens in self.events:
            if used <= room:
                break
            used -= tokens
            wait = max(1, math.ceil((at + WINDOW - now) / SECOND))
        return wait

    def charge(self, tokens: int, now: float) -> None:
        events = self.events
        self.used += tokens
        if events and (events[-1][0] >= now or (len(events) > _MERGE_ABOVE and now - events[-1][0] < _MERGE_WITHIN)):
            at, before = events[-1]  # the same moment, or a key so busy that twentieths of a second are fine enough
            events[-1] = (at, before + tokens)
        else:
            events.append((now, tokens))

    def give_back(self, tokens: int, since: float) -> None:
        """Off the charge made at `since`, and off earlier ones where that is not enough."""
        events = self.events
        for n in range(len(events) - 1, -1, -1):
            at, held = events[n]
            if at <= since:
                taken = min(held, tokens)
                events[n] = (at, held - taken)
                self.used -= taken
                tokens -= taken
                if not tokens:
                    break

    def idle(self, now: float) -> bool:
        self._expire(now)
        return not self.events


class MemoryTokenStore:
    """The `TokenStore` port in memory.  Keys compare ordinally; the two algorithms do not share counters."""

    def __init__(self) -> None:
        self._rates: dict[tuple[RateAlgorithm, str], _Bucket | _Window] = {}
        self._quotas: dict[tuple[str, str], tuple[int, float]] = {}
        """What has been used, and the end of the window."""

    def __len__(self) -> int:
        return len(self._rates) + len(self._quotas)

    async def admit(
        self, limits: TokenLimits, rate_need: int | None, quota_need: int | None, now: float
    ) -> TokenVerdict:
        """Test both; reserve on both or on none."""
        rate, quota = limits.rate, limits.quota
        rate_left = quota_left = 0
        state: _Bucket | _Window | None = None
        if quota is not None:
            quota_left = quota - self._used(limits)
        if rate is not None:
            at = moment(now)
            state = self._state(limits, rate, at)
            rate_left = state.left(rate, at)
            if not state.fits(rate_need):
                return TokenVerdict(rate_left, quota_left, "rate", state.wait(rate_need, at))
        if quota is not None and quota_left < (quota_need or 0):
            return TokenVerdict(rate_left, quota_left, "quota")
        if state is not None and rate_need:
            state.charge(rate_need, moment(now))
            rate_left -= rate_need
        if quota is not None and quota_need:
            self._spend(limits, quota_need, now)
            quota_left -= quota_need
        return TokenVerdict(rate_left, quota_left)

    async def settle(self, limits: TokenLimits, rate: int, quota: int, reserved: float, now: float) -> TokenVerdict:
        """Charge without a test."""
        rate_left = quota_left = 0
        if limits.rate is not None:
            at = moment(now)
            state = self._state(limits, limits.rate, at)
            state.left(limits.rate, at)  # brings it to this moment
            if rate > 0:
                state.charge(rate, at)
            elif rate < 0:
                state.give_back(-rate, moment(reserved))
            rate_left = state.left(limits.rate, at)
        if limits.quota is not None:
            if quota:
                self._spend(limits, quota, now)
            quota_left = limits.quota - self._used(limits)
        return TokenVerdict(rate_left, quota_left)

    # --- rates -------------------------------------------------------------------------------------------------------

    def _state(self, limits: TokenLimits, rate: int, now: float) -> _Bucket | _Window:
        key = (limits.algorithm, limits.key)
        found = self._rates.get(key)
        if found is None:
            self._sweep_rates(now)
            if limits.algorithm == "bucket":
                found = _Bucket(rate, now)
            elif limits.algorithm == "sliding":
                found = _Window(rate, now)
            else:
                raise ValueError(f"unknown rate algorithm {limits.algorithm!r}")
            self._rates[key] = found
        return found

    def _sweep_rates(self, now: float) -> None:
        """Drop the two oldest entries if they no longer matter, else move them to the end."""
        rates = self._rates
        for _ in range(min(2, len(rates))):
            key = next(iter(rates))
            state = rates.pop(key)
            if not state.idle(now):
                rates[key] = state

    # --- quotas ------------------------------------------------------------------------------------------------------

    def _used(self, limits: TokenLimits) -> int:
        used, until = self._quotas.get((limits.key, limits.period), (0, 0.0))
        return used if until >= limits.until else 0

    def _spend(self, limits: TokenLimits, tokens: int, now: float) -> None:
        key = (limits.key, limits.period)
        known = self._quotas.get(key)
        if known is None:
            self._sweep_quotas(now)
        elif known[1] > limits.until:
            return  # that window is over
        self._quotas[key] = (max(0, self._used(limits) + tokens), limits.until)

    def _sweep_quotas(self, now: float) -> None:
        quotas = self._quotas
        for _ in range(min(2, len(quotas))):
            key = next(iter(quotas))
            used, until = quotas.pop(key)
            if until > now:
                quotas[key] = (used, until)
