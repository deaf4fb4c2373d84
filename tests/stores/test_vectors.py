"""The contract of vector stores, and what only the one in memory promises."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import redis_server

from apimpy.runtime.ports import CachedResponse
from apimpy.stores import vector_search
from apimpy.stores.redis.connection import RedisLink
from apimpy.stores.redis.vectors import RedisVectorStore
from apimpy.stores.vectors import MemoryVectorStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from numpy.typing import NDArray

    from apimpy.runtime.ports import VectorStore

NOW = 1_700_000_000.0


def response(name: str, size: int = 0) -> CachedResponse:
    return CachedResponse(200, "OK", (("X", name),), name.encode() + b"." * size, NOW + 60)


async def names(store: VectorStore, partition: str, *vectors: list[float], now: float = NOW) -> list[str | None]:
    found = [await store.nearest(partition, vector, now) for vector in vectors]
    return [None if one is None else one.response.headers[0][1] for one in found]


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis_url: Callable[..., str]) -> AsyncIterator[VectorStore]:
    if request.param == "memory":
        yield MemoryVectorStore()
        return
    space = redis_server.namespace()
    link = RedisLink(redis_url(query=True), namespace=space, server_time=False, patience=5.0)
    yield RedisVectorStore(link)
    await link.aclose()


async def test_nothing_is_there(store: VectorStore) -> None:
    assert await store.nearest("p", [1.0, 0.0], NOW) is None


@pytest.mark.parametrize(
    ("vector", "distance"),
    [([1, 0], 0.0), ([2, 0], 0.0), ([1, 1], 0.292893), ([0, 3], 1.0), ([-1, 0], 2.0), ([1e-3, 1e-9], 0.0)],
)
async def test_distances(store: VectorStore, vector: list[float], distance: float) -> None:
    await store.add("p", [1.0, 0.0], response("a"), 60, NOW)
    found = await store.nearest("p", vector, NOW)
    assert found is not None
    assert found.distance == pytest.approx(distance, abs=1e-6)
    assert found.response == response("a")


async def test_the_nearest_of_many(store: VectorStore) -> None:
    for number in range(50):
        angle = number / 10
        await store.add("p", [np.cos(angle), np.sin(angle)], response(str(number)), 60, NOW)
    assert await names(store, "p", [np.cos(1.23), np.sin(1.23)], [1, 0]) == ["12", "0"]


async def test_partitions_and_lengths_never_meet(store: VectorStore) -> None:
    await store.add("A", [1, 0], response("A"), 60, NOW)
    await store.add("a", [1, 0], response("a"), 60, NOW)
    await store.add("a", [1, 0, 0], response("long"), 60, NOW)
    assert await names(store, "A", [1, 0]) == ["A"]
    assert await names(store, "a", [1, 0], [0, 0, 1]) == ["a", "long"]
    others = ["", "a,", ",a", "a b", "*", "a*", "a|A", "é", "\ud800"]
    for other in others:
        assert await names(store, other, [1, 0]) == [None], other
    for other in others:
        await store.add(other, [1, 0], response(other.encode("utf-8", "replace").decode()), 60, NOW)
    for other in (*others, "a", "A"):
        assert await names(store, other, [1, 0]) == [other.encode("utf-8", "replace").decode()]


async def test_any_response(store: VectorStore) -> None:
    """Bytes, header names that repeat, and no body."""
    held = [
        CachedResponse(200, "OK", (("A", "1"), ("a", "2"), ("B", "")), bytes(range(256)) * 40, NOW + 60),
        CachedResponse(404, "", (), b"", NOW + 60),
    ]
    for number, one in enumerate(held):
        await store.add("p", [number, 1 - number], one, 60, NOW)
    for number, one in enumerate(held):
        found = await store.nearest("p", [number, 1 - number], NOW)
        assert found is not None
        assert found.response == one


async def test_the_same_vector_again(store: VectorStore) -> None:
    """Kept twice, it is found until the later one ends."""
    await store.add("p", [1, 0], response("a"), 10, NOW)
    await store.add("p", [1, 0], response("b"), 60, NOW)
    assert (await names(store, "p", [1, 0])) in (["a"], ["b"])
    assert await names(store, "p", [1, 0], now=NOW + 10) == ["b"]


async def test_entries_expire(store: VectorStore) -> None:
    await store.add("p", [1, 0], response("short"), 10, NOW)
    await store.add("p", [0.9, 0.1], response("long"), 60, NOW)
    assert await names(store, "p", [1, 0], now=NOW + 9.9) == ["short"]
    assert await names(store, "p", [1, 0], now=NOW + 10) == ["long"]
    assert await names(store, "p", [1, 0], now=NOW + 60) == [None]


@pytest.mark.parametrize("vector", [[0.0, 0.0], [float("nan"), 1.0], [float("inf"), 1.0], []])
async def test_vectors_without_a_direction(store: VectorStore, vector: list[float]) -> None:
    await store.add("p", vector, response("x"), 60, NOW)
    await store.add("p", [1, 0], response("a"), 60, NOW)
    assert await store.nearest("p", vector, NOW) is None
    assert await names(store, "p", [1, 0]) == ["a"]


def inside(store: VectorStore) -> vector_search.VectorSearch:
    assert store._search is not None
    return store._search


def held(store: VectorStore) -> int:
    return sum(chunk.count for part in inside(store)._parts.values() for chunk in part.chunks.values())


@pytest.mark.parametrize("partitions", [1, 3])
async def test_memory_is_bounded(partitions: int) -> None:
    store = MemoryVectorStore(limit=100_000)
    for number in range(500):
        await store.add(f"p{number % partitions}", [1, number - 250], response(str(number), 1000), 60, NOW)
        assert inside(store)._size <= 100_000
    assert held(store) > 50
    await store.add("p0", [-1, 0], response("latest"), 60, NOW)
    assert await names(store, "p0", [-1, 0]) == ["latest"]
    await store.add("big", [1, 0], response("big", 200_000), 60, NOW)
    assert await names(store, "big", [1, 0]) == [None]


async def test_what_has_expired_makes_room() -> None:
    store = MemoryVectorStore()
    for number in range(600):
        await store.add("p", [1, number], response(str(number)), 10 + number // 300, NOW)
    assert await names(store, "p", [1, 0], now=NOW + 10.5) == ["300"]
    assert held(store) < 600
    assert await store.nearest("p", [1, 0], NOW + 12) is None
    assert (inside(store)._size, inside(store)._parts) == (0, {})


async def indexed(store: VectorStore) -> None:
    """Wait until nothing is being indexed."""
    while inside(store)._indexing:
        await asyncio.gather(*inside(store)._indexing)


def complete(store: VectorStore) -> None:
    """Indexes know all rows of the chunks that they are said to hold."""
    for part in inside(store)._parts.values():
        for index, numbers in part._indexes.values():
            for number in numbers:
                for row, unit in enumerate(part.chunks[number].matrix[: vector_search._CHUNK]):
                    assert number * vector_search._CHUNK + row in dict(index.candidates(unit))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a few rows, so that everything large happens with little."""
    monkeypatch.setattr(vector_search, "_CHUNK", 8)
    monkeypatch.setattr(vector_search, "_SEGMENT", 16)
    monkeypatch.setattr(vector_search, "_INDEXED", 4)
    monkeypatch.setattr(vector_search, "_ON_LOOP", 0)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("index", [True, False])
async def test_large_partitions(monkeypatch: pytest.MonkeyPatch, index: bool) -> None:
    """In a thread, with and without an index: the same entries as by comparing all of them."""
    if not index:
        monkeypatch.setattr(vector_search, "_faiss", lambda: None)
    chance = np.random.default_rng(3)
    rows = chance.normal(size=(400, 32)).astype(np.float32)
    store = MemoryVectorStore()
    for number, row in enumerate(rows):
        await store.add("p", row, response(str(number)), 60, NOW)
    await indexed(store)
    (part,) = inside(store)._parts.values()
    assert bool(part._indexes) is index
    queries = rows[:50] + chance.normal(scale=0.1, size=(50, 32)).astype(np.float32)
    assert await names(store, "p", *queries) == [str(n) for n in range(50)]
    await store.add("p", -rows[0], response("new"), 5, NOW)
    assert await names(store, "p", -rows[0]) == ["new"]
    assert await names(store, "p", -rows[0], now=NOW + 5) != ["new"]


@pytest.mark.usefixtures("small")
async def test_candidates_that_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """When everything near has expired or been dropped, what is left is found."""
    store = MemoryVectorStore(limit=100 * (4 * 2 + 1 + 256))
    for number in range(80):
        await store.add("p", [1, number / 1000], response("x"), 5 if number else 60, NOW)
    await indexed(store)
    assert await names(store, "p", [1, 0.08], now=NOW + 6) == ["x"], "the one that lives longer"
    for _ in range(100):
        await store.add("p", [0, 1], response("y"), 60, NOW)
    await indexed(store)
    assert await names(store, "p", [1, 0]) == ["y"]


@pytest.mark.usefixtures("small")
async def test_searches_beside_changes() -> None:
    """Searches in threads while entries come, expire and are evicted: nothing fails, nothing foreign is found."""
    store = MemoryVectorStore(limit=60_000)
    chance = np.random.default_rng(5)

    async def write(partition: str) -> None:
        for number in range(300):
            seconds = float(chance.integers(1, 20))
            await store.add(partition, chance.normal(size=16), response(partition), seconds, NOW + number / 10)
            await asyncio.sleep(0)

    async def read(partition: str) -> None:
        for number in range(300):
            found = await store.nearest(partition, chance.normal(size=16), NOW + number / 10)
            assert found is None or found.response.headers == (("X", partition),)

    await asyncio.gather(write("p"), write("q"), read("p"), read("q"), read("p"))
    await indexed(store)
    complete(store)
    assert inside(store)._size == sum(
        sum(chunk.sizes) for part in inside(store)._parts.values() for chunk in part.chunks.values()
    )


@pytest.mark.usefixtures("small")
async def test_an_index_that_goes_while_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryVectorStore()
    rows = np.random.default_rng(13).normal(size=(80, 16))
    loop = asyncio.get_running_loop()
    add = vector_search._Index.add
    dropped: list[vector_search._Index] = []

    def adding(index: vector_search._Index, first: int, rows: NDArray[np.float32]) -> None:
        add(index, first, rows)
        if first == 16 and not dropped:  # the third chunk; the first two expire before it is known to be indexed
            dropped.append(index)
            asyncio.run_coroutine_threadsafe(store.nearest("p", rows[0], NOW + 6), loop).result()
            until = time.monotonic() + 10
            while len(index) and time.monotonic() < until:
                time.sleep(0.001)

    monkeypatch.setattr(vector_search._Index, "add", adding)
    for number, row in enumerate(rows):
        await store.add("p", row, response(str(number)), 5 if number < 16 else 60, NOW)
    await indexed(store)
    assert len(dropped) == 1
    complete(store)
    (part,) = inside(store)._parts.values()
    assert set().union(*(numbers for _, numbers in part._indexes.values())) == set(range(2, 9))


@pytest.mark.usefixtures("small")
async def test_a_large_partition_expires() -> None:
    """A few chunks with each lookup, which is never held up by all of them; at last nothing is left."""
    store = MemoryVectorStore()
    chance = np.random.default_rng(11)
    for number in range(160):
        await store.add("p", chance.normal(size=16), response(str(number)), 5, NOW)
    await indexed(store)
    (part,) = inside(store)._parts.values()
    (index, _) = part._indexes[0]
    left = [len(part.chunks)]
    while left[-1]:
        assert await store.nearest("p", chance.normal(size=16), NOW + 5) is None
        left.append(len(part.chunks))
    assert left == list(range(20, -1, -vector_search._AT_ONCE))
    assert (inside(store)._size, inside(store)._parts) == (0, {})
    await asyncio.get_running_loop().shutdown_default_executor()
    assert len(index) == 0, "its memory is not left to the collector"


async def test_an_index_that_is_cleared() -> None:
    index = vector_search._Index(4)
    index.add(0, np.eye(4, dtype=np.float32))
    index.clear()
    assert list(index.candidates(np.ones(4, dtype=np.float32))) == []
    index.add(8, np.eye(4, dtype=np.float32)[:2])
    assert dict(index.candidates(np.array([1, 0, 0, 0], dtype=np.float32))) == {8: 0.0, 9: 1.0}


async def test_an_index_finds_what_it_holds() -> None:
    """Every row, on every run: also while others search and rows come."""
    chance = np.random.default_rng(7)
    rows = chance.normal(size=(2000, 24)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    index = vector_search._Index(24)
    await asyncio.to_thread(index.add, 0, rows[:1000])

    def missed(first: int, last: int) -> list[int]:
        return [n for n in range(first, last) if n not in dict(index.candidates(rows[n]))]

    *found, _ = await asyncio.gather(
        *(asyncio.to_thread(missed, first, first + 250) for first in range(0, 1000, 250)),
        asyncio.to_thread(index.add, 1000, rows[1000:]),
    )
    assert found == [[], [], [], []]
    assert await asyncio.to_thread(missed, 1000, 2000) == []
