"""Writing away from the hot path: a request remembers a thing, a thread writes what has gathered.

What has gathered goes to a thread of the loop's executor a few times a second, one write at a time.  A writer that
does not keep up costs things (their number is passed on to be reported), never latency.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

__all__ = ["Gathered"]

_INTERVAL = 0.2

T = TypeVar("T")


class Gathered(ABC, Generic[T]):
    """Things waiting to be written; a subclass says how."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: list[T] = []
        self._dropped = 0
        self._scheduled: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None

    @abstractmethod
    def _write(self, things: list[T], dropped: int) -> None:
        """Write them, on a thread; `dropped` more came while `limit` were waiting.  Errors are the writer's own."""

    def add(self, thing: T) -> None:
        """Remember a thing; it is written within a moment."""
        if len(self._waiting) >= self._limit:
            self._dropped += 1
            return
        self._waiting.append(thing)
        if self._scheduled is None:
            self._scheduled = asyncio.get_running_loop().call_later(_INTERVAL, self._start)

    def _start(self) -> None:
        self._scheduled = None
        loop = asyncio.get_running_loop()
        if self._writing is not None and not self._writing.done():
            self._scheduled = loop.call_later(_INTERVAL, self._start)
            return
        self._writing = loop.run_in_executor(None, self._write, *self._take())

    def _take(self) -> tuple[list[T], int]:
        taken, dropped = self._waiting, self._dropped
        self._waiting, self._dropped = [], 0
        return taken, dropped

    async def aclose(self) -> None:
        """Write what is left."""
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None
        if self._writing is not None:
            await self._writing
        if self._waiting or self._dropped:
            await asyncio.get_running_loop().run_in_executor(None, self._write, *self._take())
