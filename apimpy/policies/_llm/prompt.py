"""The text of a prompt: what is embedded for the semantic cache, and what is checked for its content.

Shapes of bodies as in `call`; `messages_of` takes them apart, the functions below put texts together.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.policies._llm.call import LlmCall

__all__ = ["Message", "embedded_text", "inspected_text", "messages_of"]

_SYSTEM = frozenset({"system", "developer"})


class Message(Record, frozen=True, eq=True):
    """A message of a dialogue: its texts, then what stands for parts that are no text."""

    role: str
    texts: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def is_system(self) -> bool:
        return self.role in _SYSTEM


def messages_of(call: LlmCall) -> list[Message]:
    """The dialogue of a call, instructions first; [] when it has none."""
    body, kind = call.body, call.kind
    if kind == "completion":
        return [Message("", tuple(_strings(body.get("prompt"))))]
    if kind == "responses":
        return _instructions("system", body.get("instructions")) + _responses_input(body.get("input"))
    if kind == "embeddings":
        return [Message("", tuple(_strings(body.get("input"))))]
    if kind == "gemini":
        found = _instructions("system", _object(body.get("systemInstruction")).get("parts"))
        return found + [_message(_text(c.get("role")), c.get("parts")) for c in _dicts(body.get("contents"))]
    found = _instructions("system", body.get("system")) if kind in ("anthropic", "bedrock") else []
    for message in _dicts(body.get("messages")):
        made = _message(_text(message.get("role")), message.get("content"))
        calls = message.get("tool_calls")
        if calls:
            made = Message(made.role, made.texts, (*made.others, _canonical(calls)))
        found.append(made)
    return found


def embedded_text(call: LlmCall, *, ignore_system: bool) -> tuple[str, int]:
    """The text whose embedding stands for the call, and how many messages it is made of."""
    messages = [m for m in messages_of(call) if not (ignore_system and m.is_system)]
    lines = []
    for message in messages:
        text = "\n".join((*message.texts, *message.others))
        lines.append(f"{message.role}: {text}" if message.role else text)
    return "\n".join(lines), len(messages)


def inspected_text(call: LlmCall) -> str:
    """All text of the call, in the order of its messages."""
    return "\n".join(text for message in messages_of(call) for text in message.texts if text)


def _instructions(role: str, content: Any) -> list[Message]:
    return [] if not content else [_message(role, content)]


def _responses_input(given: Any) -> list[Message]:
    if isinstance(given, str):
        return [Message("user", (given,))]
    out = []
    for item in _dicts(given):
        if "content" in item:
            out.append(_message(_text(item.get("role")), item["content"]))
        else:
            out.append(Message(_text(item.get("role")), (), (_other(item),)))
    return out


def _message(role: str, content: Any) -> Message:
    if isinstance(content, str):
        return Message(role, (content,))
    texts, others = [], []
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif isinstance(part, dict):
            others.append(_other(part))
    return Message(role, tuple(texts), tuple(others))


def _other(part: dict[str, Any]) -> str:
    """What stands for a part that is no text: the same for the same part."""
    kind = part.get("type")
    name = kind if isinstance(kind, str) else next(iter(part), "part")
    return f"[{name}:{hashlib.sha256(_canonical(part).encode()).hexdigest()}]"


def _canonical(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: Any) -> list[str]:
    if isinstance(value, list):
        return [v if isinstance(v, str) else _canonical(v) for v in value]
    return [value] if isinstance(value, str) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
