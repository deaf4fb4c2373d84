"""A response as it arrives: its head, then the pieces of its body at the pace of whoever reads them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from apimpy.runtime.ports import TimedOut

if TYPE_CHECKING:
    from apimpy.gateway.client.connection import Connection
    from apimpy.runtime.message import Headers

__all__ = ["Arrival"]

_KEPT = 128 * 1024
"""Bytes that may wait for the reader; above, the socket is not read."""


class Arrival:
    """The response to one request.  The connection feeds it, one task reads it.

    As an iterator it gives the body's pieces, several that came together as one, and raises TransportError where it
    breaks off.  Closing it before the end closes the connection: the server stops working for nobody.  A server that is
    silent for `idle` seconds while somebody waits is given up; one timer watches that, however many pieces pass.
    """

    __slots__ = (
        "_connection",
        "_error",
        "_idle",
        "_loop",
        "_paused",
        "_pieces",
        "_since",
        "_size",
        "_timer",
        "_waiter",
        "ended",
        "headers",
        "reason",
        "status",
    )

    headers: Headers[str]

    def __init__(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._connection, self._loop = connection, loop
        self.status = 0
        """0: there is no head yet."""
        self.reason = ""
        self.ended = False
        """All of the response is here, or an error instead of the rest."""
        self._error: BaseException | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._idle = self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # What the connection says.

    def begin(self, status: int, reason: str, headers: Headers[str]) -> None:
        """The head is here."""
        self.status, self.reason, self.headers = status, reason, headers
        self._wake()

    def feed(self, data: bytes) -> None:
        """A piece of the body."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _KEPT and not self._paused:
            self._paused = True
            self._connection.pause()
        self._wake()

    def end(self, error: BaseException | None = None) -> None:
        """The end, or what came instead."""
        if not self.ended:
            self.ended, self._error = True, error
            if self._paused:  # the connection goes on to others, whoever reads this one's rest when
                self._paused = False
                self._connection.resume()
            self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    # What the reader asks.

    async def head(self, until: float | None) -> None:
        """Wait for the head, at most until this moment of the loop's clock.  Raises what came instead; TimedOut."""
        if not self.status and not self.ended:
            timer = None if until is None else self._loop.call_at(until, self._late)
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                if timer is not None:
                    timer.cancel()
        if not self.status and self._error is not None:
            raise self._error

    def _late(self) -> None:
        if not self.status and not self.ended:
            self._connection.fail(TimedOut("the backend did not answer in time"))

    async def more(self) -> None:
        """Wait until there is something to take, or the end."""
        if not self._pieces and not self.ended:
            self._waiter = self._loop.create_future()
            await self._waiter

    def take(self) -> bytes:
        """What is here of the body."""
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._connection.resume()
        return data

    def whole(self) -> bytes | None:
        """The body when all of it is here."""
        return self.take() if self.ended and self._error is None else None

    def watch(self, idle: float) -> Arrival:
        """Itself, given up after so many seconds of silence."""
        self._idle = idle
        self._timer = self._loop.call_later(idle, self._look)
        return self

    def _look(self) -> None:
        self._timer = None
        if self.ended:
            return
        silent = self._loop.time() - self._since if self._since else 0.0
        if silent >= self._idle:
            self._connection.fail(TimedOut(f"the backend sent nothing in time: {self._idle:g} s of silence"))
        else:
            self._timer = self._loop.call_later(self._idle - silent, self._look)

    def __aiter__(self) -> Arrival:
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces and not self.ended:
            self._since = self._loop.time()
            try:
                await self.more()
            except BaseException:
                await self.aclose()
                raise
            self._since = 0.0
        if self._pieces:
            return self.take()
        self._over()
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    def _over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def aclose(self) -> None:
        """Read no further."""
        self._over()
        if not self.ended:
            self._connection.abort()
