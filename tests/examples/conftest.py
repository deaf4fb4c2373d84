"""An example policy behind a real gateway: real sockets on both sides, backends that note what they see."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from apimpy.diagnostics import Diagnostic, Severity
from apimpy.gateway.build import build_gateway
from apimpy.gateway.config import ServeConfig
from apimpy.gateway.load import load_configuration
from apimpy.gateway.server import Server
from apimpy.mock.backend import mock_application
from apimpy.runtime.message import Url
from apimpy.tokens.counter import TiktokenCounter


@dataclass
class EchoBackend:
    """Answers `answers` in order, the last one again and again; `seen` holds what came."""

    url: str
    answers: list[tuple[int, dict[str, str], bytes]]
    delay: float = 0.0
    seen: list[tuple[str, Any, bytes]] = field(default_factory=list)
    """Request line, headers, body."""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.seen.append((f"{request.method} {request.raw_path}", request.headers.copy(), await request.read()))
        if self.delay:
            await asyncio.sleep(self.delay)
        status, headers, body = self.answers[min(len(self.seen), len(self.answers)) - 1]
        return web.Response(status=status, headers=headers, body=body)


@dataclass
class Started:
    """A gateway that serves one example."""

    url: str
    metrics: Callable[[], str]
    diagnostics: tuple[Diagnostic, ...]


@pytest.fixture(scope="session")
def counter() -> TiktokenCounter:
    """The vocabularies are loaded once."""
    return TiktokenCounter()


@pytest.fixture
async def stack() -> AsyncIterator[contextlib.AsyncExitStack]:
    """What a test starts, stopped in reverse order."""
    async with contextlib.AsyncExitStack() as stack:
        yield stack


async def _listen(stack: contextlib.AsyncExitStack, runner: web.BaseRunner[Any]) -> str:
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
def echo(stack: contextlib.AsyncExitStack) -> Callable[..., Awaitable[EchoBackend]]:
    async def start(answers: list[tuple[int, dict[str, str], bytes]], delay: float = 0.0) -> EchoBackend:
        backend = EchoBackend("", answers, delay)
        server = web.Server(backend.handle, handler_cancellation=True)  # type: ignore[arg-type]
        backend.url = await _listen(stack, web.ServerRunner(server, shutdown_timeout=0.1))
        return backend

    return start


@pytest.fixture
def mock_url(stack: contextlib.AsyncExitStack, counter: TiktokenCounter) -> Callable[[], Awaitable[str]]:
    async def start() -> str:
        return await _listen(stack, web.AppRunner(mock_application(counter), shutdown_timeout=0.1))

    return start


@pytest.fixture
def closed(stack: contextlib.AsyncExitStack) -> str:
    """An address where nobody listens, and nobody else will."""
    held = stack.enter_context(socket.socket())
    held.bind(("127.0.0.1", 0))
    return f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def serve_example(stack: contextlib.AsyncExitStack, counter: TiktokenCounter) -> Callable[..., Awaitable[Started]]:
    """Serve a policy as `apimpy serve` does."""

    async def start(policy: Path, backend: str, named_values: dict[str, str], **settings: Any) -> Started:
        config = ServeConfig(policy, named_values=tuple(named_values.items()), **settings)
        loaded = load_configuration(config, {})
        assert loaded.assembled is not None, [str(d) for d in loaded.diagnostics]
        assert [str(d) for d in loaded.diagnostics if d.severity >= Severity.WARNING] == []
        gateway = build_gateway(config, loaded.assembled, Url.parse(backend), counter)
        stack.push_async_callback(gateway.services.transport.aclose)
        url = await _listen(stack, web.ServerRunner(Server(gateway, config.limits), shutdown_timeout=1.0))
        return Started(url, lambda: gateway.metrics.render().decode(), loaded.diagnostics)

    return start
