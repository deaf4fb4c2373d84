"""Circuit breakers in a Redis trip as one in memory does, count for all, and are never in the way."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from apimpy.backends.breaker import Rule, retry_after_seconds
from apimpy.backends.entity import Backend
from apimpy.backends.registry import Backends
from apimpy.record import replace
from apimpy.runtime.message import Url
from apimpy.runtime.ports import Outcome, StoreUnavailable
from apimpy.stores.redis.breakers import RedisBreakerStore
from apimpy.stores.redis.connection import RedisLink

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = Rule("r", count=3, interval=60, statuses=((500, 599),), trip=30, accept_retry_after=True)
SHARE = Rule("r", percentage=50, interval=60, statuses=((500, 599),), trip=30)
BOTH = Rule("r", count=5, percentage=75, interval=12, statuses=((500, 599),), trip=7)


@pytest.fixture(params=["redis", "cluster"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def backend(rule: Rule, id: str = "b") -> Backend:
    return Backend(id, Url.parse("http://h/b"), rule=rule)


def opened(registry: Backends, one: Backend, now: float) -> bool:
    return registry.pick(one, now) is None


@pytest.mark.parametrize("rule", [COUNT, SHARE, BOTH], ids=["count", "percentage", "both"])
async def test_agreement(link: RedisLink, rule: Rule) -> None:
    """Any history: open at the same moments, for as long, and as many trips."""
    rolled = random.Random(7)
    one = backend(rule)
    local, shared = Backends({"b": one}), Backends({"b": one}, RedisBreakerStore(link))
    now, trips = 1_000_000.5, 0
    for _ in range(300):
        now += rolled.choice((0.125, 0.5, 2.0, 9.0))
        assert opened(local, one, now) == opened(shared, one, now)
        if opened(local, one, now) and rolled.random() < 0.8:
            continue
        status, wait = rolled.choice((200, 503)), rolled.choice((None, 4.0))
        for registry in (local, shared):
            await registry.answered(one, now, status, wait)
        assert local.wait(one, now) == pytest.approx(shared.wait(one, now), abs=1e-6)
        assert [row[:4] for row in local.rows(now)] == [row[:4] for row in shared.rows(now)]
        trips = local.rows(now)[0][3]
    assert trips > 3


async def test_failures_of_all_count(link: RedisLink) -> None:
    """Two failures here and one there are three; both know at once, or when they look."""
    one = backend(COUNT, "together")
    store = RedisBreakerStore(link)
    first, second, third = (Backends({"b": one}, store) for _ in range(3))
    for _ in range(2):
        await first.answered(one, 10, 500, None)
    await second.answered(one, 11, 500, None)
    assert (opened(second, one, 12), opened(first, one, 12)) == (True, False)
    for other in (first, third):
        await other.refresh(12)
        assert (opened(other, one, 12), other.wait(one, 12)) == (True, 29)
    assert [r.rows(12)[0][3] for r in (first, second, third)] == [0, 1, 0], "it tripped once"
    for registry in (first, second, third):
        await registry.refresh(41)
        assert not opened(registry, one, 41)
    for _ in range(2):
        await first.answered(one, 42, 500, None)
    assert not opened(first, one, 42), "nothing is remembered of before"


async def test_what_it_leaves_ends_by_itself(link: RedisLink) -> None:
    store = RedisBreakerStore(link)
    both = backend(BOTH, "brief")
    for n in range(5):
        await store.record(both, Outcome(True), n)
        for key in store._keys(both):
            assert await link.command("ttl", "PTTL", key) == -2 or await link.command("ttl", "PTTL", key) > 0
    assert await store.open_for([both], 5) == [6.0]


async def test_another_url_is_another_breaker(link: RedisLink) -> None:
    store = RedisBreakerStore(link)
    there = Backend("b2", Url.parse("http://there/"), rule=COUNT)
    here = Backend("b2", Url.parse("http://here/"), rule=COUNT)
    for _ in range(3):
        await store.record(there, Outcome(True), 5)
    assert await store.open_for([here, there], 6) == [0, 29]


async def test_an_outcome_that_is_sent_twice_counts_once(link: RedisLink, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RedisBreakerStore(link)
    one = backend(COUNT, "twice")
    monkeypatch.setattr(
        link, "_id", lambda keys: f"{link.namespace}:op:{keys[0][keys[0].index('{') :].split('}')[0]}}}:1"
    )
    for _ in range(4):
        assert await store.record(one, Outcome(True), 5) == (0, False)


async def test_while_nobody_answers_each_counts_for_itself(redis_url: Callable[..., str]) -> None:
    link = RedisLink("redis://127.0.0.1:1", patience=0.05)
    one = backend(COUNT)
    registry = Backends({"b": one}, RedisBreakerStore(link))
    for _ in range(3):
        assert not opened(registry, one, 5)
        await registry.answered(one, 5, 500, 8)
    assert registry.wait(one, 5) == 8
    with pytest.raises(StoreUnavailable):
        await registry.refresh(5)
    await link.aclose()


async def test_a_longer_interval_forgets_what_was_counted_by_another(link: RedisLink) -> None:
    """Slots are numbered by the interval: those of a shorter one lie in the future of a longer one."""
    store = RedisBreakerStore(link)
    short, long = backend(SHARE, "longer"), backend(replace(SHARE, interval=3600.0), "longer")
    for _ in range(50):
        await store.record(short, Outcome(False), 1_000_000)
    found = [await store.record(long, Outcome(True), 1_000_020) for _ in range(10)]
    assert found[-1] == (30, True)


async def test_a_backend_that_asks_for_nonsense(link: RedisLink) -> None:
    """Whatever Retry-After says, the state ends by itself."""
    store, one = RedisBreakerStore(link), backend(replace(COUNT, count=1), "nonsense")
    wanted = retry_after_seconds("9" * 400, 5)
    assert (await store.record(one, Outcome(True, wanted), 5))[1]
    assert 0 < await link.command("ttl", "PTTL", store._keys(one)[0]) < 400 * 86400 * 1000
    assert await store.open_for([one], 6) == [366 * 86400 - 1]
