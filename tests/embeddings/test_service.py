"""What the endpoint says, over a model that is easy to foresee; the client is OpenAI's own."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import openai
import pytest
from aiohttp import web

from apimpy.embeddings.service import embeddings_application


class Lengths:
    """A model that knows how many letters and words a text has."""

    name, size, longest = "lengths", 2, 8

    def tokens(self, text: str) -> int:
        return len(text.split()) + 2

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[float(len(text)), float(len(text.split()))] for text in texts]


@pytest.fixture
async def url() -> AsyncIterator[str]:
    runner = web.AppRunner(embeddings_application(Lengths()))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("form", ["float", "base64", openai.NOT_GIVEN])
async def test_vectors(url: str, form: Any) -> None:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        one = await client.embeddings.create(model="mine", input="how are you", encoding_format=form)
        two = await client.embeddings.create(
            model="mine", input=["hi", "how are you"], encoding_format=form, dimensions=2
        )
    vectors = [row.embedding for answer in (one, two) for row in answer.data]
    if form != "base64":
        assert vectors == [[11, 3], [2, 1], [11, 3]]
    else:
        assert vectors == ["AAAwQQAAQEA=", "AAAAQAAAgD8=", "AAAwQQAAQEA="]
    assert [(a.model, a.usage.prompt_tokens, a.usage.total_tokens) for a in (one, two)] == [
        ("mine", 5, 5),
        ("mine", 8, 8),
    ]
    assert [row.index for row in two.data] == [0, 1]


async def test_an_azure_deployment(url: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/openai/deployments/e/embeddings?api-version=1", json={"input": "hi"}) as answer,
    ):
        assert answer.content_type == "application/json"
        assert (await answer.json())["model"] == "lengths"


@pytest.mark.parametrize(
    ("body", "param", "text"),
    [
        ("{", None, "The body is not JSON"),
        ("[]", None, "not a JSON object"),
        ("{}", "input", "must be a text or a list of texts"),
        ('{"input": ""}', "input", "must be a text or a list of texts"),
        ('{"input": []}', "input", "must be a text or a list of texts"),
        ('{"input": [1, 2]}', "input", "must be a text or a list of texts"),
        ('{"input": ["a", 1]}', "input", "must be a text or a list of texts"),
        ('{"input": [' + '"a",' * 2048 + '"a"]}', "input", "more than 2048"),
        ('{"input": "a", "dimensions": 3}', "dimensions", "vectors have 2 numbers"),
        ('{"input": "a", "encoding_format": "hex"}', "encoding_format", "float or base64"),
        ('{"input": ["a", "a b c d e f g"]}', "input", "maximum context length is 8 tokens, however input 1 has 9"),
    ],
)
async def test_refusals(url: str, body: str, param: str | None, text: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/embeddings", data=body) as answer,
    ):
        error = (await answer.json())["error"]
    assert (answer.status, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert text in error["message"]


async def test_too_much_and_elsewhere(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{url}/v1/embeddings", data=io.BytesIO(bytes(9 << 20))) as answer:
            assert answer.status == 413
        async with session.post(f"{url}/v1/chat/completions") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (404, "unknown_url")
