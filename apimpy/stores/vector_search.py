"""Searching vectors in memory, partition by partition.

Vectors are unit vectors in one matrix for each partition and length, so the nearest is one product.  A partition that
has grown is searched in a thread, or by an index (the `vectors` extra) that gives candidates, of which the distances
are then exact.  What has expired is taken out when a search meets it; what passes the limit of bytes goes oldest first.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from apimpy.runtime.ports import Nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from apimpy.runtime.ports import CachedResponse

__all__ = ["VectorSearch"]

_ON_LOOP = 2048 * 1536
"""Numbers of a matrix that are searched at once: some tenths of a millisecond."""
_INDEXED = 4096
"""Rows from which an index is worth its memory, when there is one."""
_CANDIDATES = 32
_MOST_EXPIRED = 8
"""Expired entries that one search steps over before it cleans up."""


class VectorSearch:
    """`limit`: bytes of vectors and responses together."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._parts: dict[tuple[str, int], _Partition] = {}

    async def nearest(self, partition: str, vector: Sequence[float], now: float) -> Nearest | None:
        """The entry at the smallest cosine distance; None when there is none."""
        unit = _unit(vector)
        part = self._parts.get((partition, len(vector)))
        if unit is None or part is None:
            return None
        if part.expired(now) >= _MOST_EXPIRED:
            self._forget(part, part.drop_expired(now))
        return await part.search(unit, now)

    def add(
        self, partition: str, vector: Sequence[float], response: CachedResponse, seconds: float, now: float
    ) -> None:
        """Keep a response under a vector."""
        unit = _unit(vector)
        size = 4 * len(vector) + len(response.body) + 256
        if unit is None or size > self._limit:
            return
        key = (partition, len(vector))
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Partition(len(vector))
        part.append(unit, response, now + seconds, size)
        self._size += size
        while self._size > self._limit:
            self._evict(now)
        self._parts.pop(key)
        self._parts[key] = part  # the one that was used last goes last

    def _evict(self, now: float) -> None:
        key, part = next(iter(self._parts.items()))
        freed = part.drop_expired(now) or part.drop_oldest()
        self._size -= freed
        if not part.responses:
            del self._parts[key]

    def _forget(self, part: _Partition, freed: int) -> None:
        self._size -= freed
        if not part.responses:
            self._parts = {k: p for k, p in self._parts.items() if p is not part}


def _unit(vector: Sequence[float]) -> NDArray[np.float32] | None:
    made = np.asarray(vector, dtype=np.float32)
    length = float(np.linalg.norm(made)) if made.ndim == 1 and made.size else 0.0
    if not 0.0 < length < float("inf"):
        return None  # a null vector has no direction
    unit: NDArray[np.float32] = made / length
    return unit


class _Partition:
    """Rows in the order in which they came: matrix, responses, expiry, sizes."""

    def __init__(self, dimensions: int) -> None:
        self._matrix = np.empty((16, dimensions), dtype=np.float32)
        self.responses: list[CachedResponse] = []
        self._until: list[float] = []
        self._sizes: list[int] = []
        self._first = float("inf")
        """The earliest expiry."""
        self._index: Any = None

    def append(self, unit: NDArray[np.float32], response: CachedResponse, until: float, size: int) -> None:
        row = len(self.responses)
        if row == len(self._matrix):
            grown = np.empty((2 * row, self._matrix.shape[1]), dtype=np.float32)
            grown[:row] = self._matrix
            self._matrix = grown
        self._matrix[row] = unit
        self.responses.append(response)
        self._until.append(until)
        self._sizes.append(size)
        self._first = min(self._first, until)
        if self._index is not None:
            self._index.add(row, unit)

    def expired(self, now: float) -> int:
        """Rows that have expired, counted only when one may have."""
        return 0 if now < self._first else sum(until <= now for until in self._until)

    def drop_expired(self, now: float) -> int:
        """Bytes that were freed."""
        return self._keep([row for row, until in enumerate(self._until) if until > now])

    def drop_oldest(self) -> int:
        """Bytes that were freed; a sixteenth goes at a time, so that making room costs little for each entry."""
        return self._keep(list(range(max(1, len(self.responses) // 16), len(self.responses))))

    def _keep(self, rows: list[int]) -> int:
        if len(rows) == len(self.responses):
            return 0
        freed = sum(self._sizes) - sum(self._sizes[row] for row in rows)
        self._matrix = self._matrix[rows + [0] * max(0, 16 - len(rows))]
        self.responses = [self.responses[row] for row in rows]
        self._until = [self._until[row] for row in rows]
        self._sizes = [self._sizes[row] for row in rows]
        self._first = min(self._until, default=float("inf"))
        self._index = None
        return freed

    async def search(self, unit: NDArray[np.float32], now: float) -> Nearest | None:
        """What has not expired and lies nearest.

        Rows are looked at as they were when the search began: lists and matrix are replaced, never cut, while it waits.
        """
        rows = _Rows(self._matrix[: len(self.responses)], self.responses, self._until, now >= self._first)
        if rows.matrix.size <= _ON_LOOP:
            return rows.best(unit, now)
        if len(rows.matrix) < _INDEXED or _usearch() is None:
            return await asyncio.to_thread(rows.best, unit, now)
        if self._index is None:
            made = await asyncio.to_thread(rows.index)
            if self._index is None and self.responses is rows.responses:  # nothing was dropped meanwhile
                added = range(len(rows.matrix), len(self.responses))
                if added:
                    made.add(np.asarray(added), self._matrix[added.start : added.stop])
                self._index = made
            return await asyncio.to_thread(rows.indexed, made, unit, now)
        return await asyncio.to_thread(rows.indexed, self._index, unit, now)


class _Rows:
    """A partition as it was at one moment."""

    __slots__ = ("_aging", "_until", "matrix", "responses")

    def __init__(
        self, matrix: NDArray[np.float32], responses: list[CachedResponse], until: list[float], aging: bool
    ) -> None:
        self.matrix, self.responses, self._until, self._aging = matrix, responses, until, aging

    def best(self, unit: NDArray[np.float32], now: float) -> Nearest | None:
        """All compared."""
        if not len(self.matrix):
            return None
        distances = 1.0 - self.matrix @ unit
        if self._aging:
            distances = np.where(np.asarray(self._until[: len(distances)]) > now, distances, np.inf)
        row = int(np.argmin(distances))
        return None if distances[row] == np.inf else Nearest(_distance(distances[row]), self.responses[row])

    def index(self) -> Any:
        """An index of all rows, under their numbers."""
        made = _usearch().Index(ndim=self.matrix.shape[1], metric="ip", dtype="f16", expansion_search=128)
        made.add(np.arange(len(self.matrix)), self.matrix)
        return made

    def indexed(self, index: Any, unit: NDArray[np.float32], now: float) -> Nearest | None:
        """Candidates of the index, compared exactly; all rows when none of them is left."""
        found = (int(key) for key in index.search(unit, _CANDIDATES).keys)
        keys = [key for key in found if key < len(self.matrix) and self._until[key] > now]
        if not keys:
            return self.best(unit, now)
        distances = 1.0 - self.matrix[keys] @ unit
        row = int(np.argmin(distances))
        return Nearest(_distance(distances[row]), self.responses[keys[row]])


def _distance(found: Any) -> float:
    """Six digits are what single precision has to say: the same vector is at 0."""
    return max(0.0, round(float(found), 6))


def _usearch() -> Any:
    """The index library, None without the extra."""
    try:
        from usearch import index
    except ImportError:
        return None
    return index
