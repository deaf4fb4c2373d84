"""Connections that a server switches to another protocol."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from apimpy.gateway.client import HttpTransport
from apimpy.gateway.handshake import accept_of
from apimpy.runtime.message import Body, Headers, Request, Response, Url
from apimpy.runtime.ports import ConnectFailed

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


async def switch(host: Any, transport: HttpTransport, *said: bytes, accept: str = accept_of(KEY)) -> Response:
    """The response to a handshake; the server then echoes what it is sent, and closes at `bye`."""

    async def handler(peer: Any) -> None:
        assert b"Upgrade: websocket\r\nConnection: Upgrade\r\n" in await peer.head()
        fields = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        await peer.say(b"HTTP/1.1 101 Switching Protocols\r\n" + fields.encode() + b"".join(said[:1]), *said[1:])
        while data := await peer.reader.read(1000):
            if data == b"bye":
                return
            await peer.say(data)

    headers = Headers({"Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13"})
    request = Request("GET", Url.parse(f"http://127.0.0.1:{(await host(handler)).port}/"), headers, Body())
    request.upgrade = True
    return await transport.send(request, timeout=5)


async def test_both_ways(host: Any, transport: HttpTransport) -> None:
    """What came with the head is the first that is read."""
    response = await switch(host, transport, b"first", b"second")
    tunnel = response.tunnel
    assert (response.status, tunnel is not None) == (101, True)
    assert [await tunnel.read(), await tunnel.read()] == [b"first", b"second"]
    tunnel.write(b"hello")
    await tunnel.drain()
    assert await tunnel.read() == b"hello"
    tunnel.write(b"bye")
    assert [await tunnel.read(), await tunnel.read()] == [b"", b""]
    with pytest.raises(ConnectionError):
        tunnel.write(b"more")


async def test_giving_up_a_read_breaks_nothing(host: Any, transport: HttpTransport) -> None:
    tunnel = (await switch(host, transport)).tunnel
    reading = asyncio.create_task(tunnel.read())
    await asyncio.sleep(0.01)
    reading.cancel()
    tunnel.write(b"hello")
    assert await tunnel.read() == b"hello"
    tunnel.close()
    assert await tunnel.read() == b""


async def test_an_answer_that_switches_nothing(host: Any, transport: HttpTransport) -> None:
    """RFC 6455, section 4.1: Connection must say upgrade as well."""

    async def handler(peer: Any) -> None:
        await peer.head()
        fields = f"Upgrade: websocket\r\nSec-WebSocket-Accept: {accept_of(KEY)}\r\n\r\n"
        await peer.say(b"HTTP/1.1 101 Switching Protocols\r\n" + fields.encode())

    headers = Headers({"Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13"})
    request = Request("GET", Url.parse(f"http://127.0.0.1:{(await host(handler)).port}/"), headers, Body())
    request.upgrade = True
    with pytest.raises(ConnectFailed, match="101 does not answer a handshake"):
        await transport.send(request, timeout=5)


async def test_an_answer_that_does_not_accept(host: Any, transport: HttpTransport) -> None:
    with pytest.raises(ConnectFailed, match="101 does not answer a handshake"):
        await switch(host, transport, accept="something else")
