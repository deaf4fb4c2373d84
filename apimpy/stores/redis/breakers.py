"""Circuit breakers of all gateways together: `ports.BreakerStore` on Redis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from apimpy.backends.breaker import LEAST_ATTEMPTS, SLOTS
from apimpy.stores.redis.keys import redis_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.backends.entity import Backend
    from apimpy.runtime.ports import Outcome
    from apimpy.stores.redis.connection import RedisLink

__all__ = ["RedisBreakerStore"]

_SECOND = 1e6


class RedisBreakerStore:
    """The rules of `apimpy.backends.Breaker`, counted in Redis."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def _keys(self, backend: Backend) -> list[str]:
        namespace, name = self._link.namespace, f"{backend.id} {backend.url}"
        return [redis_key(namespace, f"breaker-{kind}", "", name) for kind in ("open", "failures", "attempts")]

    async def record(self, backend: Backend, outcome: Outcome, now: float) -> tuple[float, bool]:
        """Count an outcome: seconds for which the breaker is open now, and whether this opened it."""
        rule = backend.rule
        assert rule is not None
        least = "" if rule.percentage is None else rule.percentage
        reply = await self._link.once(
            "breaker_record",
            self._keys(backend),
            now,
            *(rule.count or "", rule.interval, least, LEAST_ATTEMPTS, SLOTS),
            *(int(outcome.failed), int(outcome.attempt), rule.wait(outcome.retry_after)),
        )
        left, _, tripped = reply.partition(b" ")
        return int(left) / _SECOND, tripped == b"1"

    async def open_for(self, backends: Sequence[Backend], now: float) -> Sequence[float]:
        """Seconds for which each of them is open, 0 for those that are closed."""
        replies = await asyncio.gather(*(self._link.run("breaker_open", self._keys(b)[:1], now) for b in backends))
        return [int(reply) / _SECOND for reply in replies]
