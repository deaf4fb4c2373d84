"""The contract of `TokenStore`, run on every implementation with a clock of its own."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from apimpy.runtime.ports import TokenLimits, TokenStore, TokenVerdict
from apimpy.stores.memory import MemoryTokenStore
from apimpy.stores.redis.tokens import RedisTokenStore

if TYPE_CHECKING:
    from apimpy.stores.redis.connection import RedisLink

ALGORITHMS = ("bucket", "sliding")


@pytest.fixture
def store(link: RedisLink | None) -> TokenStore:
    return MemoryTokenStore() if link is None else RedisTokenStore(link)


def fits(left: int) -> TokenVerdict:
    return TokenVerdict(left)


def refused(left: int, wait: int | None = None) -> TokenVerdict:
    return TokenVerdict(left, 0, "rate", wait)


async def charge(store: TokenStore, limits: TokenLimits, tokens: int, now: float) -> int:
    """Tokens left of the rate after an unreserved charge."""
    return (await store.settle(limits, tokens, 0, now, now)).rate


async def left(store: TokenStore, limits: TokenLimits, now: float) -> int:
    return await charge(store, limits, 0, now)


# Scripts of a rate: (now, verb, amount, expected).  `admit` with a need, `charge` tokens, `give back` tokens that were
# reserved at 0.0; the last two answer what is left.
SCRIPTS: dict[str, tuple[str, int, list[tuple[float, str, int | None, TokenVerdict | int]]]] = {
    "sliding, the observed sequence of 100 tokens a minute": (
        "sliding",
        100,
        [
            (0.0, "admit", None, fits(100)),
            (1.9, "charge", 59, 41),
            (16.0, "admit", None, fits(41)),
            (17.7, "charge", 55, -14),
            (33.0, "admit", None, refused(-14, 29)),
            (48.5, "admit", None, refused(-14, 14)),
            (64.0, "admit", None, fits(45)),
            (64.5, "charge", 55, -10),
        ],
    ),
    "bucket, debt is repaid at a sixtieth of the limit a second": (
        "bucket",
        300,
        [
            (0.0, "admit", None, fits(300)),
            (0.0, "charge", 262, 38),
            (3.8, "admit", None, fits(57)),
            (3.8, "charge", 262, -205),
            (3.8, "admit", None, refused(-205, 41)),
            (43.8, "admit", None, refused(-5, 1)),
            (45.8, "admit", None, fits(5)),
        ],
    ),
    "bucket, waits above a minute": (
        "bucket",
        10,
        [
            (0.0, "admit", None, fits(10)),
            (0.0, "charge", 40, -30),
            (0.0, "admit", None, refused(-30, 180)),
            (179.0, "admit", None, refused(-1, 1)),
            (181.0, "admit", None, fits(0)),
        ],
    ),
    "bucket, seconds of this century, which are exact to a quarter of a microsecond": (
        "bucket",
        300,
        [
            (1_700_000_000.0, "charge", 262, 38),
            (1_700_000_003.8, "charge", 262, -205),
            (1_700_000_003.8, "admit", None, refused(-205, 41)),
            (1_700_000_044.8, "admit", 0, fits(0)),
        ],
    ),
    "bucket, a need is reserved and corrected": (
        "bucket",
        100,
        [
            (0.0, "admit", 60, fits(40)),
            (0.0, "admit", 60, refused(40, 12)),
            (0.0, "give back", 20, 60),
            (0.0, "admit", 60, fits(0)),
            (0.0, "admit", None, refused(0, 1)),
            (12.0, "charge", 0, 20),
        ],
    ),
    "sliding, what is given back leaves the window with the charge it belonged to": (
        "sliding",
        100,
        [
            (0.0, "admit", 60, fits(40)),
            (1.0, "admit", 60, refused(40, 59)),
            (2.0, "give back", 20, 60),
            (3.0, "admit", 60, fits(0)),
            (3.5, "admit", None, refused(0, 57)),
            (60.0, "charge", 0, 40),
        ],
    ),
    "bucket, giving everything back leaves a full bucket, never more": (
        "bucket",
        50,
        [(0.0, "admit", 30, fits(20)), (1.0, "give back", 30, 50), (2.0, "charge", 0, 50)],
    ),
    "sliding, giving everything back leaves an empty window": (
        "sliding",
        50,
        [(0.0, "admit", 30, fits(20)), (1.0, "give back", 30, 50), (60.5, "charge", 0, 50)],
    ),
    "sliding, what has left the window cannot be given back": (
        "sliding",
        50,
        [(0.0, "admit", 30, fits(20)), (30.0, "charge", 40, -20), (61.0, "give back", 30, 10)],
    ),
    "bucket, a need above the limit can never fit": (
        "bucket",
        100,
        [(0.0, "admit", 101, refused(100)), (0.0, "admit", 100, fits(0))],
    ),
    "sliding, a need above the limit can never fit": (
        "sliding",
        100,
        [(0.0, "admit", 101, refused(100)), (0.0, "admit", 100, fits(0))],
    ),
    "bucket, the time does not run backwards": (
        "bucket",
        60,
        [(100.0, "charge", 60, 0), (90.0, "charge", 0, 0), (110.0, "charge", 0, 10)],
    ),
    "sliding, an admission without a need reserves nothing": (
        "sliding",
        10,
        [(0.0, "admit", None, fits(10)), (0.0, "admit", None, fits(10))],
    ),
    "bucket, a need of nothing fits an empty bucket": (
        "bucket",
        10,
        [(0.0, "charge", 10, 0), (0.0, "admit", 0, fits(0)), (0.0, "admit", None, refused(0, 1))],
    ),
    "sliding, a need of nothing fits a full window, and no passed one": (
        "sliding",
        10,
        [
            (0.0, "charge", 10, 0),
            (0.0, "admit", 0, fits(0)),
            (0.0, "charge", 1, -1),
            (0.0, "admit", 0, refused(-1, 60)),
        ],
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_rate_script(store: TokenStore, name: str) -> None:
    algorithm, rate, steps = SCRIPTS[name]
    limits = TokenLimits("k", rate, algorithm)
    for now, verb, amount, expected in steps:
        if verb == "admit":
            got: object = await store.admit(limits, amount, amount, now)
        else:
            assert amount is not None
            tokens = amount if verb == "charge" else -amount
            got = (await store.settle(limits, tokens, 0, now if verb == "charge" else 0.0, now)).rate
        assert got == expected, f"at {now}: {verb} {amount}"


def quota(limit: int, until: float = 3600.0, period: str = "Hourly", rate: int | None = None) -> TokenLimits:
    return TokenLimits("k", rate, "bucket", limit, period, until)


async def test_a_quota_is_passed_by_more_than_all_of_it(store: TokenStore) -> None:
    hour = quota(100)
    assert await store.admit(hour, None, None, 0.0) == TokenVerdict(0, 100)
    assert (await store.settle(hour, 0, 100, 0.0, 1.0)).quota == 0
    assert await store.admit(hour, None, None, 2.0) == TokenVerdict(0, 0)
    assert await store.admit(hour, 1, 1, 2.0) == TokenVerdict(0, 0, "quota")
    assert (await store.settle(hour, 0, 1, 0.0, 3.0)).quota == -1
    assert await store.admit(hour, None, None, 4.0) == TokenVerdict(0, -1, "quota")


async def test_a_later_window_begins_at_zero(store: TokenStore) -> None:
    await store.settle(quota(100), 0, 150, 0.0, 0.0)
    assert (await store.admit(quota(100, 7200.0), None, 30, 3600.0)).quota == 70
    assert (await store.settle(quota(100, 3600.0), 0, 50, 0.0, 3601.0)).quota == 70, "what is over gets nothing"
    assert (await store.settle(quota(100, 7200.0), 0, -80, 0.0, 3602.0)).quota == 100, "never below nothing"


async def test_raising_a_quota_keeps_what_was_spent(store: TokenStore) -> None:
    await store.settle(quota(100), 0, 150, 0.0, 0.0)
    assert (await store.admit(quota(100), None, None, 0.0)).refused == "quota"
    assert await store.admit(quota(200), None, None, 0.0) == TokenVerdict(0, 50)


async def test_periods_are_counters_of_their_own(store: TokenStore) -> None:
    await store.settle(quota(100), 0, 60, 0.0, 0.0)
    assert (await store.admit(quota(100, 86_400.0, "Daily"), None, None, 0.0)).quota == 100


async def test_both_are_reserved_or_none(store: TokenStore) -> None:
    both = quota(100, rate=50)
    assert await store.admit(both, 40, 40, 0.0) == TokenVerdict(10, 60)
    assert await store.admit(both, 20, 20, 0.0) == TokenVerdict(10, 60, "rate", 12)
    assert await store.admit(both, 10, 61, 0.0) == TokenVerdict(10, 60, "quota")
    assert await store.admit(both, 10, 60, 0.0) == TokenVerdict(0, 0)
    assert await store.settle(both, -5, -20, 0.0, 0.0) == TokenVerdict(5, 20)


async def test_the_rate_is_tested_first(store: TokenStore) -> None:
    both = quota(1, rate=1)
    await store.settle(both, 5, 5, 0.0, 0.0)
    assert (await store.admit(both, None, None, 0.0)).refused == "rate"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_keys_are_apart_and_ordinal(store: TokenStore, algorithm: str) -> None:
    await charge(store, TokenLimits("Key", 100, algorithm), 90, 0.0)
    for key, rest in (("key", 100), ("Key", 10), ("", 100)):
        assert await left(store, TokenLimits(key, 100, algorithm), 0.0) == rest


async def test_bucket_clamps_to_the_asking_limit(store: TokenStore) -> None:
    """Unequal limits on one key: the executing element's limit is the capacity."""
    large, small = TokenLimits("k", 1000, "bucket"), TokenLimits("k", 100, "bucket")
    assert await left(store, large, 0.0) == 1000
    assert (await store.admit(small, None, None, 0.0)).rate == 100
    assert await left(store, large, 6.0) == 200


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_waiting_as_told_is_enough(store: TokenStore, algorithm: str) -> None:
    """Whoever waits `retry_after` seconds and no less is admitted, for any history."""
    chance = random.Random(7)
    limits = TokenLimits("k", 100, algorithm)
    now = 0.0
    refusals = 0
    for _ in range(400):
        now += chance.random() * 4
        need = chance.choice([None, 0, 5, 40, 100])
        verdict = await store.admit(limits, need, None, now)
        if not verdict.refused:
            await store.settle(limits, chance.randrange(60) - (need or 0), 0, now, now)
            continue
        refusals += 1
        assert verdict.retry_after is not None
        now += verdict.retry_after + 0.001
        again = await store.admit(limits, need, None, now)
        assert not again.refused, (need, verdict)
    assert refusals > 20


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_parallel_reservations_never_pass_the_limit(store: TokenStore, algorithm: str) -> None:
    limits = TokenLimits("k", 100, algorithm, 60, "Daily", 86_400.0)
    verdicts = await asyncio.gather(*(store.admit(limits, 7, 7, 0.0) for _ in range(50)))
    assert sum(not v.refused for v in verdicts) == 8
    assert await store.settle(limits, 0, 0, 0.0, 0.0) == TokenVerdict(44, 4)


async def test_settled_reservations_never_pass_a_sliding_window(store: TokenStore) -> None:
    """Spending at most what was reserved keeps any 60 seconds below the limit."""
    chance = random.Random(11)
    limits = TokenLimits("k", 100, "sliding")
    open_calls: list[tuple[float, float, int, int]] = []
    spent: list[tuple[float, int]] = []
    now = 0.0
    for _ in range(600):
        now += chance.random() * 3
        for call in sorted(c for c in open_calls if c[0] <= now):
            open_calls.remove(call)
            ends, began, need, cost = call
            await store.settle(limits, cost - need, 0, began, ends)
        need = chance.randrange(1, 60)
        if not (await store.admit(limits, need, None, now)).refused:
            cost = chance.randrange(need + 1)
            spent.append((now, cost))
            open_calls.append((now + chance.random() * 90, now, need, cost))
        assert sum(cost for at, cost in spent if now - 60 < at) <= 100
    assert len(spent) > 100


async def test_memory_forgets_what_no_longer_matters() -> None:
    store = MemoryTokenStore()
    for i in range(20_000):
        algorithm = "bucket" if i % 2 else "sliding"
        await store.settle(TokenLimits(f"caller-{i}", 100, algorithm, 100, "Hourly", i + 60.0), 50, 50, 0.0, float(i))
    assert len(store) < 1000
    assert await left(store, TokenLimits("caller-19999", 100, "bucket"), 19_999.0) == 50


async def test_busy_window_stays_small() -> None:
    store = MemoryTokenStore()
    limits = TokenLimits("k", 1_000_000, "sliding")
    for i in range(50_000):
        await charge(store, limits, 1, i / 1000)
    assert len(store._rates["sliding", "k"].events) < 3000  # type: ignore[union-attr]
    assert await left(store, limits, 50.0) == 950_000


async def test_unknown_algorithm_is_refused(store: TokenStore) -> None:
    with pytest.raises(ValueError, match="rate algorithm"):
        await left(store, TokenLimits("k", 1, "leaky"), 0.0)
