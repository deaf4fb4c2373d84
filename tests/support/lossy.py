"""A way to a server that loses answers: what was asked arrives, the answer does not, and the connection breaks."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self
from urllib.parse import urlsplit

__all__ = ["LossyWay"]


class LossyWay:
    """A listener that passes bytes on to a Redis.  So many answers of scripts as `lose` says are swallowed."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.lose = 0
        self.lost = 0
        self.url = ""
        self._server: asyncio.Server | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self._target)
        if parts.scheme == "unix":
            return await asyncio.open_unix_connection(parts.path)
        return await asyncio.open_connection(parts.hostname, parts.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        there_reader, there_writer = await self._open()
        state = {"asks": False}

        async def there() -> None:
            while data := await reader.read(65536):
                state["asks"] = b"EVAL" in data
                there_writer.write(data)
                await there_writer.drain()

        async def back() -> None:
            while data := await there_reader.read(65536):
                if state["asks"] and self.lose and b"NOSCRIPT" not in data:
                    self.lose -= 1
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()

        ways = [asyncio.ensure_future(there()), asyncio.ensure_future(back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, there_writer):
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()
            self._under_way.discard(task)
