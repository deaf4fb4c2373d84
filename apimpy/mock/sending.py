"""Answers on their way out, with what is wrong with them: the only place where faults touch the connection."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from apimpy.mock.call import Events
from apimpy.mock.faults import MIDDLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from apimpy.mock.call import Document
    from apimpy.mock.faults import Fault

__all__ = ["Sender", "reset"]


def reset(request: web.Request) -> None:
    """Drop the connection so that the caller sees a reset, not an end."""
    transport = request.transport
    if transport is None:
        return
    held = transport.get_extra_info("socket")
    if held is not None:  # no lingering: what was not sent is thrown away, and the other side is told so
        no_linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
    transport.abort()


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends one answer.  `stopping` ends what would go on for ever."""

    request: web.Request
    fault: Fault
    dice: Random
    stopping: asyncio.Event

    async def before(self) -> bool:
        """What comes before the head; false when there will be none."""
        if pause := self.fault.delay.draw(self.dice):
            await asyncio.sleep(pause)
        if self.fault.hang:
            await self.stopping.wait()
        if self.fault.hang or self.fault.reset:
            reset(self.request)
            return False
        return True

    async def send(self, answer: Document | Events, headers: Mapping[str, str]) -> web.StreamResponse:
        """The head, and as much of the body as there shall be."""
        if isinstance(answer, Events):
            kind, chunks, length = "text/event-stream; charset=utf-8", self._events(answer), None
            headers = {**headers, "Cache-Control": "no-cache"}
        else:
            kind, chunks = "application/json", self._halves(answer)
            length = sum(map(len, chunks))
        out = web.StreamResponse(headers={**headers, "Content-Type": kind})
        out.content_length = length
        await out.prepare(self.request)
        if pause := self.fault.first_byte.draw(self.dice):
            await asyncio.sleep(pause)
        end = self._end(len(chunks), stream=length is None)
        for number, chunk in enumerate(chunks):
            if number == end:
                await self._break_off()
                return out
            if number and length is None and (pause := self.fault.event_delay.draw(self.dice)):
                await asyncio.sleep(pause)
            await out.write(chunk)
        await out.write_eof()
        return out

    async def _break_off(self) -> None:
        if self.fault.stall is not None:
            await self.stopping.wait()
        if self.request.transport is not None:
            self.request.transport.close()  # after what was written is out: the body lacks its end

    def _end(self, chunks: int, *, stream: bool) -> int | None:
        """The chunk that is not sent any more; None when all are."""
        place = self.fault.cut if self.fault.stall is None else self.fault.stall
        if place is None:
            return None
        if not stream:
            return 0 if place == 0 else 1
        return chunks // 2 if place == MIDDLE else place

    def _halves(self, answer: Document) -> list[bytes]:
        body = orjson.dumps(answer)
        half = len(body) // 2
        if self.fault.malformed:
            return [body[:half]]
        return [body] if self.fault.cut is None and self.fault.stall is None else [body[:half], body[half:]]

    def _events(self, answer: Events) -> list[bytes]:
        out = []
        for number, event in enumerate(answer.events, 1):
            data = orjson.dumps(event)
            if self.fault.malformed and number == len(answer.events):
                data = data[: len(data) // 2]
            name = f"event: {event['type']}\n".encode() if answer.named else b""
            out.append(name + b"data: " + data + b"\n\n")
        if answer.done and not self.fault.malformed:
            out.append(b"data: [DONE]\n\n")
        return out
