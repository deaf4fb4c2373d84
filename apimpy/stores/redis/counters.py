"""Counters of calls and bytes on Redis: `ports.CounterStore`.  What they mean is said in `apimpy.stores.counters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.runtime.ports import Verdict
from apimpy.stores.redis.keys import redis_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.runtime.ports import Allowance, Rate, RateAlgorithm
    from apimpy.stores.redis.connection import RedisLink

__all__ = ["RedisCounterStore"]


class RedisCounterStore:
    """The `CounterStore` port on Redis: one script, and so one round trip, for each verb."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def _rate_key(self, rate: Rate, algorithm: RateAlgorithm) -> str:
        if algorithm not in ("bucket", "sliding"):
            raise ValueError(f"unknown rate algorithm {algorithm!r}")
        return redis_key(self._link.namespace, f"rate-{algorithm}", rate.key, rate.group)

    async def rate_take(self, rates: Sequence[Rate], algorithm: RateAlgorithm, cost: int, now: float) -> Verdict:
        """Whether one more call fits every rate; if so, `cost` is counted on all of them, else on none."""
        keys = [self._rate_key(rate, algorithm) for rate in rates]
        numbers = [n for rate in rates for n in (rate.limit, rate.period)]
        reply = await self._link.once("rate_take", keys, now, algorithm, cost, *numbers)
        allowed, remaining, wait = map(int, reply.split())
        return Verdict(True, remaining) if allowed else Verdict(False, 0, wait)

    async def rate_add(self, rate: Rate, algorithm: RateAlgorithm, count: int, now: float) -> None:
        """Count without a test; when Redis is away, later."""
        key = self._rate_key(rate, algorithm)
        if count > 0:
            await self._link.surely("rate_add", [key], now, algorithm, count, rate.limit, rate.period)

    async def quota_take(self, allowances: Sequence[Allowance], now: float) -> int | None:
        """The index of the first allowance that is used up; None when none is: then every cost has been added."""
        if not allowances:
            return None
        index = int(await self._link.once("quota_take", self._quota_keys(allowances), now, *_numbers(allowances)))
        return None if index < 0 else index

    async def quota_add(self, allowances: Sequence[Allowance], now: float) -> None:
        """Add the costs without a test; when Redis is away, later.  A window that has ended since gets nothing."""
        if any(a.cost > 0 for a in allowances):
            await self._link.surely("quota_add", self._quota_keys(allowances), now, *_numbers(allowances))

    def _quota_keys(self, allowances: Sequence[Allowance]) -> list[str]:
        return [redis_key(self._link.namespace, "quota", a.key, a.group) for a in allowances]


def _numbers(allowances: Sequence[Allowance]) -> list[int | str]:
    return [n for a in allowances for n in (a.limit, a.cost, "" if a.until is None else repr(a.until))]
