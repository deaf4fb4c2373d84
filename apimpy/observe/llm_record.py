"""What is written about one call of a language model: rows with the columns of the platform's LLM log.

The first row has the columns of the call and the beginning of its messages.  Texts beyond `PIECE` bytes go on in
further rows with rising `SequenceNumber`, which repeat nothing but what identifies the call; a message that is cut goes
on under its role.  Redaction comes before anything is cut, so that no half of a secret is left over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apimpy.runtime.masking import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from apimpy.observe.redaction import Redaction

__all__ = ["PIECE", "Bounds", "LlmRecord", "rows"]

PIECE = 32 << 10
"""Bytes of text in a row."""
_MARGIN = 4096
"""Characters that are looked at beyond what is written: the longest secret whose half must not show."""
_EVERY_ROW = ("TimeGenerated", "CorrelationId", "OperationName", "Region")
_OWN = frozenset({"TimeGenerated", "CorrelationId"})
"""What the gateway makes up, and others look for: a pattern for numbers must not damage it."""

Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes of text that are written of one call."""

    requests: int = 256 << 10
    responses: int = 256 << 10


@dataclass(frozen=True, slots=True)
class LlmRecord:
    """A call that has ended.  `requests`, `responses`: what makes the messages, None when they are not wanted.

    `hidden`: texts of this call that must not show, besides what `hide` knows.
    """

    columns: dict[str, Any]
    requests: Callable[[], Messages] | None
    responses: Callable[[], Messages] | None
    hide: Callable[[str], str]
    hidden: tuple[str, ...] = ()
    size: int = 0
    """Bytes of its messages, about."""

    def without_messages(self) -> LlmRecord:
        """When there is no room for them."""
        columns = {**self.columns, "RequestTruncated": True, "ResponseTruncated": True}
        return LlmRecord(columns, None, None, self.hide, self.hidden)


def rows(record: LlmRecord, redaction: Redaction, bounds: Bounds) -> list[dict[str, Any]]:
    """The rows of a record, as JSON data."""
    whole = dict(record.columns)
    for name, make, most in (
        ("Request", record.requests, bounds.requests),
        ("Response", record.responses, bounds.responses),
    ):
        if make is not None:
            whole[f"{name}Messages"], cut = _looked_at(make(), most)
            if cut:
                whole[f"{name}Truncated"] = True

    def hide(text: str) -> str:
        if not text.isascii():  # what came in need not be valid Unicode
            text = text.encode("utf-8", "backslashreplace").decode()
        for one in record.hidden:
            text = text.replace(one, HIDDEN)
        return record.hide(text)

    clean = redaction.applied(whole, hide, _OWN)
    first: dict[str, Any] = {"SequenceNumber": 0}
    parts: dict[str, list[Messages]] = {}
    for name, most in (("Request", bounds.requests), ("Response", bounds.responses)):
        messages = clean.pop(f"{name}Messages", None)
        if not isinstance(messages, list):
            if messages is not None:
                first[f"{name}Messages"] = messages
            continue
        kept, cut = _bounded(messages, most, cut=whole.get(f"{name}Truncated") is True)
        if cut:
            clean[f"{name}Truncated"] = True
        parts[f"{name}Messages"] = _pieces(kept)
    header = {**clean, **first, **{name: pieces[0] for name, pieces in parts.items()}}
    out = [header]
    same = {name: clean[name] for name in _EVERY_ROW if name in clean}
    for number in range(1, max(map(len, parts.values()), default=1)):
        more = {name: pieces[number] for name, pieces in parts.items() if number < len(pieces)}
        out.append({**same, "SequenceNumber": number, **more})
    return out


def _looked_at(messages: Messages, most: int) -> tuple[Messages, bool]:
    """The messages as far as they can matter, and whether something was left out."""
    out: Messages = []
    left = most + 2 * _MARGIN
    for message in messages:
        text = message["content"]
        if left <= 0:
            return out, True
        out.append(message if len(text) <= left else {**message, "content": text[:left]})
        left -= len(text)
    return out, left < 0


def _bounded(messages: list[Any], most: int, *, cut: bool) -> tuple[list[Any], bool]:
    """No more than `most` bytes of text.  `cut`: the end has been cut already, in the middle of we do not know what."""
    if cut and messages and isinstance(messages[-1], dict):
        last = messages[-1]
        messages = [*messages[:-1], {**last, "content": _text(last)[:-_MARGIN]}]
    out: list[Any] = []
    left = most
    for message in messages:
        if not isinstance(message, dict):  # a path has hidden it
            out.append(message)
            continue
        head, tail = _split(_text(message), left)
        out.append({**message, "content": head})
        left -= len(head.encode())
        if tail:
            return out, True
    return out, cut


def _pieces(messages: Iterable[Any]) -> list[Messages]:
    """Lists of messages with `PIECE` bytes of text each, at most; at least one list."""
    out: list[Messages] = [[]]
    left = PIECE
    for message in messages:
        if not isinstance(message, dict):
            out[-1].append(message)
            continue
        head, tail = _split(_text(message), left)
        if head or not tail:
            out[-1].append({**message, "content": head})
            left -= len(head.encode())
        while tail:
            head, tail = _split(tail, PIECE)
            out.append([{**message, "content": head}])
            left = PIECE - len(head.encode())
    return out


def _text(message: dict[str, Any]) -> str:
    text = message.get("content", "")
    return text if isinstance(text, str) else HIDDEN


def _split(text: str, most: int) -> tuple[str, str]:
    """The text's beginning with so many bytes at most, and the rest; characters stay whole."""
    if text.isascii():
        return text[: max(0, most)], text[max(0, most) :]
    data = text.encode()
    if len(data) <= most:
        return text, ""
    head = data[: max(0, most)].decode("utf-8", "ignore")
    return head, text[len(head) :]
