"""Who is inside, over all processes: `ports.ConcurrencyGate` on Redis.

A place is a member with a lease, which a task renews while somebody of this process is inside: what a process that
died held is free again half a minute later.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING

from apimpy.runtime.ports import StoreUnavailable
from apimpy.stores.redis.keys import redis_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.stores.redis.connection import RedisLink

__all__ = ["RedisGate"]


class RedisGate:
    """The `ConcurrencyGate` port on Redis.  `clock`: UTC seconds, for a link that does not go by the server's."""

    def __init__(self, link: RedisLink, *, lease: float = 30.0, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._link, self._lease, self._clock = link, lease, clock
        self._inside: dict[str, list[str]] = {}
        """The places of this process, by key."""
        self._renewal: asyncio.Task[None] | None = None

    def _key(self, key: str) -> str:
        return redis_key(self._link.namespace, "inside", key)

    async def enter(self, key: str, limit: int) -> bool:
        """Take a place; False when `limit` places are taken.  StoreUnavailable: nobody is inside."""
        place = secrets.token_hex(12)
        args = (self._clock(), place, limit, self._lease)
        try:
            reply = await self._link.run("concurrency_enter", [self._key(key)], *args)
        except (StoreUnavailable, asyncio.CancelledError):
            # the place may be taken all the same: what got lost may have been the answer
            self._link.post("concurrency_leave", [self._key(key)], self._clock(), place)
            raise
        if reply != b"1":
            return False
        self._inside.setdefault(key, []).append(place)
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().create_task(self._renewing())
        return True

    async def leave(self, key: str) -> None:
        """Give the place back.  StoreUnavailable: later."""
        places = self._inside[key]
        place = places.pop()
        if not places:
            del self._inside[key]
        await self._link.surely_run("concurrency_leave", [self._key(key)], self._clock(), place)

    async def renew(self) -> None:
        """Keep the places of this process."""
        for key, places in list(self._inside.items()):
            await self._link.run("concurrency_renew", [self._key(key)], self._clock(), self._lease, *places)

    async def aclose(self) -> None:
        """Stop renewing."""
        renewal, self._renewal = self._renewal, None
        if renewal is not None:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)

    async def _renewing(self) -> None:
        while self._inside:
            await asyncio.sleep(self._lease / 3)
            with contextlib.suppress(StoreUnavailable):  # the link has said so; the next turn may be in time
                await self.renew()
        self._renewal = None
