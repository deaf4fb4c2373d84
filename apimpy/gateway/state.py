"""Where a gateway keeps what outlives a request: in its own memory, or in a Redis that it shares with others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apimpy.runtime.tasks import LocalGate
from apimpy.stores.cache import MemoryCache
from apimpy.stores.counters import MemoryCounterStore
from apimpy.stores.memory import MemoryTokenStore
from apimpy.stores.vectors import MemoryVectorStore

if TYPE_CHECKING:
    from apimpy.runtime.ports import BreakerStore, Cache, ConcurrencyGate, CounterStore, TokenStore, VectorStore
    from apimpy.stores.redis.concurrency import RedisGate
    from apimpy.stores.redis.connection import RedisLink
    from apimpy.stores.redis.vectors import RedisVectorStore

__all__ = ["State", "memory_state", "redis_state"]


@dataclass(frozen=True, slots=True)
class State:
    """The ports of state.  `external_cache` is None where there is only the gateway's own."""

    counters: CounterStore
    token_store: TokenStore
    concurrency: ConcurrencyGate
    cache: Cache
    vectors: VectorStore
    external_cache: Cache | None = None
    breakers: BreakerStore | None = None
    """Of circuit breakers that gateways share; None: each has its own."""
    shared: Shared | None = None

    async def aclose(self) -> None:
        """Deliver what waits, and close."""
        if self.shared is not None:
            await self.shared.gate.aclose()
            await self.shared.link.aclose()


@dataclass(frozen=True, slots=True)
class Shared:
    """What a Redis needs to be asked and closed."""

    link: RedisLink
    gate: RedisGate
    vectors: RedisVectorStore


def memory_state(cache_size: int, vector_size: int) -> State:
    """State of one process.  Both in bytes: of the cache, and of the vectors with their responses."""
    vectors = MemoryVectorStore(vector_size)
    return State(MemoryCounterStore(), MemoryTokenStore(), LocalGate(), MemoryCache(cache_size), vectors)


def redis_state(url: str, patience: float, vector_size: int, *, breakers: bool = False) -> State:
    """State in a Redis; nothing is connected yet.  `patience`: seconds to wait for an answer.  `vector_size`: bytes.

    `breakers`: those, too.
    """
    from apimpy.stores.redis.breakers import RedisBreakerStore  # what memory serves must not pay for the client
    from apimpy.stores.redis.cache import RedisCache
    from apimpy.stores.redis.concurrency import RedisGate
    from apimpy.stores.redis.connection import RedisLink
    from apimpy.stores.redis.counters import RedisCounterStore
    from apimpy.stores.redis.tokens import RedisTokenStore
    from apimpy.stores.redis.vectors import RedisVectorStore

    link = RedisLink(url, patience=patience)
    gate = RedisGate(link)
    vectors = RedisVectorStore(link, vector_size)
    return State(
        RedisCounterStore(link),
        RedisTokenStore(link),
        gate,
        RedisCache(link, "cache-internal"),
        vectors,
        RedisCache(link, "cache-external"),
        RedisBreakerStore(link) if breakers else None,
        Shared(link, gate, vectors),
    )
