"""A server that says what a test wrote down, byte for byte, and remembers what it was sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvloop

from apimpy.gateway.client import HttpTransport

Handler = Callable[["Peer"], Awaitable[None]]


class Peer:
    """One connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def head(self) -> bytes:
        """The next request's head."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def say(self, *pieces: bytes) -> None:
        """Write, with a pause after each piece in which the client reads it."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0.01)

    async def gone(self) -> bool:
        """Whether the client closes the connection."""
        try:
            while await asyncio.wait_for(self.reader.read(65536), 5):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True


class Host:
    """A listening server.  `peers`: its connections, in the order in which they were made."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.peers: list[Peer] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.peers.append(peer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self.handler(peer)
        writer.close()

    async def close(self) -> None:
        """End what is left of its connections."""
        for peer in self.peers:
            peer.writer.close()
            with contextlib.suppress(ConnectionError):
                await peer.writer.wait_closed()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The client runs on both loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def host() -> AsyncIterator[Callable[..., Awaitable[Host]]]:
    """Start a server with a handler of its connections."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(handler: Handler, **more: Any) -> Host:
            made = Host(handler)
            server = await stack.enter_async_context(await asyncio.start_server(made.serve, "127.0.0.1", 0, **more))
            stack.push_async_callback(made.close)
            made.port = server.sockets[0].getsockname()[1]
            return made

        yield start


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport(idle_timeout=5.0)
    yield made
    await made.aclose()
