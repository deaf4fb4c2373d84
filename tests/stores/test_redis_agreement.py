"""Memory and Redis give the same answers to the same calls, whatever they are."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from apimpy.runtime.ports import Allowance, Rate, TokenLimits
from apimpy.stores.counters import MemoryCounterStore
from apimpy.stores.memory import MemoryTokenStore
from apimpy.stores.redis.counters import RedisCounterStore
from apimpy.stores.redis.tokens import RedisTokenStore

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


@pytest.mark.parametrize("kind", ["redis"])
@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
@pytest.mark.parametrize("seed", range(4))
async def test_tokens(link: RedisLink, algorithm: str, seed: int) -> None:
    """Calls under way at the same time, with and without reservations, on rates and quotas of three keys."""
    chance = random.Random(seed)
    stores: list[Any] = [MemoryTokenStore(), RedisTokenStore(link)]
    rates, quotas = {"a": 100, "b": None, "c": 1000}, {"a": None, "b": 300, "c": 900}
    open_calls: list[tuple[TokenLimits, int | None, int | None, float]] = []
    now = 1_700_000_000.0
    for step in range(400):
        now += chance.choice([0.0, 0.25, 1.0, 7.3])
        if open_calls and chance.random() < 0.5:
            limits, rate_need, quota_need, began = open_calls.pop(chance.randrange(len(open_calls)))
            cost = chance.randrange(90)
            charges = (cost - (rate_need or 0), cost - (quota_need or 0), began, now)
            ours, theirs = [await store.settle(limits, *charges) for store in stores]
        else:
            key = chance.choice("abc")
            limits = TokenLimits(key, rates[key], algorithm, quotas[key], "Hourly", (now // 120 + 1) * 120)
            needs = (chance.choice([None, 0, 5, 60]), chance.choice([None, 0, 5, 60]))
            ours, theirs = [await store.admit(limits, *needs, now) for store in stores]
            if not ours.refused:
                open_calls.append((limits, *needs, now))
        assert ours == theirs, (step, limits, now)
