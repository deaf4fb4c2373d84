"""Doing several things at once: side by side, in the background, and how many at a time.

The only place that makes tasks; asyncio is imported when the first one is made, so that a linter never is.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence

__all__ = ["Background", "KeyLocks", "LocalGate", "settle", "within"]

_log = logging.getLogger("apimpy.background")


async def settle(runs: Sequence[Callable[[], Coroutine[Any, Any, Any]]], *, first: bool) -> list[Any]:
    """Run side by side; the outcomes in order: a result or the exception.

    `first`: when one has finished the others are cancelled, and their outcome is None.
    Nothing is left running when this returns or is cancelled.
    """
    import asyncio

    async def one(run: Callable[[], Coroutine[Any, Any, Any]], mine: int) -> Any:
        try:
            outcome = await run()
        except Exception as error:  # handed to the caller as it is
            outcome = error
        if first:  # at once, so that nobody else finishes before the caller comes to know
            for i, task in enumerate(tasks):
                if i != mine:
                    task.cancel()
        return outcome

    tasks = [asyncio.ensure_future(one(run, i)) for i, run in enumerate(runs)]
    try:
        await asyncio.wait(tasks)
    finally:
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.gather(*left, return_exceptions=True)
    return [None if task.cancelled() else task.result() for task in tasks]


async def within(seconds: float | None, work: Awaitable[Any]) -> Any:
    """The result of `work`; TimeoutError when it takes longer.  None: as long as it takes."""
    import asyncio

    async with asyncio.timeout(seconds):
        return await work


class Background:
    """Work that outlives its request.  Its failures are logged, nobody else hears of them."""

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin `work`; it is kept alive until it ends."""
        import asyncio

        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work failed", exc_info=error)

    async def drain(self, seconds: float | None = None) -> None:
        """Wait for what is under way, at most `seconds`, then cancel the rest."""
        import asyncio

        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


class LocalGate:
    """The places of one process: `ports.ConcurrencyGate`.  Atomic, because nothing awaits between look and entry."""

    __slots__ = ("_inside",)

    def __init__(self) -> None:
        self._inside: dict[str, int] = {}

    async def enter(self, key: str, limit: int) -> bool:
        inside = self._inside.get(key, 0)
        if inside >= limit:
            return False
        self._inside[key] = inside + 1
        return True

    async def leave(self, key: str) -> None:
        inside = self._inside[key] - 1
        if inside:
            self._inside[key] = inside
        else:
            del self._inside[key]


class KeyLocks:
    """One at a time for each key; keys that nobody holds or waits for take no memory."""

    __slots__ = ("_locks",)

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Wait for the key; it is free again when the block ends."""
        import asyncio

        lock, users = self._locks.get(key) or (asyncio.Lock(), 0)
        self._locks[key] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[key]
            if users > 1:
                self._locks[key] = lock, users - 1
            else:
                del self._locks[key]
