"""Counters give the same answers at any hour, in memory and on Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apimpy.runtime.ports import Rate, TokenLimits
from apimpy.stores.counters import MemoryCounterStore
from apimpy.stores.memory import MemoryTokenStore
from apimpy.stores.moments import moment
from apimpy.stores.redis.counters import RedisCounterStore
from apimpy.stores.redis.tokens import RedisTokenStore

if TYPE_CHECKING:
    from apimpy.stores.redis.connection import RedisLink

BASES = [0, 1_700_000_000_000_000, 1_767_225_600_333_333]
"""Hours, in microseconds: that of a virtual clock, and those of real ones."""
ALGORITHMS = st.sampled_from(["bucket", "sliding"])
TENTHS = st.integers(0, 15).map(lambda tenths: tenths * 100_000)
PAUSES = st.one_of(TENTHS, st.integers(0, 90_000_000), st.sampled_from([0, 1, 333_333, 999_999, 1_000_000, 60_000_000]))
VERBS = st.sampled_from(["take", "take", "take", "add"])
CALLS = st.one_of(
    st.lists(st.tuples(pauses, VERBS, st.integers(0, 2)), min_size=20, max_size=40) for pauses in (TENTHS, PAUSES)
)
TOKENS = st.lists(st.tuples(PAUSES, st.sampled_from([None, 0, 1, 7, 60]), st.integers(0, 90)), min_size=5, max_size=20)
many = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def seconds(microseconds: int) -> float:
    return microseconds / 1_000_000


@pytest.fixture(params=["memory", "redis"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def names() -> Any:
    """Keys that no earlier example had."""
    return iter(range(10**9))


@pytest.mark.parametrize("whole", [0, 1, 100_000, 333_333, 1_700_000_000_100_000, 4_000_000_000_999_999])
def test_moments(whole: int) -> None:
    assert moment(seconds(whole)) == whole


@given(algorithm=ALGORITHMS, limit=st.integers(1, 4), period=st.integers(1, 20), calls=CALLS)
@many
async def test_rates(
    link: RedisLink | None, names: Any, algorithm: Any, limit: int, period: int, calls: list[tuple[int, str, int]]
) -> None:
    answers = []
    for base in BASES:
        stores: list[Any] = [MemoryCounterStore()] if link is None else [MemoryCounterStore(), RedisCounterStore(link)]
        rate, now = Rate(f"k{next(names)}", limit, period), base
        answers += [[] for _ in stores]
        for pause, verb, cost in calls:
            now += pause
            for at, store in enumerate(stores, len(answers) - len(stores)):
                if verb == "add":
                    await store.rate_add(rate, algorithm, cost, seconds(now))
                else:
                    answers[at].append(await store.rate_take([rate], algorithm, cost, seconds(now)))
    assert all(one == answers[0] for one in answers)


@given(algorithm=ALGORITHMS, rate=st.integers(1, 200), calls=TOKENS)
@many
async def test_tokens(
    link: RedisLink | None, names: Any, algorithm: Any, rate: int, calls: list[tuple[int, int | None, int]]
) -> None:
    """Reserved, and settled after as long a pause as there was before."""
    answers = []
    for base in BASES:
        stores: list[Any] = [MemoryTokenStore()] if link is None else [MemoryTokenStore(), RedisTokenStore(link)]
        limits, now = TokenLimits(f"k{next(names)}", rate, algorithm, None, "Hourly", 5e9), base
        answers += [[] for _ in stores]
        for pause, need, cost in calls:
            began = now = now + pause
            verdicts = [await store.admit(limits, need, None, seconds(now)) for store in stores]
            now += pause
            for at, (store, verdict) in enumerate(zip(stores, verdicts, strict=True), len(answers) - len(stores)):
                answers[at].append(verdict)
                if not verdict.refused:
                    charge = cost - (need or 0)
                    answers[at].append(await store.settle(limits, charge, 0, seconds(began), seconds(now)))
    assert all(one == answers[0] for one in answers)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("algorithm", ["bucket", "sliding"])
@pytest.mark.parametrize(("limit", "period"), [(1, 1), (3, 10), (7, 60), (10, 3), (1, 3600)])
async def test_who_waits_as_told_passes(
    link: RedisLink | None, names: Any, base: int, algorithm: Any, limit: int, period: int
) -> None:
    """And nobody is told to wait a second longer than it takes."""
    store: Any = MemoryCounterStore() if link is None else RedisCounterStore(link)
    rate, now = Rate(f"w{base}", limit, period), base + 100_000
    for _ in range(4):
        while (verdict := await store.rate_take([rate], algorithm, 1, seconds(now))).allowed:
            pass
        assert verdict.retry_after is not None
        early = now + (verdict.retry_after - 1) * 1_000_000
        assert not (await store.rate_take([rate], algorithm, 1, seconds(early))).allowed
        now += verdict.retry_after * 1_000_000
        assert (await store.rate_take([rate], algorithm, 1, seconds(now))).allowed
