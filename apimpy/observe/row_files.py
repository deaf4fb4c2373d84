"""Rows of the LLM log as JSON lines: in a file that does not grow without end, or on standard output.

    FileRows(Path("llm.jsonl"), most=256 << 20)

A file that has reached its size becomes `llm.jsonl.1`, in place of the one before, and a new one begins.  Several
processes may share a file: a batch is written under a lock of the file, in one piece.  What cannot be written costs
records (the log says so, once until it works again), never a request.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["FileRows", "StdoutRows", "json_lines"]

log = logging.getLogger("apimpy.llm_log")


def json_lines(rows: Iterable[dict[str, Any]], dropped: int = 0) -> bytes:
    """An object and a line feed for each row; `dropped` records are told of in a line of their own."""
    lines = [orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows]
    if dropped:
        lines.append(orjson.dumps({"DroppedRecords": dropped}, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(lines)


class FileRows:
    """The `RowWriter` of a file.  `most`: bytes after which a new one begins; 0: never."""

    def __init__(self, path: Path, most: int) -> None:
        self._path, self._most = path, most
        self._failing = False

    def write(self, rows: list[dict[str, Any]], dropped: int) -> None:
        """Append the rows."""
        data = json_lines(rows, dropped)
        try:
            with _locked(self._path) as fd:
                size = os.fstat(fd).st_size
                if not self._most or not size or size + len(data) <= self._most:
                    _all(fd, data)
                    data = b""
                else:
                    self._path.replace(self._path.with_name(self._path.name + ".1"))
            if data:
                with _locked(self._path) as fd:
                    _all(fd, data)
        except OSError as error:
            if not self._failing:
                log.warning("LLM log: cannot write to %s: %s", self._path, error)
            self._failing = True
        else:
            self._failing = False


class StdoutRows:
    """The `RowWriter` of a file descriptor; `lock` keeps its lines apart from those of others."""

    def __init__(self, lock: threading.Lock, fd: int = 1) -> None:
        self._lock, self._fd = lock, fd

    def write(self, rows: list[dict[str, Any]], dropped: int) -> None:
        """Write the rows."""
        with self._lock, contextlib.suppress(OSError):  # whoever read the log has gone; requests go on
            _all(self._fd, json_lines(rows, dropped))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file that the path names now, open for appending and nobody else's meanwhile."""
    while True:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _lock(fd)
            if _names(path, fd):
                yield fd
                return
        finally:
            os.close(fd)  # if another process renamed it in between, the next one opened is the new one


def _names(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def _lock(fd: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has one process
        return
    fcntl.flock(fd, fcntl.LOCK_EX)


def _all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
