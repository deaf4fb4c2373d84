"""`POST …/chat/completions` and `POST …/completions`."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from apimpy.mock.answers import Answer, last_question, usage
from apimpy.mock.call import CREATED, Call, Document, Events, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from apimpy.mock.answers import Speaker

__all__ = ["chat", "completions"]

_FILTER = {k: {"filtered": False, "severity": "safe"} for k in ("hate", "self_harm", "sexual", "violence")}
_PROMPT_FILTER = [{"prompt_index": 0, "content_filter_results": _FILTER}]
_MOST_CHOICES = 128


def chat(call: Call, speaker: Speaker) -> Document | Events:
    """The completion, or its stream."""
    question = last_question(call.members("messages"))
    limit = call.positive("max_completion_tokens", "max_tokens")
    choices = call.positive("n", most=_MOST_CHOICES) or 1
    stops = call.stops("stop")
    answers = [speaker.say(question, call.model, limit, stops, i) for i in range(choices)]
    spent = usage(speaker.prompt_tokens("chat", call.body, call.model), sum(a.tokens for a in answers))
    if call.stream:
        return _chat_stream(call, answers, spent)
    rows = []
    for number, answer in enumerate(answers):
        message: Document = {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []}
        row = {"index": number, "message": message, "logprobs": None, "finish_reason": answer.reason}
        rows.append({**row, "content_filter_results": _FILTER} if call.azure else row)
    head = _head(call, "chatcmpl-", "chat.completion")
    if call.azure:
        head["prompt_filter_results"] = _PROMPT_FILTER
    return {**head, "choices": rows, "usage": spent}


def _chat_stream(call: Call, answers: Sequence[Answer], spent: Document) -> Events:
    head = _head(call, "chatcmpl-", "chat.completion.chunk")

    def event(index: int, delta: Document, reason: str | None = None) -> Document:
        return {**head, "choices": [{"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}]}

    events = [{**head, "choices": [], "prompt_filter_results": _PROMPT_FILTER}] if call.azure else []
    events += [event(i, {"role": "assistant", "content": "", "refusal": None}) for i in range(len(answers))]
    events += _in_turn(answers, lambda i, piece: event(i, {"content": piece}))
    events += [event(i, {}, a.reason) for i, a in enumerate(answers)]
    return Events(_with_usage(call, events, head, spent))


def completions(call: Call, speaker: Speaker) -> Document | Events:
    """The legacy completion, or its stream: `n` choices for every prompt."""
    prompts = _prompts(call, speaker)
    limit = call.positive("max_tokens")
    choices = call.positive("n", most=_MOST_CHOICES) or 1
    stops = call.stops("stop")
    answers = [speaker.say(p, call.model, limit, stops, i) for p in prompts for i in range(choices)]
    spent = usage(speaker.prompt_tokens("completion", call.body, call.model), sum(a.tokens for a in answers))
    head = _head(call, "cmpl-", "text_completion")

    def choice(index: int, text: str, reason: str | None = None) -> Document:
        return {"text": text, "index": index, "logprobs": None, "finish_reason": reason}

    if not call.stream:
        rows = [choice(i, a.text, a.reason) for i, a in enumerate(answers)]
        return {**head, "choices": rows, "usage": spent}
    events = _in_turn(answers, lambda i, piece: {**head, "choices": [choice(i, piece)]})
    events += [{**head, "choices": [choice(i, "", a.reason)]} for i, a in enumerate(answers)]
    return Events(_with_usage(call, events, head, spent))


def _prompts(call: Call, speaker: Speaker) -> list[str]:
    """A prompt is a text or token numbers; there may be a list of them."""
    given = call.body.get("prompt")
    several = given if isinstance(given, list) and any(isinstance(p, (str, list)) for p in given) else [given]
    out = []
    for prompt in several:
        if isinstance(prompt, str):
            out.append(prompt)
        elif isinstance(prompt, list) and prompt and all(type(t) is int for t in prompt):
            out.append(speaker.text_of(prompt, call.model))
        else:
            raise missing("prompt")
    return out


def _in_turn(answers: Sequence[Answer], event: Callable[[int, str], Document]) -> list[Document]:
    """The pieces of all choices, one of each in turn."""
    rounds = zip_longest(*(a.pieces for a in answers))
    return [event(i, piece) for row in rounds for i, piece in enumerate(row) if piece is not None]


def _head(call: Call, prefix: str, kind: str) -> Document:
    return {
        "id": call.identifier(prefix),
        "object": kind,
        "created": CREATED,
        "model": call.model,
        "system_fingerprint": "fp_apimpy_mock",
    }


def _with_usage(call: Call, events: list[Document], head: Document, spent: Document) -> tuple[Document, ...]:
    """With `stream_options.include_usage`, every event has `usage: null` and one more comes with the numbers."""
    options: Any = call.body.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage") is True:
        return (*({**e, "usage": None} for e in events), {**head, "choices": [], "usage": spent})
    return tuple(events)
