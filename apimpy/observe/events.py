"""Events of `log-to-eventhub` in a file: one JSON object for each, appended away from the hot path.

    {"time":"2024-01-31T12:00:00.000Z","logger":"audit","partition_key":"eu","body":"…"}

Written away from the hot path, as `gathered` does.
A file that cannot be written costs events (the log says so, once until it works again), never a request.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from apimpy.observe.gathered import Gathered

if TYPE_CHECKING:
    from pathlib import Path

    from apimpy.runtime.ports import Event

__all__ = ["FileEventLogger", "event_line"]

log = logging.getLogger("apimpy.events")

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


class FileEventLogger(Gathered["Event"]):
    """The `EventLogger` port on a file that several loggers may share."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(_WAITING_LIMIT)
        self._name, self._path = name, path
        self._failing = False

    def log(self, event: Event) -> None:
        """Remember an event; it is written within a moment."""
        self.add(event)

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
