"""A gateway on a real socket, in front of a real backend, with a program that only passes through."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from apimpy.configuration.keys import KeyRing, Subscriber
from apimpy.configuration.routing import ApiRoute, OperationRoute, Router
from apimpy.configuration.serving import Configuration
from apimpy.diagnostics import Severity
from apimpy.gateway.app import Gateway
from apimpy.gateway.build import build_gateway
from apimpy.gateway.client import HttpTransport
from apimpy.gateway.config import ServeConfig
from apimpy.gateway.identity import NoIdentity
from apimpy.gateway.load import load_configuration
from apimpy.gateway.observing import Observing
from apimpy.gateway.server import Limits, Server
from apimpy.observe.metrics import Metrics
from apimpy.runtime.exchange import Api, Exchange, Operation, Subscription
from apimpy.runtime.faults import PolicyFault, error_response
from apimpy.runtime.message import Request, Url
from apimpy.runtime.ports import TransportError
from apimpy.runtime.services import Services, SystemClock
from apimpy.stores.memory import MemoryTokenStore
from apimpy.tokens.counter import TiktokenCounter

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PassThrough:
    """Sends the request on; `before` and `after` look at the exchange."""

    def __init__(self, before: Any = None, after: Any = None) -> None:
        self.before, self.after = before, after

    async def run(self, ex: Exchange) -> None:
        assert ex.service_url is not None
        if self.before is not None:
            await self.before(ex)
        url = Url.parse(str(ex.service_url).rstrip("/") + ex.request.url.target)
        headers = ex.request.headers.copy()
        headers.popall("Host", None)
        request = Request(ex.request.method, url, headers, ex.request.body)
        try:
            ex.response = await ex.services.transport.send(request, timeout=5)
        except TransportError as error:
            ex.response = error_response(PolicyFault("forward", type(error).__name__, str(error)), ex.id)
            ex.notes.append(str(error))
        if self.after is not None:
            await self.after(ex)

    async def fail(self, ex: Exchange, fault: PolicyFault) -> None:
        ex.response = error_response(fault, ex.id)

    async def preflight(self, ex: Exchange) -> bool:
        return False


@dataclass
class Running:
    """A gateway that listens."""

    host: str
    port: int
    gateway: Gateway
    server: Server
    runner: web.ServerRunner
    closed: list[tuple[int | None, bool, int]] = field(default_factory=list)
    """Status, completed and bytes of every exchange that ended."""

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def raw(self, data: bytes, *, patience: float = 5.0) -> bytes:
        """Send bytes, read until the gateway closes or says nothing for a while."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(data)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        out = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            while piece := await asyncio.wait_for(reader.read(65536), patience if not out else 0.3):
                out += piece
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return out


@pytest.fixture
async def backend() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    """Start a backend with one handler; its URL."""
    runners: list[web.ServerRunner] = []

    async def start(handler: Handler) -> str:
        server = web.Server(handler, handler_cancellation=True, auto_decompress=False)  # type: ignore[arg-type]
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def serving() -> AsyncIterator[Callable[..., Awaitable[Running]]]:
    """Start a gateway in front of a URL."""
    started: list[Running] = []

    async def start(url: str, program: Any = None, *, keyless: bool = True, **limits: Any) -> Running:
        metrics = Metrics(process=False)
        services = Services(
            clock=SystemClock(),
            transport=HttpTransport(),
            token_store=MemoryTokenStore(),
            token_counter=TiktokenCounter(),
            token_meter=metrics.tokens,
            identity=NoIdentity(),
        )
        api = Api("api", "api", service_url=Url.parse(url))
        operations = (
            Operation("openai", "openai", "*", "/openai/deployments/{deployment-id}/*"),
            Operation("any", "any", "*", "/*"),
        )
        routes = tuple(OperationRoute(o, program or PassThrough()) for o in operations)
        keys = KeyRing([Subscriber(Subscription("red", "red", "k-red", "k-red", "k-two"))])
        configuration = Configuration(Router([ApiRoute(api, routes, keyless=keyless)]), keys)
        gateway = Gateway(configuration, services, metrics=metrics)
        server = Server(gateway, Limits(**limits))
        runner = web.ServerRunner(server, shutdown_timeout=2.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        running = Running("127.0.0.1", runner.addresses[0][1], gateway, server, runner)
        close = gateway.close

        async def noted(ex: Exchange, *, completed: bool, sent: int) -> None:
            running.closed.append((ex.response.status if ex.response else None, completed, sent))
            await close(ex, completed=completed, sent=sent)

        gateway.close = noted  # type: ignore[method-assign]
        started.append(running)
        return running

    yield start
    for running in started:
        await running.runner.cleanup()
        await running.gateway.services.transport.aclose()


@pytest.fixture
def pass_through() -> type[PassThrough]:
    return PassThrough


@dataclass
class Configured:
    """A gateway file or folder being served, in front of a backend that echoes what it sees."""

    url: str
    backend: str
    seen: list[tuple[str, Any, bytes]]
    """Request line, headers and body of what came to the backend."""
    gateway: Gateway
    diagnostics: list[str]


def _fill(path: Path, backend: str) -> None:
    folder = path.parent if path.is_file() else path
    for file in folder.rglob("*"):
        if file.is_file() and "$BACKEND" in (text := file.read_text()):
            file.write_text(text.replace("$BACKEND", backend))


@pytest.fixture
async def configured() -> AsyncIterator[Callable[..., Awaitable[Configured]]]:
    """Serve a path as `apimpy serve` does; `$BACKEND` in files of a folder under test stands for the echo backend."""
    async with contextlib.AsyncExitStack() as stack:

        async def listen(runner: web.BaseRunner[Any]) -> str:
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return f"http://127.0.0.1:{runner.addresses[0][1]}"

        async def start(
            path: Path, *, environ: dict[str, str] | None = None, fill: bool = True, **settings: Any
        ) -> Configured:
            seen: list[tuple[str, Any, bytes]] = []

            async def echo(request: web.BaseRequest) -> web.StreamResponse:
                seen.append((f"{request.method} {request.raw_path}", request.headers.copy(), await request.read()))
                return web.Response(headers={"X-Seen": request.raw_path}, body=b"echo")

            backend = await listen(web.ServerRunner(web.Server(echo), shutdown_timeout=0.1))  # type: ignore[arg-type]
            if fill:
                _fill(path, backend)
            loaded = load_configuration(ServeConfig(path, **settings), environ or {})
            told = [str(d) for d in loaded.diagnostics if d.severity > Severity.INFO]
            assert loaded.assembled is not None, told
            default = settings.get("backend")
            config = ServeConfig(path, **settings)
            watched = Observing.of(config, loaded.assembled.model, threading.Lock())
            gateway = build_gateway(config, loaded.assembled, default, TiktokenCounter(), llm_log=watched.llm_log)
            await stack.enter_async_context(watched.running(gateway.metrics))
            stack.push_async_callback(gateway.services.transport.aclose)
            url = await listen(web.ServerRunner(Server(gateway, config.limits), shutdown_timeout=1.0))
            return Configured(url, backend, seen, gateway, told)

        yield start
