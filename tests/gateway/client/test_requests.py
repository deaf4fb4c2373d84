"""What is sent: heads, bodies, and on which connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from apimpy.gateway.client import HttpTransport
from apimpy.runtime.message import Body, BodyTooLarge, Headers, Request, Url
from apimpy.runtime.ports import ConnectFailed

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def request(host: Any, method: str = "GET", body: Body | None = None, **headers: str) -> Request:
    url = Url.parse(f"http://127.0.0.1:{host.port}/a?b")
    return Request(method, url, Headers((n.replace("_", "-"), v) for n, v in headers.items()), body or Body())


async def echo(peer: Any) -> None:
    """Answers every request with its head and body as they came, for as long as the connection lasts."""
    while True:
        head = await peer.head()
        fields = dict(line.split(b": ", 1) for line in head.lower().splitlines()[1:] if line)
        data = b""
        if b"content-length" in fields:
            data = await peer.reader.readexactly(int(fields[b"content-length"]))
        elif b"transfer-encoding" in fields:
            data = await peer.reader.readuntil(b"0\r\n\r\n")
        await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(head + data) + head + data)


async def pieces(*parts: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part
    if error is not None:
        raise error


@pytest.mark.parametrize(
    ("method", "body", "head", "wire"),
    [
        ("GET", None, [], b""),
        ("POST", None, [b"Content-Length: 0"], b""),
        ("DELETE", None, [b"Content-Length: 0"], b""),
        ("POST", b"hello", [b"Content-Length: 5"], b"hello"),
        ("GET", b"hello", [b"Content-Length: 5"], b"hello"),
        ("POST", 5, [b"Content-Length: 5"], b"hello"),
        ("POST", "chunked", [b"Transfer-Encoding: chunked"], b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
    ],
)  # fmt: skip
async def test_bodies(
    host: Any, transport: HttpTransport, method: str, body: bytes | int | str | None, head: list[bytes], wire: bytes
) -> None:
    """`body`: bytes, or how a stream is framed."""
    there = await host(echo)
    if isinstance(body, int | str):
        sent = Body(None, pieces(b"he", b"", b"llo"), body if isinstance(body, int) else None)
    else:
        sent = Body(body)
    asked = request(there, method, sent, Content_Length="99", Connection="x-hop", X_Hop="1", X="1")
    got = (await transport.send(asked, timeout=5)).body.data
    first = b"%b /a?b HTTP/1.1" % method.encode()
    assert got == b"\r\n".join([first, b"Host: 127.0.0.1:%d" % there.port, b"X: 1", *head, b"", b""]) + wire


@pytest.mark.parametrize("length", [None, 40 << 20])
async def test_a_large_body_goes_at_the_pace_of_the_server(
    host: Any, transport: HttpTransport, length: int | None
) -> None:
    made = read = 0

    async def source() -> AsyncIterator[bytes]:
        nonlocal made
        for _ in range(640):
            made += 1 << 16
            yield bytes(1 << 16)

    async def handler(peer: Any) -> None:
        nonlocal read
        await peer.head()
        await asyncio.sleep(0.2)
        assert made < 20 << 20
        while read < 40 << 20:
            read += len(await peer.reader.read(1 << 20))
        await peer.say(OK)

    response = await transport.send(request(await host(handler), "POST", Body(None, source(), length)), timeout=20)
    assert response.body.data == b"ok"


async def test_large_bytes(host: Any, transport: HttpTransport) -> None:
    data = bytes(range(256)) * 20_000
    got = (await transport.send(request(await host(echo), "POST", Body(data)), timeout=20)).body
    assert (await got.buffer()).endswith(b"\r\n\r\n" + data)


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        ((pieces, (b"hel",), 5), ConnectFailed, "has not the length that was announced"),
        ((pieces, (b"hello!",), 5), ConnectFailed, "has not the length that was announced"),
        ((pieces, (b"he",), None, BodyTooLarge("too large")), BodyTooLarge, "too large"),
        ((pieces, (b"he",), None, RuntimeError("gone")), ConnectFailed, "the body of the request broke off: gone"),
    ],
)
async def test_a_body_that_breaks_off_is_not_taken_for_whole(
    host: Any, transport: HttpTransport, body: tuple[Any, ...], error: type[Exception], text: str
) -> None:
    make, parts, length, *fault = body
    cut: list[bool] = []

    async def handler(peer: Any) -> None:
        await peer.head()
        data = b""
        try:
            while piece := await asyncio.wait_for(peer.reader.read(100), 5):
                data += piece
        except ConnectionError:
            pass
        cut.append(data in (b"", b"he", b"hel", b"2\r\nhe\r\n"))

    there = await host(handler)
    sent = request(there, "POST", Body(None, make(*parts, error=fault[0] if fault else None), length))
    with pytest.raises(error, match=text):
        await transport.send(sent, timeout=5)
    async with asyncio.timeout(5):
        while not cut:
            await asyncio.sleep(0.01)
    assert cut == [True]


async def test_an_answer_before_the_body_has_been_sent(host: Any, transport: HttpTransport) -> None:
    """It is the answer; the rest of the body is not sent, nor another request on this connection."""

    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(b"HTTP/1.1 413 Too large\r\nContent-Length: 2\r\n\r\nno")
        assert await peer.gone()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1000)
            await asyncio.sleep(0.001)

    there = await host(handler)
    for _ in range(2):
        response = await transport.send(request(there, "POST", Body(None, endless())), timeout=5)
        assert (response.status, response.body.data) == (413, b"no")
    assert len(there.peers) == 2


async def test_an_early_answer_and_the_next_request(host: Any, transport: HttpTransport) -> None:
    """Of three requests that share a connection none sees anything of another's body."""
    seen: list[tuple[bytes, bytes]] = []

    async def handler(peer: Any) -> None:
        while True:
            head = await peer.head()
            await peer.say(OK)
            fields = dict(line.split(b": ", 1) for line in head.lower().splitlines()[1:] if line)
            seen.append((head.split(b" ")[0], b""))
            left = int(fields.get(b"content-length", 0))
            while left and (data := await peer.reader.read(min(left, 1 << 16))):
                left -= len(data)
                seen[-1] = (seen[-1][0], (seen[-1][1] + data)[-100:])

    async def slowly(*parts: bytes) -> AsyncIterator[bytes]:
        for part in parts:
            yield part
            await asyncio.sleep(0.05)

    there = await host(handler)
    first = Body(None, slowly(bytes(4 << 20), b"extra"), 4 << 20)
    second = Body(None, slowly(b"a" * 10, b"SECRET" * 2, b"bc"), 24)
    for sent in (request(there, "POST", first), request(there, "POST", second), request(there)):
        assert (await transport.send(sent, timeout=5)).body.data == b"ok"
    await asyncio.sleep(0.3)
    assert seen == [(b"POST", bytes(100)), (b"POST", b"a" * 10), (b"GET", b"")]
    assert len(there.peers) == 2, "the second body was not sent to its end: another connection"


async def test_an_early_answer_of_a_server_that_reads_nothing(host: Any, transport: HttpTransport) -> None:
    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(b"HTTP/1.1 413 Too large\r\nContent-Length: 2\r\n\r\nno")
        await asyncio.sleep(5)

    there = await host(handler)
    response = await transport.send(request(there, "POST", Body(bytes(64 << 20))), timeout=5)
    assert response.body.data == b"no"
    await asyncio.sleep(0.05)
    assert transport._open == set()


async def test_observers_see_what_passes(host: Any, transport: HttpTransport) -> None:
    there, seen = await host(echo), list[bytes]()
    for body in (Body(b"hello"), Body(None, pieces(b"he", b"llo"), 5)):
        body.observe(seen.append)
        await transport.send(request(there, "POST", body), timeout=5)
    assert seen == [b"hello", b"he", b"llo"]


async def test_connections_are_kept(host: Any, transport: HttpTransport) -> None:
    there = await host(echo)
    for _ in range(3):
        await transport.send(request(there), timeout=5)
    assert len(there.peers) == 1
    await asyncio.gather(*(transport.send(request(there), timeout=5) for _ in range(3)))
    assert len(there.peers) == 3


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nConnection: close", b"HTTP/1.0 200 OK"])
async def test_connections_that_end_are_not(host: Any, transport: HttpTransport, head: bytes) -> None:
    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(head + b"\r\nContent-Length: 2\r\n\r\nok")
        assert await peer.gone()

    there = await host(handler)
    for _ in range(2):
        assert (await transport.send(request(there), timeout=5)).body.data == b"ok"
    assert len(there.peers) == 2


async def test_connections_are_not_kept_for_ever(host: Any) -> None:
    transport = HttpTransport(keepalive_timeout=0.05)
    left = asyncio.Event()

    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(OK)
        if await peer.gone():
            left.set()

    await transport.send(request(await host(handler)), timeout=5)
    await asyncio.wait_for(left.wait(), 2)
    assert (transport._kept, transport._open) == ({}, set())
    await transport.aclose()


async def test_closing_closes_every_connection(host: Any) -> None:
    transport = HttpTransport()
    left = asyncio.Event()

    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(OK)
        if await peer.gone():
            left.set()

    await transport.send(request(await host(handler)), timeout=5)
    await transport.aclose()
    await asyncio.wait_for(left.wait(), 2)


@pytest.mark.parametrize(("method", "again"), [("GET", True), ("PUT", True), ("POST", False), ("PATCH", False)])
async def test_a_kept_connection_that_was_closed(host: Any, transport: HttpTransport, method: str, again: bool) -> None:
    """Asked again when asking twice does no harm, once."""
    asked = 0

    async def handler(peer: Any) -> None:
        nonlocal asked
        await peer.head()
        await peer.say(OK)
        await peer.head()  # a second request, which the close crosses
        asked += 1

    there = await host(handler)
    await transport.send(request(there), timeout=5)
    sent = request(there, method, Body(b"x"))
    if again:
        assert (await transport.send(sent, timeout=5)).body.data == b"ok"
        assert (asked, len(there.peers)) == (1, 2)
    else:
        with pytest.raises(ConnectFailed, match="closed the connection without an answer"):
            await transport.send(sent, timeout=5)
        assert (asked, len(there.peers)) == (1, 1)


async def test_a_new_connection_that_is_closed_is_not_asked_again(host: Any, transport: HttpTransport) -> None:
    async def handler(peer: Any) -> None:
        await peer.head()

    there = await host(handler)
    with pytest.raises(ConnectFailed, match="without an answer"):
        await transport.send(request(there), timeout=5)
    assert len(there.peers) == 1


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://127.0.0.1:1/", "no connection to the backend: "),
        ("http://nobody.invalid/", "the name of the backend could not be resolved: "),
        ("http://a..b/", "the name of the backend could not be resolved: "),
        ("http://ü" + "u" * 70 + "/", "the name of the backend could not be resolved: "),
        ("http://[h\r\nX: a]/", "the request cannot be written as HTTP: "),
        ("http://127.0.0.1/a b", "the request cannot be written as HTTP: "),
    ],
)
async def test_nobody_there(transport: HttpTransport, url: str, text: str) -> None:
    with pytest.raises(ConnectFailed) as caught:
        await transport.send(Request("GET", Url.parse(url), Headers(), Body()), timeout=5)
    assert str(caught.value).startswith(text)


async def test_a_name_with_a_line_break(transport: HttpTransport) -> None:
    request = Request("GET", Url("http", "h\r\nX: a", 80, "/"), Headers(Host="fine"), Body())
    with pytest.raises(ConnectFailed, match="has a space or a control character"):
        await transport.send(request, timeout=5)


async def test_no_connection_in_time() -> None:
    transport = HttpTransport(connect_timeout=0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        with pytest.raises(ConnectFailed, match="the connection to the backend was not made in time"):
            await transport.send(Request("GET", Url.parse(f"http://127.0.0.1:{port}/"), Headers(), Body()), timeout=5)
        for one in waiting:
            one.close()


async def test_the_sixth_version(host: Any, transport: HttpTransport) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    server = await asyncio.start_server((await host(echo)).serve, "::1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        sent = Request("GET", Url.parse(f"http://[::1]:{port}/"), Headers(), Body())
        assert f"Host: [::1]:{port}".encode() in ((await transport.send(sent, timeout=5)).body.data or b"")


async def test_a_server_that_speaks_no_tls(host: Any, transport: HttpTransport) -> None:
    async def handler(peer: Any) -> None:
        await peer.reader.read(100)
        await peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    sent = request(await host(handler))
    sent.url = sent.url.replace(scheme="https")
    with pytest.raises(ConnectFailed, match="no TLS connection to the backend"):
        await transport.send(sent, timeout=5)


async def test_names(host: Any, transport: HttpTransport) -> None:
    there = await host(echo)
    sent = request(there)
    sent.url = sent.url.replace(host="localhost")
    head = (await transport.send(sent, timeout=5)).body.data or b""
    assert b"Host: localhost:%d\r\n" % there.port in head
