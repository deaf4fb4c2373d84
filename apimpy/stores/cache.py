"""A cache in the gateway's own memory: entries with an end, least recently used ones make room.

Values are kept as they are; whoever must not share them copies them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

__all__ = ["MemoryCache"]

_OVERHEAD = 200
"""Bytes of an entry besides its key and value, about."""


class MemoryCache:
    """The `Cache` port in memory.  `capacity` in bytes, of all entries together; one that is larger is not kept."""

    def __init__(self, capacity: int = 64 << 20) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[str, tuple[Any, int, float]] = OrderedDict()
        self.size = 0
        """Bytes in use."""

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: str, now: float) -> Any:
        """The value, None when there is none."""
        found = self._entries.get(key)
        if found is None:
            return None
        value, _, expires = found
        if expires <= now:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return value

    async def put(self, key: str, value: Any, size: int, seconds: float, now: float) -> None:
        """Keep a value for so long."""
        self._drop(key)
        size += len(key) + _OVERHEAD
        if seconds <= 0 or size > self._capacity:
            return
        while self._entries and self.size + size > self._capacity:
            self._drop(next(iter(self._entries)))
        self._entries[key] = (value, size, now + seconds)
        self.size += size

    async def remove(self, key: str) -> None:
        """Forget a value."""
        self._drop(key)

    def _drop(self, key: str) -> None:
        found = self._entries.pop(key, None)
        if found is not None:
            self.size -= found[1]
