"""Values that may be gone at any time, on Redis: `ports.Cache`."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from apimpy.stores.redis.codec import decode, encode
from apimpy.stores.redis.keys import redis_key

if TYPE_CHECKING:
    from apimpy.stores.redis.connection import RedisLink

__all__ = ["RedisCache"]

_ENDS = struct.Struct(">d")


class RedisCache:
    """The `Cache` port on Redis.  Entries end by themselves; what is too much, Redis evicts as it was told to.

    `kind` keeps the caches of one gateway apart.  A value that has no bytes (an object of the policy that runs) is
    not kept.
    """

    def __init__(self, link: RedisLink, kind: str = "cache") -> None:
        self._link, self._kind = link, kind

    def _key(self, key: str) -> str:
        return redis_key(self._link.namespace, self._kind, key)

    async def get(self, key: str, now: float) -> Any:
        """The value, None when there is none."""
        data = await self._link.command("cache_get", "GET", self._key(key))
        if data is None or len(data) < _ENDS.size:
            return None
        moment = self._link.moment(now)
        if moment and _ENDS.unpack_from(data)[0] <= float(moment):
            return None
        return decode(data[_ENDS.size :])

    async def put(self, key: str, value: Any, size: int, seconds: float, now: float) -> None:
        """Keep a value for so long."""
        data = encode(value) if seconds > 0 else None
        if data is None:
            await self.remove(key)
            return
        lifetime = max(1, int(seconds * 1000)) if not self._link.moment(now) else 3_600_000
        await self._link.command(
            "cache_put", "SET", self._key(key), _ENDS.pack(now + seconds) + data, "PX", str(lifetime)
        )

    async def remove(self, key: str) -> None:
        """Forget a value."""
        await self._link.command("cache_remove", "UNLINK", self._key(key))
