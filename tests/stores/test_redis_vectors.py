"""What the vector store on Redis promises beyond the contract: sharing, races, restarts, bounds."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis_server
from lossy import LossyWay
from redis.asyncio import Redis

from apimpy.runtime.ports import CachedResponse, StoreUnavailable
from apimpy.stores.redis.connection import RedisLink
from apimpy.stores.redis.vectors import RedisVectorStore, _found

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

NOW = 1_700_000_000.0
ROOT = Path(__file__).resolve().parents[2]


def response(name: str, size: int = 0) -> CachedResponse:
    return CachedResponse(200, "OK", (("X", name),), name.encode() + b"." * size, NOW + 60)


async def name(store: RedisVectorStore, partition: str, vector: list[float], now: float = NOW) -> str | None:
    found = await store.nearest(partition, vector, now)
    return None if found is None else found.response.headers[0][1]


@pytest.fixture
async def linked() -> AsyncIterator[Callable[..., RedisLink]]:
    made: list[RedisLink] = []

    def link(url: str, **options: Any) -> RedisLink:
        made.append(RedisLink(url, **({"patience": 5.0, "server_time": False} | options)))
        return made[-1]

    yield link
    for one in made:
        await one.aclose()


@pytest.fixture
def started() -> Iterator[Callable[..., redis_server.Server]]:
    """Servers of the test's own."""
    made: list[redis_server.Server] = []

    def start(binary: redis_server.Binary, **options: bool) -> redis_server.Server:
        made.append(redis_server.Server(binary, **options))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def url(redis_url: Callable[..., str]) -> str:
    return redis_url(query=True)


async def keys(url: str, space: str) -> list[bytes]:
    async with Redis.from_url(url) as client:
        return [key async for key in client.scan_iter(f"{space}:semantic-*", count=1000)]


OTHER = """
import asyncio, sys
from apimpy.runtime.ports import CachedResponse
from apimpy.stores.redis.connection import RedisLink
from apimpy.stores.redis.vectors import RedisVectorStore

async def main(url, space):
    link = RedisLink(url, namespace=space, server_time=False, patience=5.0)
    store = RedisVectorStore(link)
    ours = await store.nearest("p", [1, 0], 1_700_000_000.0)
    theirs = CachedResponse(200, "OK", (("X", "theirs"),), b"", 1_700_000_060.0)
    await store.add("p", [0, 1], theirs, 60, 1_700_000_000.0)
    print(ours.response.headers[0][1])
    await link.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes(url: str, linked: Callable[..., RedisLink]) -> None:
    space = redis_server.namespace()
    store = RedisVectorStore(linked(url, namespace=space))
    await store.add("p", [1, 0], response("ours"), 60, NOW)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", OTHER, url, space], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.stdout, done.stderr) == ("ours\n", "")
    assert await name(store, "p", [0, 1]) == "theirs"


async def test_an_index_that_many_make_at_once(url: str, linked: Callable[..., RedisLink]) -> None:
    space = redis_server.namespace()
    links = [linked(url, namespace=space) for _ in range(6)]
    stores = [RedisVectorStore(link) for link in links]
    await asyncio.gather(
        *(store.add("p", [1, n, 0], response(str(n)), 60, NOW) for n, store in enumerate(stores)),
        *(store.nearest("p", [1, 0, 0], NOW) for store in stores),
    )
    for n, store in enumerate(stores):
        assert await name(store, "p", [1, n, 0]) == str(n)
    assert [dict(link.failures) for link in links] == [{}] * 6


@pytest.mark.parametrize("protocol", [2, 3])
async def test_either_version_of_the_protocol(url: str, linked: Callable[..., RedisLink], protocol: int) -> None:
    store = RedisVectorStore(linked(f"{url}?protocol={protocol}", namespace=redis_server.namespace()), 20_000)
    for n in range(30):
        await store.add("p", [1, n], response(str(n), 1000), 60, NOW + n)
    assert await name(store, "p", [1, 29]) == "29"
    assert await name(store, "p", [1, 0]) not in {None, "0"}, "the oldest made room"


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ({b"results": [{b"id": b"k", b"extra_attributes": {b"d": b"0"}}]}, [(b"k", {b"d": b"0"})]),
        ({b"results": [{b"id": b"k", b"extra_attributes": None}]}, [(b"k", {})]),
        ({b"results": []}, []),
        ([1, b"k", [b"d", b"0"]], [(b"k", {b"d": b"0"})]),
        ([2, b"k", None, b"l", [b"d", b"0"]], [(b"k", {}), (b"l", {b"d": b"0"})]),
        ([1, [b"total", b"5"]], [(b"", {b"total": b"5"})]),
        ([0], []),
    ],
)
def test_replies(reply: Any, found: Any) -> None:
    """Those of entries that end while they are searched included."""
    assert _found(reply) == found


async def test_a_restart_that_keeps_everything(
    started: Callable[..., redis_server.Server], linked: Callable[..., RedisLink]
) -> None:
    server = started(redis_server.binary(query=True), durable=True)
    store = RedisVectorStore(linked(server.url))
    await store.add("p", [1, 0], response("a"), 60, NOW)
    server.kill()
    server.start()
    async with asyncio.timeout(10):
        while await name(store, "p", [1, 0]) is None:  # the index is filled in the background
            pass
    await store.add("p", [0, 1], response("b"), 60, NOW)
    assert await name(store, "p", [0, 1]) == "b"


async def test_a_restart_that_forgets_everything(
    started: Callable[..., redis_server.Server], linked: Callable[..., RedisLink]
) -> None:
    server = started(redis_server.binary(query=True))
    link = linked(server.url)
    store = RedisVectorStore(link)
    await store.add("p", [1, 0], response("a"), 60, NOW)
    server.kill()
    server.start()
    assert await name(store, "p", [1, 0]) is None
    await store.add("p", [0, 1], response("b"), 60, NOW)
    assert await name(store, "p", [1, 0]) == "b"
    assert dict(link.failures) == {}


async def test_what_is_too_much_goes_oldest_first(url: str, linked: Callable[..., RedisLink]) -> None:
    space, limit = redis_server.namespace(), 100_000
    stores = [RedisVectorStore(linked(url, namespace=space), limit) for _ in range(2)]
    for n in range(300):
        await stores[n % 2].add(f"p{n % 3}", [1, 0], response(str(n), 1000), 60, NOW + n)
    held = len(await keys(url, space))
    assert 50 < held <= 100_000 * (1 + 2 / 16) / 1300
    assert [await name(stores[0], f"p{n % 3}", [1, 0]) is not None for n in (299, 298, 297)] == [True] * 3
    await stores[0].add("big", [1, 0], response("big", 200_000), 60, NOW)
    assert await name(stores[0], "big", [1, 0]) is None


async def test_keys_end(url: str, linked: Callable[..., RedisLink]) -> None:
    """A little after what they hold: until then the hour of the gateways decides."""
    space = redis_server.namespace()
    store = RedisVectorStore(linked(url, namespace=space, server_time=True))
    now = time.time()
    await store.add("p", [1, 0], response("a"), 60, now)
    assert await name(store, "p", [1, 0], now + 59) == "a"
    assert await name(store, "p", [1, 0], now + 60) is None
    async with Redis.from_url(url) as client:
        (key,) = await keys(url, space)
        assert 60_000 < await client.pttl(key) <= 65_000


async def test_a_lost_answer_keeps_it_once(
    started: Callable[..., redis_server.Server], linked: Callable[..., RedisLink]
) -> None:
    server = started(redis_server.binary(query=True), tcp=True)
    async with LossyWay(server.url) as way:
        store = RedisVectorStore(linked(way.url))
        await store.nearest("p", [1, 0], NOW)
        way.lose = 1
        await store.add("p", [1, 0], response("a"), 60, NOW)
        assert way.lost == 1
        assert len(await keys(server.url, "apimpy:1")) == 1


async def test_nothing_of_a_caller_can_be_read(url: str, linked: Callable[..., RedisLink]) -> None:
    space = redis_server.namespace()
    await RedisVectorStore(linked(url, namespace=space)).add("secret-tenant", [3, 4], response("a"), 60, NOW)
    (key,) = await keys(url, space)
    async with Redis.from_url(url) as client:
        fields = await client.hgetall(key)
    assert b"secret-tenant" not in key + b"".join(fields.values())
    assert len(fields[b"p"]) == 64
    assert math.dist(memoryview(fields[b"v"]).cast("f"), (0.6, 0.8)) < 1e-6


async def test_a_redis_without_searches(
    started: Callable[..., redis_server.Server], linked: Callable[..., RedisLink]
) -> None:
    """It says so when asked, and a lookup fails as one without an answer does."""
    store = RedisVectorStore(linked(started(redis_server.plain()).url))
    assert "query engine" in (await store.refusal() or "")
    with pytest.raises(StoreUnavailable, match="unknown command"):
        await store.nearest("p", [1, 0], NOW)
    with pytest.raises(StoreUnavailable, match="unknown command"):
        await store.add("p", [1, 0], response("a"), 60, NOW)


async def test_what_can_be_refused(url: str, linked: Callable[..., RedisLink]) -> None:
    """A cluster and another database at once; one that is away not, and one that can search not."""
    assert "not 3" in (await RedisVectorStore(linked(f"{url}?db=3")).refusal() or "")
    assert "redis+cluster" in (await RedisVectorStore(linked("redis+cluster://127.0.0.1:1")).refusal() or "")
    away = RedisVectorStore(linked("unix:///nowhere", patience=0.01))
    assert await away.refusal() is None
    with pytest.raises(StoreUnavailable, match="away"):
        await away.nearest("p", [1, 0], NOW)
    with pytest.raises(StoreUnavailable, match="away"):
        await away.add("p", [1, 0], response("a"), 60, NOW)
    assert await RedisVectorStore(linked(url)).refusal() is None
