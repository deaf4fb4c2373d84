"""What a call cost, asked once and shared by every token policy of the request.

An ordinary response is read to its end before its headers leave, because limits promise the tokens left in a header.
A stream is relayed untouched and settled at its end.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import orjson

from apimpy.policies._llm.relay import Relayed
from apimpy.policies._llm.stream import ArrayReader, FrameReader, SseReader
from apimpy.policies._llm.texts import completion_texts
from apimpy.policies._llm.usage import Usage, usage_in
from apimpy.runtime.message import BodyTooLarge

if TYPE_CHECKING:
    from apimpy.policies._llm.call import LlmCall
    from apimpy.policies._llm.stream import Reader
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Response

__all__ = ["Spent", "is_json", "message_of", "reader_of", "spent"]

_MAX_INFLATED = 32 << 20
_THREAD_ABOVE = 16 << 10
"""Characters above which counting belongs in a thread."""


class Spent:
    """The answer to "what did it cost": `usage`, or `relay` while a stream is still running."""

    __slots__ = ("_estimated", "message", "relay", "successful", "usage")

    def __init__(
        self, successful: bool, usage: Usage | None, relay: Relayed | None, message: dict[str, Any] | None = None
    ) -> None:
        self.successful, self.usage, self.relay = successful, usage, relay
        self.message = message
        """The answer, when it was one JSON object."""
        self._estimated: Usage | None = None

    async def settled(self, ex: Exchange, call: LlmCall, *, completed: bool, reported: bool) -> Usage | None:
        """The usage of a stream that has ended; None when there is nothing to charge.

        `reported`: believe its usage event if there was one.  What a stream had reported when it broke off is not the
        whole: its text counts as well.
        """
        if self.relay is None:
            return self.usage
        reader = self.relay.reader
        reader.finish()
        transcript = reader.transcript
        if call.named:
            _learn(ex, call, transcript.last_object())
        usage = transcript.usage
        if call.kind == "none" or not (reader.seen or completed):
            return usage
        whole = transcript.final or (completed and call.kind != "anthropic")
        if usage is not None and reported and whole:
            return usage
        if self._estimated is None:
            self._estimated = await _estimate(ex, call, transcript.texts(), transcript.beyond())
        estimated = self._estimated
        if usage is None or not reported:
            return estimated
        prompt, completion = usage.prompt or estimated.prompt, max(usage.completion, estimated.completion)
        return Usage(prompt, completion, prompt + completion, usage.cached, usage.reasoning, "mixed")


async def spent(ex: Exchange, call: LlmCall) -> Spent:
    """Look at the response the caller is going to get."""
    if call.spent is None:
        call.spent = await _look(ex, call)
    return call.spent


async def _look(ex: Exchange, call: LlmCall) -> Spent:
    response = ex.response
    if response is None or not 200 <= response.status < 300:
        return Spent(False, None, None)
    if call.blind:
        return Spent(True, None, None)
    reader = reader_of(call, response)
    if reader is not None:
        return _listen(ex, call, response, reader)
    message = await _message(ex, response) if is_json(response) else None
    return Spent(True, None if message is None else await _reported(ex, call, message), None, message)


def is_json(response: Response) -> bool:
    """By its content type."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _encoding(response: Response) -> str | None:
    return response.headers.get("Content-Encoding", "").strip().lower() or None


def reader_of(call: LlmCall, response: Response) -> Reader | None:
    """A reader of the events of a stream; None for a response that is no stream of events."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return SseReader(call.kind, _encoding(response))
    if kind == "application/vnd.amazon.eventstream":
        return FrameReader(call.kind)
    if is_json(response) and call.kind == "gemini" and call.stream:
        return ArrayReader(call.kind, _encoding(response))
    return None


def _listen(ex: Exchange, call: LlmCall, response: Response, reader: Reader) -> Spent:
    body = response.body
    cutting = ex.services.options.cut_streams
    if body.stream is None and not cutting:  # all of it is there
        reader.feed(body.data or b"")
        return Spent(True, None, Relayed(ex, call, reader, _Pieces()))
    relay = Relayed(ex, call, reader, body.stream or _Pieces(body.data or b""))
    body.stream, body.data = relay, None
    if cutting:
        body.length = None  # nobody knows
    return Spent(True, None, relay)


class _Pieces:
    """A stream of what is there already."""

    __slots__ = ("_pieces",)

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces:
            raise StopAsyncIteration
        return self._pieces.pop(0)


async def _message(ex: Exchange, response: Response) -> dict[str, Any] | None:
    try:
        data = await response.body.buffer(ex.services.options.max_buffered_body)
    except BodyTooLarge:
        ex.notes.append("the response is too large to be read for token counting")
        raise
    return message_of(data, response)


async def _reported(ex: Exchange, call: LlmCall, message: dict[str, Any]) -> Usage | None:
    if call.named:
        _learn(ex, call, message)
    found = usage_in(call.kind, message)
    if found is None and call.kind != "none":
        found = await _estimate(ex, call, completion_texts(call.kind, message))
    return found


def _learn(ex: Exchange, call: LlmCall, message: dict[str, Any]) -> None:
    """What model answers for a deployment."""
    model = message.get("model")
    if call.model is not None and isinstance(model, str) and model:
        ex.services.token_counter.learn(call.model, model)


def message_of(data: bytes, response: Response) -> dict[str, Any] | None:
    """The JSON object of a response's body; None when it is none, or is encoded in a way that cannot be read."""
    if _encoding(response) in ("gzip", "deflate", "x-gzip"):
        try:
            data = zlib.decompressobj(47).decompress(data, _MAX_INFLATED)
        except zlib.error:
            return None
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


async def _estimate(ex: Exchange, call: LlmCall, texts: list[str], more: int = 0) -> Usage:
    counter = ex.services.token_counter
    prompt = await call.estimate(counter)
    if sum(map(len, texts)) > _THREAD_ABOVE:
        from asyncio import to_thread  # here, because who checks a policy needs no event loop

        completion = await to_thread(_count, texts, call.model, counter)
    else:
        completion = _count(texts, call.model, counter)
    completion += more
    return Usage(prompt, completion, prompt + completion, source="estimated")


def _count(texts: list[str], model: str | None, counter: Any) -> int:
    return sum(counter.count(text, model) for text in texts)
