"""Memory and Redis give the same answers to the same calls, whatever they are."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from apimpy.runtime.ports import Allowance, Rate
from apimpy.stores.counters import MemoryCounterStore
from apimpy.stores.redis.counters import RedisCounterStore

if TYPE_CHECKING:
    from apimpy.stores.redis.connection import RedisLink

PERIODS = {"a": 5, "b": 60, "c": 60}


def _limit(key: str, algorithm: str, chance: random.Random) -> int:
    return chance.choice([1, 3, 10]) if algorithm == "sliding" else {"a": 3, "b": 1, "c": 10}[key]


@pytest.mark.parametrize("kind", ["redis"])
@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
@pytest.mark.parametrize("seed", range(4))
async def test_rates(link: RedisLink, algorithm: str, seed: int) -> None:
    """Several at once, and counted later too.

    Each key has one period, a bucket one limit as well: with others, memory's answer depends on when it tidied up.
    """
    chance = random.Random(seed)
    stores: list[Any] = [MemoryCounterStore(), RedisCounterStore(link)]
    now = 1_700_000_000.0
    for step in range(400):
        now += chance.choice([0.0, 0.25, 1.0, 7.3, 40.0])
        chosen = chance.sample("abc", chance.randint(1, 2))
        rates = [Rate(k, _limit(k, algorithm, chance), PERIODS[k], "g") for k in chosen]
        cost = chance.choice([0, 1, 1, 1, 4])
        if chance.random() < 0.2:
            for store in stores:
                await store.rate_add(rates[0], algorithm, cost, now)
            continue
        ours, theirs = [await store.rate_take(rates, algorithm, cost, now) for store in stores]
        assert ours == theirs, (step, rates, cost, now)


@pytest.mark.parametrize("kind", ["redis"])
@pytest.mark.parametrize("seed", range(4))
async def test_quotas(link: RedisLink, seed: int) -> None:
    chance = random.Random(seed)
    stores: list[Any] = [MemoryCounterStore(), RedisCounterStore(link)]
    now = 1_700_000_000.0
    for step in range(300):
        now += chance.choice([0.0, 1.0, 30.0])
        ends = [None, (now // 60 + 1) * 60, (now // 300 + 1) * 300]
        chosen = chance.sample("abc", chance.randint(1, 3))
        allowances = [
            Allowance(k, chance.choice([2, 5]), chance.choice([0, 1, 3]), chance.choice(ends), "g") for k in chosen
        ]
        verb = "quota_add" if chance.random() < 0.2 else "quota_take"
        ours, theirs = [await getattr(store, verb)(allowances, now) for store in stores]
        assert ours == theirs, (step, verb, allowances, now)
