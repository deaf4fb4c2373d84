"""Streams that pass a limit: ended by events that the model's own clients understand, or not, as the option says."""

import json
import sys

import openai.types.chat as openai_chat
import openai.types.completion
import openai.types.responses as openai_responses
import pytest

from apimpy.policies._llm.ending import frame
from apimpy.policies._llm.stream import FrameReader, SseReader
from apimpy.policies._llm.usage import Usage
from apimpy.runtime.ports import StoreUnavailable

L = sys.modules["llm_kit"]
CHAT = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "system_fingerprint": "f"}
RESPONSE = {
    "id": "r1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "output": [],
    "status": "in_progress",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}


def chat(text, index=0):
    return {**CHAT, "choices": [{"index": index, "delta": {"content": text}, "finish_reason": None}]}


def said(text, number=1):
    return {
        "type": "response.output_text.delta",
        "delta": text,
        "sequence_number": number,
        "output_index": 0,
        "content_index": 0,
        "item_id": "i",
        "logprobs": [],
    }


def block(text):
    return {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": text}}


def begun(kind):
    return {
        "responses": [{"type": "response.created", "response": RESPONSE, "sequence_number": 0}],
        "anthropic": [
            {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        ],
        "bedrock": [{"messageStart": {"role": "assistant"}}],
    }.get(kind, [])


def piece(kind, text):
    return {
        "chat": chat(text),
        "completion": {
            "id": "c1",
            "object": "text_completion",
            "created": 1,
            "model": "m",
            "choices": [{"text": text}],
        },
        "responses": said(text),
        "anthropic": block(text),
        "gemini": {"candidates": [{"content": {"parts": [{"text": text}]}, "index": 0}], "modelVersion": "g"},
        "bedrock": {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": text}}},
    }[kind]


def chunks_of(kind, *texts):
    events = [*begun(kind), *(piece(kind, text) for text in texts)]
    if kind == "bedrock":
        return [frame(name, content) for e in events for name, content in e.items()]
    named = (f"event: {e['type']}\n" if kind in ("responses", "anthropic") else "" for e in events)
    return [f"{n}data: {json.dumps(e)}\n\n".encode() for n, e in zip(named, events, strict=True)]


SHAPES = {
    "chat": (L.URL, L.STREAMED),
    "completion": ("http://gw.test/v1/completions", {"prompt": "hi", "stream": True}),
    "responses": ("http://gw.test/v1/responses", {"input": "hi", "stream": True}),
    "anthropic": ("http://gw.test/v1/messages", {**L.STREAMED, "system": "s"}),
    "gemini": (
        "http://gw.test/v1beta/models/g:streamGenerateContent?alt=sse",
        {"contents": [{"parts": [{"text": "hi"}]}]},
    ),
    "bedrock": (
        "http://gw.test/model/b/converse-stream",
        {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
    ),
}


def objects(data):
    """The data of server-sent events; [DONE] is a text."""
    texts = [line[6:] for e in data.decode().split("\n\n") for line in e.split("\n") if line.startswith("data: ")]
    return [t if t == "[DONE]" else json.loads(t) for t in texts]


async def cut(h, kit, kind, tokens, *texts, cutting=True, **options):
    h.options(cut_streams=cutting, **options)
    url, body = SHAPES[kind]
    chunks = chunks_of(kind, *texts)
    source = kit.Stream(*chunks)
    content = "application/vnd.amazon.eventstream" if kind == "bedrock" else "text/event-stream"
    h.transport.answers = [lambda r: kit.reply(200, b"", [("Content-Type", content)], source)]
    ex = await L.call(h, kit, L.limit(tokens), body, url=url)
    return ex, source, b"".join(chunks)


def ends_well(kind, data):
    """Whether the end is what a client of that API waits for."""
    if kind == "bedrock":
        reader = FrameReader("bedrock")
        reader.feed(data)
        return reader.transcript.ended and reader.transcript.opened is None and reader.transcript.final
    *_, before, last = objects(data)
    if kind == "chat":
        chunk = openai_chat.ChatCompletionChunk.model_validate(before, strict=True)
        return last == "[DONE]" and (chunk.id, chunk.choices[0].finish_reason) == ("c1", "length")
    if kind == "completion":
        completion = openai.types.completion.Completion.model_validate({"usage": None, **before})
        return last == "[DONE]" and completion.choices[0].finish_reason == "length"
    if kind == "responses":
        event = openai_responses.ResponseIncompleteEvent.model_validate(last)
        details = event.response.incomplete_details
        return (event.response.id, event.sequence_number, details and details.reason) == ("r1", 2, "max_output_tokens")
    if kind == "anthropic":
        stop, delta, end = objects(data)[-3:]
        return (stop, delta["delta"]["stop_reason"], end) == (
            {"type": "content_block_stop", "index": 1},
            "max_tokens",
            {"type": "message_stop"},
        )
    return last["candidates"][0]["finishReason"] == "MAX_TOKENS" and last["usageMetadata"]["totalTokenCount"] > 0


@pytest.mark.parametrize("kind", SHAPES)
async def test_a_stream_is_ended(h, kit, kind):
    ex, source, whole = await cut(h, kit, kind, 60, *["x" * 20] * 10)
    kept = max(n for n in range(len(whole)) if whole[:n] == h.out[:n])
    assert 1 < whole[:kept].count(b"x" * 20) <= 4
    assert ends_well(kind, h.out)
    assert source.closed
    assert any("passed the limit" in note for note in ex.notes)
    assert int(await L.left(h, kit, 1000, key="other")) == 1000
    assert (await L.call(h, kit, L.limit(60))).response.status == 429


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize(("tokens", "cutting"), [(60, False), (1000, True)], ids=["off", "below the limit"])
async def test_a_stream_is_left_alone(h, kit, kind, tokens, cutting):
    _, _, whole = await cut(h, kit, kind, tokens, *["x" * 20] * 10, cutting=cutting)
    assert h.out == whole


async def test_what_was_relayed_is_charged(h, kit):
    await cut(h, kit, "chat", 60, *["x" * 20] * 10, rate_algorithm="sliding")
    relayed = sum(len(c["delta"].get("content", "")) for e in objects(h.out)[:-1] for c in e["choices"])
    assert await L.left(h, kit, 1000) == str(1000 - L.ESTIMATE - relayed)


async def test_a_reservation_is_used_up_first(h, kit):
    """Others may have spent the rest meanwhile: what was reserved can be streamed."""
    h.options(cut_streams=True, reserve_completion=True)
    source = kit.Stream(*chunks_of("chat", *["x" * 10] * 12))
    h.transport.answers = [lambda r: kit.reply(200, b"", [("Content-Type", "text/event-stream")], source)]
    ex = await L.call(h, kit, L.limit(120), {**L.STREAMED, "max_tokens": 100}, finish=False)
    other = await h.run(kit.policies(inbound=L.limit(120)), method="POST", url=L.URL, body=b"no call")
    assert other.response.status == 200
    await h.services.token_store.settle(other.hooks[0].limits, 500, 0, h.clock.time, h.clock.time)
    await h.finish(ex)
    assert len(objects(h.out)) == 11 + 2, "the eleventh piece passes the hundred that were reserved"


async def test_quotas_end_streams_when_they_are_passed(h, kit):
    h.options(cut_streams=True)
    h.transport.answers = [L.streamed(kit, chunks_of("chat", *["x"] * 50))]
    await L.call(h, kit, L.quota(L.ESTIMATE + 20), L.STREAMED)
    assert len(objects(h.out)) == 21 + 2


async def test_only_whole_events_are_relayed(h, kit):
    """The limit is passed in the middle of an event, and chunks end anywhere."""
    h.options(cut_streams=True)
    data = b"".join(chunks_of("chat", *["x" * 10] * 20))
    h.transport.answers = [L.streamed(kit, [data[n : n + 37] for n in range(0, len(data), 37)])]
    await L.call(h, kit, L.limit(L.ESTIMATE + 55), L.STREAMED)
    *pieces, last, done = objects(h.out)
    assert done == "[DONE]"
    assert last["choices"][0]["finish_reason"] == "length"
    assert 6 <= len(pieces) < 9


async def test_every_choice_is_ended(h, kit):
    h.options(cut_streams=True)
    h.transport.answers = [L.streamed(kit, L.sse(chat("x" * 50), chat("y" * 50, 1), chat("z" * 50)))]
    await L.call(h, kit, L.limit(60), {**L.STREAMED, "n": 2})
    assert [c["index"] for c in objects(h.out)[-2]["choices"]] == [0]
    h.transport.answers = [L.streamed(kit, [b"".join(L.sse(chat("x" * 50), chat("y" * 50, 1), chat("z")))])]
    await L.call(h, kit, L.limit(60, "other"), {**L.STREAMED, "n": 2})
    assert [c["index"] for c in objects(h.out)[-2]["choices"]] == [0, 1]


async def test_an_ended_stream_is_not_ended_twice(h, kit):
    h.options(cut_streams=True)
    whole = b"".join(L.events("x" * 100))
    h.transport.answers = [L.streamed(kit, [whole])]
    await L.call(h, kit, L.limit(60), L.STREAMED)
    assert h.out == whole


async def test_a_stream_that_is_there_already(h, kit):
    """Nothing is known of its length any more."""
    h.options(cut_streams=True)
    body = b"".join(chunks_of("chat", *["x" * 50] * 3))
    h.transport.answers = [L.answer(kit, body, kind="text/event-stream")]
    ex = await L.call(h, kit, L.limit(60), L.STREAMED)
    assert ex.response.body.length is None
    assert ends_well("chat", h.out)


@pytest.mark.parametrize(("cutting", "asked"), [(False, "gzip"), (True, "identity")])
async def test_a_stream_that_may_be_ended_is_asked_for_uncompressed(h, kit, cutting, asked):
    h.options(cut_streams=cutting)
    await L.call(h, kit, L.limit(60), L.STREAMED, headers=[("Accept-Encoding", "gzip")])
    assert h.transport.sent[0].headers["Accept-Encoding"] == asked


def test_frames_are_read_as_they_are_written():
    reader = FrameReader("bedrock")
    data = frame("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"name": "f"}}})
    data += frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{}"}}})
    data += frame("metadata", {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}})
    for n in range(0, len(data), 11):
        reader.feed(data[n : n + 11])
    assert reader.transcript.texts() == ["f{}"]
    assert reader.transcript.usage == Usage(1, 2, 3)


@pytest.mark.parametrize("data", [b"\0" * 40, b"\xff" * 40, b"\0\0\0\x10\0\0\0\x20" + b"\0" * 40])
def test_what_is_no_frame_is_passed_over(data):
    reader = FrameReader("bedrock")
    reader.feed(data)
    reader.feed(frame("metadata", {"usage": {"inputTokens": 1}}))
    assert (reader.transcript.usage, reader.boundary(data)) == (None, None)


@pytest.mark.parametrize(
    ("chunks", "boundaries"),
    [
        ([b"data: 1\n\n"], [9]),
        ([b"data: 1\n\ndata"], [9]),
        ([b"data: 1", b"\n\n"], [None, 2]),
        ([b"data: 1\r\n\r\nda"], [11]),
        ([b"data: 1\n", b"\nda"], [None, None]),
    ],
)
def test_where_events_end(chunks, boundaries):
    reader = SseReader("chat", None)
    found = []
    for chunk in chunks:
        reader.feed(chunk)
        found.append(reader.boundary(chunk))
    assert found == boundaries


@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
async def test_the_report_at_the_end_corrects_what_was_charged_on_the_way(h, kit, algorithm):
    h.options(cut_streams=True, rate_algorithm=algorithm)
    chunks = L.events(*["x" * 100] * 8, reported={"prompt_tokens": 20, "completion_tokens": 30, "total_tokens": 50})
    h.transport.answers = [L.streamed(kit, chunks)]
    await L.call(h, kit, L.limit(1000, token_quota=1000, token_quota_period="Daily"), L.STREAMED)
    assert h.out == b"".join(chunks)
    ex = await L.spend(h, kit, L.limit(1000, token_quota=1000, token_quota_period="Daily"), 0)
    assert (ex.response.headers["left"], ex.response.headers["quota-left"]) == ("950", "950")


async def test_a_limit_that_does_not_charge_does_not_cut(h, kit):
    """Another one of the request charges the counter, and ends the stream."""
    h.options(cut_streams=True, same_key_policy="once", rate_algorithm="sliding")
    h.transport.answers = [L.streamed(kit, chunks_of("chat", *["x" * 10] * 20))]
    ex = await L.call(h, kit, L.limit(100) + L.limit(100), L.STREAMED)
    assert ends_well("chat", h.out)
    assert [note for note in ex.notes if "passed" in note] == [
        "llm-token-limit: the stream passed the limit and was ended"
    ]
    assert 9 <= h.out.count(b"x" * 10) <= 10


async def test_a_store_that_fails_while_a_stream_runs(h, kit):
    """The stream goes on: counting is no reason to stop serving."""
    h.options(cut_streams=True)
    whole = chunks_of("chat", *["x" * 10] * 20)
    h.transport.answers = [L.streamed(kit, whole)]
    ex = await L.call(h, kit, L.limit(1000), L.STREAMED, finish=False)

    class Down:
        async def settle(self, *args):
            raise StoreUnavailable("the store is down")

    h.services.token_store = Down()
    await h.finish(ex)
    assert h.out == b"".join(whole)
    assert ex.notes == ["llm-token-limit: the store is down"] * 2, "once on the way, and at the end"
