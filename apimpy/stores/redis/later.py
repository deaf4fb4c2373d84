"""Charges that wait for the server: bounded in number and in time."""

from __future__ import annotations

from collections import deque

from apimpy.record import Record

__all__ = ["Operation", "Undelivered"]


class Operation(Record, frozen=True):
    """A script with its keys and arguments, ready to be sent as often as it takes."""

    verb: str
    keys: tuple[str, ...]
    args: tuple[str | bytes, ...]


class Undelivered:
    """A queue of at most `capacity` operations, each kept for `seconds`; the oldest make room."""

    def __init__(self, capacity: int = 10_000, seconds: float = 30.0) -> None:
        self._waiting: deque[tuple[float, Operation]] = deque()
        self._capacity, self._seconds = capacity, seconds
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, operation: Operation, now: float) -> None:
        """Keep an operation; `now` in seconds of a clock that never goes back."""
        if len(self._waiting) >= self._capacity:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((now + self._seconds, operation))

    def first(self, now: float) -> Operation | None:
        """The oldest that is still worth sending; it stays in the queue."""
        while self._waiting:
            ends, operation = self._waiting[0]
            if ends > now:
                return operation
            self._waiting.popleft()
            self.dropped += 1
        return None

    def remove(self, operation: Operation) -> None:
        """It has arrived."""
        if self._waiting and self._waiting[0][1] is operation:
            self._waiting.popleft()
