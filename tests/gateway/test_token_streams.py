"""Token limits on streams over real sockets: callers that leave, and streams that end at the limit."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import openai
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

GATEWAY = """\
version: 1
options: {{{options}}}
apis:
  - {{id: ai, path: "", service_url: "{backend}", subscription_required: false, policy: limit.xml}}
"""
LIMIT = """\
<policies>
  <inbound>
    <llm-token-limit counter-key="k" token-quota="{quota}" token-quota-period="Yearly"
      remaining-quota-tokens-header-name="x-left" />
  </inbound>
</policies>
"""
BODY = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "go on"}]}
PROMPT_TOKENS = 3 + 3 + 1 + 2


def event(text: str) -> bytes:
    chunk = {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4o",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


def files(folder: Path, backend: str, quota: int, options: str = "") -> Path:
    (folder / "limit.xml").write_text(LIMIT.format(quota=quota))
    path = folder / "gateway.yaml"
    path.write_text(GATEWAY.format(backend=backend, options=options))
    return path


class Endless:
    """A model that never stops; `gone` when it notices that nobody listens."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.pieces = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        if request.method == "GET":
            return web.Response()
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await out.prepare(request)
            async for piece in self.words():
                await out.write(piece)
        finally:
            self.gone.set()
        return out

    async def words(self) -> AsyncIterator[bytes]:
        while True:
            self.pieces += 1
            yield event(" hello")
            await asyncio.sleep(0)


Start = Any


async def left(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as got:
        return int(got.headers["x-left"])


async def test_a_caller_that_leaves_pays_for_what_it_got(configured: Start, backend: Start, tmp_path: Path) -> None:
    model = Endless()
    running = await configured(files(tmp_path, await backend(model), 1_000_000), fill=False)
    received = b""
    async with aiohttp.ClientSession() as session, session.post(running.url + "/v1/chat/completions", json=BODY) as got:
        while received.count(b"hello") < 20:
            received += await got.content.readany()
        got.close()
    await asyncio.wait_for(model.gone.wait(), 5)
    while running.gateway.metrics.requests.in_flight:
        await asyncio.sleep(0)
    spent = 1_000_000 - await left(running.url)
    assert PROMPT_TOKENS + received.count(b"hello") <= spent <= PROMPT_TOKENS + model.pieces


async def test_a_client_sees_a_stream_end_at_the_limit(configured: Start, backend: Start, tmp_path: Path) -> None:
    model = Endless()
    path = files(tmp_path, await backend(model), 300, "cut_streams: true, reserve_completion: true")
    running = await configured(path, fill=False)
    async with openai.AsyncOpenAI(base_url=running.url + "/v1", api_key="k", max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "go on"}], stream=True
        )
        chunks = [chunk async for chunk in stream]
    text = "".join(c.choices[0].delta.content or "" for c in chunks)
    assert chunks[-1].choices[0].finish_reason == "length"
    assert 300 - PROMPT_TOKENS < text.count("hello") < 1000
    await asyncio.wait_for(model.gone.wait(), 5)
    async with aiohttp.ClientSession() as session, session.post(running.url + "/v1/chat/completions", json=BODY) as got:
        assert got.status == 403
