"""Commands that are asked for at the same time go out together: one write, one read, one wake-up.

A caller that gives up leaves the others of its batch alone, and the connection open.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["Batches"]

_AT_ONCE = 4
"""Batches under way, each with a connection of its own."""
_SIZE = 64
"""Commands of one."""


class Batches:
    """Commands to one server.  `seconds`: how long a batch may take before its connection is given up."""

    def __init__(self, client: Redis, seconds: float) -> None:
        self._client, self._seconds = client, seconds
        self._waiting: list[tuple[tuple[Any, ...], asyncio.Future[Any]]] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_due = False

    async def command(self, *words: Any) -> Any:
        """The reply.  RedisError, OSError."""
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((words, reply))
        if not self._is_due and len(self._under_way) < _AT_ONCE:
            self._is_due = True
            loop.call_soon(self._go)
        return await reply

    async def aclose(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way)

    def _go(self, ended: asyncio.Task[None] | None = None) -> None:
        if ended is None:
            self._is_due = False
        else:
            self._under_way.discard(ended)
        while self._waiting and len(self._under_way) < _AT_ONCE:
            batch, self._waiting = self._waiting[:_SIZE], self._waiting[_SIZE:]
            task = asyncio.get_running_loop().create_task(self._send(batch))
            self._under_way.add(task)
            task.add_done_callback(self._go)

    async def _send(self, batch: list[tuple[tuple[Any, ...], asyncio.Future[Any]]]) -> None:
        wanted = [(words, reply) for words, reply in batch if not reply.done()]  # who gave up wants nothing
        try:
            async with asyncio.timeout(self._seconds), self._client.pipeline(transaction=False) as pipe:
                for words, _ in wanted:
                    pipe.execute_command(*words)
                replies: list[Any] = await pipe.execute(raise_on_error=False)
        except Exception as error:  # INVARIANT: everybody who waits hears of it
            replies = [error] * len(wanted)
        for (_, future), reply in zip(wanted, replies, strict=True):
            if future.done():
                continue
            if isinstance(reply, Exception):
                future.set_exception(reply)
            else:
                future.set_result(reply)
