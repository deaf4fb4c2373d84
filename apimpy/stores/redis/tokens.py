"""Token counters on Redis: `ports.TokenStore`.  What they mean is said in `apimpy.stores.memory`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.runtime.ports import TokenVerdict
from apimpy.stores.redis.keys import redis_key

if TYPE_CHECKING:
    from apimpy.runtime.ports import TokenLimits
    from apimpy.stores.redis.connection import RedisLink

__all__ = ["RedisTokenStore"]

_REFUSED = ("", "rate", "quota")


class RedisTokenStore:
    """The `TokenStore` port on Redis: rate and quota of a key in one script."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def _keys(self, limits: TokenLimits) -> list[str]:
        if limits.algorithm not in ("bucket", "sliding"):
            raise ValueError(f"unknown rate algorithm {limits.algorithm!r}")
        space, key = self._link.namespace, f":{limits.key}"  # a group is never empty
        return [
            redis_key(space, f"tokens-{limits.algorithm}", "rate", key),
            redis_key(space, "token-quota", limits.period, key),
        ]

    async def admit(
        self, limits: TokenLimits, rate_need: int | None, quota_need: int | None, now: float
    ) -> TokenVerdict:
        """Test both; reserve on both or on none."""
        numbers = map(_number, (limits.rate, rate_need, limits.quota, quota_need, limits.until))
        reply = await self._link.once("token_admit", self._keys(limits), now, limits.algorithm, *numbers)
        rate, quota, refused, wait = map(int, reply.split())
        return TokenVerdict(rate, quota, _REFUSED[refused], None if wait < 0 else wait)

    async def settle(self, limits: TokenLimits, rate: int, quota: int, reserved: float, now: float) -> TokenVerdict:
        """Charge without a test; when Redis is away, later."""
        numbers = map(_number, (limits.rate, rate, limits.quota, quota, limits.until))
        # by the server's clock, a moment of the gateway means nothing, but the time between two does
        since = (repr(reserved) if self._link.moment(now) else "", max(0.0, now - reserved))
        send = self._link.surely if rate or quota else self._link.once  # a look is not worth bringing later
        reply = await send("token_settle", self._keys(limits), now, limits.algorithm, *numbers, *since)
        rate_left, quota_left = map(int, reply.split())
        return TokenVerdict(rate_left, quota_left)


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)
