"""The access log: one line for a request, as JSON or text, written away from the hot path.

Records wait as in `gathered`, and what has gathered goes out with one write.  A reader that does not keep up costs
lines (their number is reported), never latency.
Only the fields below are written: no header values, no query strings (they carry keys), no bodies.
"""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import orjson

from apimpy.observe.gathered import Gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["AccessLog", "AccessRecord", "LogFormat", "json_line", "text_line"]

LogFormat = Literal["off", "json", "text"]
_WAITING_LIMIT = 50_000
_WHOLE = 4096
"""Bytes that a pipe takes in one piece."""


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """What is known when the last byte has gone."""

    time: float
    request_id: str
    remote: str
    method: str
    path: str
    status: int
    seconds: float
    bytes_sent: int
    completed: bool
    api: str | None = None
    operation: str | None = None
    product: str | None = None
    subscription: str | None = None
    backend: str | None = None
    error_source: str | None = None
    error_reason: str | None = None
    error_message: str | None = None
    notes: tuple[str, ...] = ()


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_line(record: AccessRecord) -> bytes:
    """One JSON object and a line feed; absent fields are left out."""
    row: dict[str, object] = {
        "time": _stamp(record.time),
        "request_id": record.request_id,
        "remote": record.remote,
        "method": record.method,
        "path": record.path,
        "status": record.status,
        "duration_ms": round(record.seconds * 1000, 3),
        "bytes_sent": record.bytes_sent,
        "completed": record.completed,
    }
    for name in ("api", "operation", "product", "subscription", "backend"):
        if (value := getattr(record, name)) is not None:
            row[name] = value
    if record.error_source is not None:
        row["error"] = {
            "source": record.error_source,
            "reason": record.error_reason,
            "message": record.error_message,
        }
    if record.notes:
        row["notes"] = record.notes
    try:
        return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # text that is no valid Unicode came in with a header or path
        clean = {k: _printable(v) if isinstance(v, str) else v for k, v in row.items() if k not in ("error", "notes")}
        return orjson.dumps(clean, option=orjson.OPT_APPEND_NEWLINE)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def text_line(record: AccessRecord) -> bytes:
    """One line for people."""
    parts = [
        _stamp(record.time),
        record.remote or "-",
        f'"{record.method} {record.path}"',
        str(record.status) if record.completed else f"{record.status} (cut)",
        f"{record.seconds * 1000:.1f}ms",
        f"{record.bytes_sent}B",
        record.request_id,
    ]
    if record.error_source is not None:
        parts.append(f"{record.error_source}/{record.error_reason}: {record.error_message}")
    parts.extend(record.notes)
    line = " ".join(parts).replace("\r", "\\r").replace("\n", "\\n")
    return _printable(line).encode() + b"\n"


class AccessLog(Gathered[AccessRecord]):
    """Gathers records and writes them to a file descriptor.

    `shared`: other processes write there too, so lines go in pieces that a pipe takes whole.  `lock`: of what else in
    this process writes there.
    """

    def __init__(
        self, format: LogFormat, fd: int = 1, *, shared: bool = False, lock: threading.Lock | None = None
    ) -> None:
        super().__init__(_WAITING_LIMIT)
        self._shared = shared
        self._lock = lock or threading.Lock()
        self.enabled = format != "off"
        self._line = json_line if format == "json" else text_line
        self._fd = fd

    def _write(self, records: list[AccessRecord], dropped: int) -> None:
        lines = list(map(self._line, records))
        if dropped:
            lines.append(orjson.dumps({"dropped_lines": dropped}, option=orjson.OPT_APPEND_NEWLINE))
        with self._lock, contextlib.suppress(OSError):  # whoever read the log has gone; requests go on
            for data in _pieces(lines) if self._shared else (b"".join(lines),):
                view = memoryview(data)
                while view:
                    view = view[os.write(self._fd, view) :]


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, as many as a pipe takes at once without another writer's in between."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > _WHOLE:
            yield piece
            piece = b""
        piece += line
    if piece:
        yield piece
