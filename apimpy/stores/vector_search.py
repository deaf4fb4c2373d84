"""Searching vectors in memory, partition by partition.

A partition is a list of chunks of rows, each a matrix of unit vectors with responses and expiry, so the nearest in a
chunk is one product.  Full chunks of a partition that has grown go, in the background, into an index (the `vectors`
extra); its candidates are compared exactly.  Small partitions are searched at once, others in a thread: rows are added
at the end of the last chunk, and whatever is replaced stays as it was for searches under way.

Chunks go when all of their rows have expired, a few at a time, and oldest first when the limit of bytes is passed.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from apimpy.runtime.ports import Nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from apimpy.runtime.ports import CachedResponse

__all__ = ["VectorSearch"]

_CHUNK = 256
"""Rows of a chunk."""
_ON_LOOP = 2048 * 1536
"""Numbers that are compared at once: some tenths of a millisecond."""
_INDEXED = 16
"""Full chunks from which an index is worth its memory, when there is one."""
_SEGMENT = 512
"""Chunks of one index: each index is a search of its own, and one is built anew when half of it has gone."""
_AT_ONCE = 2
"""Expired chunks that one call forgets, in some tenths of a millisecond; the others wait, and are not found either."""
_CANDIDATES = 16
_BLUR = 0.01
"""More than half-precision numbers can be wrong about a distance."""
_STEP = 16
"""Rows that an index takes in at a time: searches wait some hundredths of a second behind them at most."""

Found = tuple[float, "CachedResponse"]


class VectorSearch:
    """`limit`: bytes of vectors and responses together."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._parts: dict[tuple[str, int], _Partition] = {}
        """Those that were written to last go last."""
        self._indexing: set[asyncio.Task[None]] = set()

    async def nearest(self, partition: str, vector: Sequence[float], now: float) -> Nearest | None:
        """The entry at the smallest cosine distance; None when there is none."""
        unit = _unit(vector)
        key = (partition, len(vector))
        part = self._parts.get(key)
        if unit is None or part is None:
            return None
        self._size -= part.drop_expired(now)
        if not part.chunks:
            self._parts.pop(key, None)
            return None
        found = await part.view().search(unit, now)
        return None if found is None else Nearest(max(0.0, round(found[0], 6)), found[1])

    def add(
        self, partition: str, vector: Sequence[float], response: CachedResponse, seconds: float, now: float
    ) -> None:
        """Keep a response under a vector."""
        unit = _unit(vector)
        size = 4 * len(vector) + len(response.body) + 256
        if unit is None or size > self._limit:
            return
        key = (partition, len(vector))
        part = self._parts.pop(key, None) or _Partition(len(vector))
        self._parts[key] = part
        part.append(unit, response, now + seconds, size)
        self._size += size
        while self._size > self._limit:
            self._evict(now)
        if part.claim_index():
            task = asyncio.get_running_loop().create_task(part.grow_index())
            self._indexing.add(task)  # the loop itself keeps no hold of it
            task.add_done_callback(self._indexing.discard)

    def _evict(self, now: float) -> None:
        key, part = next(iter(self._parts.items()))
        self._size -= part.drop_expired(now) or part.drop_oldest()
        if not part.chunks:
            del self._parts[key]


def _unit(vector: Sequence[float]) -> NDArray[np.float32] | None:
    made = np.asarray(vector, dtype=np.float32)
    length = float(np.linalg.norm(made)) if made.ndim == 1 and made.size else 0.0
    if not 0.0 < length < float("inf"):
        return None  # a null vector has no direction
    unit: NDArray[np.float32] = made / length
    return unit


class _Chunk:
    """Rows in the order in which they came.  Rows are added; what is taken away makes another chunk."""

    __slots__ = ("count", "last", "matrix", "responses", "sizes", "until")

    def __init__(self, dimensions: int, capacity: int = 16) -> None:
        self.matrix = np.empty((capacity, dimensions), dtype=np.float32)
        self.until = np.empty(capacity)
        self.responses: list[CachedResponse] = []
        self.sizes: list[int] = []
        self.count = 0
        self.last = 0.0
        """When the last of them expires."""

    def append(self, unit: NDArray[np.float32], response: CachedResponse, until: float, size: int) -> None:
        row = self.count
        if row == len(self.matrix):
            self.matrix = np.concatenate([self.matrix, np.empty_like(self.matrix)])
            self.until = np.concatenate([self.until, np.empty_like(self.until)])
        self.matrix[row], self.until[row] = unit, until
        self.responses.append(response)
        self.sizes.append(size)
        self.last = max(self.last, until)
        self.count = row + 1

    def without_oldest(self) -> _Chunk:
        """Another chunk without a sixteenth of the rows, so that making room costs little for each entry."""
        rest = _Chunk(self.matrix.shape[1], len(self.matrix))
        for row in range(max(1, self.count // 16), self.count):
            rest.append(self.matrix[row], self.responses[row], float(self.until[row]), self.sizes[row])
        return rest

    def nearest(self, unit: NDArray[np.float32], now: float) -> Found | None:
        """Exactly."""
        if self.last <= now:
            return None
        count = self.count
        distances = 1.0 - self.matrix[:count] @ unit
        distances = np.where(self.until[:count] > now, distances, np.inf)
        row = int(np.argmin(distances))
        return None if distances[row] == np.inf else (float(distances[row]), self.responses[row])


class _Partition:
    """`chunks` by number, ascending; all but the last are full.  `_indexes` by segment, each of the chunks named."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self.chunks: dict[int, _Chunk] = {}
        self._last = -1
        self._indexes: dict[int, tuple[_Index, frozenset[int]]] = {}
        self._growing = False
        self._first_end = float("inf")
        """No chunk has expired as a whole before."""
        self._view: _View | None = None
        """What was made for the last search, until other chunks or indexes are there."""

    def append(self, unit: NDArray[np.float32], response: CachedResponse, until: float, size: int) -> None:
        chunk = self.chunks.get(self._last)
        if chunk is None or chunk.count == _CHUNK:
            self._last += 1
            chunk = self.chunks[self._last] = _Chunk(self._dimensions)
            self._view = None
        chunk.append(unit, response, until, size)
        self._first_end = min(self._first_end, until)

    def view(self) -> _View:
        if self._view is None:
            self._view = _View(dict(self.chunks), list(self._indexes.values()))
        return self._view

    # --- room ---------------------------------------------------------------------------------------------------------

    def drop_expired(self, now: float) -> int:
        """Forget chunks that have expired; bytes that were freed."""
        if now < self._first_end:
            return 0
        expired = [number for number, chunk in self.chunks.items() if chunk.last <= now]
        freed = sum(self._drop(number) for number in expired[:_AT_ONCE])
        self._first_end = min((c.last for c in self.chunks.values()), default=float("inf"))
        return freed

    def drop_oldest(self) -> int:
        """Bytes that were freed: the oldest chunk, of the only one a part."""
        number, chunk = next(iter(self.chunks.items()))
        if len(self.chunks) > 1 or chunk.count == 1:
            return self._drop(number)
        rest = self.chunks[number] = chunk.without_oldest()
        self._view = None
        return sum(chunk.sizes) - sum(rest.sizes)

    def _drop(self, number: int) -> int:
        segment = number // _SEGMENT
        freed = sum(self.chunks.pop(number).sizes)
        index, held = self._indexes.pop(segment, (None, frozenset()))
        left = held - {number}
        if index is not None and 2 * len(left) * _CHUNK > len(index):  # else most of what it finds would be gone
            self._indexes[segment] = index, left
        elif index is not None:
            asyncio.get_running_loop().run_in_executor(None, index.clear)
        self._view = None
        return freed

    # --- index --------------------------------------------------------------------------------------------------------

    def claim_index(self) -> bool:
        """Whether `grow_index` is to be run: a chunk has filled up, and the partition is large."""
        wanted = len(self.chunks) > _INDEXED and self._last in self.chunks and self.chunks[self._last].count == 1
        if not wanted or self._growing:
            return False
        self._growing = True
        return True

    async def grow_index(self) -> None:
        """Take full chunks into the indexes, one at a time and in a thread; without the library never ask again."""
        if await asyncio.to_thread(_faiss) is None:
            return
        try:
            while (number := self._not_indexed()) is not None:
                chunk, segment = self.chunks[number], number // _SEGMENT
                if segment not in self._indexes:
                    self._indexes[segment] = _Index(self._dimensions), frozenset()
                index, _ = self._indexes[segment]
                await asyncio.to_thread(index.add, number * _CHUNK, chunk.matrix[: chunk.count])
                current, held = self._indexes.get(segment, (None, frozenset()))
                if current is index and number in self.chunks:  # neither was dropped meanwhile
                    self._indexes[segment] = index, held | {number}
                    self._view = None
        finally:
            self._growing = False

    def _not_indexed(self) -> int | None:
        """The first full chunk that no index holds."""
        for number in self.chunks:
            held = self._indexes.get(number // _SEGMENT)
            if number != self._last and (held is None or number not in held[1]):
                return number
        return None


class _View:
    """The chunks and indexes of a partition.  Rows are added to the last chunk; everything else stays as it is."""

    __slots__ = ("_chunks", "_indexes", "_unindexed")

    def __init__(self, chunks: dict[int, _Chunk], indexes: list[tuple[_Index, frozenset[int]]]) -> None:
        self._chunks, self._indexes = chunks, indexes
        indexed = frozenset().union(*(held for _, held in self._indexes))
        self._unindexed = [chunk for number, chunk in chunks.items() if number not in indexed]

    async def search(self, unit: NDArray[np.float32], now: float) -> Found | None:
        """The nearest that has not expired."""
        found = [await _compared(self._unindexed, unit, now)]
        # The thread does only what needs no interpreter: when it takes that back, it and the loop wait for one another.
        candidates = await asyncio.to_thread(self._candidates, unit) if self._indexes else []
        for named, (_, held) in zip(candidates, self._indexes, strict=True):
            found.append(self._best(named, unit, now))
            if found[-1] is None:  # all candidates are gone: what is left of these chunks is compared
                found.append(await _compared([self._chunks[number] for number in held], unit, now))
        return _nearest(found)

    def _candidates(self, unit: NDArray[np.float32]) -> list[Iterable[tuple[int, float]]]:
        return [index.candidates(unit) for index, _ in self._indexes]

    def _best(self, named: Iterable[tuple[int, float]], unit: NDArray[np.float32], now: float) -> Found | None:
        """The nearest of an index's candidates."""
        best: Found | None = None
        far = float("inf")
        for key, about in named:
            number, row = divmod(key, _CHUNK)
            chunk = self._chunks.get(number)
            if chunk is None or row >= chunk.count or chunk.until[row] <= now:
                continue
            if about > far:
                break
            distance = 1.0 - float(chunk.matrix[row] @ unit)
            if best is None:
                far = about + _BLUR
            if best is None or distance < best[0]:
                best = distance, chunk.responses[row]
        return best


async def _compared(chunks: list[_Chunk], unit: NDArray[np.float32], now: float) -> Found | None:
    """The nearest row of some chunks; in a thread when they are many."""

    def compare() -> Found | None:
        return _nearest([chunk.nearest(unit, now) for chunk in chunks])

    is_short = len(chunks) * _CHUNK * unit.size <= _ON_LOOP
    return compare() if is_short else await asyncio.to_thread(compare)


def _nearest(found: list[Found | None]) -> Found | None:
    return min((one for one in found if one is not None), key=_distance, default=None)


def _distance(found: Found) -> float:
    return found[0]


class _Index:
    """Rows under their numbers, of which it names those that are likely near: a graph over half-precision numbers.

    The library lets go of the interpreter while it works, so that the loop runs on beside it.
    INVARIANT: one thread at a time, since an addition moves what is being searched.
    """

    def __init__(self, dimensions: int) -> None:
        faiss = _faiss()
        self._graph = faiss.IndexHNSWSQ(dimensions, faiss.ScalarQuantizer.QT_fp16, 24, faiss.METRIC_INNER_PRODUCT)
        self._graph.hnsw.efConstruction = self._graph.hnsw.efSearch = 64
        self._lock = threading.Lock()
        self._made = faiss.IndexIDMap(self._graph)

    def add(self, first: int, rows: NDArray[np.float32]) -> None:
        """Take rows in, numbered from `first`."""
        _faiss().omp_set_num_threads(1)  # for this thread alone: the other cores are the requests'
        for at in range(0, len(rows), _STEP):
            some = rows[at : at + _STEP]
            with self._lock:
                self._made.add_with_ids(some, np.arange(first + at, first + at + len(some)))

    def clear(self) -> None:
        """Give memory back, in a thread: the library's destructors hold the interpreter for tens of milliseconds."""
        with self._lock:
            self._made.reset()
            self._graph.permute_entries(np.empty(0, dtype=np.int64))  # `reset` alone keeps the room for more rows

    def __len__(self) -> int:
        return int(self._made.ntotal)

    def candidates(self, unit: NDArray[np.float32]) -> Iterable[tuple[int, float]]:
        """Numbers and about how far they are, the nearest first."""
        with self._lock:
            products, numbers = self._made.search(unit[np.newaxis], _CANDIDATES)
        found = zip(numbers[0].tolist(), products[0].tolist(), strict=True)
        return ((number, 1.0 - product) for number, product in found if number >= 0)  # -1: there are no more


def _faiss() -> Any:
    """The index library, None without the extra."""
    try:
        import faiss
    except ImportError:
        return None
    return faiss
