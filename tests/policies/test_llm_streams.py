"""What streams are charged when they end, when they break off, and when nobody can read them."""

import json
import sys
import zlib

import pytest

from apimpy.policies._llm.ending import frame
from apimpy.policies._llm.stream import ArrayReader
from apimpy.policies._llm.usage import Usage

L = sys.modules["llm_kit"]
ESTIMATE = L.ESTIMATE
SIZE = 1000
REPORTED = L.usage(30)["usage"]


async def charged(h, kit):
    """What the key has been charged so far."""
    return SIZE - int(await L.left(h, kit, SIZE))


async def leave(h, kit, chunks, body=L.STREAMED, url=L.URL, kind="text/event-stream", taken=None, inbound=None):
    """A caller that takes some chunks and goes away."""
    source = kit.Stream(*chunks)
    h.transport.answers = [lambda r: kit.reply(200, b"", [("Content-Type", kind)], source)]
    ex = await L.call(h, kit, inbound or L.limit(SIZE), body, url=url, finish=False)
    for _ in range(len(chunks) if taken is None else taken):
        await anext(ex.response.body.stream)
    await ex.response.body.close()
    assert source.closed
    for hook in ex.hooks:
        await hook.on_end(ex, False)
    return ex


ANTHROPIC = {**L.STREAMED, "system": "s"}
ANTHROPIC_URL = "http://gw.test/v1/messages"
ANTHROPIC_EVENTS = L.sse(
    {"type": "message_start", "message": {"usage": {"input_tokens": 50, "output_tokens": 1}}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}},
    {"type": "message_delta", "usage": {"output_tokens": 7}},
)
GEMINI_URL = "http://gw.test/v1beta/models/g:streamGenerateContent"
GEMINI = {"contents": [{"parts": [{"text": "hi"}]}]}
BEDROCK_URL = "http://gw.test/model/b/converse-stream"


@pytest.mark.parametrize(
    ("chunks", "taken", "cost"),
    [
        (L.events("hel", "lo"), 0, 0),
        (L.events("hel", "lo"), 1, ESTIMATE + 3),
        (L.events("hel", "lo"), 3, ESTIMATE + 5),
        (L.events("hel", "lo", reported=REPORTED), 3, 30),
        ([b"".join(L.events("hel", "lo"))[:-30]], 1, ESTIMATE + 3),
    ],
    ids=["nothing", "one piece", "all of it", "after the usage event", "in the middle of an event"],
)
async def test_a_caller_that_leaves_pays_for_what_came(h, kit, chunks, taken, cost):
    await leave(h, kit, chunks, taken=taken)
    assert await charged(h, kit) == cost


@pytest.mark.parametrize(
    ("body", "url", "kind", "chunks", "cost"),
    [
        (ANTHROPIC, ANTHROPIC_URL, "text/event-stream", ANTHROPIC_EVENTS[:1], 50 + 1),
        (ANTHROPIC, ANTHROPIC_URL, "text/event-stream", ANTHROPIC_EVENTS[:2], 50 + 5),
        (ANTHROPIC, ANTHROPIC_URL, "text/event-stream", ANTHROPIC_EVENTS, 50 + 7),
        (
            GEMINI,
            GEMINI_URL,
            "text/event-stream",
            L.sse(
                {"candidates": [{"content": {"parts": [{"text": "hello"}]}}], "usageMetadata": {"promptTokenCount": 40}}
            ),
            40 + 5,
        ),
        (
            L.STREAMED,
            L.URL,
            "text/event-stream",
            L.sse(
                {
                    "choices": [{"index": 0, "delta": {"content": "hello"}}],
                    "usage": {"prompt_tokens": 40, "completion_tokens": 9},
                }
            ),
            40 + 9,
        ),
        (
            {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
            BEDROCK_URL,
            "application/vnd.amazon.eventstream",
            [frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "hello"}})],
            ESTIMATE + 5,
        ),
        (
            GEMINI,
            GEMINI_URL,
            "application/json",
            [b'[{"candidates": [{"content": {"parts": [{"text": "hello"}]}}]}\n,'],
            2 + 5,
        ),
    ],
    ids=["anthropic begun", "anthropic text", "anthropic done", "gemini", "running usage", "bedrock", "gemini array"],
)
async def test_what_was_reported_before_it_broke_off_is_not_all(h, kit, body, url, kind, chunks, cost):
    ex = await leave(h, kit, chunks, body, url, kind)
    assert await charged(h, kit) == cost
    assert ex.response.status == 200


async def test_a_metric_of_a_broken_stream(h, kit):
    metric = '<llm-emit-token-metric><dimension name="Location" /></llm-emit-token-metric>'
    await leave(h, kit, ANTHROPIC_EVENTS[:2], ANTHROPIC, ANTHROPIC_URL, inbound=metric)
    assert [v for _, _, v in h.meter.emitted] == [{"prompt": 50, "completion": 5, "total": 55}]


@pytest.mark.parametrize(
    ("option", "chunks", "cost"),
    [
        ("prefer_reported", L.events("hello", reported=REPORTED), 30),
        ("estimate", L.events("hello", reported=REPORTED), ESTIMATE + 5),
        ("prefer_reported", L.events("hello"), ESTIMATE + 5),
        ("estimate", L.events("hello"), ESTIMATE + 5),
        ("prefer_reported", L.events("hello", reported={"prompt_tokens": 0, "completion_tokens": 0}), ESTIMATE + 5),
        ("prefer_reported", L.events("hello", reported={"total_tokens": None, "prompt_tokens": 30}), 30),
        ("prefer_reported", [], ESTIMATE),
        ("prefer_reported", [b"data: nonsense\n\n"], ESTIMATE),
    ],
)
async def test_whole_streams(h, kit, option, chunks, cost):
    h.options(stream_usage=option)
    h.transport.answers = [L.streamed(kit, chunks)]
    await L.call(h, kit, L.limit(SIZE), L.STREAMED)
    assert await charged(h, kit) == cost


@pytest.mark.parametrize("outbound", ["<set-body>other</set-body>", "<return-response />"])
async def test_a_policy_that_takes_the_stream(h, kit, outbound):
    """Whoever reads the stream is heard; what nobody reads costs its prompt."""
    reads = '<set-variable name="text" value="@(ex.response.body.read(True))" />'
    for policies, cost in ((reads + outbound, ESTIMATE + 5), ("<return-response />", ESTIMATE)):
        h.transport.answers = [L.streamed(kit, L.events("hel", "lo"))]
        before = await charged(h, kit)
        h.transport.answers = [L.streamed(kit, L.events("hel", "lo"))]
        await L.call(h, kit, L.limit(SIZE), L.STREAMED, outbound=policies)
        assert await charged(h, kit) - before == cost


async def test_a_stream_that_came_at_once_is_still_a_stream(h, kit):
    """The headers do not depend on how fast the backend was."""
    h.transport.answers = [L.answer(kit, b"".join(L.events("hello")), kind="text/event-stream")]
    ex = await L.call(h, kit, L.limit(SIZE), L.STREAMED)
    assert L.shown(ex) == (200, str(SIZE - ESTIMATE), str(ESTIMATE))
    assert await charged(h, kit) == ESTIMATE + 5


async def test_choices_are_counted_apart(h, kit):
    """Pieces of two choices come in turns; each is one text."""
    texts = []
    count = h.services.token_counter.count
    h.services.token_counter.count = lambda text, model: texts.append(text) or count(text, model)
    pieces = [("He", 0), ("Bo", 1), ("llo", 0), ("njour", 1)]
    chunks = L.sse(*({"choices": [{"index": n, "delta": {"content": t}}]} for t, n in pieces))
    h.transport.answers = [L.streamed(kit, chunks)]
    await L.call(h, kit, L.limit(SIZE), {**L.STREAMED, "n": 2})
    assert texts[-2:] == ["Hello", "Bonjour"]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (None, None),
        ("gzip, deflate", "gzip, deflate"),
        ("gzip, deflate, br, zstd", "gzip, deflate"),
        ("br;q=1.0, gzip;q=0.8", "gzip;q=0.8"),
        ("br", "identity"),
        ("*", "identity"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_only_encodings_that_can_be_read_are_asked_for(h, kit, sent, seen, stream):
    headers = [("Accept-Encoding", sent)] if sent else []
    await L.call(h, kit, L.limit(SIZE), {**L.PROMPT, "stream": stream}, headers=headers)
    assert h.transport.sent[0].headers.get("Accept-Encoding") == seen


async def test_other_requests_keep_their_encodings(h, kit):
    await h.run(kit.policies(inbound=L.limit(SIZE)), headers=[("Accept-Encoding", "br")])
    assert h.transport.sent[0].headers["Accept-Encoding"] == "br"


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_array_of_events(gzip, size):
    events = [
        {"candidates": [{"content": {"parts": [{"text": "a"}]}}]},
        {"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2}},
    ]
    data = json.dumps(events).encode()
    if gzip:
        packer = zlib.compressobj(wbits=31)
        data = packer.compress(data) + packer.flush()
    reader = ArrayReader("gemini", "gzip" if gzip else None)
    for n in range(0, len(data), size):
        reader.feed(data[n : n + size])
    reader.finish()
    assert (reader.transcript.texts(), reader.transcript.usage) == (["a"], Usage(1, 2, 3))


@pytest.mark.parametrize("data", [b"", b"{", b"5", b"[1, null]", b"\xff"])
def test_what_is_no_array_is_nothing(data):
    reader = ArrayReader("gemini", None)
    reader.feed(data)
    reader.finish()
    assert (reader.transcript.texts(), reader.transcript.usage) == ([], None)


@pytest.mark.parametrize(("parsing", "cost"), [("native", 15), ("off", 0)])
@pytest.mark.parametrize("stream", [False, True])
async def test_anthropic_parsing(h, kit, parsing, cost, stream):
    """`off`: such calls pass and cost nothing, as in the classic tiers."""
    h.options(anthropic_parsing=parsing)
    said = {"usage": {"input_tokens": 8, "output_tokens": 7}}
    chunks = L.sse({"type": "message_start", "message": said}, {"type": "message_delta", "usage": {"output_tokens": 7}})
    h.transport.answers = [L.streamed(kit, chunks) if stream else L.answer(kit, said)]
    metric = '<llm-emit-token-metric><dimension name="Location" /></llm-emit-token-metric>'
    await L.call(h, kit, L.limit(SIZE) + metric, {**ANTHROPIC, "stream": stream}, url=ANTHROPIC_URL)
    assert await charged(h, kit) == cost
    assert len(h.meter.emitted) == (1 if cost else 0)


DEPLOYED = "http://gw.test/openai/deployments/any/chat/completions"


@pytest.mark.parametrize(
    ("url", "body", "reply", "learned"),
    [
        (DEPLOYED, L.PROMPT, {**L.usage(5), "model": "gpt-4-0613"}, ("any", "gpt-4-0613")),
        (DEPLOYED, L.STREAMED, [{"choices": [], "model": "gpt-4"}], ("any", "gpt-4")),
        (DEPLOYED, L.PROMPT, {**L.usage(5), "model": 5}, None),
        (DEPLOYED, {**L.PROMPT, "model": "any"}, {**L.usage(5), "model": "gpt-4"}, ("any", "gpt-4")),
        (L.URL, L.PROMPT, {**L.usage(5), "model": "gpt-4-0613"}, None),
    ],
)
async def test_the_model_of_a_deployment_is_learned(h, kit, url, body, reply, learned):
    streaming = isinstance(reply, list)
    h.transport.answers = [L.streamed(kit, L.sse(*reply, "[DONE]")) if streaming else L.answer(kit, reply)]
    await L.call(h, kit, L.limit(SIZE), body, url=url)
    assert getattr(h.services.token_counter, "learned", None) == learned


async def test_a_very_long_answer(h, kit, monkeypatch):
    """Text beyond what is kept counts a token for four characters."""
    monkeypatch.setattr("apimpy.policies._llm.transcript.KEPT", 20)
    for cutting in (False, True):
        h.options(cut_streams=cutting, rate_algorithm="sliding")
        before = await charged(h, kit)
        h.transport.answers = [L.streamed(kit, L.events(*["x" * 10] * 10))]
        await L.call(h, kit, L.limit(SIZE), L.STREAMED)
        assert await charged(h, kit) - before == ESTIMATE + 20 + 80 // 4
