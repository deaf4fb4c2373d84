"""Every response of a backend has an owner, whatever happens after it came: no connection is left over."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web

POLICY = "<policies><inbound>{}</inbound><backend>{}</backend><outbound /><on-error /></policies>"
FORWARD = "<forward-request />"
CACHE = '<llm-semantic-cache-lookup score-threshold="0.1" embeddings-backend-id="there" {} />'.format(
    'embeddings-backend-auth="system-assigned"'
)
SAFETY = (
    '<llm-content-safety backend-id="there"><categories><category name="Hate" threshold="4" /></categories>{}'.format(
        "</llm-content-safety>"
    )
)


@pytest.fixture
async def endless(backend: Any) -> str:
    """A backend that never stops talking."""

    async def talk(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        out = web.StreamResponse(headers={"Content-Type": "application/json"})
        await out.prepare(request)
        while True:
            await out.write(b"x" * 1000)
            await asyncio.sleep(0.001)

    started: str = await backend(talk)
    return started


async def serve(configured: Any, endless: str, folder: Any, inbound: str, forward: str) -> Any:
    (folder / "policy.xml").write_text(POLICY.format(inbound, forward))
    path = folder / "gateway.yaml"
    path.write_text(f"""
version: 1
policy: policy.xml
options: {{max_buffered_body: 5000}}
managed_identity: {{kind: static, token: none}}
backends:
  there:
    url: {endless}
    circuitBreaker: {{rules: [{{name: r, tripDuration: PT1H, failureCondition: {{percentage: 50, interval: PT1H,
      statusCodeRanges: [{{min: 500, max: 599}}]}}}}]}}
apis: [{{id: a, path: "", service_url: "{endless}", subscription_required: false}}]
""")
    return await configured(path)


async def closed(running: Any) -> bool:
    """Whether every connection to a backend is closed after a moment."""
    transport = running.gateway.services.transport._outside
    for _ in range(100):
        if not transport._open:
            return True
        await asyncio.sleep(0.01)
    return False


BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    ("inbound", "forward"),
    [
        ("", '<forward-request follow-redirects="@(bool.Parse(&quot;perhaps&quot;))" />'),
        (CACHE, "<return-response />"),
        (SAFETY, "<return-response />"),
    ],
    ids=["follow-redirects fails", "an embedding too large", "a judgement too large"],
)
async def test_nothing_is_left_over(configured: Any, endless: str, tmp_path: Any, inbound: str, forward: str) -> None:
    running = await serve(configured, endless, tmp_path, inbound, forward)
    async with aiohttp.ClientSession() as session, session.post(f"{running.url}/v1/chat/completions", json=BODY) as got:
        await got.read()
    assert await closed(running)


async def test_a_caller_that_leaves_while_others_are_told(configured: Any, endless: str, tmp_path: Any) -> None:
    """The breaker is shared, and its store slow: the response is there, and nobody has it yet."""
    running = await serve(configured, endless, tmp_path, "", FORWARD)
    asked = asyncio.Event()

    class Slow:
        async def record(self, *args: Any) -> tuple[float, bool]:
            asked.set()
            await asyncio.sleep(5)
            return 0.0, False

    running.gateway.services.backends._state.store = Slow()
    async with aiohttp.ClientSession() as session:
        call = asyncio.create_task(session.post(f"{running.url}/x", json=BODY))
        await asyncio.wait_for(asked.wait(), 5)
        call.cancel()
    assert await closed(running)
