"""Faults as a caller meets them: the real clients, and bytes on a socket."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import openai
import pytest
from mocks import mock_server

from apimpy.mock.backend import MockSettings
from apimpy.mock.faults import Span

if TYPE_CHECKING:
    from mocks import Mock

    from apimpy.tokens.counter import TiktokenCounter

MESSAGES: Any = [{"role": "user", "content": "hi"}]
BODY = {"model": "gpt-4o", "messages": MESSAGES}
STREAM = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
EVENTS = 7
"""The role, four pieces, the reason, usage; then [DONE]."""


async def raw(url: str, body: dict[str, Any], fault: str) -> tuple[bytes, Exception | None]:
    """All bytes of the answer, and how the connection ended when not in order."""
    data = json.dumps(body).encode()
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(data)}\r\n"
    writer.write(head.encode() + f"x-mock-fault: {fault}\r\n\r\n".encode() + data)
    out, error, patience = b"", None, 0.5 if fault == "hang" else 20.0
    try:
        while piece := await asyncio.wait_for(reader.read(65536), patience):
            out += piece
            patience = 0.5 if fault.startswith("stall") else 20.0
    except (TimeoutError, ConnectionError) as problem:
        error = problem
    writer.close()
    return out, error


def events(answer: bytes) -> list[bytes]:
    """The payloads of a chunked stream's events, broken ones included."""
    return [line[6:].strip() for line in answer.split(b"\r\n\r\n", 1)[1].split(b"\n") if line.startswith(b"data: ")]


async def test_reset_comes_before_the_head(url: str) -> None:
    answer, error = await raw(url, BODY, "reset")
    assert answer == b""
    assert isinstance(error, ConnectionResetError)


@pytest.mark.parametrize("body", [BODY, STREAM])
async def test_hang_sends_nothing_and_keeps_the_connection(url: str, body: dict[str, Any]) -> None:
    answer, error = await raw(url, body, "hang")
    assert answer == b""
    assert isinstance(error, TimeoutError)


async def test_what_hangs_ends_when_the_mock_stops(counter: TiktokenCounter) -> None:
    async with mock_server(counter) as mock, aiohttp.ClientSession() as session:
        asking = asyncio.ensure_future(
            session.post(mock.url + "/v1/chat/completions", json=BODY, headers={"x-mock-fault": "hang"})
        )
        while not await mock.requests():
            pass
        assert not asking.done()
    with pytest.raises(aiohttp.ClientConnectionError):
        await asyncio.wait_for(asking, 5)


CUTS: list[tuple[str, int]] = [("cut=0", 0), ("cut=3", 3), ("cut", (EVENTS + 1) // 2), ("cut=7", 7)]


@pytest.mark.parametrize(("fault", "number"), CUTS)
async def test_a_cut_stream_holds_the_events_before(url: str, fault: str, number: int) -> None:
    """They arrive, whole; then the connection closes without the end of the body."""
    answer, error = await raw(url, STREAM, fault)
    got = events(answer)
    assert len(got) == number
    assert all(json.loads(event)["object"] == "chat.completion.chunk" for event in got)
    assert not answer.endswith(b"0\r\n\r\n")
    assert error is None


async def test_a_cut_beyond_the_end_is_none(url: str) -> None:
    answer, _ = await raw(url, STREAM, "cut=99")
    assert events(answer)[-1] == b"[DONE]"
    assert answer.endswith(b"0\r\n\r\n")


async def test_a_stalled_stream_keeps_the_connection(url: str) -> None:
    answer, error = await raw(url, STREAM, "stall=2")
    assert len(events(answer)) == 2
    assert isinstance(error, TimeoutError)


async def test_a_malformed_final_event(url: str) -> None:
    """Everything before is sound, nothing follows, and the body ends in order."""
    answer, error = await raw(url, STREAM, "malformed")
    got = events(answer)
    assert len(got) == EVENTS
    assert all(json.loads(event) for event in got[:-1])
    with pytest.raises(json.JSONDecodeError):
        json.loads(got[-1])
    assert answer.endswith(b"0\r\n\r\n")
    assert error is None


@pytest.mark.parametrize(
    ("fault", "missing"), [("cut", True), ("cut=5", True), ("cut=0", True), ("stall", True), ("malformed", False)]
)
async def test_an_answer_that_is_no_stream(url: str, fault: str, missing: bool) -> None:
    """Cut and stalled it is shorter than its length says, malformed it is not."""
    answer, error = await raw(url, BODY, fault)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    assert (len(body) < length) is missing
    assert isinstance(error, TimeoutError) is (fault == "stall")
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


async def test_the_real_client_sees_a_cut(url: str) -> None:
    """Of a stream it has what came before."""
    headers = {"x-mock-fault": "cut"}
    async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="x", max_retries=0, default_headers=headers) as client:
        with pytest.raises(openai.APIConnectionError):
            await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        texts = []

        async def collect() -> None:
            async for chunk in await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
                texts.append(chunk.choices[0].delta.content or "")

        with pytest.raises(Exception, match=r"incomplete chunked read|Connection error"):
            await collect()
    assert "".join(texts) == "You said"


async def test_the_real_client_comes_again(mock: Mock) -> None:
    """It waits as long as the mock says, and is served the second time."""
    await mock.set_faults("status=429,retry-after-ms=1,calls=1")
    async with openai.AsyncOpenAI(base_url=mock.url + "/v1", api_key="x", max_retries=1) as client:
        answer = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert answer.choices[0].message.content == "You said: hi"
    assert [r["fault"] for r in await mock.requests()] == ["status=429,retry-after-ms=1,calls=1", None]


TIMES: list[tuple[str, float, float, float]] = [
    # the head, the first byte, the end: at least so many seconds after the request
    ("delay=60", 0.06, 0.06, 0.06),
    ("first-byte=60", 0.0, 0.06, 0.06),
    ("event-delay=15", 0.0, 0.0, 0.1),
    ("event-delay=15-20,delay=30", 0.03, 0.03, 0.13),
]


@pytest.mark.parametrize(("fault", "head", "first", "end"), TIMES)
async def test_slowness_is_where_it_was_asked_for(url: str, fault: str, head: float, first: float, end: float) -> None:
    clock = asyncio.get_running_loop().time
    async with aiohttp.ClientSession() as session:
        start = clock()
        async with session.post(url + "/v1/chat/completions", json=STREAM, headers={"x-mock-fault": fault}) as answer:
            times = [clock() - start]
            await answer.content.readany()
            times.append(clock() - start)
            await answer.read()
            times.append(clock() - start)
    assert [got >= least for got, least in zip(times, (head, first, end), strict=True)] == [True] * 3, times


async def test_before_the_first_byte_the_head_is_out(url: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + "/v1/chat/completions", json=BODY, headers={"x-mock-first-byte": "3600000"}) as answer,
    ):
        assert answer.status == 200
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer.read(), 0.2)


async def test_the_settings_of_every_answer(counter: TiktokenCounter) -> None:
    settings = MockSettings(reply="fixed", delay=Span(0.05, 0.05), faults=("status=503,path=/embeddings",), name="ptu")
    clock = asyncio.get_running_loop().time
    async with mock_server(counter, settings) as mock, aiohttp.ClientSession() as session:
        start = clock()
        async with session.post(mock.url + "/v1/chat/completions", json=BODY) as answer:
            assert (await answer.json())["choices"][0]["message"]["content"] == "fixed"
            assert answer.headers["x-mock-name"] == "ptu"
        assert clock() - start >= 0.05
        async with session.post(mock.url + "/v1/embeddings", json={"model": "m", "input": "x"}) as answer:
            assert (answer.status, answer.headers["x-mock-name"]) == (503, "ptu")


def test_wrong_faults_make_no_application(counter: TiktokenCounter) -> None:
    from apimpy.mock.backend import mock_application

    with pytest.raises(ValueError, match="did you mean 'status'"):
        mock_application(counter, MockSettings(faults=("stauts=1",)))


# --- the schedule at run time ----------------------------------------------------------------------------------------


async def test_the_schedule_is_read_and_set(mock: Mock) -> None:
    await mock.set_faults("reset,share=0.5", seed=7)
    async with aiohttp.ClientSession() as session:
        async with session.get(mock.url + "/mock/faults") as answer:
            assert await answer.json() == {"faults": ["reset,share=0.5"], "seed": 7, "requests": 0}
        async with session.delete(mock.url + "/mock/faults") as answer:
            assert await answer.json() == {"faults": [], "seed": 7, "requests": 0}
        async with session.post(mock.url + "/a/v1/chat/completions", json=BODY) as answer:
            assert answer.status == 200
        async with session.get(mock.url + "/mock/faults") as answer:
            assert (await answer.json())["requests"] == 1
    assert await mock.requests() == [
        {"number": 1, "method": "POST", "path": "/a/v1/chat/completions", "model": "gpt-4o", "fault": None}
    ]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "unexpected end"),
        (b"[]", "expected {"),
        (b'{"fault": []}', "expected {"),
        (b'{"faults": "reset"}', "a list of texts"),
        (b'{"faults": [1]}', "a list of texts"),
        (b'{"seed": "x"}', "a whole number"),
        (b'{"faults": ["reste"]}', "did you mean 'reset'?"),
    ],
)
async def test_a_wrong_schedule_changes_nothing(mock: Mock, body: bytes, says: str) -> None:
    await mock.set_faults("hang")
    async with aiohttp.ClientSession() as session:
        async with session.put(mock.url + "/mock/faults", data=body) as answer:
            assert answer.status == 400
            assert says in (await answer.json())["error"]
        async with session.get(mock.url + "/mock/faults") as answer:
            assert (await answer.json())["faults"] == ["hang"]


async def test_a_request_keeps_the_schedule_away(mock: Mock) -> None:
    await mock.set_faults("status=500")
    async with aiohttp.ClientSession() as session:
        for headers, status in (({}, 500), ({"x-mock-fault": "none"}, 200), ({"x-mock-status": "429"}, 429)):
            async with session.post(mock.url + "/v1/chat/completions", json=BODY, headers=headers) as answer:
                assert answer.status == status
    assert [r["fault"] for r in await mock.requests()] == ["status=500", "by the request", "by the request"]
