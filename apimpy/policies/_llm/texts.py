"""What a model wrote, taken out of responses and of the events of streams: what an estimate counts.

Text, names and arguments of tool calls, refusals and visible reasoning; sound and images are not text.
"""

from __future__ import annotations

from typing import Any

import orjson

__all__ = ["completion_texts", "delta_texts"]


def completion_texts(kind: str, message: dict[str, Any]) -> list[str]:
    """The texts of a whole response, one for each choice."""
    if kind == "responses":
        return _joined(_item(item) for item in _dicts(message.get("output")))
    if kind == "anthropic":
        return _joined([_anthropic_parts(message.get("content"))])
    if kind == "gemini":
        return _joined(_candidate(c) for c in _dicts(message.get("candidates")))
    if kind == "bedrock":
        inner = _object(_object(message.get("output")).get("message"))
        return _joined([_bedrock_parts(inner.get("content"))])
    return _joined(
        [*_message(_object(choice.get("message"))), choice.get("text")] for choice in _dicts(message.get("choices"))
    )


def _joined(pieces: Any) -> list[str]:
    texts = ("".join(p for p in choice if isinstance(p, str)) for choice in pieces)
    return [text for text in texts if text]


def delta_texts(kind: str, event: dict[str, Any]) -> list[tuple[int, str]]:
    """What one event of a stream adds, with the number of the choice (or block) it adds to."""
    pieces: list[tuple[Any, Any]]
    if kind == "responses":
        pieces = [(event.get("output_index"), _responses_delta(event))]
        if event.get("type") == "response.output_item.added":
            pieces.append((event.get("output_index"), _object(event.get("item")).get("name")))
    elif kind == "anthropic":
        delta, block = _object(event.get("delta")), _object(event.get("content_block"))
        pieces = [(event.get("index"), delta.get(key)) for key in ("text", "partial_json", "thinking")]
        if block.get("type") in ("tool_use", "server_tool_use"):
            pieces.append((event.get("index"), block.get("name")))
    elif kind == "gemini":
        pieces = [(c.get("index"), text) for c in _dicts(event.get("candidates")) for text in _candidate(c)]
    elif kind == "bedrock":
        made, begun = _object(event.get("contentBlockDelta")), _object(event.get("contentBlockStart"))
        delta = _object(made.get("delta"))
        number = made.get("contentBlockIndex")
        pieces = [
            (number, delta.get("text")),
            (number, _object(delta.get("toolUse")).get("input")),
            (number, _object(delta.get("reasoningContent")).get("text")),
            (begun.get("contentBlockIndex"), _object(_object(begun.get("start")).get("toolUse")).get("name")),
        ]
    else:
        pieces = []
        for choice in _dicts(event.get("choices")):
            index = choice.get("index")
            pieces += [(index, text) for text in _message(_object(choice.get("delta")))]
            pieces.append((index, choice.get("text")))
    return [(i if isinstance(i, int) else 0, text) for i, text in pieces if isinstance(text, str) and text]


def _message(message: dict[str, Any]) -> list[Any]:
    """The texts of a chat message or its delta."""
    out = [message.get("reasoning_content") or message.get("reasoning"), message.get("content"), message.get("refusal")]
    calls = [_object(call.get("function")) for call in _dicts(message.get("tool_calls"))]
    for function in (*calls, _object(message.get("function_call"))):
        out += [function.get("name"), function.get("arguments")]
    return out


def _responses_delta(event: dict[str, Any]) -> Any:
    kind = event.get("type")
    if isinstance(kind, str) and kind.endswith(".delta") and not kind.endswith("audio.delta"):
        return event.get("delta")
    return None


def _item(item: dict[str, Any]) -> list[Any]:
    parts = [*_dicts(item.get("content")), *_dicts(item.get("summary"))]
    texts = [item.get("name"), item.get("arguments"), item.get("input")]
    return texts + [text for part in parts for text in (part.get("text"), part.get("refusal"))]


def _anthropic_parts(content: Any) -> list[Any]:
    out: list[Any] = []
    for part in _dicts(content):
        out += [part.get("text"), part.get("thinking")]
        if part.get("type") in ("tool_use", "server_tool_use"):
            out += [part.get("name"), _json(part.get("input"))]
    return out


def _candidate(candidate: dict[str, Any]) -> list[Any]:
    out: list[Any] = []
    for part in _dicts(_object(candidate.get("content")).get("parts")):
        called = part.get("functionCall")
        out.append(part.get("text"))
        if isinstance(called, dict):
            out += [called.get("name"), _json(called.get("args"))]
    return out


def _bedrock_parts(content: Any) -> list[Any]:
    out: list[Any] = []
    for part in _dicts(content):
        called = part.get("toolUse")
        out += [part.get("text"), _object(_object(part.get("reasoningContent")).get("reasoningText")).get("text")]
        if isinstance(called, dict):
            out += [called.get("name"), _json(called.get("input"))]
    return out


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # nested too deeply to be written again
        return ""
