"""MCP servers behind the gateway: the `mcp` package on both sides, streamable HTTP and the older SSE transport."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from apimpy.gateway.build import build_gateway
from apimpy.gateway.config import ServeConfig
from apimpy.gateway.load import load_configuration
from apimpy.gateway.run import listen
from apimpy.gateway.server import Server
from apimpy.runtime.message import Url
from apimpy.tokens.counter import TiktokenCounter

mcp = pytest.importorskip("mcp", reason="the MCP package is client and server of these tests")
uvicorn = pytest.importorskip("uvicorn")

from mcp.client.session import ClientSession  # noqa: E402
from mcp.client.sse import sse_client  # noqa: E402
from mcp.client.streamable_http import streamable_http_client  # noqa: E402
from mcp.server.mcpserver import Context, MCPServer  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # what other people's packages deprecate is theirs

POLICY = """
<policies>
  <inbound>
    <base />
    <rate-limit-by-key calls="1000" renewal-period="60" counter-key="@(context.Request.IpAddress)" />
    <llm-emit-token-metric namespace="genai"><dimension name="API ID" /></llm-emit-token-metric>
  </inbound>
  <backend><base /></backend>
  <outbound>
    <base />
    <set-header name="x-gateway" exists-action="override"><value>apimpy</value></set-header>
  </outbound>
  <on-error><base /></on-error>
</policies>
"""


class Tools:
    """An MCP server whose tool tells of its progress and then waits until it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.server = MCPServer("tools")

        @self.server.tool()
        async def add(a: int, b: int) -> int:
            return a + b

        @self.server.tool()
        async def slow(ctx: Context) -> str:
            await ctx.report_progress(1, 2, "half")
            await asyncio.wait_for(self.go.wait(), 10)
            return "done"


Start = Callable[[Any], Awaitable[str]]


@pytest.fixture
async def through(tmp_path: Path) -> AsyncIterator[Start]:
    """Serve an ASGI application behind a gateway; the gateway's URL."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(application: Any) -> str:
            listener = socket.create_server(("127.0.0.1", 0))
            server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="on", ws="none"))
            task = asyncio.create_task(server.serve([listener]))

            async def stop() -> None:
                server.should_exit = server.force_exit = True
                await task

            stack.push_async_callback(stop)
            backend = Url.parse(f"http://127.0.0.1:{listener.getsockname()[1]}")
            policy = tmp_path / "policy.xml"
            policy.write_text(POLICY)
            config = ServeConfig(policy, backend=backend)
            loaded = load_configuration(config, {})
            assert loaded.assembled is not None, loaded.diagnostics
            gateway = build_gateway(config, loaded.assembled, backend, TiktokenCounter())
            stack.push_async_callback(gateway.services.transport.aclose)
            runner = web.ServerRunner(Server(gateway), shutdown_timeout=0.2)
            host, port = await listen(runner, "127.0.0.1", 0)
            stack.push_async_callback(runner.cleanup)
            return f"http://{host}:{port}"

        yield start


async def use(tools: Tools, read: Any, write: Any) -> None:
    """A session with a call whose progress arrives while the tool is still at work."""
    half = asyncio.Event()

    async def progress(done: float, total: float | None, message: str | None) -> None:
        assert (done, total, message) == (1, 2, "half")
        half.set()

    async with ClientSession(read, write) as session:
        await session.initialize()
        assert {t.name for t in (await session.list_tools()).tools} == {"add", "slow"}
        got = await session.call_tool("add", {"a": 1, "b": 2})
        assert got.content[0].text == "3"
        waiting = asyncio.create_task(session.call_tool("slow", {}, progress_callback=progress))
        await asyncio.wait_for(half.wait(), 10)
        assert not waiting.done()
        tools.go.set()
        assert (await waiting).content[0].text == "done"


@pytest.mark.parametrize("stateless", [False, True])
async def test_streamable_http(through: Start, stateless: bool) -> None:
    tools = Tools()
    url = await through(tools.server.streamable_http_app(stateless_http=stateless))
    async with asyncio.timeout(30), streamable_http_client(url + "/mcp") as (read, write, *_):
        await use(tools, read, write)


async def test_answers_as_json(through: Start) -> None:
    tools = Tools()
    url = await through(tools.server.streamable_http_app(json_response=True))
    async with (
        asyncio.timeout(30),
        streamable_http_client(url + "/mcp") as (read, write, *_),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        assert (await session.call_tool("add", {"a": 20, "b": 3})).content[0].text == "23"


async def test_the_older_transport(through: Start) -> None:
    """A stream of events, and messages posted beside it."""
    tools = Tools()
    url = await through(tools.server.sse_app())
    async with asyncio.timeout(30), sse_client(url + "/sse") as (read, write, *_):
        await use(tools, read, write)
