"""WebSockets through the gateway: policies at the handshake, then frames, until somebody closes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from apimpy.gateway.app import Gateway
from apimpy.gateway.build import build_gateway
from apimpy.gateway.config import ServeConfig
from apimpy.gateway.load import load_configuration
from apimpy.gateway.server import Limits, Server
from apimpy.observe.logs import AccessLog, AccessRecord
from apimpy.runtime.message import Url
from apimpy.tokens.counter import TiktokenCounter


class Log(AccessLog):
    """Keeps the records."""

    def __init__(self) -> None:
        super().__init__("json")
        self.records: list[AccessRecord] = []
        self.came = asyncio.Event()

    def add(self, thing: AccessRecord) -> None:
        self.records.append(thing)
        self.came.set()

    async def next(self) -> AccessRecord:
        await asyncio.wait_for(self.came.wait(), 10)
        self.came.clear()
        return self.records.pop(0)


@dataclass
class Sockets:
    """A gateway, and a backend that echoes messages."""

    url: str
    gateway: Gateway
    server: Server
    log: Log
    seen: list[Any] = field(default_factory=list)
    """Headers and targets of the handshakes that came to the backend."""
    ended: list[int | None] = field(default_factory=list)
    """Close codes that the backend saw."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def metric(self, name: str, **labels: str) -> float:
        wanted = name + ("{" + ",".join(f'{k}="{v}"' for k, v in sorted(labels.items())) + "}" if labels else "")
        for line in self.gateway.metrics.render().decode().splitlines():
            if line.startswith(wanted + " "):
                return float(line.rpartition(" ")[2])
        return 0.0


Starter = Callable[..., Awaitable[Sockets]]
POLICY = """
<policies>
  <inbound><base />{inbound}</inbound>
  <backend><base /></backend>
  <outbound><base />{outbound}</outbound>
  <on-error><base /></on-error>
</policies>
"""


@pytest.fixture
async def sockets(tmp_path: Path) -> AsyncIterator[Starter]:
    async with contextlib.AsyncExitStack() as stack:

        async def listen(server: web.Server[Any]) -> str:
            runner = web.ServerRunner(server, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return f"http://127.0.0.1:{runner.addresses[0][1]}"

        async def start(
            inbound: str = "",
            outbound: str = "",
            *,
            handler: Any = None,
            most: int = 1 << 20,
            silence: float = 60,
            **settings: Any,
        ) -> Sockets:
            seen: list[Any] = []
            ended: list[int | None] = []
            over = asyncio.Event()

            async def echo(request: web.BaseRequest) -> web.StreamResponse:
                seen.append((request.raw_path, request.headers.copy()))
                if handler is not None:
                    return await handler(request)
                socket = web.WebSocketResponse(protocols=("realtime", "other"), max_msg_size=64 << 20)
                await socket.prepare(request)
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        if message.data.startswith("close "):
                            await socket.close(code=int(message.data[6:]), message=b"asked")
                        else:
                            await socket.send_str(message.data)
                    elif message.type is WSMsgType.BINARY:
                        await socket.send_bytes(message.data)
                ended.append(socket.close_code)
                over.set()
                return socket

            backend = await listen(web.Server(echo))  # type: ignore[arg-type]
            policy = tmp_path / "policy.xml"
            policy.write_text(
                POLICY.format(inbound=inbound.replace("$SOCKET", backend.replace("http", "ws")), outbound=outbound)
            )
            config = ServeConfig(policy, backend=Url.parse(backend), **settings)
            loaded = load_configuration(config, {})
            assert loaded.assembled is not None, [str(d) for d in loaded.diagnostics]
            log = Log()
            gateway = build_gateway(config, loaded.assembled, config.backend, TiktokenCounter(), log)
            stack.push_async_callback(gateway.services.transport.aclose)
            server = Server(gateway, Limits(message=most, silence=silence))
            url = await listen(server)
            return Sockets(url, gateway, server, log, seen, ended, over)

        yield start


@contextlib.asynccontextmanager
async def opened(running: Sockets, path: str = "/openai/realtime", **more: Any) -> AsyncIterator[Any]:
    async with aiohttp.ClientSession() as session, session.ws_connect(running.url + path, **more) as socket:
        yield socket


async def said(socket: Any) -> Any:
    return await asyncio.wait_for(socket.receive(), 10)


async def test_messages_pass_both_ways(sockets: Starter) -> None:
    running = await sockets()
    async with opened(running, "/openai/realtime?model=a%20b", max_msg_size=4 << 20) as socket:
        await socket.send_str("hällo")
        assert (await said(socket)).data == "hällo"
        for size in (0, 125, 126, 65_535, 65_536, 1_000_000):
            data = os.urandom(size)
            await socket.send_bytes(data)
            assert (await said(socket)).data == data
        assert await running.metric("apimpy_websocket_open") == 1
    assert running.seen[0][0] == "/openai/realtime?model=a%20b"
    record = await running.log.next()
    assert (record.status, record.completed) == (101, True)
    assert record.bytes_sent > 1_131_000
    assert record.notes[0].startswith("websocket closed with 1000 by the caller; received 7 messages of ")
    assert await running.metric("apimpy_websocket_open") == 0
    assert await running.metric("apimpy_websocket_closed_total", api=record.api or "", code="1000") == 1
    assert await running.metric("apimpy_websocket_messages_total", api=record.api or "", direction="sent") == 7
    await asyncio.wait_for(running.over.wait(), 10)
    assert running.ended == [1000]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("ws://a/b", "http://a/b"),
        ("WSS://a/b?c=d", "https://a/b?c=d"),
        ("wss://a:8443", "https://a:8443/"),
        ("http://a/", "http://a/"),
    ],
)
def test_urls_of_backends(text: str, url: str) -> None:
    assert str(Url.of_backend(text)) == url


async def test_a_backend_may_have_the_url_of_a_websocket(sockets: Starter) -> None:
    running = await sockets('<set-backend-service base-url="$SOCKET/deep" />')
    async with opened(running, "/x") as socket:
        await socket.send_str("x")
        assert (await said(socket)).data == "x"
    assert running.seen[0][0] == "/deep/x"


@pytest.mark.parametrize("code", [1000, 1011, 4321])
async def test_close_codes_of_the_backend(sockets: Starter, code: int) -> None:
    running = await sockets()
    async with opened(running) as socket:
        await socket.send_str(f"close {code}")
        message = await said(socket)
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, code, "asked")
    assert f"closed with {code} by the backend" in (await running.log.next()).notes[0]


@pytest.mark.parametrize("code", [1000, 3000])
async def test_close_codes_of_the_caller(sockets: Starter, code: int) -> None:
    running = await sockets()
    async with opened(running) as socket:
        await socket.close(code=code)
    await asyncio.wait_for(running.over.wait(), 10)
    assert running.ended == [code]
    assert (await running.log.next()).completed


async def test_pings_are_answered_by_the_other_end(sockets: Starter) -> None:
    running = await sockets()
    async with opened(running, autoping=False) as socket:
        await socket.ping(b"there?")
        message = await said(socket)
        assert (message.type, message.data) == (WSMsgType.PONG, b"there?")


INBOUND = """
<set-header name="Authorization" exists-action="override"><value>Bearer of the backend</value></set-header>
<set-header name="api-key" exists-action="delete" />
<rewrite-uri template="/v1/realtime" />
<set-query-parameter name="added" exists-action="override"><value>1</value></set-query-parameter>
"""
OUTBOUND = """
<set-header name="x-handshake" exists-action="override">
  <value>@(context.Response.StatusCode.ToString())</value>
</set-header>
"""


@pytest.mark.step("forward-request 13")
async def test_policies_run_on_the_handshake(sockets: Starter) -> None:
    running = await sockets(INBOUND, OUTBOUND)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            running.url + "/openai/realtime", headers={"api-key": "secret"}, protocols=("realtime", "openai-beta")
        ) as socket,
    ):
        assert socket.protocol == "realtime"
        assert socket._response.headers["x-handshake"] == "101"
        await socket.send_str("x")
        assert (await said(socket)).data == "x"
    target, headers = running.seen[0]
    assert target == "/v1/realtime?added=1"
    assert headers["Authorization"] == "Bearer of the backend"
    assert "api-key" not in headers


CHECK = """
<check-header name="x-who" failed-check-httpcode="401" failed-check-error-message="no" ignore-case="true" />
"""


@pytest.mark.parametrize(
    ("inbound", "headers", "status"),
    [
        ('<rate-limit calls="1" renewal-period="60" />', {}, 429),
        (CHECK, {}, 401),
        ("<return-response><set-status code='403' /></return-response>", {}, 403),
        ("", {"Ocp-Apim-Subscription-Key": "wrong"}, 401),
    ],
)
async def test_a_refused_handshake_is_plain_http(
    sockets: Starter, inbound: str, headers: dict[str, str], status: int
) -> None:
    running = await sockets(inbound, subscriptions=(("red", "right"),))
    if "rate-limit" in inbound:
        right = {"Ocp-Apim-Subscription-Key": "right"}
        async with opened(running, headers=right):
            pass
        headers = right
        await running.log.next()
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with opened(running, headers=headers):
            pass
    assert caught.value.status == status
    assert (await running.log.next()).status == status
    assert await running.metric("apimpy_websocket_open") == 0


@pytest.mark.parametrize("how", ["status", "other", "error"])
async def test_an_answer_that_outbound_changed_is_no_websocket(sockets: Starter, how: str) -> None:
    outbound = {
        "status": '<set-status code="503" reason="Later" />',
        "other": '<return-response><set-status code="409" /></return-response>',
        "error": '<set-variable name="x" value="@(int.Parse(&quot;x&quot;))" />',
    }[how]
    running = await sockets("", outbound)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with opened(running):
            pass
    assert caught.value.status == {"status": 503, "other": 409, "error": 500}[how]
    await asyncio.wait_for(running.over.wait(), 10)  # the backend is not left with it
    assert running.ended == [1006]


async def refuse(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=403, text="not you")


async def test_the_backends_refusal_passes(sockets: Starter) -> None:
    running = await sockets(handler=refuse)
    async with aiohttp.ClientSession() as session:
        key = base64.b64encode(bytes(16)).decode()
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        async with session.get(running.url, headers={**upgrade, "Sec-WebSocket-Key": key}) as got:
            assert (got.status, await got.text(), got.headers["Connection"]) == (403, "not you", "close")


async def lie(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Accept: AAAA\r\n\r\n"
    )
    await asyncio.sleep(30)
    raise AssertionError


async def test_a_switch_that_answers_no_handshake_is_an_error(sockets: Starter) -> None:
    running = await sockets(handler=lie)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with opened(running):
            pass
    assert caught.value.status == 500
    assert (await running.log.next()).error_reason == "BackendConnectionFailure"


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("GET", {"Upgrade": "h2c"}),
        ("GET", {"Connection": "keep-alive"}),
        ("GET", {"Sec-WebSocket-Version": "8"}),
        ("GET", {"Sec-WebSocket-Key": "short"}),
        ("POST", {}),
    ],
)
async def test_what_is_no_handshake_is_an_ordinary_request(
    sockets: Starter, method: str, changes: dict[str, str]
) -> None:
    async def plain(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=request.headers.get("Upgrade", "none"))

    running = await sockets(handler=plain)
    headers = {
        "Host": "x",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        **changes,
    }
    host, _, port = running.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    writer.write(f"{method} / HTTP/1.1\r\n{lines}\r\n".encode())
    answer = await asyncio.wait_for(reader.readuntil(b"none"), 10)
    assert answer.startswith(b"HTTP/1.1 200")
    writer.close()


async def test_only_harmless_extensions_are_offered(sockets: Starter) -> None:
    running = await sockets()
    async with opened(running, compress=15, headers={"X": "1"}) as socket:
        assert "permessage-deflate" in running.seen[0][1]["Sec-WebSocket-Extensions"]
        await socket.send_str("a" * 10_000)
        assert (await said(socket)).data == "a" * 10_000
    offered = {"Sec-WebSocket-Extensions": "x-other; a=1, permessage-deflate; client_max_window_bits, mux"}
    async with opened(running, headers=offered):
        pass
    assert running.seen[1][1].getall("Sec-WebSocket-Extensions") == ["permessage-deflate; client_max_window_bits"]


async def test_a_message_that_is_too_big_closes_it(sockets: Starter) -> None:
    running = await sockets(most=1000)
    async with opened(running) as socket:
        await socket.send_bytes(bytes(1000))
        assert len((await said(socket)).data) == 1000
        await socket.send_bytes(bytes(1001))
        message = await said(socket)
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1009)
    record = await running.log.next()
    assert "closed with 1009 by the gateway: the message is too big" in record.notes[0]
    await asyncio.wait_for(running.over.wait(), 10)
    assert running.ended == [1009]


async def test_silence_closes_it(sockets: Starter) -> None:
    running = await sockets(silence=0.2)
    async with opened(running) as socket:
        for _ in range(3):
            await socket.send_str("x")
            assert (await said(socket)).data == "x"
        message = await said(socket)
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
    assert "by the gateway: nothing was sent for too long" in (await running.log.next()).notes[0]


async def test_bytes_that_are_no_frame_close_it(sockets: Starter) -> None:
    """And never reach the backend."""
    running = await sockets()
    async with opened(running) as socket:
        connection = socket._response.connection
        connection.transport.write(b"\x81\x01x")  # not masked
        message = await said(socket)
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1002)
    await asyncio.wait_for(running.over.wait(), 10)
    assert running.ended == [1002]


async def test_draining_closes_with_going_away(sockets: Starter) -> None:
    running = await sockets()
    async with opened(running) as socket:
        await socket.send_str("x")
        await said(socket)
        draining = asyncio.create_task(running.server.drain())
        message = await said(socket)
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
        await asyncio.wait_for(draining, 10)
    await asyncio.wait_for(running.over.wait(), 10)
    assert running.ended == [1001]
    assert not running.server.relays


@pytest.mark.parametrize("who", ["caller", "backend"])
async def test_a_connection_that_breaks_breaks_the_other(sockets: Starter, who: str) -> None:
    async def breaks(request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        assert request.transport is not None
        request.transport.abort()
        return socket

    running = await sockets(handler=breaks if who == "backend" else None)
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(running.url)
        await socket.send_str("x")
        if who == "caller":
            await said(socket)
            connection = socket._response.connection
            assert connection is not None
            assert connection.transport is not None
            connection.transport.abort()
            await asyncio.wait_for(running.over.wait(), 10)
            assert running.ended == [1006]
        else:
            assert (await said(socket)).type is WSMsgType.CLOSED
            assert socket.close_code == 1006
        record = await running.log.next()
    assert not record.completed
    assert f"closed with 1006 by the {who}" in record.notes[0]


async def test_a_slow_reader_slows_the_writer(sockets: Starter) -> None:
    """A backend that sends without end is not buffered for a caller that does not read."""
    sent = 0
    stalled = asyncio.Event()

    async def flood(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        with contextlib.suppress(ConnectionError):
            while sent < 1 << 30:
                try:
                    await asyncio.wait_for(socket.send_bytes(bytes(1 << 18)), 1)
                except TimeoutError:
                    stalled.set()
                    break
                sent += 1 << 18
        return socket

    running = await sockets(handler=flood)
    host, _, port = running.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 12)
    key = base64.b64encode(bytes(16)).decode()
    writer.write(
        f"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await asyncio.wait_for(stalled.wait(), 30)
    assert sent < 64 << 20  # what sockets take, and no more
    assert reader is not None
    writer.close()
