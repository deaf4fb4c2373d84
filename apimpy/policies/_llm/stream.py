"""Streams of events read on the side while they are relayed: how they are framed.

A reader is fed every chunk, cut anywhere, and never raises: what it cannot read is skipped.  Three framings:
server-sent events, the binary frames of AWS (`vnd.amazon.eventstream`), and one JSON array (Gemini without `alt=sse`).
"""

from __future__ import annotations

import zlib
from typing import Any, Protocol

import orjson

from apimpy.policies._llm.transcript import Transcript

__all__ = ["ArrayReader", "FrameReader", "Reader", "SseReader"]

_MAX_EVENT = 1 << 20
_MAX_ARRAY = 32 << 20
_PRELUDE, _CHECKSUM = 12, 4
_STRING_HEADER = 7


class Reader(Protocol):
    """Of one response."""

    transcript: Transcript
    seen: bool
    """Something was relayed."""

    def feed(self, chunk: bytes) -> None:
        """The next chunk."""

    def finish(self) -> None:
        """The stream ended: what is left over may be an event too."""

    def boundary(self, chunk: bytes) -> int | None:
        """How many bytes of the chunk just fed end with a whole event; None: no event ends in it."""


class SseReader:
    """Server-sent events."""

    __slots__ = ("_tail", "_unpack", "seen", "transcript")

    def __init__(self, kind: str, encoding: str | None) -> None:
        self.transcript = Transcript(kind)
        self._tail = b""
        self._unpack = zlib.decompressobj(47) if encoding in ("gzip", "deflate", "x-gzip") else None
        self.seen = False

    def feed(self, chunk: bytes) -> None:
        self.seen = self.seen or bool(chunk)
        if self._unpack is not None:
            try:
                chunk = self._unpack.decompress(chunk, _MAX_EVENT)
            except zlib.error:
                return
        data = self._tail + chunk if self._tail else chunk
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        *events, rest = data.split(b"\n\n")
        self._tail = rest if len(rest) <= _MAX_EVENT else b""
        for event in events:
            if event:
                self._event(event)

    def finish(self) -> None:
        tail, self._tail = self._tail, b""
        if tail.strip():
            self._event(tail.strip())

    def boundary(self, chunk: bytes) -> int | None:
        if self._unpack is not None:
            return None
        if not self._tail:
            return len(chunk)
        ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := chunk.rfind(mark)) >= 0]
        return max(ends, default=None)

    def _event(self, event: bytes) -> None:
        if event.startswith(b"data:") and b"\n" not in event:
            data = event[5:].lstrip()
        else:
            data = b"\n".join(line[5:].lstrip() for line in event.split(b"\n") if line.startswith(b"data:"))
        if data:
            self.transcript.take(data)


class FrameReader:
    """Binary frames: lengths, headers of which `:event-type` matters, a JSON payload, checksums (not looked at)."""

    __slots__ = ("_buffer", "_lost", "seen", "transcript")

    def __init__(self, kind: str) -> None:
        self.transcript = Transcript(kind)
        self._buffer = b""
        self._lost = False
        """The framing is not what it should be: nothing more is read."""
        self.seen = False

    def feed(self, chunk: bytes) -> None:
        self.seen = self.seen or bool(chunk)
        if self._lost:
            return
        data = self._buffer + chunk if self._buffer else chunk
        while len(data) >= _PRELUDE:
            length, headers = int.from_bytes(data[:4]), int.from_bytes(data[4:8])
            if length < _PRELUDE + headers + _CHECKSUM or length > _MAX_EVENT:
                self._lost, data = True, b""
                break
            if len(data) < length:
                break
            self._frame(data[_PRELUDE : _PRELUDE + headers], data[_PRELUDE + headers : length - _CHECKSUM])
            data = data[length:]
        self._buffer = data

    def finish(self) -> None:
        """Half a frame is none."""

    def boundary(self, chunk: bytes) -> int | None:
        kept = len(chunk) - len(self._buffer)
        return kept if kept >= 0 and not self._lost else None

    def _frame(self, headers: bytes, payload: bytes) -> None:
        event = _event_type(headers)
        try:
            content: Any = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return
        if event and isinstance(content, dict):
            self.transcript.take_object({event: content})


def _event_type(headers: bytes) -> str:
    at = 0
    while at < len(headers):
        end = at + 1 + headers[at]
        name = headers[at + 1 : end]
        if headers[end : end + 1] != bytes([_STRING_HEADER]):
            return ""
        start = end + 3
        at = start + int.from_bytes(headers[end + 1 : start])
        if name == b":event-type":
            return headers[start:at].decode("utf-8", "replace")
    return ""


class ArrayReader:
    """One JSON array of events, readable when it is whole."""

    __slots__ = ("_chunks", "_encoding", "_size", "seen", "transcript")

    def __init__(self, kind: str, encoding: str | None) -> None:
        self.transcript = Transcript(kind)
        self._chunks: list[bytes] = []
        self._size, self._encoding = 0, encoding
        self.seen = False

    def feed(self, chunk: bytes) -> None:
        self.seen = self.seen or bool(chunk)
        self._size += len(chunk)
        if self._size <= _MAX_ARRAY:
            self._chunks.append(chunk)

    def finish(self) -> None:
        data, self._chunks = b"".join(self._chunks), []
        if self._encoding in ("gzip", "deflate", "x-gzip"):
            try:
                data = zlib.decompressobj(47).decompress(data, _MAX_ARRAY)
            except zlib.error:
                return
        for whole in (data, data.rstrip().rstrip(b",") + b"]"):  # the caller may have left in the middle
            try:
                events: Any = orjson.loads(whole)
            except orjson.JSONDecodeError:
                continue
            for event in events if isinstance(events, list) else [events]:
                if isinstance(event, dict):
                    self.transcript.take_object(event)
            return

    def boundary(self, chunk: bytes) -> int | None:
        return None
