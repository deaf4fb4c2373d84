"""The contract of `ConcurrencyGate`, run on every implementation; and the leases of the one on Redis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from apimpy.runtime.tasks import LocalGate
from apimpy.stores.redis.concurrency import RedisGate
from apimpy.stores.redis.connection import RedisLink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from apimpy.runtime.ports import ConcurrencyGate


@pytest.fixture
async def gate(link: RedisLink | None) -> AsyncIterator[ConcurrencyGate]:
    if link is None:
        yield LocalGate()
        return
    made = RedisGate(link)
    yield made
    await made.aclose()


async def test_places(gate: ConcurrencyGate) -> None:
    assert [await gate.enter("k", 2) for _ in range(3)] == [True, True, False]
    await gate.leave("k")
    assert [await gate.enter("k", 2) for _ in range(2)] == [True, False]


async def test_keys_are_apart(gate: ConcurrencyGate) -> None:
    assert [await gate.enter(key, 1) for key in ("k", "K", "")] == [True, True, True]
    assert not await gate.enter("K", 1)


async def test_each_limit_compares_the_one_count(gate: ConcurrencyGate) -> None:
    assert [await gate.enter("k", limit) for limit in (3, 1, 2, 2)] == [True, False, True, False]


async def test_a_race_for_places(gate: ConcurrencyGate) -> None:
    assert sum(await asyncio.gather(*(gate.enter("k", 7) for _ in range(40)))) == 7
    await asyncio.gather(*(gate.leave("k") for _ in range(7)))
    assert sum(await asyncio.gather(*(gate.enter("k", 7) for _ in range(40)))) == 7


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("kind", ["redis"])
async def test_the_places_of_a_process_that_died_are_free_again(link: RedisLink, redis_url: Callable[[], str]) -> None:
    clock = Clock()
    other = RedisLink(redis_url(), namespace=link.namespace, server_time=False, patience=5.0)
    alive, dead = RedisGate(link, clock=clock), RedisGate(other, clock=clock)
    assert await alive.enter("k", 2)
    assert await dead.enter("k", 2)
    await dead.aclose()
    await other.aclose()
    clock.now += 20.0
    await alive.renew()
    assert not await alive.enter("k", 2)
    clock.now += 20.0  # longer than a lease since the other one entered
    assert await alive.enter("k", 2)
    assert not await alive.enter("k", 2)
    await alive.aclose()
