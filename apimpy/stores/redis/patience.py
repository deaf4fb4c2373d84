"""Time-outs of many short waits, by one timer.

The timer beats while somebody waits, and a wait ends after so many beats.  An event loop that was busy beats late and
only once: time in which an answer could not be read does not count against whoever sends it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Patience"]

_BEATS = 5
"""A wait lasts between so many beats and one less."""


class Patience:
    """`async with patience.wait():` raises TimeoutError after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._beat = max(seconds, 0.001) / (_BEATS - 1)
        self._waits: dict[_Wait, int] = {}
        """Beats that each may still take."""
        self._timer: asyncio.TimerHandle | None = None

    def wait(self) -> _Wait:
        return _Wait(self)

    def enter(self, wait: _Wait) -> None:
        self._waits[wait] = _BEATS
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._beat, self._beats)

    def leave(self, wait: _Wait) -> None:
        del self._waits[wait]

    def close(self) -> None:
        """Nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beats(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        for wait, beats in self._waits.items():
            self._waits[wait] = beats - 1
            if beats == 1:
                wait.timeout.reschedule(loop.time())
        if self._waits:
            self._timer = loop.call_later(self._beat, self._beats)


class _Wait:
    """One wait."""

    __slots__ = ("_patience", "timeout")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.timeout = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self.timeout.__aenter__()
        self._patience.enter(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patience.leave(self)
        await self.timeout.__aexit__(kind, error, trace)
