"""The realtime endpoint of the mock through the gateway, asked by the `openai` client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from aiohttp import web

from apimpy.gateway.build import build_gateway
from apimpy.gateway.config import ServeConfig
from apimpy.gateway.load import load_configuration
from apimpy.gateway.run import in_process, listen
from apimpy.gateway.server import Server
from apimpy.mock.backend import MockSettings, mock_application
from apimpy.tokens.counter import TiktokenCounter

pytest.importorskip("websockets", reason="the realtime client of `openai` needs it")

POLICY = """
<policies>
  <inbound>
    <base />
    <llm-token-limit counter-key="all" tokens-per-minute="100" estimate-prompt-tokens="true" />
    <llm-emit-token-metric namespace="genai"><dimension name="API ID" /></llm-emit-token-metric>
  </inbound>
  <backend><base /></backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>
"""


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """A gateway with token policies, which see no frames, and keys."""
    counter = TiktokenCounter()
    policy = tmp_path / "policy.xml"
    policy.write_text(POLICY)
    async with contextlib.AsyncExitStack() as stack:
        backend = await stack.enter_async_context(in_process(mock_application(counter, MockSettings())))
        config = ServeConfig(
            policy, backend=backend, subscriptions=(("red", "key-red"),), subscription_header="api-key"
        )
        loaded = load_configuration(config, {})
        assert loaded.assembled is not None, loaded.diagnostics
        gateway = build_gateway(config, loaded.assembled, backend, counter)
        stack.push_async_callback(gateway.services.transport.aclose)
        runner = web.ServerRunner(Server(gateway), shutdown_timeout=1.0)
        host, port = await listen(runner, "127.0.0.1", 0)
        stack.push_async_callback(runner.cleanup)
        yield f"http://{host}:{port}"


def plain(url: str) -> Any:
    return openai.AsyncOpenAI(
        base_url=url + "/v1", api_key="anything", max_retries=0, default_headers={"api-key": "key-red"}
    )


def azure(url: str, key: str = "key-red") -> Any:
    return openai.AsyncAzureOpenAI(
        azure_endpoint=url,
        websocket_base_url=url.replace("http", "ws") + "/openai",
        api_version="2024-10-01-preview",
        api_key=key,
        max_retries=0,
    )


@pytest.mark.parametrize(("client", "kind"), [(plain, "response.output_text"), (azure, "response.text")])
async def test_a_conversation(url: str, client: Callable[[str], Any], kind: str) -> None:
    async with asyncio.timeout(20), client(url).realtime.connect(model="gpt-4o-realtime-preview") as connection:
        assert (await connection.recv()).type == "session.created"
        await connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
        assert (await connection.recv()).session.instructions == "Be brief."
        for words in ("naïve 日本", "again"):
            await connection.conversation.item.create(
                item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": words}]}
            )
            await connection.response.create()
            said, event = "", None
            async for event in connection:
                if event.type == f"{kind}.delta":
                    said += event.delta
                elif event.type == "response.done":
                    break
            assert said == f"You said: {words}"
            assert event is not None
            assert event.response.usage.output_tokens > 0
        await connection.send({"type": "no.such.event"})
        assert (await connection.recv()).type == "error"


async def test_a_key_that_is_unknown_is_refused_at_the_handshake(url: str) -> None:
    from websockets.exceptions import InvalidStatus

    with pytest.raises(InvalidStatus) as caught:
        async with azure(url, "wrong").realtime.connect(model="gpt-4o-realtime-preview"):
            pass
    assert caught.value.response.status_code == 401
