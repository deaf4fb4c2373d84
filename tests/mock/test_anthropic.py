"""The Messages API, over plain HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

if TYPE_CHECKING:
    from mocks import Mock

VERSION = {"anthropic-version": "2023-06-01"}
MESSAGE = {"role": "user", "content": [{"type": "text", "text": "one two three"}]}
BODY: dict[str, Any] = {"model": "claude-sonnet-5", "max_tokens": 100, "messages": [MESSAGE]}


async def post(mock: Mock, body: Any, path: str = "/v1/messages", **headers: str) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(mock.url + path, json=body, headers={**VERSION, **headers}) as answer,
    ):
        return answer.status, await answer.json()


ENDINGS: list[tuple[dict[str, Any], str, str, str | None, int]] = [
    ({}, "You said: one two three", "end_turn", None, 6),
    ({"max_tokens": 3}, "You said:", "max_tokens", None, 3),
    ({"stop_sequences": ["three", " two"]}, "You said: one", "stop_sequence", " two", 4),
    ({"stop_sequences": ["three"], "max_tokens": 3}, "You said:", "max_tokens", None, 3),
]


@pytest.mark.parametrize("path", ["/v1/messages", "/anthropic/v1/messages"])
@pytest.mark.parametrize(("more", "text", "reason", "stop", "tokens"), ENDINGS)
async def test_a_message(
    mock: Mock, path: str, more: dict[str, Any], text: str, reason: str, stop: str | None, tokens: int
) -> None:
    status, answer = await post(mock, {**BODY, **more}, path)
    assert (status, answer["type"], answer["role"]) == (200, "message", "assistant")
    assert answer["content"] == [{"type": "text", "text": text}]
    assert (answer["stop_reason"], answer["stop_sequence"]) == (reason, stop)
    assert answer["usage"]["output_tokens"] == tokens


@pytest.mark.parametrize(("more", "text", "reason", "stop", "tokens"), ENDINGS)
async def test_a_stream_says_the_same(
    mock: Mock, more: dict[str, Any], text: str, reason: str, stop: str | None, tokens: int
) -> None:
    """The events come in the order of the API, each named, and end without [DONE]."""
    _, whole = await post(mock, {**BODY, **more})
    body = {**BODY, **more, "stream": True}
    async with (
        aiohttp.ClientSession() as session,
        session.post(mock.url + "/v1/messages", json=body, headers=VERSION) as answer,
    ):
        parts = [part.split("\n") for part in (await answer.text()).strip().split("\n\n")]
    events = [json.loads(data.removeprefix("data: ")) for _, data in parts]
    assert [name for name, _ in parts] == [f"event: {event['type']}" for event in events]
    deltas = [e["delta"]["text"] for e in events if e["type"] == "content_block_delta"]
    order = ["message_start", "content_block_start", "ping", *["content_block_delta"] * len(deltas)]
    assert [e["type"] for e in events] == [*order, "content_block_stop", "message_delta", "message_stop"]
    assert "".join(deltas) == text
    assert events[0]["message"]["usage"]["input_tokens"] == whole["usage"]["input_tokens"]
    assert events[-2]["delta"] == {"stop_reason": reason, "stop_sequence": stop}
    assert events[-2]["usage"]["output_tokens"] == tokens


async def test_count_tokens_counts_what_a_message_costs(mock: Mock) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    system = [{"type": "text", "text": "Be brief."}]
    body = {**BODY, "system": system, "messages": [{"role": "user", "content": [image, *MESSAGE["content"]]}]}
    _, answer = await post(mock, body)
    del body["max_tokens"]
    _, counted = await post(mock, body, "/v1/messages/count_tokens")
    assert counted == {"input_tokens": answer["usage"]["input_tokens"]}
    assert counted["input_tokens"] > 1200


WRONG: list[tuple[Any, dict[str, str], int, str]] = [
    ({**BODY, "max_tokens": None}, {}, 400, "invalid_request_error"),
    ({**BODY, "max_tokens": 0}, {}, 400, "invalid_request_error"),
    ({**BODY, "messages": []}, {}, 400, "invalid_request_error"),
    ({**BODY, "model": None}, {}, 400, "invalid_request_error"),
    ({**BODY, "stop_sequences": 1}, {}, 400, "invalid_request_error"),
    (BODY, {"anthropic-version": ""}, 400, "invalid_request_error"),
    (BODY, {"x-mock-status": "429"}, 429, "rate_limit_error"),
    (BODY, {"x-mock-status": "529"}, 529, "overloaded_error"),
    (BODY, {"x-mock-status": "503"}, 503, "api_error"),
]


@pytest.mark.parametrize(("body", "headers", "status", "kind"), WRONG)
async def test_errors_have_the_shape_of_anthropic(
    mock: Mock, body: Any, headers: dict[str, str], status: int, kind: str
) -> None:
    got, answer = await post(mock, body, **headers)
    assert (got, answer["type"], answer["error"]["type"]) == (status, "error", kind)
    assert answer["error"]["message"]


async def test_the_models_in_both_shapes(mock: Mock) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(mock.url + "/v1/models", headers=VERSION) as answer:
            ours = await answer.json()
        async with session.get(mock.url + "/v1/models") as answer:
            theirs = await answer.json()
    assert [m["id"] for m in ours["data"]] == [m["id"] for m in theirs["data"]]
    assert {m["type"] for m in ours["data"]} == {"model"}
    assert ours["last_id"] == ours["data"][-1]["id"]
