"""The LLM log of a real gateway in front of a model that answers as told."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from mocks import mock_server

from apimpy.gateway.server import Limits
from apimpy.observe import llm_log
from apimpy.tokens.counter import TiktokenCounter

if TYPE_CHECKING:
    from pathlib import Path

GATEWAY = """\
version: 1
gateway: {{region: north}}
options: {options}
named_values: {{hush: {{value: very-secret-value, secret: true}}}}
apis:
  - id: ai
    path: ai
    service_url: "{backend}"
    policy: ai.xml
    subscription_key: {{header: api-key}}
    operations:
      - {{id: chat, name: Chat, method: POST, url_template: "/deployments/{{deployment-id}}/chat/completions"}}
      - {{id: any, name: Any, method: "*", url_template: "/*"}}
products: [{{id: gold, apis: [ai]}}]
users: [{{id: ann}}]
subscriptions: [{{id: red, product: gold, user: ann, keys: key-of-red}}]
llm_log: {{to: llm.jsonl, {log}}}
"""
PASS = "<policies><inbound><base />{inbound}</inbound></policies>"
QUESTION = {
    "model": "gpt-4o",
    "messages": [{"role": "system", "content": "be terse"}, {"role": "user", "content": "?"}],
}
ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {"index": n, "message": {"role": "assistant", "content": text}} for n, text in enumerate(("yes", "no"))
    ],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "total_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 1},
    },
}
KEY = {"api-key": "key-of-red"}


def event(data: Any) -> bytes:
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"


def chunk(text: str) -> bytes:
    return event(
        {"id": "c1", "model": "gpt-4o-mini-x", "choices": [{"index": 0, "delta": {"content": text}}], "usage": None}
    )


def files(folder: Path, backend: str, log: str = "messages: all", inbound: str = "", options: str = "{}") -> Path:
    (folder / "ai.xml").write_text(PASS.format(inbound=inbound))
    path = folder / "gateway.yaml"
    path.write_text(GATEWAY.format(backend=backend, log=log, options=options))
    return path


Start = Any


class Logged:
    """A gateway, and what its log holds once every call has ended."""

    def __init__(self, running: Any, folder: Path) -> None:
        self.running, self._folder = running, folder

    async def ask(
        self, body: Any = QUESTION, path: str = "/ai/v1/chat/completions", headers: Any = KEY
    ) -> tuple[int, bytes]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.running.url + path, data=data, headers=headers) as got,
        ):
            return got.status, await got.read()

    async def rows(self) -> list[dict[str, Any]]:
        while self.running.gateway.metrics.requests.in_flight:
            await asyncio.sleep(0)
        await self.running.gateway._llm_log.aclose()
        file = self._folder / "llm.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
async def logged(configured: Start, backend: Start, tmp_path: Path) -> Start:
    async def start(handler: Any, *args: str, **more: str) -> Logged:
        return Logged(await configured(files(tmp_path, await backend(handler), *args, **more), fill=False), tmp_path)

    return start


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    await request.read()
    return web.json_response(ANSWER)


METER = '<llm-emit-token-metric><dimension name="API ID" /></llm-emit-token-metric>'


@pytest.mark.parametrize("inbound", ["", METER])
async def test_a_call(logged: Start, inbound: str) -> None:
    """All columns; the same with and without a policy that has read the call already."""
    gateway = await logged(answer, inbound=inbound)
    status, data = await gateway.ask(path="/ai/deployments/mine/chat/completions?api-version=2024-06-01")
    assert (status, json.loads(data)) == (200, ANSWER)
    [row] = await gateway.rows()
    assert row.pop("TimeGenerated").endswith("Z")
    assert len(row.pop("CorrelationId")) == 36
    assert 0 < row.pop("TotalTime") < 5000
    assert row.pop("BackendUrl").startswith("http://127.0.0.1:")
    assert row == {
        "OperationName": "Chat",
        "Region": "north",
        "DeploymentName": "mine",
        "ModelName": "gpt-4o-2024-08-06",
        "ApiVersion": "2024-06-01",
        "RequestId": "chatcmpl-1",
        "PromptTokens": 9,
        "CompletionTokens": 2,
        "TotalTokens": 11,
        "CachedTokens": 4,
        "ReasoningTokens": 1,
        "TokenSource": "reported",
        "IsStreamCompletion": False,
        "ApiId": "ai",
        "OperationId": "chat",
        "ProductId": "gold",
        "ApimSubscriptionId": "red",
        "UserId": "ann",
        "ResponseCode": 200,
        "Completed": True,
        "SequenceNumber": 0,
        "RequestMessages": QUESTION["messages"],
        "ResponseMessages": [{"role": "assistant", "content": "yes"}, {"role": "assistant", "content": "no"}],
    }


@pytest.mark.parametrize(
    ("messages", "columns"),
    [
        ("messages: none", set()),
        ("max_bytes: 10", set()),
        ("messages: requests", {"RequestMessages"}),
        ("messages: responses", {"ResponseMessages"}),
    ],
)
async def test_messages_are_written_when_asked_for(logged: Start, messages: str, columns: set[str]) -> None:
    gateway = await logged(answer, messages)
    await gateway.ask()
    [row] = await gateway.rows()
    assert {name for name in row if name.endswith("Messages")} == columns
    assert row["TotalTokens"] == 11


@pytest.mark.parametrize(
    ("path", "body"),
    [("/ai/models", QUESTION), ("/ai/v1/files", QUESTION), ("/nowhere/chat/completions", QUESTION)],
)
async def test_other_requests_are_no_calls(logged: Start, path: str, body: Any) -> None:
    gateway = await logged(answer)
    await gateway.ask(body, path)
    assert await gateway.rows() == []


FINAL = {"id": "c1", "model": "gpt-4o-mini-x", "choices": [], "usage": ANSWER["usage"]}
ANTHROPIC = [
    {"type": "message_start", "message": {"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 5}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
RESPONSES = [
    {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5-x"}},
    {"type": "response.output_text.delta", "output_index": 0, "delta": "hello"},
    {
        "type": "response.completed",
        "response": {"id": "resp_1", "model": "gpt-5-x", "usage": {"input_tokens": 5, "output_tokens": 2}},
    },
]
STREAMED = {**QUESTION, "stream": True}


@pytest.mark.parametrize(
    ("path", "body", "events", "expected"),
    [
        (
            "/ai/v1/chat/completions",
            STREAMED,
            [chunk("hel"), chunk("lo"), event(FINAL), event(b"[DONE]")],
            ("c1", "gpt-4o-mini-x", 9, 2, "reported"),
        ),
        (
            "/ai/v1/messages",
            {**STREAMED, "system": "be terse"},
            [event(data) for data in ANTHROPIC],
            ("msg_1", "claude-x", 5, 2, "reported"),
        ),
        (
            "/ai/v1/responses",
            {"model": "gpt-5", "input": "?", "stream": True},
            [event(data) for data in RESPONSES],
            ("resp_1", "gpt-5-x", 5, 2, "reported"),
        ),
    ],
)
@pytest.mark.parametrize("inbound", ["", METER])
async def test_streams(
    logged: Start, path: str, body: Any, events: list[bytes], expected: tuple[Any, ...], inbound: str
) -> None:
    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await out.prepare(request)
        for piece in events:
            await out.write(piece)
        return out

    gateway = await logged(stream, inbound=inbound)
    assert await gateway.ask(body, path) == (200, b"".join(events))
    [row] = await gateway.rows()
    columns = ("RequestId", "ModelName", "PromptTokens", "CompletionTokens", "TokenSource")
    assert tuple(row.get(name, "") for name in columns) == expected
    assert row["IsStreamCompletion"] is True
    assert row["ResponseMessages"] == [{"role": "assistant", "content": "hello"}]


@pytest.mark.parametrize(("option", "counts"), [("reported", (0, 0, 0, None)), ("estimate", (14, 1, 15, "estimated"))])
async def test_a_stream_without_usage(logged: Start, option: str, counts: tuple[Any, ...]) -> None:
    """The log has no counts, as the platform's, or estimates; metrics have those in any case."""

    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await out.prepare(request)
        await out.write(chunk("hel") + chunk("lo") + event(b"[DONE]"))
        return out

    gateway = await logged(stream, inbound=METER, options=f"{{llm_log_usage: {option}}}")
    assert (await gateway.ask(STREAMED))[0] == 200
    [row] = await gateway.rows()
    assert tuple(row.get(f"{name}Tokens") for name in ("Prompt", "Completion", "Total")) == counts[:3]
    assert row.get("TokenSource") == counts[3]
    assert row["ResponseMessages"] == [{"role": "assistant", "content": "hello"}]
    assert b"} 15.0" in gateway.running.gateway.metrics.render()


async def test_a_caller_that_leaves_is_logged_with_what_it_got(logged: Start) -> None:
    gone = asyncio.Event()

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await out.prepare(request)
            while True:
                await out.write(chunk(" hello"))
                await asyncio.sleep(0)
        finally:
            gone.set()

    gateway = await logged(endless, options="{llm_log_usage: estimate}")
    received = b""
    address = gateway.running.url + "/ai/v1/chat/completions"
    async with aiohttp.ClientSession() as session, session.post(address, json=STREAMED, headers=KEY) as got:
        while received.count(b"hello") < 20:
            received += await got.content.readany()
        got.close()
    await asyncio.wait_for(gone.wait(), 5)
    row, *more = await gateway.rows()
    assert (row["Completed"], row["ResponseCode"], row["TokenSource"]) == (False, 200, "estimated")
    assert row["CompletionTokens"] >= received.count(b"hello")
    text = "".join(m["content"] for r in (row, *more) for m in r["ResponseMessages"])
    assert text.count(" hello") >= received.count(b"hello")
    assert row["LastErrorReason"] == "ClientConnectionFailure"


async def test_a_caller_that_leaves_before_the_answer(logged: Start) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def never(request: web.BaseRequest) -> web.StreamResponse:
        try:
            await request.read()
            asked.set()
            await asyncio.Event().wait()
        finally:
            gone.set()
        raise AssertionError

    gateway = await logged(never)
    call = asyncio.create_task(gateway.ask())
    await asyncio.wait_for(asked.wait(), 5)
    call.cancel()
    await asyncio.wait_for(gone.wait(), 5)
    [row] = await gateway.rows()
    assert (row["Completed"], row["ResponseCode"], row["TotalTokens"]) == (False, 499, 0)
    assert row["RequestMessages"] == QUESTION["messages"]


LIMIT = '<llm-token-limit counter-key="k" token-quota="1" token-quota-period="Yearly" estimate-prompt-tokens="true" />'
RATE = '<rate-limit-by-key calls="0" renewal-period="60" counter-key="k" />'
OTHER = "<return-response><set-body>no model said this</set-body></return-response>"


async def refuse(request: web.BaseRequest) -> web.StreamResponse:
    await request.read()
    return web.json_response({"error": {"message": "busy"}}, status=503)


@pytest.mark.parametrize(
    ("inbound", "headers", "expected"),
    [
        (LIMIT, KEY, (403, "llm-token-limit", "OpenAITokenQuotaExceeded")),
        ("", {}, (401, "authorization", "SubscriptionKeyNotFound")),
        ("", {"api-key": "other"}, (401, "authorization", "SubscriptionKeyInvalid")),
        (
            "<check-header name='x' failed-check-httpcode='400' failed-check-error-message='no' ignore-case='true' />",
            KEY,
            (400, "check-header", "HeaderNotFound"),
        ),
        ("", KEY, (503, None, None)),
        (OTHER, KEY, (200, None, None)),
    ],
)
async def test_refusals_and_failures(logged: Start, inbound: str, headers: Any, expected: tuple[Any, ...]) -> None:
    gateway = await logged(refuse, inbound=inbound)
    status, _ = await gateway.ask(headers=headers)
    [row] = await gateway.rows()
    assert status == expected[0]
    assert (row["ResponseCode"], row.get("LastErrorSource"), row.get("LastErrorReason")) == expected
    assert (row["PromptTokens"], row["CompletionTokens"], row["TotalTokens"]) == (0, 0, 0)
    assert row.get("ResponseMessages", []) == []
    if status != 401:
        assert row["RequestMessages"] == QUESTION["messages"]


async def test_what_must_not_be_shown_is_not_there(logged: Start) -> None:
    log = """messages: all, headers: [x-team, x-api-key], redact: {patterns: ['\\d{16}'],
      paths: ["$.RequestMessages[?(@.role=='system')].content"], headers: [x-user]}"""
    gateway = await logged(answer, log)
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
    text = f"I am ann@home, card 4111111111111111, key key-of-red, {token}, very-secret-value"
    body = {**QUESTION, "messages": [QUESTION["messages"][0], {"role": "user", "content": text}]}
    headers = {**KEY, "x-user": "ann@home", "x-team": "red for ann@home", "x-api-key": "sk-1234567"}
    await gateway.ask(body, headers=headers)
    [row] = await gateway.rows()
    assert row["RequestMessages"] == [
        {"role": "system", "content": "****"},
        {"role": "user", "content": "I am ****, card ****, key ****, ****, ****"},
    ]
    assert row["RequestHeaders"] == {"x-team": "red for ****", "x-api-key": "****"}


async def test_large_texts_are_split_and_bounded(logged: Start) -> None:
    gateway = await logged(answer, "messages: all, max_bytes: 70000")
    await gateway.ask({**QUESTION, "messages": [{"role": "user", "content": "x" * 200_000}]})
    rows = await gateway.rows()
    assert [row["SequenceNumber"] for row in rows] == [0, 1, 2]
    assert [len(row["RequestMessages"][0]["content"]) for row in rows] == [32768, 32768, 4464]
    assert [row.get("TotalTokens") for row in rows] == [11, None, None]
    assert [row.get("DeploymentName") for row in rows] == ["gpt-4o", None, None]
    assert (rows[0]["RequestTruncated"], "ResponseTruncated" in rows[0]) == (True, False)


@pytest.mark.parametrize("length", [True, False])
async def test_bodies_that_are_too_large_to_read_pass_all_the_same(
    configured: Start, backend: Start, tmp_path: Path, length: bool
) -> None:
    """Logging neither refuses nor breaks what it cannot look at."""
    large = json.dumps({**ANSWER, "padding": "y" * 300_000}).encode()
    seen = []

    async def model(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(await request.read())
        if length:
            return web.Response(body=large, content_type="application/json")
        out = web.StreamResponse(headers={"Content-Type": "application/json"})
        await out.prepare(request)
        for at in range(0, len(large), 70_000):
            await out.write(large[at : at + 70_000])
        return out

    path = files(tmp_path, await backend(model), options="{max_buffered_body: 1500}")
    gateway = Logged(await configured(path, fill=False), tmp_path)
    data = json.dumps({**QUESTION, "padding": "z" * 300_000}).encode()

    async def pieces() -> Any:
        for at in range(0, len(data), 70_000):
            yield data[at : at + 70_000]
            await asyncio.sleep(0)

    address = gateway.running.url + "/ai/v1/chat/completions"
    sent = data if length else pieces()
    async with aiohttp.ClientSession() as session, session.post(address, data=sent, headers=KEY) as got:
        assert (got.status, await got.read()) == (200, large)
    assert seen == [data]
    [row] = await gateway.rows()
    assert (row["ResponseCode"], row["TotalTokens"], "RequestMessages" in row) == (200, 0, False)


@pytest.mark.parametrize("body", [b"no JSON", b"[1]", b'{"model": "gpt-4o"}', b""])
async def test_what_only_looks_like_a_call(logged: Start, body: bytes) -> None:
    """A path promises a call and the body is none: the record says what is known."""
    gateway = await logged(refuse)
    assert (await gateway.ask(body))[0] == 503
    [row] = await gateway.rows()
    assert (row["DeploymentName"], row["ResponseCode"], "RequestMessages" in row) == ("", 503, False)


@pytest.mark.parametrize("inbound", ["", METER])
async def test_an_upload_that_grows_too_large_is_refused_as_ever(
    configured: Start, backend: Start, tmp_path: Path, inbound: str
) -> None:
    path = files(tmp_path, await backend(answer), inbound=inbound)
    running = await configured(path, fill=False, limits=Limits(body=1000))

    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 500
            await asyncio.sleep(0)

    address = running.url + "/ai/v1/chat/completions"
    async with aiohttp.ClientSession() as session:
        with contextlib.suppress(aiohttp.ClientOSError):  # it may be cut off while it sends
            async with session.post(address, data=endless(), headers=KEY) as got:
                assert got.status == 413
    [row] = await Logged(running, tmp_path).rows()
    assert (row["ResponseCode"], row["TotalTokens"]) == (413, 0)


async def test_a_compressed_answer_is_read(logged: Start) -> None:
    async def compressed(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        assert "br" not in request.headers["Accept-Encoding"]
        body = gzip.compress(json.dumps(ANSWER).encode())
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=body, headers=headers)

    gateway = await logged(compressed)
    await gateway.ask(headers={**KEY, "Accept-Encoding": "gzip, br"})
    [row] = await gateway.rows()
    assert (row["ResponseMessages"][0]["content"], row["TotalTokens"]) == ("yes", 11)


async def test_when_too_much_waits_messages_go_first(logged: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_log, "_WAITING_BYTES", 150)
    gateway = await logged(answer)
    for _ in range(3):
        await gateway.ask()
    rows = await gateway.rows()
    assert [row["TotalTokens"] for row in rows] == [11, 11, 11]
    assert [row.get("RequestTruncated", False) for row in rows] == [False, True, True]


CACHED = """<llm-semantic-cache-lookup score-threshold="0.1" embeddings-backend-id="embed"
  embeddings-backend-auth="system-assigned" /></inbound><outbound><llm-semantic-cache-store duration="60" /></outbound>
<inbound>"""


@pytest.mark.parametrize("stream", [False, True])
async def test_hits_of_the_semantic_cache(configured: Start, tmp_path: Path, stream: bool) -> None:
    """They cost nothing and have the messages that the caller got."""
    async with mock_server(TiktokenCounter()) as mock:
        path = files(tmp_path, mock.url, inbound="{}")
        policy = (tmp_path / "ai.xml").read_text().replace("{}", CACHED).replace("<inbound></inbound>", "")
        (tmp_path / "ai.xml").write_text(policy)
        path.write_text(
            path.read_text()
            + f"backends: {{embed: {{url: {mock.url}/openai/deployments/text-embedding-3-small/embeddings}}}}\n"
            + "managed_identity: {kind: static, token: t}\n"
        )
        gateway = Logged(await configured(path, fill=False), tmp_path)
        body = {**QUESTION, "stream": stream, **({"stream_options": {"include_usage": True}} if stream else {})}
        assert [(await gateway.ask(body, "/ai/v1/chat/completions?api-version=1"))[0] for _ in range(2)] == [200, 200]
        first, hit = await gateway.rows()
    assert (first.get("Cache"), hit["Cache"], "BackendUrl" in first, "BackendUrl" in hit) == (
        None,
        "semantic",
        True,
        False,
    )
    assert first["TotalTokens"] > hit["TotalTokens"] == 0
    assert first["ResponseMessages"][0]["content"]
    for column in ("RequestMessages", "ResponseMessages", "DeploymentName", "IsStreamCompletion"):
        assert hit[column] == first[column]


async def test_off_is_off(configured: Start, backend: Start, tmp_path: Path) -> None:
    path = files(tmp_path, await backend(answer))
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("llm_log")))
    running = await configured(path, fill=False)
    assert running.gateway._llm_log is None
