"""The example AI policy behind a real socket, asked by the real `openai` clients."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai
import pytest
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "examples" / "policies" / "ai-gateway.xml"
CODE = "import sys; from apimpy.cli.serve import serve_command; serve_command(sys.argv[1:])"
MESSAGES: Any = [{"role": "user", "content": "Say it: naïve 日本 🚀"}]
SAID = "You said: Say it: naïve 日本 🚀"


@dataclass
class Served:
    url: str
    admin: str

    def tokens(self) -> dict[tuple[str, str, str], float]:
        """Token counts by team, API and kind."""
        with urllib.request.urlopen(self.admin + "/metrics") as answer:
            text = answer.read().decode()
        return {
            (s.labels["team"], s.labels["api_id"], s.labels["kind"]): s.value
            for family in text_string_to_metric_families(text)
            for s in family.samples
            if s.name == "apimpy_llm_tokens_total" and s.labels["namespace"] == "genai"
        }


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Start `apimpy serve` with the example and a limit of so many tokens a minute."""
    started: list[subprocess.Popen[str]] = []

    def start(limit: int = 60_000, *words: str) -> Served:
        text = POLICY.read_text()
        assert 'tokens-per-minute="60000"' in text
        policy = tmp_path_factory.mktemp("policy") / "ai.xml"
        policy.write_text(text.replace('tokens-per-minute="60000"', f'tokens-per-minute="{limit}"'))
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", CODE, str(policy), "--mock", "--port", "0", "--admin-port", "0"),
                *("--access-log", "off", "--subscription", "red=key-red", "--subscription-header", "api-key", *words),
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=dict(os.environ),
        )
        started.append(process)
        assert process.stdout is not None
        urls = re.findall(r"http://[\d.]+:\d+", process.stdout.readline())
        assert len(urls) == 2
        return Served(*urls)

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0


@pytest.fixture(scope="module")
def served(serve: Callable[..., Served]) -> Served:
    return serve()


CLIENTS = ["OpenAI", "AsyncOpenAI", "AzureOpenAI", "AsyncAzureOpenAI"]


def client(kind: str, served: Served, team: str = "red") -> Any:
    more: dict[str, Any] = {"max_retries": 0, "default_headers": {"x-team": team}}
    if "Azure" in kind:
        more |= {"azure_endpoint": served.url, "api_version": "2024-10-21", "api_key": "key-red"}
    else:
        more |= {"base_url": served.url + "/v1", "api_key": "anything"}
    return getattr(openai, kind)(**more)


async def call(function: Any, **arguments: Any) -> Any:
    """The answer of a sync or async client's method."""
    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        return await function(**arguments)
    return await asyncio.to_thread(lambda: function(**arguments))


async def listed(stream: Any) -> list[Any]:
    if hasattr(stream, "__aiter__"):
        return [item async for item in stream]
    return await asyncio.to_thread(list, stream)


async def close(client: Any) -> None:
    result = client.close()
    if inspect.isawaitable(result):
        await result


@pytest.mark.parametrize("kind", CLIENTS)
async def test_chat(served: Served, kind: str) -> None:
    c = client(kind, served, team=f"chat-{kind}")
    answer = await call(c.chat.completions.with_raw_response.create, model="gpt-4o", messages=MESSAGES)
    parsed = answer.parse()
    assert parsed.choices[0].message.content == SAID
    used = parsed.usage.total_tokens
    assert int(answer.headers["x-consumed-tokens"]) == used
    assert 0 <= int(answer.headers["x-remaining-tokens"]) - (60_000 - used) <= 500  # refills by 1000 a second
    assert answer.headers["x-served-by"] == "apimpy"
    await close(c)


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("include_usage", [True, False])
async def test_stream(served: Served, kind: str, include_usage: bool) -> None:
    """The stream is whole, and its tokens are counted: reported when the caller asked for usage, else estimated."""
    team = f"stream-{kind}-{include_usage}"
    c = client(kind, served, team=team)
    options: Any = {"stream_options": {"include_usage": True}} if include_usage else {}
    stream = await call(c.chat.completions.create, model="gpt-4o", messages=MESSAGES, stream=True, **options)
    chunks = await listed(stream)
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == SAID
    whole = await call(c.chat.completions.create, model="gpt-4o", messages=MESSAGES)
    if include_usage:
        assert chunks[-1].usage == whole.usage
    await close(c)
    await asyncio.sleep(0.05)
    found = served.tokens()
    for kind_of, value in (("prompt", whole.usage.prompt_tokens), ("completion", whole.usage.completion_tokens)):
        assert found[team, "api", kind_of] == 2 * value
    assert found[team, "api", "total"] == 2 * whole.usage.total_tokens


@pytest.mark.parametrize("kind", CLIENTS)
async def test_responses(served: Served, kind: str) -> None:
    """Whole and streamed, with the same text and usage; both are counted."""
    c = client(kind, served, team=f"responses-{kind}")
    asked = MESSAGES[0]["content"]
    whole = await call(c.responses.create, model="gpt-4o", input=asked)
    assert whole.output_text == SAID
    events = await listed(await call(c.responses.create, model="gpt-4o", input=asked, stream=True))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == SAID
    assert events[-1].response.usage == whole.usage
    await close(c)
    await asyncio.sleep(0.05)
    assert served.tokens()[f"responses-{kind}", "api", "total"] == 2 * whole.usage.total_tokens


@pytest.mark.parametrize("kind", CLIENTS)
async def test_embeddings(served: Served, kind: str) -> None:
    c = client(kind, served, team=f"embed-{kind}")
    answer = await call(c.embeddings.create, model="text-embedding-3-small", input=["one two", "three"])
    assert [len(row.embedding) for row in answer.data] == [1536, 1536]
    await close(c)
    assert served.tokens()[f"embed-{kind}", "api", "total"] == answer.usage.total_tokens


@pytest.mark.parametrize("kind", CLIENTS)
async def test_past_the_limit(serve: Callable[..., Served], kind: str) -> None:
    """A caller that has spent its minute gets RateLimitError with the seconds to wait; another team does not."""
    limit = 120
    served = serve(limit)
    c, other = client(kind, served), client(kind, served, team="blue")
    left = limit
    refused = None
    for _ in range(20):
        try:
            answer = await call(c.chat.completions.with_raw_response.create, model="gpt-4o", messages=MESSAGES)
        except openai.RateLimitError as error:
            refused = error
            break
        used = answer.parse().usage.total_tokens
        shown = int(answer.headers["x-remaining-tokens"])
        assert max(0, left - used) <= shown <= max(0, left - used) + 4  # the bucket refills by two a second
        left = shown
    assert refused is not None
    headers, body = refused.response.headers, refused.response.json()
    wait = int(headers["retry-after"])
    assert 1 <= wait <= 60
    assert int(headers["x-remaining-tokens"]) <= left + 4
    assert body == {"statusCode": 429, "message": f"Token limit is exceeded. Try again in {wait} seconds."}
    free = await call(other.chat.completions.with_raw_response.create, model="gpt-4o", messages=MESSAGES)
    assert int(free.headers["x-remaining-tokens"]) == pytest.approx(limit - free.parse().usage.total_tokens, abs=1)
    await close(c)
    await close(other)


async def test_tokens_are_split_by_two_dimensions(serve: Callable[..., Served]) -> None:
    served = serve()
    expected: dict[tuple[str, str, str], float] = {}
    for team, count in (("red", 2), ("blue", 3)):
        c = client("AsyncOpenAI", served, team=team)
        for i in range(count):
            message: Any = [{"role": "user", "content": "word " * (i + 1)}]
            answer = await c.chat.completions.create(model="gpt-4o", messages=message)
            for kind in ("prompt", "completion", "total"):
                key = (team, "api", kind)
                value = answer.usage.total_tokens if kind == "total" else getattr(answer.usage, f"{kind}_tokens")
                expected[key] = expected.get(key, 0) + value
        await c.close()
    found = {k: v for k, v in served.tokens().items() if k[2] in ("prompt", "completion", "total")}
    assert found == expected


async def test_unknown_key_is_401(served: Served) -> None:
    c = openai.AsyncAzureOpenAI(azure_endpoint=served.url, api_version="2024-10-21", api_key="nope", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as caught:
        await c.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert 'name="api-key"' in caught.value.response.headers["www-authenticate"]
    await c.close()


async def test_a_stream_that_the_backend_cuts_is_an_error(served: Served) -> None:
    """Half an answer is not taken for a whole one, and the gateway serves on."""
    c = client("AsyncOpenAI", served)
    stream = await c.chat.completions.create(
        model="gpt-4o", messages=MESSAGES, stream=True, extra_headers={"x-mock-cut": "3"}
    )
    with pytest.raises(Exception, match=r"closed|incomplete|Connection error"):
        await listed(stream)
    assert (await c.chat.completions.create(model="gpt-4o", messages=MESSAGES)).usage.total_tokens > 0
    await c.close()


async def test_a_caller_that_leaves_is_charged_for_what_it_got(served: Served) -> None:
    """Tokens relayed before the caller left are counted, the rest is not."""
    c = client("AsyncOpenAI", served, team="leaver")
    message: Any = [{"role": "user", "content": "word " * 200}]
    stream = await c.chat.completions.create(
        model="gpt-4o", messages=message, stream=True, extra_headers={"x-mock-event-delay": "10"}
    )
    seen = 0
    async for _ in stream:
        seen += 1
        if seen == 20:
            break
    await stream.close()
    await c.close()
    for _ in range(50):
        found = served.tokens()
        if ("leaver", "api", "completion") in found:
            break
        await asyncio.sleep(0.05)
    assert 5 <= found["leaver", "api", "completion"] <= 60
