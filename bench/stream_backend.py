"""A model endpoint that streams: head and first event at once.  Environment: PORT.

A path with `hold` gets one more event every second until the caller leaves; any other the rest of a completion, usage
and end included, two milliseconds later.
"""

from __future__ import annotations

import asyncio
import json
import os
import re

import uvloop

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def event(**members: object) -> bytes:
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1763700000, "model": "gpt-4o"}
    data = b"data: " + json.dumps(chunk | members).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


def word(text: str) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}])


FIRST, NEXT = word("A"), word(" bucket")
USAGE = event(choices=[], usage={"prompt_tokens": 172, "completion_tokens": 24, "total_tokens": 196})
DONE = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


class Model(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.data = transport, b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, end, body = self.data.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or len(body) < int(length[1] if length else 0):
            return
        self.data = b""
        self.transport.write(HEAD + FIRST)
        if b"hold" in head.partition(b"\r\n")[0]:
            self.go_on()
        else:
            asyncio.get_running_loop().call_later(0.002, self.transport.write, NEXT * 5 + USAGE + DONE)

    def go_on(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(NEXT)
            asyncio.get_running_loop().call_later(1, self.go_on)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Model, "127.0.0.1", int(os.environ["PORT"]), backlog=4096)
    await server.serve_forever()


uvloop.run(main())
