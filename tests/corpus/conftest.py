"""The real gateway in front of a recording backend, for documents that others wrote.

Both sides are sockets.  The documents name hosts that do not exist, so the transport notes where a request should have
gone and takes it to the backend of the test, with the host in its Host header.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from multidict import CIMultiDict

from apimpy.backends.entity import Backend
from apimpy.backends.registry import Backends
from apimpy.configuration.keys import KeyRing, Subscriber
from apimpy.configuration.routing import ApiRoute, OperationRoute, Router
from apimpy.configuration.serving import Configuration
from apimpy.diagnostics import Severity, Sink
from apimpy.document.reader import load, read
from apimpy.gateway.app import Gateway
from apimpy.gateway.client import HttpTransport
from apimpy.gateway.server import Limits, Server
from apimpy.pipeline.compile import compile_document
from apimpy.policies import catalogue
from apimpy.runtime.exchange import Api, Deployment, Operation, Product, Subscription, User
from apimpy.runtime.message import Request, Response, Url
from apimpy.runtime.ports import Event
from apimpy.runtime.services import Options, Services
from apimpy.source import SourceFile
from apimpy.stores.cache import MemoryCache
from apimpy.stores.counters import MemoryCounterStore
from apimpy.stores.memory import MemoryTokenStore
from apimpy.tokens.counter import TiktokenCounter

if "corpus_kit" not in sys.modules:  # the tests are no package: their common module is loaded here
    _spec = importlib.util.spec_from_file_location("corpus_kit", Path(__file__).with_name("kit.py"))
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules["corpus_kit"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["corpus_kit"])
_kit: Any = sys.modules["corpus_kit"]

NUMBER = "x-number-of-the-test"
"""The header that tells a request of the gateway from the others; the tables do not see it."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say loudly that the documents were not there."""
    if not os.environ.get("APIMPY_CORPUS"):
        line = "APIMPY_CORPUS is not set: the documents of tests/corpus were NOT run"
        terminalreporter.write_line(line, yellow=True, bold=True)


@dataclass
class Arrived:
    """A request as the backend got it; `url` is where the gateway meant it to go."""

    method: str
    url: str
    headers: CIMultiDict[str]
    body: bytes
    number: int
    """When it was sent, of all that were: those sent side by side may arrive in another order."""


@dataclass
class Answered:
    """What the caller got."""

    status: int
    reason: str
    headers: CIMultiDict[str]
    body: bytes
    activity: str
    """The id of the exchange, for the body of a 500."""


class StandingClock:
    """Time stands still unless somebody sleeps or turns it on."""

    def __init__(self) -> None:
        self.time: float = _kit.NOW
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Logger:
    """Remembers the texts of `log-to-eventhub`."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def log(self, event: Event) -> None:
        self.texts.append(event.text)


class Identity:
    """Tokens that tell what they are for."""

    async def token(self, resource: str, client_id: str | None) -> str:
        return f"token|{resource}|{client_id or 'system'}"


class Meter:
    """Remembers the token metrics."""

    def __init__(self) -> None:
        self.emitted: list[tuple[str, dict[str, str], dict[str, int]]] = []

    def declare(self, namespace: str, dimensions: Any) -> None:
        pass

    def emit(self, namespace: str, dimensions: dict[str, str], values: dict[str, int]) -> None:
        self.emitted.append((namespace, dimensions, values))


class Gauge:
    """Remembers the values of `emit-metric`."""

    def __init__(self) -> None:
        self.observed: list[tuple[str, str, dict[str, str], float]] = []

    def observe(self, namespace: str, name: str, dimensions: dict[str, str], value: float) -> None:
        self.observed.append((namespace, name, dimensions, value))


class Rerouted(HttpTransport):
    """The gateway's own transport, except that every road leads to one backend."""

    def __init__(self, port: int, replies: list[tuple[int, Mapping[str, str], bytes]]) -> None:
        super().__init__()
        self._port, self._replies = port, replies
        self.meant: list[tuple[str, tuple[int, Mapping[str, str], bytes]]] = []

    async def send(self, request: Request, *, timeout: float | None) -> Response:
        url, headers = request.url, request.headers.copy()
        reply = self._replies.pop(0) if self._replies else (200, {"Content-Type": "text/plain"}, b"backend")
        headers[NUMBER] = str(len(self.meant))
        self.meant.append((str(url), reply))
        headers.setdefault("Host", url.authority)
        there = Url("http", "127.0.0.1", self._port if reply[0] else 1, url.path, url.query_string)
        return await super().send(Request(request.method, there, headers, request.body), timeout=timeout)


@dataclass
class Bench:
    """A gateway that listens, and everything around it."""

    url: str
    clock: StandingClock
    meter: Meter
    gauge: Gauge
    gateway: Gateway
    session: aiohttp.ClientSession
    transport: Rerouted
    arrived: list[Arrived]
    replies: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Answered:
        """One request over the socket."""
        ids: list[str] = []
        opened = self.gateway.open

        def noted(request: Request) -> Any:
            ex = opened(request)
            ids.append(ex.id)
            return ex

        self.gateway.open = noted  # type: ignore[method-assign]
        try:
            call = self.session.request(method, self.url + path, headers=headers, data=body, allow_redirects=False)
            async with call as answer:
                content = await answer.read()
                await self.gateway.services.background.drain()
                got = CIMultiDict(answer.headers)
                return Answered(answer.status, answer.reason or "", got, content, ids[0])
        finally:
            del self.gateway.open


@pytest.fixture
async def bench() -> AsyncIterator[Callable[[Any, Path], Awaitable[Bench]]]:
    """Load a document as it is, and serve it."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(document: Any, corpus: Path) -> Bench:
            return await _start(document, corpus, stack)

        yield start


async def _start(document: Any, corpus: Path, stack: contextlib.AsyncExitStack) -> Bench:
    program = _program(document, corpus)
    arrived: list[Arrived] = []
    replies: list[tuple[int, Mapping[str, str], bytes]] = []

    async def backend(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        received = CIMultiDict(request.headers)
        number = int(received.pop(NUMBER))
        url, (status, headers, content) = transport.meant[number]
        arrived.append(Arrived(request.method, url, received, body, number))
        arrived.sort(key=lambda a: a.number)
        return web.Response(status=status, headers=headers, body=content)

    behind = web.ServerRunner(web.Server(backend), shutdown_timeout=0.1)
    await behind.setup()
    stack.push_async_callback(behind.cleanup)
    await web.TCPSite(behind, "127.0.0.1", 0).start()
    transport = Rerouted(behind.addresses[0][1], replies)
    stack.push_async_callback(transport.aclose)

    clock, meter, gauge = StandingClock(), Meter(), Gauge()
    services = Services(
        clock=clock,
        event_loggers={id: Logger() for id in document.loggers},
        transport=transport,
        token_store=MemoryTokenStore(),
        token_counter=TiktokenCounter(),
        token_meter=meter,
        identity=Identity(),
        counters=MemoryCounterStore(),
        cache=MemoryCache(),
        metric_sink=gauge,
        options=Options(**document.options),
        backends=Backends({id: Backend(id, Url.parse(url)) for id, url in document.backends.items()}),
        deployment=Deployment(document.region),
    )
    api = Api("api", "api", document.api_path, service_url=Url.parse(document.service_url))
    if document.key_header:
        api = Api("api", "api", document.api_path, service_url=api.service_url, key_header=document.key_header)
    operations = tuple(
        OperationRoute(Operation(f"op{n}", f"op{n}", method, template), program)
        for n, (method, template) in enumerate(document.operations)
    )
    named = document.product or ("Product" if document.scope == "product" else None)
    product = Product("product", named) if named else None
    user = User(document.user) if document.user else None
    keys = KeyRing([Subscriber(Subscription(*document.subscription, _kit.KEY, _kit.KEY), product, user)])
    whole = program if document.answers_unmatched else None
    configuration = Configuration(Router([ApiRoute(api, operations, keyless=not document.keyed)]), keys, whole)
    gateway = Gateway(configuration, services)
    front = web.ServerRunner(Server(gateway, Limits()), shutdown_timeout=0.1)
    await front.setup()
    stack.push_async_callback(front.cleanup)
    await web.TCPSite(front, "127.0.0.1", 0).start()
    session = aiohttp.ClientSession(
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"), auto_decompress=False
    )
    stack.push_async_callback(session.close)
    url = f"http://127.0.0.1:{front.addresses[0][1]}"
    return Bench(url, clock, meter, gauge, gateway, session, transport, arrived, replies)


def _program(document: Any, corpus: Path) -> Any:
    """The program of an unmodified document; what is around it are documents of the corpus or texts of the test."""
    sink = Sink()

    def source(name: str, text: str) -> Any:
        if text.startswith("<"):
            return read(SourceFile(f"{name}.xml", text), sink, named_values=document.named)
        loaded = load(corpus / "policies" / text, sink, named_values=document.named)
        assert loaded is not None
        return loaded

    fragments = {id: source(id, text) for id, text in document.fragments.items()}
    chain = [(document.scope, source("document", document.file))]
    if document.around is not None:
        chain.insert(0, ("global", source("global", document.around)))
    program = compile_document(chain, catalogue(), fragments, sink)
    errors = [str(d) for d in sink if d.severity >= Severity.ERROR]
    assert errors == []
    assert not [str(d) for d in sink if "is not supported" in str(d)]
    return program
