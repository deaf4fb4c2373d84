"""Events of `log-to-eventhub` in a file: one JSON object for each, appended away from the hot path.

    {"time":"2024-01-31T12:00:00.000Z","logger":"audit","partition_key":"eu","body":"…"}

A request only remembers its event; a thread of the loop's executor writes what has gathered, a few times a second.
A file that cannot be written costs events (the log says so, once until it works again), never a request.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from pathlib import Path

    from apimpy.runtime.ports import Event

__all__ = ["FileEventLogger", "event_line"]

log = logging.getLogger("apimpy.events")

_INTERVAL = 0.2
_WAITING_LIMIT = 10_000


def event_line(name: str, event: Event) -> bytes:
    """One JSON object and a line feed; absent fields are left out."""
    stamp = datetime.fromtimestamp(event.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    row = {"time": stamp, "logger": name}
    if event.partition_id is not None:
        row["partition_id"] = event.partition_id
    if event.partition_key is not None:
        row["partition_key"] = event.partition_key
    row["body"] = event.text
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


class FileEventLogger:
    """The `EventLogger` port on a file that several loggers may share."""

    def __init__(self, name: str, path: Path) -> None:
        self._name, self._path = name, path
        self._waiting: list[Event] = []
        self._dropped = 0
        self._failing = False
        self._scheduled: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None

    def log(self, event: Event) -> None:
        """Remember an event; it is written within a moment."""
        if len(self._waiting) >= _WAITING_LIMIT:
            self._dropped += 1
            return
        self._waiting.append(event)
        if self._scheduled is None:
            self._scheduled = asyncio.get_running_loop().call_later(_INTERVAL, self._start)

    def _start(self) -> None:
        self._scheduled = None
        loop = asyncio.get_running_loop()
        if self._writing is not None and not self._writing.done():
            self._scheduled = loop.call_later(_INTERVAL, self._start)
            return
        self._writing = loop.run_in_executor(None, self._write, *self._take())

    def _take(self) -> tuple[list[Event], int]:
        taken, dropped = self._waiting, self._dropped
        self._waiting, self._dropped = [], 0
        return taken, dropped

    def _write(self, events: list[Event], dropped: int) -> None:
        try:
            with self._path.open("ab") as file:
                file.write(b"".join(event_line(self._name, e) for e in events))
        except OSError as error:
            if not self._failing:
                log.warning("logger %s: cannot write to %s: %s", self._name, self._path, error)
            self._failing = True
        else:
            self._failing = False
        if dropped:
            log.warning("logger %s: %d events were dropped", self._name, dropped)

    async def aclose(self) -> None:
        """Write what is left."""
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None
        if self._writing is not None:
            await self._writing
        if self._waiting or self._dropped:
            await asyncio.get_running_loop().run_in_executor(None, self._write, *self._take())
