"""The contract of `TokenStore`, run on every implementation with a clock of its own."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from apimpy.runtime.ports import TokenStore, Verdict
from apimpy.stores.memory import MemoryTokenStore

if TYPE_CHECKING:
    from collections.abc import Callable

IMPLEMENTATIONS: dict[str, Callable[[], TokenStore]] = {"memory": MemoryTokenStore}


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def store(request: pytest.FixtureRequest) -> TokenStore:
    return IMPLEMENTATIONS[request.param]()


# Scripts: (now, verb, tokens or estimate, expected).  admit expects a Verdict, charge and left a number.
SCRIPTS: dict[str, tuple[str, int, list[tuple[float, str, int | None, object]]]] = {
    "sliding, the observed sequence of 100 tokens a minute": (
        "sliding",
        100,
        [
            (0.0, "admit", None, Verdict(True, 100)),
            (1.9, "charge", 59, 41),
            (16.0, "admit", None, Verdict(True, 41)),
            (17.7, "charge", 55, 0),
            (33.0, "admit", None, Verdict(False, 0, 29)),
            (48.5, "admit", None, Verdict(False, 0, 14)),
            (64.0, "admit", None, Verdict(True, 45)),
            (64.5, "charge", 55, 0),
        ],
    ),
    "bucket, debt is repaid at a sixtieth of the limit a second": (
        "bucket",
        300,
        [
            (0.0, "admit", None, Verdict(True, 300)),
            (0.0, "charge", 262, 38),
            (3.8, "admit", None, Verdict(True, 57)),
            (3.8, "charge", 262, 0),
            (3.8, "admit", None, Verdict(False, 0, 41)),
            (43.8, "admit", None, Verdict(False, 0, 1)),
            (45.8, "admit", None, Verdict(True, 5)),
        ],
    ),
    "bucket, waits above a minute": (
        "bucket",
        10,
        [
            (0.0, "admit", None, Verdict(True, 10)),
            (0.0, "charge", 40, 0),
            (0.0, "admit", None, Verdict(False, 0, 180)),
            (179.0, "admit", None, Verdict(False, 0, 1)),
            (181.0, "admit", None, Verdict(True, 0)),
        ],
    ),
    "bucket, an estimate is reserved and corrected": (
        "bucket",
        100,
        [
            (0.0, "admit", 60, Verdict(True, 40)),
            (0.0, "admit", 60, Verdict(False, 40, 12)),
            (0.0, "charge", -20, 60),
            (0.0, "admit", 60, Verdict(True, 0)),
            (0.0, "admit", None, Verdict(False, 0, 1)),
            (12.0, "left", None, 20),
        ],
    ),
    "sliding, an estimate is reserved and corrected": (
        "sliding",
        100,
        [
            (0.0, "admit", 60, Verdict(True, 40)),
            (1.0, "admit", 60, Verdict(False, 40, 59)),
            (2.0, "charge", -20, 60),
            (3.0, "admit", 60, Verdict(True, 0)),
            (3.5, "admit", None, Verdict(False, 0, 57)),
            (60.0, "left", None, 60),
        ],
    ),
    "bucket, a refund of everything leaves a full bucket, never more": (
        "bucket",
        50,
        [(0.0, "admit", 30, Verdict(True, 20)), (1.0, "charge", -30, 50), (2.0, "left", None, 50)],
    ),
    "sliding, a refund never leaves more than the limit": (
        "sliding",
        50,
        [(0.0, "admit", 30, Verdict(True, 20)), (1.0, "charge", -30, 50), (60.5, "left", None, 50)],
    ),
    "bucket, an estimate above the limit can never fit": (
        "bucket",
        100,
        [(0.0, "admit", 101, Verdict(False, 100)), (0.0, "admit", 100, Verdict(True, 0))],
    ),
    "sliding, an estimate above the limit can never fit": (
        "sliding",
        100,
        [(0.0, "admit", 101, Verdict(False, 100)), (0.0, "admit", 100, Verdict(True, 0))],
    ),
    "bucket, the time does not run backwards": (
        "bucket",
        60,
        [(100.0, "charge", 60, 0), (90.0, "left", None, 0), (110.0, "left", None, 10)],
    ),
    "sliding, an admission without an estimate reserves nothing": (
        "sliding",
        10,
        [(0.0, "admit", None, Verdict(True, 10)), (0.0, "admit", None, Verdict(True, 10))],
    ),
    "bucket, an estimate of nothing is admitted on an empty bucket": (
        "bucket",
        10,
        [(0.0, "charge", 10, 0), (0.0, "admit", 0, Verdict(True, 0)), (0.0, "admit", None, Verdict(False, 0, 1))],
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_script(store: TokenStore, name: str) -> None:
    algorithm, limit, steps = SCRIPTS[name]
    for now, verb, amount, expected in steps:
        if verb == "admit":
            got: object = await store.rate_admit("k", limit, algorithm, amount, now)
        elif verb == "charge":
            assert amount is not None
            got = await store.rate_charge("k", limit, algorithm, amount, now)
        else:
            got = await store.rate_left("k", limit, algorithm, now)
        assert got == expected, f"at {now}: {verb} {amount}"


@pytest.mark.parametrize("algorithm", ["bucket", "sliding"])
async def test_keys_are_apart_and_ordinal(store: TokenStore, algorithm: str) -> None:
    await store.rate_charge("Key", 100, algorithm, 90, 0.0)
    assert await store.rate_left("key", 100, algorithm, 0.0) == 100
    assert await store.rate_left("Key", 100, algorithm, 0.0) == 10
    assert await store.rate_left("", 100, algorithm, 0.0) == 100


async def test_bucket_clamps_to_the_asking_limit(store: TokenStore) -> None:
    """Unequal limits on one key: the executing element's limit is the capacity."""
    assert await store.rate_left("k", 1000, "bucket", 0.0) == 1000
    assert (await store.rate_admit("k", 100, "bucket", None, 0.0)).remaining == 100
    assert await store.rate_left("k", 1000, "bucket", 6.0) == 200


@pytest.mark.parametrize("algorithm", ["bucket", "sliding"])
async def test_waiting_as_told_is_enough(store: TokenStore, algorithm: str) -> None:
    """Whoever waits `retry_after` seconds and no less is admitted, for any history."""
    chance = random.Random(7)
    now = 0.0
    refusals = 0
    for _ in range(400):
        now += chance.random() * 4
        estimate = chance.choice([None, 0, 5, 40, 100])
        verdict = await store.rate_admit("k", 100, algorithm, estimate, now)
        if verdict.allowed:
            await store.rate_charge("k", 100, algorithm, chance.randrange(60), now)
            continue
        refusals += 1
        assert verdict.retry_after is not None
        now += verdict.retry_after
        again = await store.rate_admit("k", 100, algorithm, estimate, now + 0.001)
        assert again.allowed, (estimate, verdict)
        now += 0.001
    assert refusals > 20


@pytest.mark.parametrize("algorithm", ["bucket", "sliding"])
async def test_parallel_reservations_never_pass_the_limit(store: TokenStore, algorithm: str) -> None:
    verdicts = await asyncio.gather(*(store.rate_admit("k", 100, algorithm, 7, 0.0) for _ in range(50)))
    assert sum(v.allowed for v in verdicts) == 14
    assert await store.rate_left("k", 100, algorithm, 0.0) == 2


async def test_memory_forgets_what_no_longer_matters() -> None:
    store = MemoryTokenStore()
    for i in range(20_000):
        algorithm = "bucket" if i % 2 else "sliding"
        await store.rate_charge(f"caller-{i}", 100, algorithm, 50, float(i))
    assert len(store) < 1000
    assert await store.rate_left("caller-19999", 100, "bucket", 19_999.0) == 50


async def test_busy_window_stays_small() -> None:
    store = MemoryTokenStore()
    for i in range(50_000):
        await store.rate_charge("k", 1_000_000, "sliding", 1, i / 1000)
    state, _ = store._rates["sliding", "k"]
    assert len(state.events) < 3000  # type: ignore[union-attr]
    assert await store.rate_left("k", 1_000_000, "sliding", 50.0) == 950_000


async def test_unknown_algorithm_is_refused(store: TokenStore) -> None:
    with pytest.raises(ValueError, match="rate algorithm"):
        await store.rate_left("k", 1, "leaky", 0.0)
