"""A WebSocket between a caller and a backend, relayed until either closes it.

Bytes pass as they come, in both directions at once and with the other side's pace; `apimpy.gateway.frames` follows
them.  Pings, pongs and close codes are the two ends' own.  The relay ends it with a Close frame to both when a message
is too large (1009) or no frame (1002), when nothing has passed for too long, and when the gateway drains (1001).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from apimpy.gateway.frames import GOING_AWAY, TOO_BIG, Frames, close_frame

if TYPE_CHECKING:
    from apimpy.runtime.ports import Tunnel

__all__ = ["ABNORMAL", "CLOSING", "Relay", "Way"]

ABNORMAL = 1006
"""The code of a connection that broke without a Close frame."""
CLOSING = 5.0
"""Seconds from the first Close frame to the end."""


class Way:
    """One direction: from where, to where, and what has passed."""

    __slots__ = ("bytes", "frames", "sink", "source")

    def __init__(self, source: Tunnel, sink: Tunnel, frames: Frames) -> None:
        self.source, self.sink, self.frames = source, sink, frames
        self.bytes = 0


class Relay:
    """One WebSocket.  `limit`: bytes of a message; `idle`: seconds without any byte, 0: no limit.

    `by` says who ended it, `caller`, `backend` or `gateway`, and `code` how; `why` the gateway did.
    """

    def __init__(self, caller: Tunnel, backend: Tunnel, *, limit: int, idle: float) -> None:
        self.up = Way(caller, backend, Frames(True, limit))
        self.down = Way(backend, caller, Frames(False, limit))
        self.closed = False
        """There was a Close frame, of one of the ends or of the gateway."""
        self.code, self.by, self.why = ABNORMAL, "", ""
        self._idle = idle
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._lost = False
        """One of the ends takes nothing any more."""
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    async def run(self) -> None:
        """Relay until it is over; both connections are closed then."""
        create = self._loop.create_task
        both = self._tasks = (create(self._pass(self.up, "caller")), create(self._pass(self.down, "backend")))
        if self._idle:
            self._timer = self._loop.call_later(self._idle, self._watch)
        try:
            done, left = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if left and (self.closed or self._lost):  # the other direction may still bring a Close frame
                done, left = await asyncio.wait(both)
            for task in done:
                if not task.cancelled():
                    task.result()
        finally:
            for handle in (self._timer, self._deadline):
                if handle is not None:
                    handle.cancel()
            for task in both:
                task.cancel()
            self.up.source.close()
            self.up.sink.close()

    async def _pass(self, way: Way, name: str) -> None:
        frames, source, sink = way.frames, way.source, way.sink
        while data := await source.read():
            self._last = self._loop.time()
            data = frames.feed(data)
            if data and self.by != "gateway":
                way.bytes += len(data)
                try:
                    sink.write(data)
                    await sink.drain()
                except ConnectionError:
                    self._lost = True
                    self._hurry()
                    return
            if frames.fault is not None:  # read on: what is closed with bytes unread loses what was sent last
                self.end(frames.fault, "the message is too big" if frames.fault == TOO_BIG else "this is no frame")
            if frames.code is not None:
                self._closes(frames.code, name)
                return
        self.by = self.by or name

    def _closes(self, code: int, by: str) -> None:
        if not self.closed:
            self.closed, self.code, self.by = True, code, by
            self._hurry()

    def _hurry(self) -> None:
        if self._deadline is None:
            self._deadline = self._loop.call_later(CLOSING, self._cut)

    def _cut(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _watch(self) -> None:
        silent = self._loop.time() - self._last
        if silent >= self._idle:
            self.end(GOING_AWAY, "nothing was sent for too long")
        else:
            self._timer = self._loop.call_later(self._idle - silent, self._watch)

    def end(self, code: int, reason: str) -> None:
        """Close it, telling both ends, unless it is being closed already."""
        if self.closed:
            return
        self.why = reason
        self._closes(code, "gateway")
        for way in (self.up, self.down):
            if way.frames.between:
                with contextlib.suppress(ConnectionError):
                    way.sink.write(close_frame(code, reason, masked=way is self.up))
