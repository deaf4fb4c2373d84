"""What comes back, however it is cut into pieces, and what is no response."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apimpy.gateway.client import HttpTransport
from apimpy.gateway.client.connecting import Road
from apimpy.gateway.client.connection import Connection
from apimpy.runtime.message import Body, Headers, Request, Response, Url
from apimpy.runtime.ports import ConnectFailed, TimedOut


def request(host: Any, method: str = "GET", **more: Any) -> Request:
    return Request(method, Url.parse(f"http://127.0.0.1:{host.port}/a?b"), Headers(), Body(**more))


async def answer(host: Any, transport: HttpTransport, *pieces: bytes, method: str = "GET") -> Response:
    """The response to one request; the server closes after the last piece."""

    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(*pieces)

    return await transport.send(request(await host(handler), method), timeout=5)


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "status", "reason", "headers", "body"),
    [
        ([OK + b"Content-Length: 2\r\n\r\nhi"], 200, "OK", "Content-Length: 2", b"hi"),
        (
            [b"HTTP/1.1 200 ", b"OK\r\nContent-Le", b"ngth: 2\r\n\r", b"\nhi"],
            200,
            "OK",
            "Content-Length: 2",
            b"hi",
        ),
        ([b"HTTP/1.1 404 No such thing\r\nContent-Length: 0\r\n\r\n"], 404, "No such thing", "Content-Length: 0", b""),
        ([b"HTTP/1.1 204\r\n\r\n"], 204, "", "", b""),
        ([b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n"], 304, "Same", "Content-Length: 9", b""),
        ([OK + b"A: 1\r\na: 2\r\nB:\r\n\r\n", b"to the ", b"end"], 200, "OK", "A: 1|a: 2|B: ", b"to the end"),
        ([b"HTTP/1.0 200 OK\r\n\r\nold"], 200, "OK", "", b"old"),
        ([CHUNKED, b"2\r\nhi\r\n1;x=y\r\n!\r\n", b"0\r\nX: trailer\r\n\r\n"], 200, "OK", "", b"hi!"),
        ([CHUNKED, b"2 \r\nhi\r\n0\r\n\r\n"], 200, "OK", "", b"hi"),
        ([b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"], 200, "OK", "Content-Length: 2", b"hi"),
        ([b"HTTP/1.1 100 Continue\r\nX: no\r\n\r\n", HINTS + OK + b"A: 1\r\n\r\n"], 200, "OK", "A: 1", b""),
        ([OK + b"Content-Length : 2\r\nA: 1\r\n\r\nhi"], 200, "OK", "Content-Length: 2|A: 1", b"hi"),
        ([OK + b"Transfer-Encoding : chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"], 200, "OK", "", b"hi"),
        ([OK + b"Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nX: 1\r\n\r\n"], 200, "OK", "X: 1", b""),
    ],
)
async def test_what_comes_back(
    host: Any,
    transport: HttpTransport,
    pieces: list[bytes],
    status: int,
    reason: str,
    headers: str,
    body: bytes,
) -> None:
    response = await answer(host, transport, *pieces)
    got = "|".join(f"{name}: {value}" for name, value in response.headers.items())
    assert (response.status, response.reason, got) == (status, reason, headers)
    assert await response.body.buffer() == body


async def test_a_head_only(host: Any, transport: HttpTransport) -> None:
    """The length of a body that HEAD does not bring; the connection serves the next request."""

    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        await peer.head()
        await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    there = await host(handler)
    response = await transport.send(request(there, "HEAD"), timeout=5)
    assert (response.headers["Content-Length"], response.body.data) == ("5", b"")
    assert (await transport.send(request(there), timeout=5)).body.data == b"hello"
    assert len(there.peers) == 1


async def test_the_body_of_a_head_is_nobodys(host: Any, transport: HttpTransport) -> None:
    async def handler(peer: Any) -> None:
        head = await peer.head()
        await peer.say(OK + b"Content-Length: 60\r\n\r\n" + (b"xx" if head.startswith(b"HEAD") else b"y" * 60))

    there = await host(handler)
    await transport.send(request(there, "HEAD"), timeout=5)
    assert (await transport.send(request(there), timeout=5)).body.data == b"y" * 60
    assert len(there.peers) == 2


async def test_pieces_pass_as_they_come(host: Any, transport: HttpTransport) -> None:
    response = await answer(
        host,
        transport,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        b"1\r\nb\r\n1\r\nc\r\n",
        b"1\r\nd\r\n0\r\n\r\n",
    )
    assert response.body.stream is not None
    assert [piece async for piece in response.body.stream] == [b"a", b"bc", b"d"]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([b""], "closed the connection without an answer"),
        ([b"HTTP/1.1 200 OK\r\nConte"], "closed the connection without an answer"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n"], "closed the connection without an answer"),
        ([b"SSH-2.0-OpenSSH\r\n"], "not HTTP: Expected HTTP/"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n"], "not HTTP"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n"], "not HTTP"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"], "not HTTP"),
        ([b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"], "101 does not answer a handshake"),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000], "its head has no end"),
    ],
)
async def test_what_is_no_response(host: Any, transport: HttpTransport, pieces: list[bytes], text: str) -> None:
    with pytest.raises(ConnectFailed, match=text):
        await answer(host, transport, *pieces)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n"],
        [OK + b"Transfer-Encoding: chunked \r\n\r\n2\r\nhe\r\n"],
        [OK + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n"],
        [OK + b"Content-Length : 5\r\n\r\nhe"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n", b"x\r\n"],
    ],
)
async def test_a_body_that_breaks_off(host: Any, transport: HttpTransport, pieces: list[bytes]) -> None:
    """What had come is given out; then it is an error, not an end."""
    response = await answer(host, transport, *pieces)
    assert response.body.stream is not None
    assert await anext(response.body.stream) == b"he"
    with pytest.raises(ConnectFailed, match=r"broke off its response|not HTTP"):
        await anext(response.body.stream)


async def test_a_second_response_to_one_request_is_nobodys(host: Any, transport: HttpTransport) -> None:
    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")

    there = await host(handler)
    for _ in range(2):
        assert (await transport.send(request(there), timeout=5)).body.data == b"1"
    assert len(there.peers) == 2


async def test_late_words_close_the_connection(host: Any, transport: HttpTransport) -> None:
    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", b"HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"
        )
        await peer.gone()

    there = await host(handler)
    await transport.send(request(there), timeout=5)
    await asyncio.sleep(0.05)
    assert (await transport.send(request(there), timeout=5)).body.data == b"1"
    assert len(there.peers) == 2


async def test_a_reader_that_takes_nothing_stops_the_server(host: Any, transport: HttpTransport) -> None:
    """What waits is bounded, and all of it arrives."""
    size, sent = 64 << 20, 0

    async def handler(peer: Any) -> None:
        nonlocal sent
        await peer.head()
        peer.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            peer.writer.write(bytes(1 << 16))
            await peer.writer.drain()
            sent += 1 << 16

    response = await transport.send(request(await host(handler)), timeout=5)
    await asyncio.sleep(0.2)
    assert sent < size / 2
    stream: Any = response.body.stream
    got = 0
    async for piece in stream:
        assert len(piece) < 1 << 20
        got += len(piece)
    assert got == size


@pytest.mark.parametrize("read", [True, False])
async def test_a_full_buffer_does_not_hold_the_connection(host: Any, transport: HttpTransport, read: bool) -> None:
    """What arrived at once may be more than is kept; the next request need not wait for whoever reads it."""
    large = b"z" * 200_000

    async def handler(peer: Any) -> None:
        for body in (large, b"ok"):
            await peer.head()
            await peer.say(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    there = await host(handler)
    first = await transport.send(request(there), timeout=5)
    await asyncio.sleep(0.05)
    if not read:
        await first.body.close()
    async with asyncio.timeout(2):
        second = await transport.send(request(there), timeout=5)
        assert await second.body.buffer() == b"ok"
        if read:
            assert await first.body.buffer() == large


async def test_leaving_when_all_has_come_disturbs_nobody() -> None:
    """The connection may be another request's by the time the first one's task hears of its end."""
    transport, deaf = HttpTransport(), _Deaf()
    url = Url.parse("http://h/")
    road = Road("http", "h", 80, None, None)
    connection = Connection(asyncio.get_running_loop(), lambda one: transport._done(road, one))
    connection.transport = deaf  # type: ignore[assignment]
    connection.since = asyncio.get_running_loop().time()
    transport._kept[road] = [connection]

    def send() -> asyncio.Task[Response]:
        return asyncio.create_task(transport.send(Request("POST", url, Headers(), Body(b"x")), timeout=None))

    first = send()
    await asyncio.sleep(0)
    second = send()
    connection.data_received(OK + b"Content-Length: 1\r\n\r\n1")
    first.cancel()
    await asyncio.sleep(0)
    connection.data_received(OK + b"Content-Length: 1\r\n\r\n2")
    assert (await second).body.data == b"2"
    assert first.cancelled()
    assert not deaf.aborted
    await transport.aclose()


async def test_a_server_that_ends_its_side(host: Any, transport: HttpTransport) -> None:
    """Nobody waits until it takes what it will never take."""

    async def handler(peer: Any) -> None:
        await peer.head()
        peer.writer.write(b"HTTP/1.0 413 Too large\r\n\r\nno")
        peer.writer.write_eof()
        await asyncio.sleep(5)

    there = await host(handler)
    async with asyncio.timeout(3):
        response = await transport.send(request(there, "POST", data=bytes(64 << 20)), timeout=None)
        assert (response.status, await response.body.buffer()) == (413, b"no")


async def test_closing_in_the_middle(host: Any) -> None:
    """A response that ends with its connection is not taken for whole; nothing is sent again."""
    transport = HttpTransport()
    asked = 0

    async def handler(peer: Any) -> None:
        nonlocal asked
        while True:
            await peer.head()
            asked += 1
            if asked == 1:
                await peer.say(OK + b"Content-Length: 0\r\n\r\n")
            elif asked == 3:
                await peer.say(OK + b"\r\nhalf")

    there = await host(handler)
    await transport.send(request(there), timeout=5)
    waiting = asyncio.create_task(transport.send(request(there), timeout=5))
    await asyncio.sleep(0.05)
    half = await transport.send(request(there), timeout=5)
    await transport.aclose()
    for unfinished in (waiting, half.body.buffer(), transport.send(request(there), timeout=5)):
        with pytest.raises(ConnectFailed, match="clos"):
            await unfinished
    assert (asked, transport._open, transport._sweeper) == (3, set(), None)


async def test_silence_is_given_up(host: Any) -> None:
    """Before the head after the caller's time, within the body after the transport's."""
    transport = HttpTransport(idle_timeout=0.1)

    async def handler(peer: Any) -> None:
        if b"begin" in await peer.head():
            await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh")
        assert await peer.gone()

    there = await host(handler)
    with pytest.raises(TimedOut, match="did not answer in time"):
        await transport.send(request(there), timeout=0.1)
    begun = request(there)
    begun.url = begun.url.replace(path="/begin")
    response = await transport.send(begun, timeout=5)
    with pytest.raises(TimedOut, match="sent nothing in time"):
        await response.body.buffer()
    await transport.aclose()


async def test_who_reads_no_further_ends_the_servers_work(host: Any, transport: HttpTransport) -> None:
    left = asyncio.Event()

    async def handler(peer: Any) -> None:
        await peer.head()
        await peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        if await peer.gone():
            left.set()

    there = await host(handler)
    response = await transport.send(request(there), timeout=5)
    await response.body.close()
    await asyncio.wait_for(left.wait(), 2)
    left.clear()
    waiting = asyncio.create_task((await transport.send(request(there), timeout=5)).body.buffer())
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.wait_for(left.wait(), 2)
    left.clear()
    asking = asyncio.create_task(transport.send(request(await host(lambda peer: _silent(peer, left))), timeout=None))
    await asyncio.sleep(0.05)
    asking.cancel()
    await asyncio.wait_for(left.wait(), 2)


async def _silent(peer: Any, left: asyncio.Event) -> None:
    await peer.head()
    if await peer.gone():
        left.set()


class _Deaf:
    """A transport whose bytes go nowhere."""

    aborted = False

    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return False


_BODIES = st.lists(st.binary(min_size=1, max_size=40), max_size=5)


@settings(deadline=None)
@given(_BODIES, st.booleans(), st.lists(st.integers(0, 300), max_size=12))
def test_how_a_response_is_cut_does_not_matter(chunks: list[bytes], chunked: bool, cuts: list[int]) -> None:
    body = b"".join(chunks)
    if chunked:
        framed = b"".join(b"%X\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
        data = (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 All right\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n"
            + framed
        )
    else:
        data = b"HTTP/1.1 200 All right\r\nContent-Length: %d\r\nX: y\r\n\r\n" % len(body) + body

    async def read() -> tuple[int, str, str, bytes | None, int]:
        free: list[Connection] = []
        connection = Connection(asyncio.get_running_loop(), free.append)
        connection.transport = _Deaf()  # type: ignore[assignment]
        arrival = connection.ask(b"")
        places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
        for start, end in itertools.pairwise(places):
            connection.data_received(data[start:end])
        return arrival.status, arrival.reason, arrival.headers["X"], arrival.whole(), len(free)

    assert asyncio.run(read()) == (200, "All right", "y", body, 1)
