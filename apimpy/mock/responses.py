"""`POST …/responses`: OpenAI's Responses API.  Nothing is stored: `previous_response_id` is accepted and unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.mock.answers import Answer, last_question, usage_of_responses
from apimpy.mock.call import CREATED, Call, Document, Events, missing

if TYPE_CHECKING:
    from apimpy.mock.answers import Speaker

__all__ = ["responses"]

_SAID_AGAIN: Document = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
}
"""Members of a response that repeat the request, with what they are when it does not say."""


def responses(call: Call, speaker: Speaker) -> Document | Events:
    """The response, or its stream."""
    given = call.body.get("input")
    if not isinstance(given, (str, list)) or not given:
        raise missing("input")
    question = given if isinstance(given, str) else last_question(given)
    answer = speaker.say(question, call.model, call.positive("max_output_tokens"))
    spent = usage_of_responses(speaker.prompt_tokens("responses", call.body, call.model), answer.tokens)
    return _stream(call, answer, spent) if call.stream else _response(call, answer, spent)


def _response(call: Call, answer: Answer, spent: Document | None) -> Document:
    """The response; `spent` None while it is under way."""
    cut = answer.reason == "length"
    said = {name: value for name in _SAID_AGAIN if (value := call.body.get(name)) is not None}
    return {
        "id": call.identifier("resp_"),
        "object": "response",
        "created_at": CREATED,
        "status": "in_progress" if spent is None else "incomplete" if cut else "completed",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut and spent is not None else None,
        "model": call.model,
        "output": [] if spent is None else [_item(call, answer)],
        **_SAID_AGAIN,
        **said,
        "usage": spent,
    }


def _item(call: Call, answer: Answer | None) -> Document:
    """The message; None while there is nothing in it."""
    status = "in_progress" if answer is None else "incomplete" if answer.reason == "length" else "completed"
    return {
        "id": call.identifier("msg_"),
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [] if answer is None else [_part(answer.text)],
    }


def _part(text: str) -> Document:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _stream(call: Call, answer: Answer, spent: Document) -> Events:
    started, ended = _response(call, answer, None), _response(call, answer, spent)
    place: dict[str, Any] = {"item_id": call.identifier("msg_"), "output_index": 0, "content_index": 0}
    events: list[Document] = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
        {"type": "response.output_item.added", "output_index": 0, "item": _item(call, None)},
        {"type": "response.content_part.added", **place, "part": _part("")},
        *({"type": "response.output_text.delta", **place, "delta": p, "logprobs": []} for p in answer.pieces),
        {"type": "response.output_text.done", **place, "text": answer.text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": _part(answer.text)},
        {"type": "response.output_item.done", "output_index": 0, "item": _item(call, answer)},
        {"type": f"response.{ended['status']}", "response": ended},
    ]
    numbered = tuple({**event, "sequence_number": i} for i, event in enumerate(events))
    return Events(numbered, named=True, done=False)
