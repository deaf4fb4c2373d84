"""A streamed answer on its way to the caller: read as it passes, and ended when a limit says so.

Whoever takes the stream (the server, or a policy that wants the body) is heard by the same reader, so nothing that a
model wrote goes uncounted.  Without guards a chunk is passed on as it is, at once, and read when the next one is asked
for: counting costs the caller no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from apimpy.policies._llm.ending import ending

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from apimpy.policies._llm.call import LlmCall
    from apimpy.policies._llm.stream import Reader
    from apimpy.runtime.exchange import Exchange

__all__ = ["Guard", "Relayed"]

_RECOUNT = 2000
"""Characters after which a text is counted again, at the latest."""


class Guard(Protocol):
    """A limit that may end a stream."""

    async def progress(self, ex: Exchange, total: int) -> int:
        """Hear of the tokens so far; how many more fit (negative: the limit has been passed)."""

    @property
    def name(self) -> str:
        """For the log."""


class Relayed:
    """The chunks of a stream."""

    __slots__ = ("_call", "_counted", "_done", "_ex", "_guards", "_next", "_passed", "_reader", "_stream", "_unread")

    def __init__(self, ex: Exchange, call: LlmCall, reader: Reader, stream: AsyncIterator[bytes]) -> None:
        self._reader = reader
        self._unread = b""
        """What was passed on and not read yet."""
        self._ex, self._call, self._stream = ex, call, stream
        self._guards: list[Guard] = []
        self._next = 1
        """Characters of text at which the guards are asked."""
        self._counted = 0
        self._passed: str | None = None
        """The guard whose limit has been passed."""
        self._done = False

    @property
    def reader(self) -> Reader:
        """It has read everything that was passed on."""
        if self._unread:
            self._reader.feed(self._unread)
            self._unread = b""
        return self._reader

    def guard(self, guard: Guard) -> None:
        self._guards.append(guard)

    def __aiter__(self) -> Relayed:
        return self

    async def __anext__(self) -> bytes:
        if self._done:
            raise StopAsyncIteration
        if self._unread:
            self._reader.feed(self._unread)
            self._unread = b""
        chunk = await anext(self._stream)
        if not self._guards:
            self._unread = chunk
            return chunk
        self._reader.feed(chunk)
        if self._reader.transcript.size >= self._next:
            return await self._guarded(chunk)
        return chunk

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()

    async def _guarded(self, chunk: bytes) -> bytes:
        transcript = self.reader.transcript
        if self._passed is None:
            await self._ask()
        if self._passed is None or transcript.ended:
            return chunk
        end = self.reader.boundary(chunk)
        if end is None:
            return chunk
        self._done = True
        self._ex.notes.append(f"{self._passed}: the stream passed the limit and was ended")
        await self.aclose()
        prompt = await self._call.estimate(self._ex.services.token_counter)
        return chunk[:end] + ending(transcript, prompt, self._counted)

    async def _ask(self) -> None:
        ex, call, transcript = self._ex, self._call, self.reader.transcript
        counter = ex.services.token_counter
        self._counted += sum(counter.count(text, call.model) for text in transcript.fresh())
        total = await call.estimate(counter) + self._counted + transcript.beyond()
        if transcript.usage is not None and ex.services.options.stream_usage == "prefer_reported":
            total = max(total, transcript.usage.total)
        step = _RECOUNT
        for guard in self._guards:
            room = await guard.progress(ex, total)
            if room < 0:
                self._passed = self._passed or guard.name
            step = min(step, max(1, room))
        self._next = transcript.size + step
