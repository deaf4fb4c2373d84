"""The mock behind a real socket, asked by the real `openai` clients and by plain HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import openai
import pytest
from aiohttp import web

from apimpy.mock.answers import embedding, reply
from apimpy.mock.backend import mock_application
from apimpy.tokens.counter import TiktokenCounter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MESSAGES: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello wörld 🚀 東京"}]
SAID = "You said: hello wörld 🚀 東京"


@pytest.fixture(scope="module")
def counter() -> TiktokenCounter:
    return TiktokenCounter()


@pytest.fixture
async def url(counter: TiktokenCounter) -> AsyncIterator[str]:
    runner = web.AppRunner(mock_application(counter))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture(params=["openai", "azure"])
async def client(request: pytest.FixtureRequest, url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    made: openai.AsyncOpenAI
    if request.param == "azure":
        made = openai.AsyncAzureOpenAI(azure_endpoint=url, api_key="x", api_version="2024-10-21", max_retries=0)
    else:
        made = openai.AsyncOpenAI(base_url=url + "/some/prefix/v1", api_key="x", max_retries=0)
    async with made:
        yield made


async def test_chat(client: openai.AsyncOpenAI) -> None:
    first = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    again = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert first.choices[0].message.content == SAID
    assert first.model_dump() == again.model_dump()
    assert first.usage is not None
    assert first.usage.total_tokens == first.usage.prompt_tokens + first.usage.completion_tokens


async def test_max_tokens(client: openai.AsyncOpenAI) -> None:
    cut = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, max_tokens=3)
    assert (cut.choices[0].finish_reason, cut.choices[0].message.content) == ("length", "You said:")
    assert cut.usage is not None
    assert cut.usage.completion_tokens == 3


@pytest.mark.parametrize("include_usage", [True, False])
async def test_chat_stream(client: openai.AsyncOpenAI, include_usage: bool) -> None:
    options: Any = {"stream_options": {"include_usage": True}} if include_usage else {}
    stream = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True, **options)
    text, usage, reason = "", [], None
    async for chunk in stream:
        usage.append(chunk.usage)
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reason = choice.finish_reason or reason
    assert (text, reason) == (SAID, "stop")
    assert [u is not None for u in usage] == [False] * (len(usage) - 1) + [include_usage]
    if include_usage:
        whole = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        assert usage[-1] == whole.usage


async def test_embeddings(client: openai.AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model="text-embedding-3-small", input=["one two", "two three"])
    floats = await client.embeddings.create(
        model="text-embedding-3-small", input=["one two", "two three"], encoding_format="float"
    )
    assert [len(r.embedding) for r in answer.data] == [1536, 1536]
    assert answer.data[0].embedding == pytest.approx(floats.data[0].embedding, abs=1e-6)
    assert answer.usage.total_tokens == 4


async def test_responses_and_models(url: str) -> None:
    async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="x") as client:
        answer = await client.responses.create(model="gpt-4o", input="hi there")
        assert answer.output_text == "You said: hi there"
        assert answer.usage is not None
        stream = await client.responses.create(model="gpt-4o", input="hi there", stream=True)
        events = [event async for event in stream]
        last: Any = events[-1]
        assert last.type == "response.completed"
        assert last.response.usage == answer.usage
        assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "You said: hi there"
        models = await client.models.list()
        assert "gpt-4o" in [m.id for m in models.data]
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("nothing")


async def test_completions(url: str) -> None:
    async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="x") as client:
        answer = await client.completions.create(model="davinci-002", prompt="hi")
        assert answer.choices[0].text == "You said: hi"
        stream = await client.completions.create(model="davinci-002", prompt="hi", stream=True)
        assert "".join([c.choices[0].text async for c in stream]) == "You said: hi"


BAD: list[tuple[str, str, str | None, int]] = [
    ("POST", "/v1/chat/completions", "{", 400),
    ("POST", "/v1/chat/completions", "[]", 400),
    ("POST", "/v1/chat/completions", '{"messages": [{"role": "user", "content": "x"}]}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m"}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m", "messages": "x"}', 400),
    ("POST", "/v1/completions", '{"model": "m", "prompt": 7}', 400),
    ("POST", "/v1/embeddings", '{"model": "m", "input": []}', 400),
    ("POST", "/v1/embeddings", '{"model": "m", "input": [{}]}', 400),
    ("POST", "/v1/responses", '{"model": "m"}', 400),
    ("POST", "/openai/deployments/d/chat/completions", '{"messages": [{"role": "user", "content": "x"}]}', 404),
    ("POST", "/v1/unknown", "{}", 404),
    ("GET", "/v1/chat/completions", None, 405),
    ("POST", "/v1/chat/completions?mock-status=x", '{"model": "m", "messages": [1]}', 400),
    ("POST", "/v1/chat/completions?mock-status=503", '{"model": "m", "messages": [1]}', 503),
    ("POST", "/v1/chat/completions", '{"model": "mock-429", "messages": [1]}', 429),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), BAD)
async def test_errors_have_the_shape_of_openai(url: str, method: str, path: str, body: str | None, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, url + path, data=body) as answer:
        assert answer.status == status
        assert set((await answer.json())["error"]) == {"message", "type", "param", "code"}


async def test_rate_limit_fault(url: str) -> None:
    headers = {"x-mock-status": "429", "x-mock-retry-after": "7"}
    async with openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=0, default_headers=headers) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        assert caught.value.response.headers["retry-after"] == "7"


async def test_cut_stream(url: str) -> None:
    body = {"model": "gpt-4o", "stream": True, "messages": MESSAGES}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + "/v1/chat/completions", json=body, headers={"x-mock-cut": "2"}) as answer,
    ):
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_event_delay(url: str) -> None:
    body = {"model": "gpt-4o", "stream": True, "messages": MESSAGES, "max_tokens": 2}
    start = asyncio.get_running_loop().time()
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + "/v1/chat/completions?mock-event-delay=30", json=body) as answer,
    ):
        events = (await answer.read()).split(b"\n\n")
    assert asyncio.get_running_loop().time() - start > 0.08
    assert events[-2] == b"data: [DONE]"
    assert json.loads(events[0][6:])["object"] == "chat.completion.chunk"


def test_pieces_make_the_text(counter: TiktokenCounter) -> None:
    text = "naïve 🚀🚀 日本語 " * 400
    answer = reply([], "gpt-4o", None, text, counter)
    assert "".join(answer.pieces) == text == answer.text


def test_texts_that_share_words_are_near() -> None:
    def dot(a: str, b: str) -> float:
        return sum(x * y for x, y in zip(embedding(a, None, 256), embedding(b, None, 256), strict=True))

    assert dot("red apple pie", "red apple pie") == pytest.approx(1)
    assert dot("red apple pie", "green apple pie") > 0.4 > dot("red apple pie", "blue sky today")
