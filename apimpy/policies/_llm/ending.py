"""The last events of a stream that a limit ends: what the model itself sends when it runs out of tokens."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from apimpy.policies._llm.transcript import Transcript

__all__ = ["ending", "frame"]

_IDENTITY = ("id", "object", "created", "model", "system_fingerprint")


def ending(transcript: Transcript, prompt: int, completion: int) -> bytes:
    """The bytes that end a stream well; the numbers are the tokens so far."""
    kind = transcript.kind
    last = transcript.last_object()
    if kind == "responses":
        return _responses(transcript, last)
    if kind == "anthropic":
        return _anthropic(transcript, completion)
    if kind == "gemini":
        usage = {
            "promptTokenCount": prompt,
            "candidatesTokenCount": completion,
            "totalTokenCount": prompt + completion,
        }
        candidates = [
            {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "MAX_TOKENS", "index": index}
            for index in transcript.choices()
        ]
        more: dict[str, Any] = {name: last[name] for name in ("modelVersion", "responseId") if name in last}
        return _event({"candidates": candidates, "usageMetadata": usage, **more})
    if kind == "bedrock":
        return _bedrock(transcript, prompt, completion)
    empty: dict[str, Any] = {"text": ""} if kind == "completion" else {"delta": {}}
    choices = [{"index": index, **empty, "finish_reason": "length"} for index in transcript.choices()]
    event = {name: last[name] for name in _IDENTITY if name in last} | {"choices": choices}
    return _event(event) + b"data: [DONE]\n\n"


def _event(data: dict[str, Any], name: str | None = None) -> bytes:
    head = b"event: %s\n" % name.encode() if name else b""
    return head + b"data: " + orjson.dumps(data) + b"\n\n"


def _responses(transcript: Transcript, last: dict[str, Any]) -> bytes:
    response = {
        **(transcript.outset or {"object": "response", "output": []}),
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
    }
    data: dict[str, Any] = {"type": "response.incomplete", "response": response}
    number = last.get("sequence_number")
    if isinstance(number, int):
        data["sequence_number"] = number + 1
    return _event(data, "response.incomplete")


def _anthropic(transcript: Transcript, completion: int) -> bytes:
    out = b""
    if transcript.opened is not None:
        out = _event({"type": "content_block_stop", "index": transcript.opened}, "content_block_stop")
    delta = {
        "type": "message_delta",
        "delta": {"stop_reason": "max_tokens", "stop_sequence": None},
        "usage": {"output_tokens": completion},
    }
    return out + _event(delta, "message_delta") + _event({"type": "message_stop"}, "message_stop")


def _bedrock(transcript: Transcript, prompt: int, completion: int) -> bytes:
    out = b""
    if transcript.opened is not None:
        out = frame("contentBlockStop", {"contentBlockIndex": transcript.opened})
    usage = {"inputTokens": prompt, "outputTokens": completion, "totalTokens": prompt + completion}
    return out + frame("messageStop", {"stopReason": "max_tokens"}) + frame("metadata", {"usage": usage})


def frame(event: str, payload: dict[str, Any]) -> bytes:
    """One event in the binary framing of AWS."""
    named = ((":event-type", event), (":content-type", "application/json"), (":message-type", "event"))
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + len(value).to_bytes(2) + value.encode() for name, value in named
    )
    data = orjson.dumps(payload)
    prelude = (16 + len(headers) + len(data)).to_bytes(4) + len(headers).to_bytes(4)
    prelude += zlib.crc32(prelude).to_bytes(4)
    message = prelude + headers + data
    return message + zlib.crc32(message).to_bytes(4)
