"""Worked cases of the AI policies besides token limits, over sockets: what is set up, what comes, what the caller gets.

Semantic cache, content safety, token metrics of streams, pools with circuit breakers, retries.
Those of token limits are in `tests/policies/test_llm_vectors.py`.
"""
# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import asyncio
import json
import math
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

PATH = "/openai/deployments/m/chat/completions?api-version=1"
REFUSED = b'{ "statusCode": 403, "message": "Request failed content safety check." }'


@pytest.fixture
def dead() -> Iterator[str]:
    """An address where nobody listens, and nobody else will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


class Clock:
    """The gateway's clock; it moves when it is told to, and when somebody sleeps."""

    def __init__(self, real: Any) -> None:
        self._real, self.time = real, 1_700_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return float(self._real.monotonic())

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class Endpoint:
    """A backend that answers with `answers` in order, then with the last of them; `seen` holds bodies and headers."""

    answer: Callable[[dict[str, Any], int], tuple[int, dict[str, str], bytes]]
    seen: list[tuple[dict[str, Any], Any]] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = json.loads(await request.read() or b"{}")
        self.seen.append((body, request.headers.copy()))
        status, headers, data = self.answer(body, len(self.seen))
        return web.Response(status=status, headers=headers, body=data)


JSON = {"Content-Type": "application/json"}
EVENTS = {"Content-Type": "text/event-stream"}
Serve = Callable[..., Awaitable[tuple[Any, Clock]]]


@pytest.fixture
def serve(tmp_path: Path, configured: Any) -> Serve:
    """A gateway with backends and one policy on everything."""

    async def start(backends: dict[str, Any], sections: dict[str, str], **more: Any) -> tuple[Any, Clock]:
        parts = {"inbound": "", "backend": "<forward-request />", "outbound": "", "on-error": ""} | sections
        inner = "".join(f"<{name}>{text}</{name}>" for name, text in parts.items())
        (tmp_path / "policy.xml").write_text(f"<policies>{inner}</policies>")
        api = {"id": "openai", "path": "", "subscription_required": False, "policy": "policy.xml"}
        file = {"version": 1, "backends": backends, "apis": [api], **more}
        (tmp_path / "gateway.yaml").write_text(json.dumps(file))
        running = await configured(tmp_path / "gateway.yaml")
        assert running.diagnostics == []
        running.gateway.services.clock = clock = Clock(running.gateway.services.clock)
        return running, clock

    return start


async def post(running: Any, body: Any, path: str = PATH, **headers: str) -> tuple[int, Any, bytes, bool]:
    """Status, headers, what came of the body, whether it ended in order."""
    got = b""
    async with (
        aiohttp.ClientSession() as session,
        session.post(running.url + path, json=body, headers=headers) as answer,
    ):
        try:
            async for piece in answer.content.iter_any():
                got += piece
        except aiohttp.ClientPayloadError:
            return answer.status, answer.headers, got, False
        return answer.status, answer.headers, got, True


def prompt(text: str, *before: str) -> dict[str, Any]:
    """A dialogue that ends with this text; `before`: messages, as in `system: be brief`."""
    earlier = [dict(zip(("role", "content"), b.split(": ", 1), strict=True)) for b in before]
    return {"messages": [*earlier, {"role": "user", "content": text}]}


# --- semantic cache ---------------------------------------------------------------------------------------------------

LOOKUP = '<set-backend-service backend-id="model" /><llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embed" embeddings-backend-auth="system-assigned" {} />'
STORE = '<llm-semantic-cache-store duration="60" {} />'
DISTANCES = {"same": 0.0, "at the threshold": 0.05, "beyond it": 0.0501, "far": 1.0}
IGNORED = 'ignore-system-messages="true" max-message-count="2"'

CACHE: dict[str, tuple[str, str, int, list[tuple[dict[str, Any], str]]]] = {
    # attributes of the lookup and of the store, the model's status, and the outcome of each call
    "a distance that is the threshold is near enough": ("", "", 200, [(prompt("same"), "miss"), (prompt("at the threshold"), "hit")]),
    "a distance above it is not": ("", "", 200, [(prompt("same"), "miss"), (prompt("beyond it"), "miss")]),
    "three messages pass by a limit of two": (IGNORED, "", 200, [(prompt("same", "system: s", "user: u", "assistant: a"), "bypass")] * 2),
    "system messages that are ignored do not count": (IGNORED, "", 200, [(prompt("same", "system: s", "assistant: far"), "miss"), (prompt("same", "system: t", "assistant: far"), "hit")]),
    "201 is not kept": ("", "", 201, [(prompt("same"), "miss")] * 2),
    "201 is kept when the policy says so": ("", 'cache-response="true"', 201, [(prompt("same"), "miss"), (prompt("same"), "hit")]),
}  # fmt: skip


def embedding(body: dict[str, Any], _: int) -> tuple[int, dict[str, str], bytes]:
    """A vector with the distance that the last line of the text asks for."""
    cosine = 1 - DISTANCES[body["input"].splitlines()[-1].removeprefix("user: ")]
    vector = [cosine, math.sqrt(1 - cosine * cosine)]
    return 200, JSON, json.dumps({"data": [{"embedding": vector}]}).encode()


@pytest.mark.parametrize("name", CACHE)
async def test_semantic_cache(serve: Serve, backend: Any, name: str) -> None:
    lookup, store, status, calls = CACHE[name]
    model = Endpoint(lambda body, n: (status, JSON, f'{{"choices": [], "number": {n}}}'.encode()))
    embed = await backend(Endpoint(embedding).handle)
    running, _ = await serve(
        {"model": {"url": await backend(model.handle)}, "embed": {"url": embed}},
        {"inbound": LOOKUP.format(lookup), "outbound": STORE.format(store)},
        options={"semantic_cache_headers": True},
        managed_identity={"kind": "static", "token": {"value": "t"}},
    )
    for body, outcome in calls:
        before = len(model.seen)
        got, headers, _, _ = await post(running, body)
        assert (got, headers["X-Semantic-Cache"]) == (status, outcome)
        assert len(model.seen) - before == (outcome != "hit")


async def test_without_embeddings_the_model_answers_and_nothing_is_kept(serve: Serve, backend: Any, dead: str) -> None:
    model = Endpoint(lambda body, n: (200, JSON, b'{"choices": []}'))
    running, _ = await serve(
        {"model": {"url": await backend(model.handle)}, "embed": {"url": dead}},
        {"inbound": LOOKUP.format(""), "outbound": STORE.format("")},
        options={"semantic_cache_headers": True},
        managed_identity={"kind": "static", "token": {"value": "t"}},
    )
    for number in (1, 2):
        status, headers, _, _ = await post(running, prompt("same"))
        assert (status, headers["X-Semantic-Cache"], len(model.seen)) == (200, "error", number)
    assert 'apimpy_cache_lookups_total{api="openai",cache="semantic",outcome="error"} 2.0' in shown(running)


def shown(running: Any) -> str:
    return str(running.gateway.metrics.render().decode())


# --- content safety ---------------------------------------------------------------------------------------------------

SAFETY = '<llm-content-safety backend-id="safety" {}><categories output-type="EightSeverityLevels"><category name="Hate" threshold="4" /></categories></llm-content-safety>'

PROMPTS: dict[str, tuple[int, int, str, int, int]] = {
    # the service's status and severity, the text; the caller's status, and how often the service was asked
    "a service that does not let us in": (401, 0, "hi", 403, 1),
    "the severity of the threshold blocks": (200, 4, "hi", 403, 1),
    "one below it passes": (200, 3, "hi", 200, 1),
    "10,000 characters are looked at": (200, 0, "x" * 10_000, 200, 1),
    "more are refused without asking": (200, 0, "x" * 10_001, 403, 0),
}


@pytest.mark.parametrize("name", PROMPTS)
async def test_content_safety(serve: Serve, backend: Any, name: str) -> None:
    status, severity, text, expected, asked = PROMPTS[name]
    verdict = {"blocklistsMatch": [], "categoriesAnalysis": [{"category": "Hate", "severity": severity}]}
    service = Endpoint(lambda body, n: (status, JSON, json.dumps(verdict).encode()))
    model = Endpoint(lambda body, n: (200, JSON, b'{"choices": []}'))
    running, _ = await serve(
        {"model": {"url": await backend(model.handle)}, "safety": {"url": await backend(service.handle)}},
        {"inbound": '<set-backend-service backend-id="model" />' + SAFETY.format("")},
    )
    got, _, body, _ = await post(running, prompt(text))
    assert (got, len(service.seen), len(model.seen)) == (expected, asked, expected == 200)
    assert expected == 200 or body == REFUSED


async def test_a_stream_ends_before_the_window_that_is_refused(serve: Serve, backend: Any) -> None:
    """The first window has been relayed under status 200; nothing of the second comes, and no end."""
    words = ["clean " * 5, "clean " * 5, "hateful " * 5, "clean " * 5]
    events = [f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': w}}]})}\n\n".encode() for w in words]
    relayed = asyncio.Event()

    async def model(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        out = web.StreamResponse(headers=EVENTS)
        await out.prepare(request)
        await out.write(b"".join(events[:2]))
        await asyncio.wait_for(relayed.wait(), 5)
        await out.write(b"".join(events[2:]) + b"data: [DONE]\n\n")
        return out

    def judge(body: dict[str, Any], _: int) -> tuple[int, dict[str, str], bytes]:
        severity = 6 if "hateful" in body["text"] else 0
        verdict = {"blocklistsMatch": [], "categoriesAnalysis": [{"category": "Hate", "severity": severity}]}
        return 200, JSON, json.dumps(verdict).encode()

    running, _ = await serve(
        {"model": {"url": await backend(model)}, "safety": {"url": await backend(Endpoint(judge).handle)}},
        {"inbound": '<set-backend-service backend-id="model" />', "outbound": SAFETY.format('window-size="40"')},
    )
    got = b""
    async with aiohttp.ClientSession() as session:
        body = {**prompt("hi"), "stream": True}
        async with session.post(running.url + PATH, json=body) as answer:
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):  # noqa: PT012  (what came before is of interest)
                async for piece in answer.content.iter_any():
                    got += piece
                    relayed.set()
    assert got == b"".join(events[:2])


# --- metrics of streams -----------------------------------------------------------------------------------------------

METRIC = '<set-backend-service backend-id="model" /><llm-emit-token-metric namespace="v"><dimension name="API ID" /></llm-emit-token-metric>'


def sse(*events: Any) -> bytes:
    texts = [e if isinstance(e, str) else json.dumps(e) for e in events]
    return "".join(f"data: {text}\n\n" for text in texts).encode()


STREAMS: dict[str, tuple[str, dict[str, Any], bytes, dict[str, int]]] = {
    "a response reports its usage without being asked": (
        "/openai/v1/responses",
        {"model": "m", "input": "hi", "stream": True},
        sse(
            {"type": "response.output_text.delta", "delta": "hello"},
            {"type": "response.completed", "response": {"usage": {"input_tokens": 90, "output_tokens": 80}}},
        ),
        {"prompt": 90, "completion": 80, "total": 170},
    ),
    "a chat that is not asked for usage is estimated": (
        PATH,
        {**prompt("hello"), "stream": True},
        sse({"choices": [{"index": 0, "delta": {"content": "hello hello"}}]}, "[DONE]"),
        {"prompt": 3 + 3 + 1 + 1, "completion": 2, "total": 10},
    ),
}


@pytest.mark.parametrize("name", STREAMS)
async def test_token_metrics_of_streams(serve: Serve, backend: Any, name: str) -> None:
    path, body, stream, expected = STREAMS[name]
    model = Endpoint(lambda body, n: (200, EVENTS, stream))
    running, _ = await serve({"model": {"url": await backend(model.handle)}}, {"inbound": METRIC})
    assert (await post(running, body, path))[2] == stream
    text = shown(running)
    for kind, value in expected.items():
        assert f'apimpy_llm_tokens_total{{api_id="openai",kind="{kind}",namespace="v"}} {value:.1f}' in text


# --- pools, breakers, retries -----------------------------------------------------------------------------------------

ANY = "@(context.Response == null || context.Response.StatusCode == 429 || context.Response.StatusCode &gt;= 500)"
RETRY = '<retry condition="{}" count="2" interval="0"><set-variable name="n" value="@(context.Variables.GetValueOrDefault&lt;int&gt;("n") + 1)" /><forward-request timeout="5" buffer-request-body="true" /></retry>'
SEEN = '<set-header name="X-Attempts"><value>@(context.Variables.GetValueOrDefault&lt;int&gt;("n").ToString())</value></set-header>'
ON_ERROR = (
    SEEN
    + '<set-header name="X-Seen"><value>@(context.LastError.Reason + " " + (context.Response == null ? "null" : context.Response.StatusCode.ToString()))</value></set-header>'
)


BUSY = {
    "name": "busy",
    "failureCondition": {
        "count": 1,
        "interval": "PT1M",
        "statusCodeRanges": [{"min": 429, "max": 429}],
        "errorReasons": ["Server errors"],
    },
    "tripDuration": "PT1M",
    "acceptRetryAfter": True,
}
ORDERED, EVEN = [("a", 1, 1), ("b", 2, 1)], [("a", 1, 50), ("b", 1, 50)]
Call = tuple[float, str]

POOLS: dict[str, tuple[list[tuple[str, int, int]], dict[str, list[tuple[int, str | None]]], list[Call]]] = {
    # members with priority and weight; what they answer (200 after that); and when who has answered, or
    # status, Retry-After and what on-error has seen
    "equal weights take turns": (EVEN, {}, [(0, "a"), (0, "b"), (0, "a"), (0, "b")]),
    "70 to 30": ([("a", 1, 70), ("b", 1, 30)], {}, [(0, who) for who in "abaaabaaba"]),
    "the sixth call moves on, unseen": (
        ORDERED,
        {"a": [(200, None)] * 5 + [(429, None)]},
        [(0, "a")] * 5 + [(0, "b")] * 4 + [(59.9, "b"), (60, "a")],
    ),
    "when both are open the caller waits for the first to close": (
        ORDERED,
        {"a": [(429, "30")], "b": [(200, None), (429, "20")]},
        [(0, "b"), (0, "503 after 20: BackendPoolUnavailable 503"), (5, "503 after 15: BackendPoolUnavailable 503"), (20, "b"), (30, "a")],
    ),
    "a breaker is open for what Retry-After says, not for its own minute": (
        ORDERED,
        {"a": [(429, "7")]},
        [(0, "b"), (6.9, "b"), (7, "a")],
    ),
    "a date in Retry-After": (ORDERED, {"a": [(429, "Tue, 14 Nov 2023 22:13:30 GMT")]}, [(0, "b"), (9.9, "b"), (10, "a")]),
    "server errors beside a range do not count": (ORDERED, {"a": [(500, None)] * 2}, [(0, "a"), (0, "a")]),
}  # fmt: skip


async def pool(
    serve: Serve, urls: dict[str, str], members: list[tuple[str, int, int]], again: str = ANY, **more: Any
) -> Any:
    singles = {name: {"url": urls[name], "circuitBreaker": {"rules": [BUSY]}, **more} for name, _, _ in members}
    services = [{"id": f"/backends/{name}", "priority": p, "weight": w} for name, p, w in members]
    return await serve(
        {**singles, "models": {"type": "Pool", "pool": {"services": services}}},
        {
            "inbound": '<set-backend-service backend-id="models" /><set-header name="Authorization"><value>Bearer of-the-policy</value></set-header>',
            "backend": RETRY.format(again),
            "outbound": SEEN,
            "on-error": ON_ERROR,
        },
        managed_identity={"kind": "static", "token": {"value": "of-the-identity"}},
    )


def planned(name: str, plan: list[tuple[int, str | None]]) -> Endpoint:
    def answer(body: dict[str, Any], number: int) -> tuple[int, dict[str, str], bytes]:
        status, after = plan[number - 1] if number <= len(plan) else (200, None)
        return status, {"X-From": name} | ({"Retry-After": after} if after else {}), b"{}"

    return Endpoint(answer)


@pytest.mark.parametrize("name", POOLS)
async def test_pools_and_breakers(serve: Serve, backend: Any, name: str) -> None:
    members, plans, calls = POOLS[name]
    urls = {member: await backend(planned(member, plans.get(member, [])).handle) for member, _, _ in members}
    running, clock = await pool(serve, urls, members)
    begun = clock.time
    got = []
    for seconds, _ in calls:
        clock.time = begun + seconds
        status, headers, _, _ = await post(running, {})
        refused = f"{status} after {headers.get('Retry-After')}: {headers.get('X-Seen')}"
        got.append((seconds, headers["X-From"] if status == 200 else refused))
    assert got == calls


async def test_a_connection_that_is_refused_does_not_trip_a_breaker_of_statuses(
    serve: Serve, backend: Any, dead: str
) -> None:
    """The condition of the retry sees no response, and every attempt is at the first member."""
    other = planned("b", [])
    running, clock = await pool(
        serve, {"a": dead, "b": await backend(other.handle)}, ORDERED, "@(context.Response == null)"
    )
    status, headers, _, _ = await post(running, {})
    assert (status, headers["X-Attempts"], headers["X-Seen"]) == (500, "3", "BackendConnectionFailure 500")
    assert other.seen == []
    assert running.gateway.services.backends.states(clock.now())[0]["breaker"]["state"] == "closed"


async def test_the_identity_of_a_member_goes_before_what_policies_set(serve: Serve, backend: Any) -> None:
    one = planned("a", [])
    identity = {"credentials": {"managedIdentity": {"resource": "https://cognitiveservices.azure.com"}}}
    running, _ = await pool(serve, {"a": await backend(one.handle)}, [("a", 1, 1)], **identity)
    assert (await post(running, {}, Authorization="Bearer of-the-caller"))[0] == 200
    ((_, headers),) = one.seen
    assert headers.getall("Authorization") == ["Bearer of-the-identity"]


async def test_waits_between_retries(serve: Serve, backend: Any) -> None:
    """About 10, 20, 40, 80, then 100 seconds: a fifth of what is added to the first ten is chance."""
    busy = planned("a", [(429, None)] * 99)
    retry = f'<retry condition="{ANY}" count="6" interval="10" delta="10" max-interval="100"><forward-request buffer-request-body="true" /></retry>'
    running, clock = await serve(
        {"a": {"url": await backend(busy.handle)}},
        {"inbound": '<set-backend-service backend-id="a" />', "backend": retry},
    )
    assert (await post(running, {}))[0] == 429
    assert len(busy.seen) == 7
    for wait, about in zip(clock.slept, (10, 20, 40, 80, 100, 100), strict=True):
        assert abs(wait - about) <= 0.2 * (about - 10), clock.slept
    assert clock.slept[4:] == [100, 100]
