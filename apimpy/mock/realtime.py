"""`GET …/realtime` over a WebSocket: OpenAI's Realtime API, as far as text goes.

A session is a function of the events it is sent, so the same conversation gets the same events, ids included.  Audio is
taken and not heard: what was committed stands in the conversation as so many bytes.  The names of events are today's,
or those of the beta (`OpenAI-Beta: realtime=v1`, or a path with `api-version`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.mock.answers import Answer, Speaker
    from apimpy.mock.call import Document

__all__ = ["Session"]


class Session:
    """One conversation: `begin`, then `take` for every message; each gives the events to send, without their ids."""

    def __init__(self, model: str, speaker: Speaker, *, beta: bool = False) -> None:
        self._model, self._speaker, self._beta = model, speaker, beta
        self._sent = self._made = 0
        self._items: dict[str, Document] = {}
        self._audio = 0
        self._session: Document = {
            "id": "sess_" + hashlib.sha256(model.encode()).hexdigest()[:24],
            "object": "realtime.session",
            "model": model,
            "instructions": "",
            "tools": [],
            "tool_choice": "auto",
            **({"modalities": ["text"]} if beta else {"type": "realtime", "output_modalities": ["text"]}),
        }

    def begin(self) -> Iterator[Document]:
        """What is sent before anything has come."""
        yield self._event("session.created", session=self._session)

    def take(self, raw: str | bytes) -> Iterator[Document]:
        """What is sent for one message."""
        try:
            event = orjson.loads(raw)
        except ValueError:
            event = None
        kind = event.get("type") if isinstance(event, dict) else None
        answer = self._ANSWERS.get(kind) if isinstance(kind, str) else None
        if answer is None:
            yield self._error(event, f"Invalid event type: {kind!r}." if kind else "An event is a JSON object.")
            return
        yield from answer(self, event)

    def _event(self, kind: str, **members: Any) -> Document:
        self._sent += 1
        return {"type": kind, "event_id": f"event_{self._sent:06}", **members}

    def _error(self, event: Any, message: str) -> Document:
        cause = event.get("event_id") if isinstance(event, dict) else None
        error = {"type": "invalid_request_error", "code": None, "message": message, "param": None, "event_id": cause}
        return self._event("error", error=error)

    def _id(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}_{self._made:06}"

    # --- what comes ---------------------------------------------------------------------------------------------------

    def _update(self, event: Document) -> Iterator[Document]:
        given = event.get("session")
        if not isinstance(given, dict):
            yield self._error(event, "Missing required parameter: 'session'.")
            return
        self._session = {**self._session, **given}
        yield self._event("session.updated", session=self._session)

    def _create_item(self, event: Document) -> Iterator[Document]:
        given = event.get("item")
        if not isinstance(given, dict) or not isinstance(given.get("type"), str):
            yield self._error(event, "Missing required parameter: 'item.type'.")
            return
        yield from self._add(given)

    def _add(self, given: Document) -> Iterator[Document]:
        item = {"id": self._id("item"), "object": "realtime.item", "status": "completed", **given}
        previous = next(reversed(self._items), None)
        self._items[item["id"]] = item
        for kind in ("created",) if self._beta else ("added", "done"):
            yield self._event(f"conversation.item.{kind}", previous_item_id=previous, item=item)

    def _delete_item(self, event: Document) -> Iterator[Document]:
        if self._items.pop(str(event.get("item_id")), None) is None:
            yield self._error(event, f"Item with item_id {event.get('item_id')!r} not found.")
        else:
            yield self._event("conversation.item.deleted", item_id=event["item_id"])

    def _append(self, event: Document) -> Iterator[Document]:
        try:
            self._audio += len(base64.b64decode(event.get("audio") or "", validate=True))
        except (binascii.Error, TypeError, ValueError):
            yield self._error(event, "Invalid 'audio': base64 is expected.")

    def _commit(self, event: Document) -> Iterator[Document]:
        if not self._audio:
            yield self._error(event, "Error committing input audio buffer: the buffer is empty.")
            return
        said = f"{self._audio} bytes of audio"
        self._audio = 0
        previous = next(reversed(self._items), None)
        added = list(
            self._add({"type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": said}]})
        )
        yield self._event(
            "input_audio_buffer.committed", previous_item_id=previous, item_id=next(reversed(self._items))
        )
        yield from added

    def _clear(self, event: Document) -> Iterator[Document]:
        self._audio = 0
        yield self._event("input_audio_buffer.cleared")

    def _cancel(self, event: Document) -> Iterator[Document]:
        yield self._error(event, "Cancellation failed: no active response found.")

    def _respond(self, event: Document) -> Iterator[Document]:
        heard = [_words(item) for item in self._items.values()]
        asked = next((_words(i) for i in reversed(self._items.values()) if i.get("role") == "user"), "")
        answer = self._speaker.say(asked, self._model)
        spent = self._usage(heard, answer)
        response: Document = {
            "id": self._id("resp"),
            "object": "realtime.response",
            "status": "in_progress",
            "status_details": None,
            "output": [],
            "metadata": None,
            "usage": None,
        }
        yield self._event("response.created", response=response)
        item: Document = {
            "id": self._id("item"),
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        previous = next(reversed(self._items), None)
        whole = {"response_id": response["id"], "output_index": 0}
        place = {**whole, "item_id": item["id"], "content_index": 0}
        kind, text = ("text", "response.text") if self._beta else ("output_text", "response.output_text")
        yield self._event("response.output_item.added", **whole, item=item)
        first = "created" if self._beta else "added"
        yield self._event(f"conversation.item.{first}", previous_item_id=previous, item=item)
        yield self._event("response.content_part.added", **place, part={"type": "text", "text": ""})
        for piece in answer.pieces:
            yield self._event(f"{text}.delta", **place, delta=piece)
        yield self._event(f"{text}.done", **place, text=answer.text)
        yield self._event("response.content_part.done", **place, part={"type": "text", "text": answer.text})
        done = {**item, "status": "completed", "content": [{"type": kind, "text": answer.text}]}
        self._items[item["id"]] = done
        yield self._event("response.output_item.done", **whole, item=done)
        if not self._beta:
            yield self._event("conversation.item.done", previous_item_id=previous, item=done)
        yield self._event(
            "response.done", response={**response, "status": "completed", "output": [done], "usage": spent}
        )

    def _usage(self, heard: list[str], answer: Answer) -> Document:
        body = {"instructions": self._session.get("instructions") or "", "input": "\n".join(heard) or " "}
        prompt = self._speaker.prompt_tokens("responses", body, self._model)
        return {
            "total_tokens": prompt + answer.tokens,
            "input_tokens": prompt,
            "output_tokens": answer.tokens,
            "input_token_details": {"cached_tokens": 0, "text_tokens": prompt, "audio_tokens": 0},
            "output_token_details": {"text_tokens": answer.tokens, "audio_tokens": 0},
        }

    _ANSWERS = {
        "session.update": _update,
        "conversation.item.create": _create_item,
        "conversation.item.delete": _delete_item,
        "input_audio_buffer.append": _append,
        "input_audio_buffer.commit": _commit,
        "input_audio_buffer.clear": _clear,
        "response.create": _respond,
        "response.cancel": _cancel,
    }


def _words(item: Document) -> str:
    """The text of an item."""
    content = item.get("content")
    parts = [p for p in content if isinstance(p, dict)] if isinstance(content, list) else []
    texts = [p.get("text") or p.get("transcript") for p in parts]
    return "\n".join(t for t in texts if isinstance(t, str))
