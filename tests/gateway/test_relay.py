"""What goes in comes out: heads, bodies, streams, and what happens when either side leaves."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from apimpy.runtime.exchange import ResponseHook

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    """Answers with what arrived."""
    body = await request.read()
    seen = {
        "method": request.method,
        "target": request.raw_path,
        "headers": [[k.decode("latin-1"), v.decode("latin-1")] for k, v in request.raw_headers],
        "body": body.decode("latin-1"),
    }
    return web.Response(text=json.dumps(seen), content_type="application/json")


async def seen_by_backend(running: Any, data: bytes) -> dict[str, Any]:
    answer = await running.raw(data)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), answer
    found: dict[str, Any] = json.loads(body)
    found["names"] = [k.lower() for k, _ in found["headers"]]
    return found


TARGETS = ["/", "/a/b?x=1&y=%20z", "/a%2Fb/%C3%A9", "/a//b/../c", "/?", "/q?a=b?c=d", "/openai/deployments/d/x"]


@pytest.mark.parametrize("target", TARGETS)
async def test_target_passes_as_it_is(serving: Any, backend: Any, target: str) -> None:
    running = await serving(await backend(echo))
    seen = await seen_by_backend(running, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert seen["target"] == (target if target != "/?" else "/")


@pytest.mark.parametrize(
    ("request_bytes", "body", "framing"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "hello", ("content-length", "5")),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=1\r\n wo\r\n0\r\n\r\n",
            "hello wo",
            ("content-length", "8"),
        ),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "", ("content-length", "0")),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", None),
        (b"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", "", ("content-length", "0")),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", "ab", ("content-length", "2")),
        (b"QUERY / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", "ab", ("content-length", "2")),
    ],
)
async def test_request_bodies(
    serving: Any, backend: Any, request_bytes: bytes, body: str, framing: tuple[str, str] | None
) -> None:
    running = await serving(await backend(echo))
    seen = await seen_by_backend(running, request_bytes)
    assert seen["body"] == body
    found = [(k.lower(), v) for k, v in seen["headers"] if k.lower() in ("content-length", "transfer-encoding")]
    assert found == ([framing] if framing else [])


async def test_only_the_callers_headers_pass(serving: Any, backend: Any) -> None:
    """And the list of addresses: no headers of the client library's own; those of the connection stay behind."""
    running = await serving(await backend(echo))
    seen = await seen_by_backend(
        running,
        b"POST / HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nx-one: 2\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n"
        b"Keep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: b\r\nUpgrade: h2c\r\nCookie: a=b\r\nContent-Length: 1"
        b"\r\n\r\nx",
    )
    assert sorted(seen["names"]) == ["content-length", "cookie", "host", "x-forwarded-for", "x-one", "x-one"]
    assert [v for k, v in seen["headers"] if k.lower() == "x-one"] == ["1", "2"]


@pytest.mark.parametrize(
    ("lines", "arrived"),
    [
        ("", "127.0.0.1"),
        ("X-Forwarded-For: 1.1.1.1\r\n", "1.1.1.1, 127.0.0.1"),
        ("x-forwarded-for: 1.1.1.1, 2.2.2.2\r\nX-Forwarded-For: 3.3.3.3\r\n", "1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.1"),
    ],
)
async def test_the_peer_ends_the_list_of_addresses(serving: Any, backend: Any, lines: str, arrived: str) -> None:
    running = await serving(await backend(echo))
    seen = await seen_by_backend(running, f"GET / HTTP/1.1\r\nHost: x\r\n{lines}Connection: close\r\n\r\n".encode())
    assert [v for k, v in seen["headers"] if k.lower() == "x-forwarded-for"] == [arrived]


async def test_small_response_is_one_write(serving: Any, backend: Any) -> None:
    async def small(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="hello", headers={"X-A": "1", "Connection": "close", "Keep-Alive": "timeout=5"})

    running = await serving(await backend(small))
    reader, writer = await asyncio.open_connection(running.host, running.port)
    for _ in range(2):  # and the connection is kept
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.read(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert body == b"hello"
        lines = head.decode().split("\r\n")
        names = sorted(line.partition(":")[0].lower() for line in lines[1:])
        assert (lines[0], names) == (
            "HTTP/1.1 200 OK",
            ["content-length", "content-type", "date", "server", "x-a"],
        )
    writer.close()
    await writer.wait_closed()


async def test_compressed_bodies_stay_compressed(serving: Any, backend: Any) -> None:
    packed = gzip.compress(b"hello" * 100)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert await request.read() == packed
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    running = await serving(await backend(answer))
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.post(running.url, data=packed, headers={"Content-Encoding": "gzip"}) as got,
    ):
        assert await got.read() == packed
        assert got.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
async def test_sizes_both_ways(serving: Any, backend: Any, size: int, chunked: bool) -> None:
    async def mirror(request: web.BaseRequest) -> web.StreamResponse:
        out = web.StreamResponse()
        if not chunked:
            out.content_length = size
        await out.prepare(request)
        async for piece in request.content.iter_any():
            await out.write(piece)
        await out.write_eof()
        return out

    running = await serving(await backend(mirror))
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    async def pieces() -> Any:
        yield data

    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.post(running.url, data=pieces() if chunked else io.BytesIO(data)) as got:
                assert await got.read() == data
    assert [c[1:] for c in running.closed] == [(True, size)] * 2


@pytest.mark.parametrize(
    ("method", "status", "headers", "expected_length"),
    [
        ("HEAD", 200, {"Content-Length": "1234"}, "1234"),
        ("GET", 204, {}, None),
        ("GET", 304, {"ETag": '"x"'}, None),
    ],
)
async def test_no_body_by_definition(
    serving: Any, backend: Any, method: str, status: int, headers: dict[str, str], expected_length: str | None
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, headers=headers)

    running = await serving(await backend(answer))
    raw = await running.raw(f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = raw.partition(b"\r\n\r\n")
    found = [line.partition(": ")[2] for line in head.decode().split("\r\n") if line.lower().startswith("content-len")]
    assert (body, found) == (b"", [expected_length] if expected_length else [])
    assert b"transfer-encoding" not in head.lower()


async def test_redirects_and_cookies_are_the_callers(serving: Any, backend: Any) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if "Cookie" in request.headers:
            return web.Response(status=500)
        return web.Response(status=302, headers={"Location": "/there", "Set-Cookie": "a=b"})

    running = await serving(await backend(answer))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        for _ in range(2):
            async with session.get(running.url, allow_redirects=False) as got:
                assert (got.status, got.headers["Location"]) == (302, "/there")


@pytest.mark.step("forward-request 10")
async def test_events_pass_one_by_one(serving: Any, backend: Any, pass_through: Any) -> None:
    """An event arrives before the backend has written the next one; observers see every byte."""
    go = asyncio.Event()
    seen: list[bytes] = []

    async def events(request: web.BaseRequest) -> web.StreamResponse:
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await out.prepare(request)
        for i in range(5):
            await go.wait()
            go.clear()
            await out.write(f"data: {i}\n\n".encode())
        await out.write_eof()
        return out

    async def observe(ex: Exchange) -> None:
        assert ex.response is not None
        ex.response.body.observe(seen.append)

    running = await serving(await backend(events), pass_through(after=observe))
    async with aiohttp.ClientSession() as session, session.get(running.url) as got:
        for i in range(5):
            go.set()
            piece = await asyncio.wait_for(got.content.readany(), 2)
            assert piece == f"data: {i}\n\n".encode()
        assert await got.content.read() == b""
    assert b"".join(seen) == b"".join(f"data: {i}\n\n".encode() for i in range(5))


async def test_nothing_waits_for_a_fuller_packet(serving: Any, backend: Any, pass_through: Any) -> None:
    """TCP_NODELAY, read from the sockets of both connections of a stream."""
    go = asyncio.Event()

    async def events(request: web.BaseRequest) -> web.StreamResponse:
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await out.prepare(request)
        await out.write(b"data: 1\n\n")
        await go.wait()
        return out

    seen: list[int] = []

    def no_delay(transport: Any) -> None:
        seen.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def look(ex: Exchange) -> None:
        assert ex.response is not None
        stream: Any = ex.response.body.stream
        no_delay(stream._connection.transport)

    running = await serving(await backend(events), pass_through(after=look))
    async with aiohttp.ClientSession() as session, session.get(running.url) as got:
        assert await got.content.readany() == b"data: 1\n\n"
        (caller,) = running.server.connections
        no_delay(caller.transport)
        go.set()
    assert len(seen) == 2
    assert all(seen)


async def test_the_head_waits_for_no_event(serving: Any, backend: Any) -> None:
    """A caller learns that the stream has begun before there is anything in it; else they come together."""
    go = asyncio.Event()

    async def late(request: web.BaseRequest) -> web.StreamResponse:
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await out.prepare(request)
        await go.wait()
        await out.write(b"data: 1\n\n")
        return out

    running = await serving(await backend(late))
    async with aiohttp.ClientSession() as session:
        got = await asyncio.wait_for(session.get(running.url), 5)
        assert got.status == 200
        go.set()
        assert await got.content.read() == b"data: 1\n\n"


async def test_http_1_0(serving: Any, backend: Any) -> None:
    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        out = web.StreamResponse()
        await out.prepare(request)
        for _ in range(3):
            await out.write(b"abc")
            await asyncio.sleep(0.01)
        await out.write_eof()
        return out

    running = await serving(await backend(stream))
    raw = await running.raw(b"GET / HTTP/1.0\r\n\r\n")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.0 200 OK", b"abcabcabc")
    assert b"chunked" not in head


class Hook(ResponseHook):
    def __init__(self) -> None:
        self.ends: list[bool] = []
        self.done = asyncio.Event()

    async def on_end(self, ex: Exchange, completed: bool) -> None:
        self.ends.append(completed)
        self.done.set()


@pytest.mark.parametrize("when", ["before the head", "in the stream", "in the upload"])
async def test_a_caller_that_leaves_cancels_the_backend_call(
    serving: Any, backend: Any, pass_through: Any, when: str
) -> None:
    hook, arrived, cancelled = Hook(), asyncio.Event(), asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        try:
            arrived.set()
            if when == "in the upload":
                await request.read()
            if when == "in the stream":
                out = web.StreamResponse()
                await out.prepare(request)
                await out.write(b"data: 1\n\n")
            await asyncio.sleep(30)
        finally:
            cancelled.set()
        return web.Response()

    async def add_hook(ex: Exchange) -> None:
        ex.hooks.append(hook)

    running = await serving(await backend(slow), pass_through(before=add_hook))
    reader, writer = await asyncio.open_connection(running.host, running.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234")
    if when != "in the upload":
        writer.write(b"56789")
    await asyncio.wait_for(arrived.wait(), 2)
    if when == "in the stream":
        await reader.readuntil(b"data: 1")
    writer.close()
    await writer.wait_closed()
    await asyncio.wait_for(cancelled.wait(), 2)
    await asyncio.wait_for(hook.done.wait(), 2)
    assert hook.ends == [False]
    assert running.gateway.metrics.requests.in_flight == 0
    status = b'status="200"' if when == "in the stream" else b'status="499"'
    assert status in running.gateway.metrics.render()


@pytest.mark.parametrize("framing", ["chunked", "length"])
async def test_a_backend_that_breaks_off_is_not_taken_for_whole(
    serving: Any, backend: Any, pass_through: Any, framing: str
) -> None:
    hook = Hook()

    async def broken(request: web.BaseRequest) -> web.StreamResponse:
        out = web.StreamResponse()
        if framing == "length":
            out.content_length = 100
        await out.prepare(request)
        await out.write(b"begun")
        await asyncio.sleep(0.05)
        assert request.transport is not None
        request.transport.abort()
        return out

    async def add_hook(ex: Exchange) -> None:
        ex.hooks.append(hook)

    running = await serving(await backend(broken), pass_through(before=add_hook))
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            async with session.get(running.url) as got:
                await got.read()
    await asyncio.wait_for(hook.done.wait(), 2)
    assert hook.ends == [False]
    async with aiohttp.ClientSession() as session:  # the gateway serves on
        with pytest.raises(aiohttp.ClientError):
            async with session.get(running.url) as got:
                await got.read()


async def test_pipelined_requests_are_answered_in_order(serving: Any, backend: Any) -> None:
    running = await serving(await backend(echo))
    raw = await running.raw(b"".join(f"GET /{i} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for i in range(5)))
    assert [raw.find(f'"target": "/{i}"'.encode()) > 0 for i in range(5)] == [True] * 5
    assert raw.count(b"HTTP/1.1 200 OK") == 5


async def test_hundred_continue_waits_for_a_reader(serving: Any, backend: Any) -> None:
    running = await serving(await backend(echo))
    reader, writer = await asyncio.open_connection(running.host, running.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2) == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"hello")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b'"body": "hello"' in await reader.read(65536)
    writer.close()
    await writer.wait_closed()
