"""The contract of `Cache`, run on every implementation with a clock of its own; and the limit of the one in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from apimpy.runtime.ports import Cache, CachedResponse
from apimpy.stores.cache import MemoryCache
from apimpy.stores.redis.cache import RedisCache

if TYPE_CHECKING:
    from apimpy.stores.redis.connection import RedisLink


@pytest.fixture
def cache(link: RedisLink | None) -> Cache:
    return MemoryCache() if link is None else RedisCache(link)


@pytest.mark.parametrize("value", ["text", 7, 1.5, b"bytes", CachedResponse(200, "OK", (("A", "b"),), b"x", 9.0)])
async def test_what_goes_in_comes_out(cache: Cache, value: object) -> None:
    await cache.put("k", value, 10, 60.0, 100.0)
    assert await cache.get("k", 100.0) == value
    assert await cache.get("K", 100.0) is None


async def test_an_entry_ends(cache: Cache) -> None:
    await cache.put("k", "v", 1, 10.0, 100.0)
    assert await cache.get("k", 109.9) == "v"
    assert await cache.get("k", 110.0) is None


async def test_a_new_value_replaces_the_old(cache: Cache) -> None:
    await cache.put("k", "old", 3, 10.0, 100.0)
    await cache.put("k", "new", 3, 100.0, 105.0)
    assert await cache.get("k", 150.0) == "new"


async def test_a_duration_of_nothing_leaves_nothing(cache: Cache) -> None:
    await cache.put("k", "old", 3, 10.0, 100.0)
    await cache.put("k", "new", 3, 0.0, 100.0)
    assert await cache.get("k", 100.0) is None


async def test_removed(cache: Cache) -> None:
    await cache.put("k", "v", 1, 10.0, 100.0)
    await cache.remove("k")
    await cache.remove("never there")
    assert await cache.get("k", 100.0) is None


async def test_least_recently_used_make_room() -> None:
    cache = MemoryCache(3 * 1201)
    for key in "abc":
        await cache.put(key, key, 1000, 60.0, 0.0)
    assert await cache.get("a", 1.0) == "a"
    await cache.put("d", "d", 1000, 60.0, 1.0)
    assert [await cache.get(key, 1.0) for key in "abcd"] == ["a", None, "c", "d"]
    assert (len(cache), cache.size) == (3, 3 * 1201)


async def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    cache = MemoryCache(1000)
    await cache.put("k", "small", 10, 60.0, 0.0)
    await cache.put("k", "large", 1000, 60.0, 0.0)
    assert await cache.get("k", 0.0) is None
    assert (len(cache), cache.size) == (0, 0)


async def test_sizes_add_up() -> None:
    cache = MemoryCache(10_000)
    await cache.put("k", "v", 100, 60.0, 0.0)
    await cache.put("k", "v", 300, 60.0, 0.0)
    assert cache.size == 501
    assert await cache.get("k", 60.0) is None
    assert cache.size == 0
