"""The `VectorStore` in the memory of one process.

The search itself (`vector_search`) is imported when the first vector is kept: a gateway without a semantic cache does
not pay for numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.runtime.ports import CachedResponse, Nearest
    from apimpy.stores.vector_search import VectorSearch

__all__ = ["MemoryVectorStore"]


class MemoryVectorStore:
    """`limit`: bytes of vectors and responses together."""

    def __init__(self, limit: int = 256 << 20) -> None:
        self._limit = limit
        self._search: VectorSearch | None = None

    async def nearest(self, partition: str, vector: Sequence[float], now: float) -> Nearest | None:
        """The entry at the smallest cosine distance; None when there is none."""
        return None if self._search is None else await self._search.nearest(partition, vector, now)

    async def add(
        self, partition: str, vector: Sequence[float], response: CachedResponse, seconds: float, now: float
    ) -> None:
        """Keep a response under a vector for so long."""
        if self._search is None:
            from apimpy.stores.vector_search import VectorSearch

            self._search = VectorSearch(self._limit)
        self._search.add(partition, vector, response, seconds, now)
