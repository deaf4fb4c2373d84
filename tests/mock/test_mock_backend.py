"""The mock behind a real socket, asked by the real `openai` clients and by plain HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import openai
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MESSAGES: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello wörld 🚀 東京"}]
SAID = "You said: hello wörld 🚀 東京"


@pytest.fixture(params=["openai", "azure", "azure-v1"])
async def client(request: pytest.FixtureRequest, url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    made: openai.AsyncOpenAI
    if request.param == "azure":
        made = openai.AsyncAzureOpenAI(azure_endpoint=url, api_key="x", api_version="2024-10-21", max_retries=0)
    else:
        base = url + ("/openai/v1" if request.param == "azure-v1" else "/some/prefix/v1")
        made = openai.AsyncOpenAI(base_url=base, api_key="x", max_retries=0)
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


@pytest.mark.parametrize("stream", [False, True])
async def test_choices_and_stop(client: openai.AsyncOpenAI, stream: bool) -> None:
    """`n` choices differ, each ends at the first stop sequence, and usage counts what all of them say."""
    asked: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": "one two three"}], "n": 3}
    texts, reasons = [""] * 3, [""] * 3
    for stop, said in ((["three", "wo"], "You said: one t"), ("nowhere", "You said: one two three")):
        if stream:
            texts, reasons = [""] * 3, [""] * 3
            options = {"include_usage": True}
            async for chunk in await client.chat.completions.create(
                **asked, stop=stop, stream=True, stream_options=options
            ):
                for choice in chunk.choices:
                    texts[choice.index] += choice.delta.content or ""
                    reasons[choice.index] = choice.finish_reason or ""
                usage = chunk.usage
        else:
            whole = await client.chat.completions.create(**asked, stop=stop)
            texts = [c.message.content or "" for c in whole.choices]
            reasons = [c.finish_reason for c in whole.choices]
            usage = whole.usage
        ends = ["", " (2)", " (3)"] if stop == "nowhere" else [""] * 3
        assert (texts, reasons) == ([said + end for end in ends], ["stop"] * 3)
        assert usage is not None
        assert usage.completion_tokens == (6 + 9 + 9 if stop == "nowhere" else 5 * 3)


async def test_images_and_tools_count_as_tokens(client: openai.AsyncOpenAI) -> None:
    plain: Any = [{"role": "user", "content": "what is this?"}]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    pictured: Any = [{"role": "user", "content": [{"type": "text", "text": "what is this?"}, image]}]
    tool: Any = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    spent = []
    for messages, tools in ((plain, []), (pictured, []), (plain, [tool])):
        more = {"tools": tools} if tools else {}
        answer = await client.chat.completions.create(model="gpt-4o", messages=messages, **more)
        assert answer.choices[0].message.content == "You said: what is this?"
        assert answer.usage is not None
        spent.append(answer.usage.prompt_tokens)
    assert spent[1] == spent[0] + 1200
    assert spent[2] > spent[0]


async def test_the_synchronous_client(url: str) -> None:
    """Whole and streaming, on chat, completions and responses; the helper for streams sees a whole answer, too."""

    def ask() -> list[str]:
        with openai.OpenAI(base_url=url + "/v1", api_key="x", max_retries=0) as client:
            chunks = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
            said = ["".join(c.delta.content or "" for chunk in chunks for c in chunk.choices)]
            texts = client.completions.create(model="davinci-002", prompt=SAID[10:], stream=True)
            said.append("".join(chunk.choices[0].text for chunk in texts))
            said.append(client.responses.create(model="gpt-4o", input=SAID[10:]).output_text)
            with client.responses.stream(model="gpt-4o", input=SAID[10:]) as stream:
                said.append(stream.get_final_response().output_text)
            with client.chat.completions.stream(model="gpt-4o", messages=MESSAGES) as told:
                said.append(told.get_final_completion().choices[0].message.content or "")
            return said

    assert await asyncio.to_thread(ask) == [SAID] * 5


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


async def test_a_list_of_prompts_has_choices_for_each(url: str) -> None:
    async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="x") as client:
        answer = await client.completions.create(model="davinci-002", prompt=["a", "b"], n=2)
        assert [(c.index, c.text) for c in answer.choices] == [
            (0, "You said: a"),
            (1, "You said: a (2)"),
            (2, "You said: b"),
            (3, "You said: b (2)"),
        ]
        tokens = await client.completions.create(model="davinci-002", prompt=[15339, 1917], max_tokens=5)
        assert tokens.choices[0].text == "You said: hello world"
        assert tokens.usage is not None
        assert tokens.usage.prompt_tokens == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_a_response_that_is_cut_short(url: str, stream: bool) -> None:
    async with openai.AsyncOpenAI(base_url=url + "/openai/v1", api_key="x") as client:
        asked: Any = {"model": "gpt-4o", "input": "hi there", "max_output_tokens": 3, "metadata": {"a": "b"}}
        if stream:
            last: Any = [event async for event in await client.responses.create(**asked, stream=True)][-1]
            assert last.type == "response.incomplete"
            answer = last.response
        else:
            answer = await client.responses.create(**asked)
        assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")
        assert (answer.output_text, answer.usage.output_tokens, answer.metadata) == ("You said:", 3, {"a": "b"})


BAD: list[tuple[str, str, str | None, int]] = [
    ("POST", "/v1/chat/completions", "{", 400),
    ("POST", "/v1/chat/completions", "[]", 400),
    ("POST", "/v1/chat/completions", '{"messages": [{"role": "user", "content": "x"}]}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m"}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m", "messages": "x"}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m", "messages": []}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m", "messages": [1], "max_tokens": 0}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m", "messages": [1], "max_tokens": "x"}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m", "messages": [1], "n": 0}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m", "messages": [1], "n": 129}', 400),
    ("POST", "/v1/chat/completions", '{"model": "m", "messages": [1], "stop": [1]}', 400),
    ("POST", "/v1/completions", '{"model": "m", "prompt": 7}', 400),
    ("POST", "/v1/completions", '{"model": "m", "prompt": []}', 400),
    ("POST", "/v1/completions", '{"model": "m", "prompt": ["x", 1]}', 400),
    ("POST", "/v1/embeddings", '{"model": "m", "input": []}', 400),
    ("POST", "/v1/embeddings", '{"model": "m", "input": [{}]}', 400),
    ("POST", "/v1/embeddings", '{"model": "m", "input": "x", "dimensions": 5000}', 400),
    ("POST", "/v1/responses", '{"model": "m"}', 400),
    ("POST", "/v1/responses", '{"model": "m", "input": []}', 400),
    ("POST", "/v1/responses", '{"model": "m", "input": "x", "max_output_tokens": true}', 400),
    ("POST", "/openai/deployments/d/chat/completions", '{"messages": [{"role": "user", "content": "x"}]}', 404),
    ("POST", "/v1/unknown", "{}", 404),
    ("GET", "/v1/chat/completions", None, 405),
    ("POST", "/v1/chat/completions?mock-status=x", '{"model": "m", "messages": [1]}', 400),
    ("POST", "/v1/chat/completions?mock-fault=stauts%3D1", '{"model": "m", "messages": [1]}', 400),
    ("GET", "/v1/models/nothing", None, 404),
    ("GET", "/v1/models?mock-status=503", None, 503),
    ("GET", "/anything?mock-status=204", None, 204),
    ("POST", "/v1/chat/completions?mock-status=503", '{"model": "m", "messages": [1]}', 503),
    ("POST", "/v1/chat/completions", '{"model": "mock-429", "messages": [1]}', 429),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), BAD)
async def test_errors_have_the_shape_of_openai(url: str, method: str, path: str, body: str | None, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, url + path, data=body) as answer:
        assert answer.status == status
        if status == 204:
            assert await answer.read() == b""
            return
        assert set((await answer.json())["error"]) == {"message", "type", "param", "code"}


async def test_rate_limit_fault(url: str) -> None:
    headers = {"x-mock-status": "429", "x-mock-retry-after": "7"}
    async with openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=0, default_headers=headers) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        assert caught.value.response.headers["retry-after"] == "7"
