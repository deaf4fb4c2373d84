"""`POST …/messages` and `POST …/messages/count_tokens`: Anthropic's Messages API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.mock.answers import last_question
from apimpy.mock.call import Call, Document, Events, Refusal

if TYPE_CHECKING:
    from apimpy.mock.answers import Answer, Speaker

__all__ = ["count_tokens", "messages"]


def messages(call: Call, speaker: Speaker) -> Document | Events:
    """The message, or its stream."""
    question = last_question(_checked(call))
    limit = call.positive("max_tokens")
    if limit is None:
        raise Refusal(400, "max_tokens: Field required")
    answer = speaker.say(question, call.model, limit, call.stops("stop_sequences"))
    prompt = speaker.prompt_tokens("anthropic", call.body, call.model)
    return _stream(call, answer, prompt) if call.stream else _message(call, answer, prompt)


def count_tokens(call: Call, speaker: Speaker) -> Document:
    """What the prompt costs."""
    _checked(call)
    return {"input_tokens": speaker.prompt_tokens("anthropic", call.body, call.model)}


def _checked(call: Call) -> list[object]:
    if not (call.headers or {}).get("anthropic-version"):
        raise Refusal(400, "anthropic-version: header is required")
    return call.members("messages")


def _ending(answer: Answer) -> Document:
    if answer.reason == "length":
        return {"stop_reason": "max_tokens", "stop_sequence": None}
    return {"stop_reason": "stop_sequence" if answer.stop else "end_turn", "stop_sequence": answer.stop}


def _usage(prompt: int, completion: int) -> Document:
    return {
        "input_tokens": prompt,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": completion,
    }


def _head(call: Call) -> Document:
    return {"id": call.identifier("msg_"), "type": "message", "role": "assistant", "model": call.model}


def _message(call: Call, answer: Answer, prompt: int) -> Document:
    content = [{"type": "text", "text": answer.text}]
    return {**_head(call), "content": content, **_ending(answer), "usage": _usage(prompt, answer.tokens)}


def _stream(call: Call, answer: Answer, prompt: int) -> Events:
    nothing = {"stop_reason": None, "stop_sequence": None}
    started = {**_head(call), "content": [], **nothing, "usage": _usage(prompt, 1)}
    deltas = ({"type": "text_delta", "text": piece} for piece in answer.pieces)
    events: tuple[Document, ...] = (
        {"type": "message_start", "message": started},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": _ending(answer), "usage": {"output_tokens": answer.tokens}},
        {"type": "message_stop"},
    )
    return Events(events, named=True, done=False)
