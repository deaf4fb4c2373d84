"""Many at once, from several connections and processes: never more than the limit, and exactly as many."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis_server

from apimpy.runtime.ports import Allowance, Rate, TokenLimits
from apimpy.stores.redis.connection import RedisLink
from apimpy.stores.redis.counters import RedisCounterStore
from apimpy.stores.redis.tokens import RedisTokenStore

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
PROCESS = """
import asyncio, sys
from apimpy.runtime.ports import Rate
from apimpy.stores.redis.connection import RedisLink
from apimpy.stores.redis.counters import RedisCounterStore

async def main(url, namespace, algorithm):
    link = RedisLink(url, namespace=namespace, patience=10.0)
    store = RedisCounterStore(link)
    rate = Rate("k", 100, 3600)
    verdicts = await asyncio.gather(*(store.rate_take([rate], algorithm, 1, 0.0) for _ in range(80)))
    await link.aclose()
    print(sum(v.allowed for v in verdicts))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("cluster", [False, True], ids=["redis", "cluster"])
@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
async def test_several_connections(redis_url: Callable[[bool], str], algorithm: str, cluster: bool) -> None:
    namespace = redis_server.namespace()
    links = [RedisLink(redis_url(cluster), namespace=namespace, patience=10.0) for _ in range(4)]
    stores = [RedisCounterStore(link) for link in links]
    wide, narrow = Rate("wide", 70, 3600, "g"), Rate("narrow", 50, 3600, "g")
    verdicts = await asyncio.gather(
        *(store.rate_take([wide, narrow], algorithm, 1, 0.0) for _ in range(30) for store in stores)
    )
    assert sum(v.allowed for v in verdicts) == 50
    assert (await stores[0].rate_take([wide], algorithm, 0, 0.0)).remaining == 20
    for link in links:
        await link.aclose()


@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
async def test_tokens(redis_url: Callable[[], str], algorithm: str) -> None:
    namespace = redis_server.namespace()
    links = [RedisLink(redis_url(), namespace=namespace, patience=10.0) for _ in range(3)]
    stores = [RedisTokenStore(link) for link in links]
    limits = TokenLimits("k", 100, algorithm, 60, "Daily", 4e9)
    verdicts = await asyncio.gather(*(s.admit(limits, 7, 7, 0.0) for _ in range(20) for s in stores))
    assert sum(not v.refused for v in verdicts) == 8
    for link in links:
        await link.aclose()


async def test_a_quota(redis_url: Callable[[], str]) -> None:
    namespace = redis_server.namespace()
    links = [RedisLink(redis_url(), namespace=namespace, patience=10.0) for _ in range(3)]
    stores = [RedisCounterStore(link) for link in links]
    taken = await asyncio.gather(*(s.quota_take([Allowance("k", 40, 1, None)], 0.0) for _ in range(30) for s in stores))
    assert taken.count(None) == 40
    for link in links:
        await link.aclose()


@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
async def test_several_processes(redis_url: Callable[[], str], algorithm: str) -> None:
    words = (sys.executable, "-c", PROCESS, redis_url(), redis_server.namespace(), algorithm)
    processes = [
        await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, cwd=ROOT) for _ in range(3)
    ]
    answers = [await process.communicate() for process in processes]
    assert sum(int(out) for out, _ in answers) == 100
