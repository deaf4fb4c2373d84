"""Server-sent events read on the side while they are relayed.

The reader sees every chunk after it is on its way, never delays or changes one, and never raises: an event it cannot
read is skipped.  Most events of a chat stream hold a single piece of text, which is cut out without parsing JSON.
"""

from __future__ import annotations

import zlib
from typing import Any

import orjson

from apimpy.pattern import pattern
from apimpy.policies._llm.usage import Usage, delta_texts, usage_in

__all__ = ["StreamReader"]

_SIMPLE = pattern(rb'"index":\s*0,\s*"delta":\s*\{[^{}\[\]]*?"content":\s*"((?:[^"\\]|\\.)*)"[^{}\[\]]*\}')
_MAX_EVENT = 1 << 20


class StreamReader:
    """Collects usage and text of one response."""

    __slots__ = ("_kind", "_plain", "_tail", "_texts", "_unpack", "seen", "usage")

    def __init__(self, kind: str, encoding: str | None) -> None:
        self._kind, self._tail = kind, b""
        self._texts: list[bytes | str] = []
        self._plain = kind == "chat"
        self._unpack = zlib.decompressobj(47) if encoding in ("gzip", "deflate", "x-gzip") else None
        self.usage: Usage | None = None
        self.seen = False
        """Something was relayed."""

    def feed(self, chunk: bytes) -> None:
        """The next chunk, cut anywhere."""
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
        """The stream ended: what is left over is an event too."""
        tail, self._tail = self._tail, b""
        if tail.strip():
            self._event(tail.strip())

    def text(self) -> str:
        """What the model wrote."""
        out = []
        for piece in self._texts:
            if isinstance(piece, bytes):
                try:
                    out.append(orjson.loads(b'"' + piece + b'"'))
                except orjson.JSONDecodeError:
                    out.append(piece.decode("utf-8", "replace"))
            else:
                out.append(piece)
        return "".join(out)

    def _event(self, event: bytes) -> None:
        if event.startswith(b"data:") and b"\n" not in event:
            data = event[5:].lstrip()
        else:
            lines = [line[5:].lstrip() for line in event.split(b"\n") if line.startswith(b"data:")]
            data = b"\n".join(lines)
        if not data or data == b"[DONE]":
            return
        if self._plain and (b'"usage"' not in data or b'"usage":null' in data) and b'"tool_calls"' not in data:
            simple = _SIMPLE.search(data)
            if simple is not None and data.count(b'"delta"') == 1 and b'"reasoning' not in data:
                if simple[1]:
                    self._texts.append(simple[1])
                return
        try:
            parsed: Any = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        if isinstance(parsed, dict):
            self.usage = usage_in(self._kind, parsed, self.usage) or self.usage
            self._texts.extend(delta_texts(self._kind, parsed))
