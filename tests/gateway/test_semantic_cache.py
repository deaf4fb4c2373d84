"""The semantic cache in front of real model endpoints (mocks with deterministic embeddings), over sockets."""
# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
from mocks import Mock, mock_server

from apimpy.tokens.counter import TiktokenCounter

POLICY = """<policies>
  <inbound>
    <base />
    <azure-openai-semantic-cache-lookup score-threshold="{threshold}" embeddings-backend-id="embed" embeddings-backend-auth="system-assigned" {more}>
      <vary-by>@(context.Request.Headers.GetValueOrDefault("X-Tenant", ""))</vary-by>
      <vary-by>@(context.Request.Headers.GetValueOrDefault("X-Group", ""))</vary-by>
    </azure-openai-semantic-cache-lookup>
    <set-header name="X-Inbound" exists-action="override"><value>ran</value></set-header>
  </inbound>
  <backend><base /></backend>
  <outbound>
    <base />
    <set-header name="X-Before" exists-action="override"><value>@(context.RequestId.ToString())</value></set-header>
    <azure-openai-semantic-cache-store duration="60" {store} />
    <set-header name="X-After" exists-action="override"><value>@(context.RequestId.ToString())</value></set-header>
  </outbound>
  <on-error><base /></on-error>
</policies>"""
FILE = """version: 1
options: {{semantic_cache_headers: true}}
managed_identity: {{kind: static, token: {{value: identity-token}}}}
backends:
  embed: {{url: {embed}/openai/deployments/text-embedding-3-small/embeddings}}
apis: [{{id: openai, path: openai, service_url: {model}/openai, subscription_required: false, policy: policy.xml}}]
"""
PATH = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
HOW = "How do I reset the password of my account?"
LIKE = "How do I reset my account password?"
OTHER = "What is the capital of France?"

Start = Callable[..., Awaitable[Any]]


@pytest.fixture
async def mocks() -> AsyncIterator[tuple[Mock, Mock]]:
    """The model and the embeddings endpoint."""
    counter = TiktokenCounter()
    async with mock_server(counter) as model, mock_server(counter) as embed:
        yield model, embed


@pytest.fixture
def start(tmp_path: Path, configured: Any, mocks: tuple[Mock, Mock]) -> Start:
    async def run(threshold: float = 0.2, more: str = "", store: str = "", file: str = FILE) -> Any:
        (tmp_path / "policy.xml").write_text(POLICY.format(threshold=threshold, more=more, store=store))
        (tmp_path / "gateway.yaml").write_text(file.format(model=mocks[0].url, embed=mocks[1].url))
        running = await configured(tmp_path / "gateway.yaml")
        assert running.diagnostics == []
        return running

    return run


async def ask(
    running: Any, text: str = HOW, body: dict[str, Any] | None = None, path: str = PATH, **headers: str
) -> Any:
    """Outcome, status, headers, body."""
    sent = {"messages": [{"role": "user", "content": text}]} | (body or {})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as session, session.post(running.url + path, json=sent, headers=named) as answer:
        return answer.headers.get("X-Semantic-Cache"), answer.status, answer.headers, await answer.read()


async def test_a_prompt_that_means_the_same(start: Start, mocks: tuple[Mock, Mock]) -> None:
    running = await start()
    outcome, _, first, body = await ask(running)
    assert outcome == "miss"
    outcome, status, headers, again = await ask(running)
    assert (outcome, status, again) == ("hit", 200, body)
    assert headers["X-Semantic-Cache-Distance"] == "0.000000"
    assert headers["X-Before"] == first["X-Before"], "what stands before the store is in the copy"
    assert headers["X-After"] != first["X-After"], "what stands after it runs again"
    assert (await ask(running, LIKE))[0] == "hit"
    assert (await ask(running, OTHER))[0] == "miss"
    assert len(await mocks[0].requests()) == 2
    assert (
        'apimpy_cache_lookups_total{api="openai",cache="semantic",outcome="hit"} 2.0'
        in running.gateway.metrics.render().decode()
    )


async def test_the_threshold(start: Start) -> None:
    running = await start(threshold=0.0)
    await ask(running)
    assert (await ask(running))[0] == "hit"
    outcome, _, headers, _ = await ask(running, LIKE)
    assert outcome == "miss"
    assert 0.0 < float(headers["X-Semantic-Cache-Distance"]) < 0.2


async def test_how_the_embedding_is_asked_for(
    tmp_path: Path, configured: Any, start: Start, mocks: tuple[Mock, Mock], backend: Any
) -> None:
    from aiohttp import web

    seen: list[tuple[str, dict[str, str], Any]] = []

    async def embed(request: web.BaseRequest) -> web.StreamResponse:
        seen.append((request.path_qs, dict(request.headers), json.loads(await request.read())))
        return web.json_response({"data": [{"embedding": [1, 0, 0]}]})

    url = await backend(embed)
    running = await start(file=FILE.replace("{embed}", url), more='ignore-system-messages="true"')
    system = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        ]
    }
    await ask(running, body=system, Authorization="Bearer the-caller", Accept_Encoding="gzip")
    ((target, headers, sent),) = seen
    assert target == "/openai/deployments/text-embedding-3-small/embeddings?api-version=2024-10-21"
    assert headers["Authorization"] == "Bearer identity-token"
    assert sent == {"input": "user: a\nb"}
    assert set(headers) == {"Host", "Content-Type", "Authorization", "Content-Length"}


TENANTS = [("A", ""), ("a", ""), ("", "A"), ("x,y", ""), ("x", "y"), ("", ""), ("x", ",y"), ("é", "")]


async def test_partitions_never_leak(start: Start) -> None:
    running = await start()
    for tenant, group in TENANTS:
        assert (await ask(running, X_Tenant=tenant, X_Group=group))[0] == "miss", (tenant, group)
    for tenant, group in TENANTS:
        assert (await ask(running, X_Tenant=tenant, X_Group=group))[0] == "hit", (tenant, group)


@pytest.mark.parametrize(
    "body",
    [
        {"stream": True},
        {"response_format": {"type": "json_object"}},
        {"n": 2},
        {"max_tokens": 5},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"messages": [{"role": "system", "content": "You are a pirate."}, {"role": "user", "content": HOW}]},
    ],
)
async def test_what_shapes_an_answer_keeps_calls_apart(start: Start, body: dict[str, Any]) -> None:
    running = await start(threshold=0.01)
    assert (await ask(running))[0] == "miss"
    assert (await ask(running, body=body))[0] == "miss"
    assert (await ask(running, path=PATH.replace("gpt-4o", "gpt-4o-mini")))[0] == "miss"
    assert (await ask(running))[0] == "hit"


@pytest.mark.parametrize(
    ("body", "path", "more"),
    [
        ({"input": "x"}, "/openai/deployments/e/embeddings?api-version=1", ""),
        ({"input": "x", "previous_response_id": "r1", "model": "gpt-4o"}, "/openai/v1/responses", ""),
        ({"messages": [{"role": "user", "content": "a"}] * 3}, PATH, 'max-message-count="2"'),
        ({"messages": []}, PATH, ""),
        ({"x": 1}, "/openai/other", ""),
    ],
)
async def test_calls_that_pass_by(start: Start, body: dict[str, Any], path: str, more: str) -> None:
    running = await start(more=more)
    for _ in range(2):
        if "messages" not in body:
            async with aiohttp.ClientSession() as session, session.post(running.url + path, json=body) as answer:
                assert answer.headers["X-Semantic-Cache"] == "bypass"
        else:
            assert (await ask(running, body=body, path=path))[0] == "bypass"


async def test_system_messages_do_not_count_when_they_are_ignored(start: Start) -> None:
    running = await start(more='max-message-count="1" ignore-system-messages="true"')
    body = {
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "developer", "content": "d"},
            {"role": "user", "content": "u"},
        ]
    }
    assert (await ask(running, body=body))[0] == "miss"


async def test_streams(start: Start) -> None:
    running = await start()
    outcome, _, _, body = await ask(running, body={"stream": True})
    assert outcome == "miss"
    assert body.endswith(b"data: [DONE]\n\n")
    outcome, _, headers, again = await ask(running, body={"stream": True})
    assert (outcome, headers["Content-Type"].partition(";")[0], again) == ("hit", "text/event-stream", body)
    client = openai.AsyncAzureOpenAI(azure_endpoint=running.url, api_key="k", api_version="2024-10-21")
    async with client:
        stream = await client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": HOW}], stream=True
        )
        text = "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])
    assert text


@pytest.mark.parametrize("fault", ["cut=2", "malformed"])
async def test_only_whole_streams_are_kept(start: Start, mocks: tuple[Mock, Mock], fault: str) -> None:
    running = await start()
    await mocks[0].set_faults(f"{fault},calls=1")
    try:
        await ask(running, body={"stream": True})
    except aiohttp.ClientError:
        assert fault == "cut=2"
    assert (await ask(running, body={"stream": True}))[0] == "miss"
    assert (await ask(running, body={"stream": True}))[0] == "hit"


@pytest.mark.parametrize(
    ("store", "status", "outcome"),
    [("", 500, "miss"), ('cache-response="true"', 429, "hit"), ('cache-response="false"', 200, "miss")],
)
async def test_which_answers_are_kept(
    start: Start, mocks: tuple[Mock, Mock], store: str, status: int, outcome: str
) -> None:
    running = await start(store=store)
    if status != 200:
        await mocks[0].set_faults(f"status={status},calls=1")
    assert (await ask(running))[1] == status
    assert (await ask(running))[0] == outcome


async def test_failures_are_silent_misses(start: Start, mocks: tuple[Mock, Mock]) -> None:
    running = await start()
    await mocks[1].set_faults("status=500,calls=1", "reset,calls=2")
    for _ in range(2):
        outcome, status, _, _ = await ask(running)
        assert (outcome, status) == ("error", 200)
    assert (await ask(running))[0] == "miss", "nothing was kept without an embedding"
    text = running.gateway.metrics.render().decode()
    assert 'outcome="error"} 2.0' in text


async def test_what_belongs_to_one_caller_is_not_kept(start: Start, mocks: tuple[Mock, Mock], backend: Any) -> None:
    from aiohttp import web

    async def model(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        assert request.headers.get("Accept-Encoding", "identity") == "identity"
        headers = {"Set-Cookie": "a=1", "x-ratelimit-remaining-tokens": "5", "apim-request-id": "r", "X-Kept": "1"}
        return web.json_response({"choices": []}, headers=headers)

    url = await backend(model)
    running = await start(file=FILE.replace("{model}", url))
    await ask(running)
    outcome, _, headers, body = await ask(running)
    assert (outcome, headers["X-Kept"], body) == ("hit", "1", b'{"choices": []}')
    assert not {"Set-Cookie", "x-ratelimit-remaining-tokens", "apim-request-id"} & set(headers)


async def test_headers_are_off_by_default(start: Start) -> None:
    running = await start(file=FILE.replace("options: {{semantic_cache_headers: true}}\n", ""))
    outcome, _, headers, _ = await ask(running)
    assert (outcome, headers.get("X-Semantic-Cache-Distance")) == (None, None)


async def test_an_unknown_backend_is_an_error_at_load(tmp_path: Path) -> None:
    from apimpy.gateway.config import ServeConfig
    from apimpy.gateway.load import load_configuration

    (tmp_path / "policy.xml").write_text(POLICY.format(threshold=0.1, more="", store=""))
    text = FILE.format(model="http://h", embed="http://h").replace("  embed:", "  other:")
    (tmp_path / "gateway.yaml").write_text(text)
    found = load_configuration(ServeConfig(tmp_path / "gateway.yaml"), {})
    assert [d.code for d in found.diagnostics] == ["CFG008"]
