"""Bad input gets one clear answer, and the gateway keeps serving."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from ports import free_port

from apimpy.gateway.client import HttpTransport
from apimpy.runtime.message import Body, Headers, Request, Response, Url
from apimpy.runtime.ports import TimedOut

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange

GOOD = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def ok(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=str(len(await request.read())))


async def serves_on(running: Any) -> None:
    answer = await running.raw(GOOD)
    assert answer.startswith(b"HTTP/1.1 200 OK")


HEADER = b"GET / HTTP/1.1\r\nHost: x\r\n"
BAD: list[tuple[str, bytes, int]] = [
    ("a header field over the limit", HEADER + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 431),
    ("a header name over the limit", HEADER + b"X" * 40_000 + b": a\r\n\r\n", 431),
    ("too many header fields", HEADER + b"".join(b"X-%d: 1\r\n" % i for i in range(300)) + b"\r\n", 431),
    ("a request line over the limit", b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ("an unknown protocol version", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
    ("no Host header", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("two Host headers", b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    ("a Host header with a path", b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
    ("a Host header with a bad port", b"GET / HTTP/1.1\r\nHost: x:99999\r\n\r\n", 400),
    ("a Host header with a user", b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
    ("the asterisk target", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("a body over the limit", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200001\r\n\r\n", 413),
    (
        "a chunked body over the limit",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + (b"8000\r\n" + b"a" * 0x8000 + b"\r\n") * 8,
        413,
    ),
    (
        "length and chunked",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    ("two lengths", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    ("a length that is no number", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na", 400),
    ("chunked not last", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n", 400),
    ("a space before the colon", b"GET / HTTP/1.1\r\nHost: x\r\nX : 1\r\n\r\n", 400),
    ("a folded header", b"GET / HTTP/1.1\r\nHost: x\r\nX: 1\r\n 2\r\n\r\n", 400),
    ("NUL in a header", b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", 400),
    ("a bare line feed in a header", b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", 400),
]


@pytest.mark.parametrize(("data", "status"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_refused(serving: Any, backend: Any, data: bytes, status: int) -> None:
    running = await serving(await backend(ok), body=200_000)
    answer = await running.raw(data)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status, answer
    assert json.loads(body)["statusCode"] == status
    assert b"\r\nContent-Type: application/json" in head
    assert b"Python" not in head
    await serves_on(running)
    assert f'status="{status}"'.encode() in running.gateway.metrics.render()


async def test_headers_of_16_kib_pass(serving: Any, backend: Any) -> None:
    running = await serving(await backend(ok))
    line = b"GET /" + b"a" * 16_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: "
    assert (await running.raw(line + b"b" * 16_384 + b"\r\n\r\n")).split()[1] in (b"200", b"400")
    answer = await running.raw(HEADER + b"X: " + b"b" * 16_384 + b"\r\n\r\n")
    assert answer.split()[1] in (b"200", b"400"), "the gateway lets it pass; what a backend says is its own"


async def test_body_at_the_limit_passes(serving: Any, backend: Any) -> None:
    running = await serving(await backend(ok), body=70_000)
    answer = await running.raw(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n" + b"a" * 70_000)
    assert answer.endswith(b"\r\n\r\n70000")


async def test_unreachable_backend(serving: Any, backend: Any) -> None:
    running = await serving(f"http://127.0.0.1:{free_port()}")
    for _ in range(2):
        answer = await running.raw(GOOD)
        assert answer.startswith(b"HTTP/1.1 500 Internal Server Error")
        body = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert set(body) == {"statusCode", "message", "activityId"}


@pytest.mark.parametrize(
    "said",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: a\x00\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"],
)
async def test_backend_that_does_not_speak_http(serving: Any, said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        running = await serving(f"http://127.0.0.1:{port}")
        assert (await running.raw(GOOD)).startswith(b"HTTP/1.1 500")


async def test_post_is_never_sent_twice(serving: Any) -> None:
    """A kept connection that turns out to be closed costs an error, not a second order."""
    seen = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            seen += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            seen += 1
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        running = await serving(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        assert (await running.raw(post)).startswith(b"HTTP/1.1 200")
        assert (await running.raw(post)).startswith(b"HTTP/1.1 500")
        assert seen == 2


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "a\x00b"])
@pytest.mark.parametrize("stream", [False, True])
async def test_header_injection_is_refused(
    serving: Any, backend: Any, pass_through: Any, value: str, stream: bool
) -> None:
    async def pieces() -> Any:
        yield b"x"

    async def inject(ex: Exchange) -> None:
        ex.response = Response(200, None, Headers({"X-Bad": value}), Body(None, pieces()) if stream else Body(b"x"))

    running = await serving(await backend(ok), pass_through(after=inject))
    answer = await running.raw(GOOD)
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error")
    assert b"Set-Cookie" not in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["message"] == "Internal server error"


async def test_injection_towards_the_backend_is_refused(serving: Any, backend: Any, pass_through: Any) -> None:
    async def inject(ex: Exchange) -> None:
        ex.request.headers["X-Bad"] = "a\r\nX-Admin: 1"

    running = await serving(await backend(ok), pass_through(before=inject))
    assert (await running.raw(GOOD)).startswith(b"HTTP/1.1 500")


async def test_a_bug_of_ours_is_a_500(serving: Any, backend: Any, pass_through: Any, caplog: Any) -> None:
    async def fail(ex: Exchange) -> None:
        raise KeyError("bug")

    running = await serving(await backend(ok), pass_through(before=fail))
    for _ in range(2):
        answer = await running.raw(GOOD)
        assert answer.startswith(b"HTTP/1.1 500")
        assert b"bug" not in answer
    assert "KeyError" in caplog.text


KEYS = [
    ("/", b"", True, 200, None),
    ("/", b"", False, 401, "SubscriptionKeyNotFound"),
    ("/", b"Ocp-Apim-Subscription-Key: k-red\r\n", False, 200, None),
    ("/", b"ocp-apim-subscription-key: k-two\r\n", True, 200, None),
    ("/?Subscription-Key=k-red", b"", False, 200, None),
    ("/?subscription-key=nope", b"", True, 401, "SubscriptionKeyInvalid"),
    ("/", b"Ocp-Apim-Subscription-Key: K-RED\r\n", True, 401, "SubscriptionKeyInvalid"),
    ("/", b"Ocp-Apim-Subscription-Key: \r\n", True, 401, "SubscriptionKeyInvalid"),
    ("/?subscription-key=k-red", b"Ocp-Apim-Subscription-Key: nope\r\n", True, 401, "SubscriptionKeyInvalid"),
]


@pytest.mark.parametrize(("target", "header", "keyless", "status", "reason"), KEYS)
async def test_subscription_keys(
    serving: Any, backend: Any, target: str, header: bytes, keyless: bool, status: int, reason: str | None
) -> None:
    running = await serving(await backend(ok), keyless=keyless)
    answer = await running.raw(f"GET {target} HTTP/1.1\r\nHost: gw:81\r\n".encode() + header + b"\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    if reason == "SubscriptionKeyNotFound":
        assert body == (
            b'{ "statusCode": 401, "message": "Access denied due to missing subscription key. Make sure to include '
            b'subscription key when making requests to an API." }'
        )
        assert len(body) == 152
    elif reason:
        assert body == (
            b'{ "statusCode": 401, "message": "Access denied due to invalid subscription key. Make sure to provide a '
            b'valid key for an active subscription." }'
        )
    if reason:
        challenge = (
            b'WWW-Authenticate: AzureApiManagementKey realm="http://gw:81/",name="Ocp-Apim-Subscription-Key",'
            b'type="header"'
        )
        assert challenge in head


async def test_draining(serving: Any, backend: Any) -> None:
    """What is under way is finished, and its connection closed; nothing new is accepted."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        await go.wait()
        return web.Response(text="done")

    running = await serving(await backend(slow))
    call = asyncio.ensure_future(running.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    await asyncio.wait_for(arrived.wait(), 2)
    running.server.draining = True
    stop = asyncio.ensure_future(running.runner.cleanup())
    await asyncio.sleep(0.05)
    with pytest.raises(OSError):
        await asyncio.open_connection(running.host, running.port)
    go.set()
    answer = await asyncio.wait_for(call, 2)
    await asyncio.wait_for(stop, 2)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"done")
    assert b"Connection: close" in answer


async def test_silent_backends_are_given_up(serving: Any, backend: Any) -> None:
    """No head in the time of the caller; no further piece in the time of the transport."""

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/stream":
            out = web.StreamResponse()
            await out.prepare(request)
            await out.write(b"begun")
        await asyncio.sleep(20)
        return web.Response()

    url = Url.parse(await backend(silent))
    transport = HttpTransport(idle_timeout=0.2)
    request = Request("GET", url, Headers(), Body())
    with pytest.raises(TimedOut, match="in time"):
        await transport.send(request, timeout=0.2)
    request.url = url.replace(path="/stream")
    answer = await transport.send(request, timeout=5)
    with pytest.raises(TimedOut, match="sent nothing in time"):
        await answer.body.buffer()
    await transport.aclose()


async def test_slow_reading_is_not_the_backends_silence(serving: Any, backend: Any) -> None:
    async def two(request: web.BaseRequest) -> web.StreamResponse:
        out = web.StreamResponse()
        await out.prepare(request)
        for _ in range(2):
            await out.write(b"x")
            await asyncio.sleep(0.15)
        return out

    transport = HttpTransport(idle_timeout=0.25)
    answer = await transport.send(Request("GET", Url.parse(await backend(two)), Headers(), Body()), timeout=5)
    got = b""
    assert answer.body.stream is not None
    async for piece in answer.body.stream:
        got += piece
        await asyncio.sleep(0.3)
    assert got == b"xx"
    await transport.aclose()
