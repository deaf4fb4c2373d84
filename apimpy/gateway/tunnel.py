"""Both ways of a caller's connection that has been switched to another protocol: the `Tunnel` port.

aiohttp hands the bytes of such a connection to a parser, which here only keeps them until they are read.  A reader
that does not keep up stops the socket; so does a socket that does not keep up with its writer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.http_writer import StreamWriter

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.base_protocol import BaseProtocol

__all__ = ["CallerTunnel", "caller_tunnel"]

_KEPT = 64 * 1024
"""Bytes that may wait to be read; with twice as many the socket is not read."""


class _Keep:
    """A parser that parses nothing."""

    __slots__ = ("_reader",)

    def __init__(self, reader: aiohttp.StreamReader) -> None:
        self._reader = reader

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._reader.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        self._reader.feed_eof()


class CallerTunnel:
    """One connection."""

    __slots__ = ("_protocol", "_reader", "_writer")

    def __init__(self, protocol: BaseProtocol) -> None:
        loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._reader = aiohttp.StreamReader(protocol, _KEPT, loop=loop)
        self._writer = StreamWriter(protocol, loop)

    def parser(self) -> Any:
        """What aiohttp gives the bytes to."""
        return _Keep(self._reader)

    @property
    def payload(self) -> aiohttp.StreamReader:
        return self._reader

    async def read(self) -> bytes:
        """What has come, as soon as anything has; empty at the end, however it ended."""
        try:
            return await self._reader.readany()
        except (aiohttp.ClientError, OSError):
            return b""

    def write(self, data: bytes) -> None:
        """Send at once.  ConnectionError when the other side has gone."""
        transport = self._protocol.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        transport.write(data)

    async def drain(self) -> None:
        """Wait while the other side does not take what was sent.  ConnectionError when it has gone."""
        await self._writer.drain()

    def close(self) -> None:
        """End the connection, after what was written."""
        transport = self._protocol.transport
        if transport is not None:
            transport.close()


def caller_tunnel(raw: web.BaseRequest) -> CallerTunnel:
    """That of a request which is answered with 101."""
    tunnel = CallerTunnel(raw.protocol)
    raw.protocol.set_parser(tunnel.parser())
    return tunnel
