"""What has been heard of one streamed response: its text by choice, its usage, and how far it has come.

Most events of a chat stream hold a single piece of text, which is cut out without parsing JSON.
"""

from __future__ import annotations

from typing import Any

import orjson

from apimpy.pattern import pattern
from apimpy.policies._llm.texts import delta_texts
from apimpy.policies._llm.usage import Usage, is_final, usage_in

__all__ = ["KEPT", "Transcript"]

KEPT = 8 << 20
"""Characters of a response that are kept; what lies beyond counts a token for every four of them."""

_SIMPLE = pattern(rb'"index":\s*0,\s*"delta":\s*\{[^{}\[\]]*?"content":\s*"((?:[^"\\]|\\.)*)"[^{}\[\]]*\}')
_ENDS = ("message_stop", "response.completed", "response.incomplete", "response.failed")


class Transcript:
    """Events of one response, given one by one as JSON."""

    __slots__ = ("_first", "_marks", "_others", "ended", "final", "kind", "last", "opened", "outset", "size", "usage")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._first: list[bytes | str] = []
        """Pieces of choice 0; bytes: as they stand in JSON."""
        self._others: dict[int, list[bytes | str]] = {}
        self._marks: dict[int, int] = {}
        """Pieces of each choice that `fresh` has given already."""
        self.size = 0
        """Characters of text, about."""
        self.usage: Usage | None = None
        self.final = False
        """The usage is that of the whole call."""
        self.ended = False
        """The model has said that it is done."""
        self.last = b""
        """The last event."""
        self.opened: int | None = None
        """The content block that has begun and not ended (anthropic, bedrock)."""
        self.outset: dict[str, Any] | None = None
        """The response object of the first event (responses, anthropic)."""

    def take(self, data: bytes) -> None:
        """The data of one event; what is no JSON object is passed over."""
        if data == b"[DONE]":
            self.ended = True
            return
        self.last = data
        if (
            self.kind == "chat"
            and (b'"usage"' not in data or b'"usage":null' in data)
            and b'"tool_calls"' not in data
            and b'"reasoning' not in data
        ):
            simple = _SIMPLE.search(data)
            if simple is not None and data.count(b'"delta"') == 1:
                piece = simple[1]
                if piece:
                    if self.size < KEPT:
                        self._first.append(piece)
                    self.size += len(piece)
                return
        try:
            event: Any = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        if isinstance(event, dict):
            self.take_object(event)

    def take_object(self, event: dict[str, Any]) -> None:
        """One event."""
        kind = self.kind
        usage = usage_in(kind, event, self.usage)
        if usage is not None and (usage.total or usage.prompt or usage.completion):  # zeros are placeholders
            self.usage = usage
            self.final = is_final(kind, event)
        for index, text in delta_texts(kind, event):
            if self.size < KEPT:
                held = self._first if index == 0 else self._others.setdefault(index, [])
                held.append(text)
            self.size += len(text)
        if kind == "bedrock":
            if "contentBlockDelta" in event:
                self.opened = _index(event["contentBlockDelta"], "contentBlockIndex")
            elif "contentBlockStop" in event:
                self.opened = None
            self.ended = self.ended or "messageStop" in event
            return
        if kind == "gemini":
            self.ended = self.ended or (bool(event.get("candidates")) and is_final(kind, event))
            return
        name = event.get("type")
        if name == "content_block_start":
            self.opened = _index(event, "index")
        elif name == "content_block_stop":
            self.opened = None
        elif name == "response.created" and isinstance(event.get("response"), dict):
            self.outset = event["response"]
        elif name == "message_start" and isinstance(event.get("message"), dict):
            self.outset = event["message"]
        elif name in _ENDS:
            self.ended = True

    def last_object(self) -> dict[str, Any]:
        """The last event, as far as it is JSON."""
        try:
            found = orjson.loads(self.last)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}

    def choices(self) -> list[int]:
        """Numbers of the choices that have text; at least one."""
        return sorted({0, *self._others} if self._first or not self._others else self._others)

    def texts(self) -> list[str]:
        """What the model wrote, for each choice."""
        return [text for text in (_text(held) for held in (self._first, *self._others.values())) if text]

    def beyond(self) -> int:
        """Tokens of what was not kept, about."""
        return max(0, self.size - KEPT) // 4

    def fresh(self) -> list[str]:
        """What has come since the last time, for each choice."""
        out = []
        for index, held in ((0, self._first), *self._others.items()):
            mark = self._marks.get(index, 0)
            if len(held) > mark:
                out.append(_text(held[mark:]))
                self._marks[index] = len(held)
        return out


def _index(holder: Any, name: str) -> int:
    index = holder.get(name) if isinstance(holder, dict) else None
    return index if isinstance(index, int) else 0


def _text(pieces: list[bytes | str]) -> str:
    raw = [p for p in pieces if isinstance(p, bytes)]
    if len(raw) == len(pieces):  # one text in JSON, so that a character cut in two is whole again
        try:
            return str(orjson.loads(b'"%s"' % b"".join(raw)))
        except orjson.JSONDecodeError:
            pass
    return "".join(_piece(p) if isinstance(p, bytes) else p for p in pieces)


def _piece(piece: bytes) -> str:
    try:
        return str(orjson.loads(b'"%s"' % piece))
    except orjson.JSONDecodeError:
        return piece.decode("utf-8", "replace")
