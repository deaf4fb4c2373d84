"""What a call cost, asked once and shared by every token policy of the request.

An ordinary response is read to its end before its headers leave, because limits promise the tokens left in a header.
A stream is relayed untouched and settled at its end.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import orjson

from apimpy.policies._llm.stream import StreamReader
from apimpy.policies._llm.usage import Usage, completion_text, usage_in
from apimpy.runtime.message import BodyTooLarge

if TYPE_CHECKING:
    from apimpy.policies._llm.call import LlmCall
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Response

__all__ = ["Spent", "spent"]

_MAX_INFLATED = 32 << 20


class Spent:
    """The answer to "what did it cost": `usage`, or `reader` while a stream is still running."""

    __slots__ = ("reader", "successful", "usage")

    def __init__(self, successful: bool, usage: Usage | None, reader: StreamReader | None) -> None:
        self.successful, self.usage, self.reader = successful, usage, reader

    async def settled(self, ex: Exchange, call: LlmCall, *, reported: bool) -> Usage | None:
        """The usage of a stream that has ended.  `reported`: believe its usage event if there was one."""
        reader = self.reader
        if reader is None:
            return self.usage
        reader.finish()
        if reader.usage is not None and reported:
            return reader.usage
        if call.kind == "none" or not reader.seen:
            return reader.usage
        return await _estimate(ex, call, reader.text())


async def spent(ex: Exchange, call: LlmCall) -> Spent:
    """Look at the response the caller is going to get."""
    if call.spent is None:
        call.spent = await _look(ex, call)
    return call.spent


async def _look(ex: Exchange, call: LlmCall) -> Spent:
    response = ex.response
    if response is None or not 200 <= response.status < 300:
        return Spent(False, None, None)
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    encoding = response.headers.get("Content-Encoding", "").strip().lower() or None
    if kind == "text/event-stream":
        reader = StreamReader(call.kind, encoding)
        response.body.observe(reader.feed)
        return Spent(True, None, reader)
    if kind != "application/json" and not kind.endswith("+json"):
        return Spent(True, None, None)
    return Spent(True, await _reported(ex, call, response, encoding), None)


async def _reported(ex: Exchange, call: LlmCall, response: Response, encoding: str | None) -> Usage | None:
    try:
        data = await response.body.buffer(ex.services.options.max_buffered_body)
    except BodyTooLarge:
        ex.notes.append("the response is too large to be read for token counting")
        raise
    message = _parsed(data, encoding)
    if message is None:
        return None
    found = usage_in(call.kind, message)
    if found is None and call.kind not in ("none", "embeddings"):
        found = await _estimate(ex, call, completion_text(call.kind, message))
    return found


def _parsed(data: bytes, encoding: str | None) -> dict[str, Any] | None:
    if encoding in ("gzip", "deflate", "x-gzip"):
        try:
            data = zlib.decompressobj(47).decompress(data, _MAX_INFLATED)
        except zlib.error:
            return None
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


async def _estimate(ex: Exchange, call: LlmCall, text: str) -> Usage:
    counter = ex.services.token_counter
    prompt = await call.estimate(counter)
    completion = counter.count(text, call.model) if text else 0
    return Usage(prompt, completion, prompt + completion, source="estimated")
