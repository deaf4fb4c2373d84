"""The contract of `CounterStore`, run on every implementation with a clock of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from apimpy.runtime.ports import Allowance, CounterStore, Rate, Verdict
from apimpy.stores.counters import MemoryCounterStore
from apimpy.stores.redis.counters import RedisCounterStore

if TYPE_CHECKING:
    from apimpy.stores.redis.connection import RedisLink


@pytest.fixture
def store(link: RedisLink | None) -> CounterStore:
    return MemoryCounterStore() if link is None else RedisCounterStore(link)


def yes(remaining: int) -> Verdict:
    return Verdict(True, remaining)


def no(wait: int) -> Verdict:
    return Verdict(False, 0, wait)


# Scripts of one key: (now, limit, period, cost, expected); expected None: counted without a test.
SCRIPTS: dict[str, tuple[str, list[tuple[float, int, int, int, Verdict | None]]]] = {
    "sliding: a call leaves a period after it was counted": (
        "sliding",
        [
            (0.0, 2, 60, 1, yes(1)),
            (10.0, 2, 60, 1, yes(0)),
            (20.0, 2, 60, 1, no(40)),
            (59.5, 2, 60, 1, no(1)),
            (60.0, 2, 60, 1, yes(0)),
            (60.0, 2, 60, 1, no(10)),
            (200.0, 2, 60, 1, yes(1)),
        ],
    ),
    "sliding: refused calls are not counted": (
        "sliding",
        [(0.0, 1, 10, 1, yes(0)), (9.0, 1, 10, 1, no(1)), (10.0, 1, 10, 1, yes(0))],
    ),
    "sliding: who shares the key has a limit and a period of its own": (
        "sliding",
        [
            (0.0, 5, 60, 1, yes(4)),
            (5.0, 5, 60, 1, yes(3)),
            (5.0, 2, 60, 1, no(55)),
            (12.0, 2, 10, 1, yes(0)),
            (12.0, 5, 60, 1, yes(1)),
            (12.0, 2, 10, 1, no(10)),
            (14.0, 5, 60, 0, yes(1)),
        ],
    ),
    "sliding: a cost of many, tested as one call": (
        "sliding",
        [(0.0, 10, 60, 9, yes(1)), (1.0, 10, 60, 9, yes(0)), (2.0, 10, 60, 9, no(58)), (60.0, 10, 60, 0, yes(1))],
    ),
    "sliding: counted later, beyond the limit": (
        "sliding",
        [(0.0, 2, 60, 0, yes(2)), (1.0, 2, 60, 3, None), (2.0, 2, 60, 0, no(59)), (61.0, 2, 60, 0, yes(2))],
    ),
    "bucket: full at first, then limit / period a second": (
        "bucket",
        [
            (0.0, 2, 60, 1, yes(1)),
            (0.0, 2, 60, 1, yes(0)),
            (0.0, 2, 60, 1, no(30)),
            (29.0, 2, 60, 1, no(1)),
            (30.0, 2, 60, 1, yes(0)),
            (31.0, 2, 60, 1, no(29)),
            (500.0, 2, 60, 1, yes(1)),
        ],
    ),
    "bucket: counted later, beyond the limit": (
        "bucket",
        [(0.0, 2, 60, 0, yes(2)), (0.0, 2, 60, 4, None), (0.0, 2, 60, 0, no(90)), (90.0, 2, 60, 0, yes(1))],
    ),
    "bucket: many calls a second": (
        "bucket",
        [(0.0, 3, 1, 3, yes(0)), (0.1, 3, 1, 1, no(1)), (0.34, 3, 1, 1, yes(0))],
    ),
    "nothing is counted for zero or less": (
        "bucket",
        [(0.0, 1, 60, 0, yes(1)), (0.0, 1, 60, -5, yes(1)), (0.0, 1, 60, -5, None), (0.0, 1, 60, 1, yes(0))],
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_script(store: CounterStore, name: str) -> None:
    algorithm, rows = SCRIPTS[name]
    for at, limit, period, cost, expected in rows:
        rate = Rate("k", limit, period)
        if expected is None:
            await store.rate_add(rate, algorithm, cost, 1000.0 + at)
        else:
            assert await store.rate_take([rate], algorithm, cost, 1000.0 + at) == expected, at


@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
async def test_all_rates_or_none(store: CounterStore, algorithm: str) -> None:
    wide, narrow = Rate("wide", 10, 60, "g"), Rate("narrow", 1, 300, "g")
    assert await store.rate_take([wide, narrow], algorithm, 1, 0.0) == yes(0)
    assert await store.rate_take([wide, narrow], algorithm, 1, 0.0) == no(300)
    assert await store.rate_take([wide], algorithm, 1, 0.0) == yes(8)


async def test_the_algorithms_do_not_share_counters(store: CounterStore) -> None:
    for algorithm in ("sliding", "bucket"):
        assert await store.rate_take([Rate("k", 1, 60)], algorithm, 1, 0.0) == yes(0)


async def test_unknown_algorithm(store: CounterStore) -> None:
    with pytest.raises(ValueError, match="unknown rate algorithm"):
        await store.rate_take([Rate("k", 1, 60)], "guess", 1, 0.0)


async def test_a_busy_window_stays_exact_in_sum(store: CounterStore) -> None:
    rate = Rate("k", 5000, 60)
    for n in range(4000):
        await store.rate_take([rate], "sliding", 1, n / 1000)
    assert await store.rate_take([rate], "sliding", 0, 4.0) == yes(1000)
    assert await store.rate_take([rate], "sliding", 0, 64.1) == yes(5000)


async def test_quota_windows(store: CounterStore) -> None:
    async def call(until: float | None, now: float, limit: int = 2) -> int | None:
        return await store.quota_take([Allowance("k", limit, 1, until)], now)

    assert [await call(100.0, n) for n in (1.0, 2.0, 3.0)] == [None, None, 0]
    assert await call(100.0, 4.0, 3) is None
    assert await call(200.0, 101.0) is None
    assert await call(200.0, 102.0) is None
    assert await call(200.0, 102.0) == 0


async def test_a_window_without_end(store: CounterStore) -> None:
    allowance = Allowance("k", 1, 1, None)
    assert await store.quota_take([allowance], 1.0) is None
    assert await store.quota_take([allowance], 1e12) == 0


async def test_all_quotas_or_none(store: CounterStore) -> None:
    wide, narrow = Allowance("wide", 2, 1, 100.0, "g"), Allowance("narrow", 1, 1, 100.0, "g")
    assert await store.quota_take([wide, narrow], 1.0) is None
    assert await store.quota_take([wide, narrow], 1.0) == 1
    assert await store.quota_take([wide], 1.0) is None
    assert await store.quota_take([wide, narrow], 1.0) == 0


async def test_quota_added_late(store: CounterStore) -> None:
    await store.quota_add([Allowance("k", 0, 7, 100.0, "g"), Allowance("none", 0, 0, 100.0, "g")], 1.0)
    assert await store.quota_take([Allowance("k", 8, 0, 100.0, "g")], 2.0) is None
    assert await store.quota_take([Allowance("k", 7, 0, 100.0, "g")], 2.0) == 0
    assert await store.quota_take([Allowance("k", 7, 1, 200.0, "g")], 101.0) is None
    await store.quota_add([Allowance("k", 0, 50, 100.0, "g")], 102.0)  # that window is over
    assert await store.quota_take([Allowance("k", 2, 0, 200.0, "g")], 103.0) is None


@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
async def test_memory_forgets_idle_rates(algorithm: str) -> None:
    store = MemoryCounterStore()
    for n in range(1000):
        await store.rate_take([Rate(str(n), 5, 60)], algorithm, 1, float(n))
    assert len(store) < 130


async def test_memory_forgets_quotas_that_ended() -> None:
    store = MemoryCounterStore()
    for n in range(1000):
        await store.quota_take([Allowance(str(n), 5, 1, n + 60.0)], float(n))
    assert len(store) < 130
