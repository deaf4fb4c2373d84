"""A Redis that loses answers, is restarted or says nothing: nothing counts twice, and what was spent is not lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import pytest
import redis_server
from lossy import LossyWay
from redis import Redis

from apimpy.runtime.ports import Allowance, Rate, StoreUnavailable, TokenLimits, TokenVerdict
from apimpy.stores.redis.cache import RedisCache
from apimpy.stores.redis.concurrency import RedisGate
from apimpy.stores.redis.connection import RedisLink
from apimpy.stores.redis.counters import RedisCounterStore
from apimpy.stores.redis.later import Operation, Undelivered
from apimpy.stores.redis.tokens import RedisTokenStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

FOREVER = Allowance("k", 1000, 1, None)
NOW = 1_700_000_000.0


@pytest.fixture
def server() -> Iterator[redis_server.Server]:
    """A server of the test's own, which keeps what it has answered."""
    made = redis_server.Server(redis_server.binary(), durable=True, tcp=True)
    made.start()
    yield made
    made.close()


@pytest.fixture
async def linked() -> AsyncIterator[Callable[..., RedisLink]]:
    made: list[RedisLink] = []

    def link(url: str, **options: float) -> RedisLink:
        made.append(RedisLink(url, **options))  # type: ignore[arg-type]
        return made[-1]

    yield link
    for one in made:
        await one.aclose()


async def used(store: RedisCounterStore) -> int:
    """What has been counted of `FOREVER`."""
    low, high = 0, 1000
    while low < high:
        middle = (low + high) // 2
        full = await store.quota_take([Allowance("k", middle + 1, 0, None)], NOW)
        low, high = (low, middle) if full is None else (middle + 1, high)
    return low


CHARGES: dict[str, tuple[Callable[[RedisCounterStore], Awaitable[object]], object]] = {
    "quota_take": (lambda s: s.quota_take([FOREVER], NOW), None),
    "quota_add": (lambda s: s.quota_add([FOREVER], NOW), None),
}


@pytest.mark.parametrize("verb", CHARGES)
@pytest.mark.parametrize("lost", [1, 3])
async def test_a_lost_answer_counts_once(
    server: redis_server.Server, linked: Callable[..., RedisLink], verb: str, lost: int
) -> None:
    charge, expected = CHARGES[verb]
    async with LossyWay(server.url) as way:
        store = RedisCounterStore(linked(way.url, patience=5.0))
        assert await charge(store) == expected
        way.lose = lost
        assert await charge(store) == expected
        assert way.lost == lost
        assert await used(store) == 2


@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
async def test_a_lost_verdict_is_the_same_when_asked_again(
    server: redis_server.Server, linked: Callable[..., RedisLink], algorithm: str
) -> None:
    """The last call that fits is not refused because its first sending has taken the place."""
    async with LossyWay(server.url) as way:
        store = RedisCounterStore(linked(way.url, patience=5.0))
        rate = Rate("k", 2, 3600)
        assert (await store.rate_take([rate], algorithm, 1, NOW)).remaining == 1
        way.lose = 1
        verdict = await store.rate_take([rate], algorithm, 1, NOW)
        assert (verdict.allowed, verdict.remaining, way.lost) == (True, 0, 1)
        assert not (await store.rate_take([rate], algorithm, 1, NOW)).allowed


@pytest.mark.parametrize("algorithm", ["sliding", "bucket"])
async def test_tokens_are_reserved_and_settled_once(
    server: redis_server.Server, linked: Callable[..., RedisLink], algorithm: str
) -> None:
    """By the clock of the server, whatever that of the gateway says."""
    limits = TokenLimits("k", 1_000_000, algorithm, 1000, "Hourly", 4e9)
    async with LossyWay(server.url) as way:
        store = RedisTokenStore(linked(way.url, patience=5.0))
        way.lose = 1
        assert await store.admit(limits, 600, 600, NOW) == TokenVerdict(999_400, 400)
        way.lose = 1
        settled = await store.settle(limits, -500, -500, NOW, NOW + 0.1)
        assert (settled.quota, way.lost) == (900, 2)
        assert settled.rate == 999_900 if algorithm == "sliding" else 999_900 <= settled.rate <= 1_000_000
        way.lose = 1
        assert (await store.settle(limits, 300, 300, NOW, NOW + 0.2)).quota == 600


async def test_a_restart_loses_and_doubles_nothing(
    server: redis_server.Server, linked: Callable[..., RedisLink]
) -> None:
    """Charges while the server is killed and started again: all of them are counted, each once."""
    link = linked(server.url)
    store = RedisCounterStore(link)
    done = 0

    async def charge() -> None:
        nonlocal done
        with contextlib.suppress(StoreUnavailable):  # it arrives later
            await store.quota_add([FOREVER], NOW)
        done += 1

    async def charging() -> None:
        for _ in range(60):
            await asyncio.gather(*(charge() for _ in range(5)))

    work = asyncio.ensure_future(charging())
    while done < 60:
        await asyncio.sleep(0)
    server.kill()
    await work
    assert not link.up
    assert link.waiting > 0
    server.start()
    await link.back()
    assert (done, await used(store), link.dropped) == (300, 300, 0)


async def test_calls_that_were_allowed_before_a_restart_are_still_counted(
    server: redis_server.Server, linked: Callable[..., RedisLink]
) -> None:
    store = RedisCounterStore(linked(server.url, patience=5.0))
    rate = Rate("k", 5, 3600)
    assert all([(await store.rate_take([rate], "sliding", 1, NOW)).allowed for _ in range(4)])
    server.kill()
    server.start()
    assert [(await store.rate_take([rate], "sliding", 1, NOW)).allowed for _ in range(2)] == [True, False]


async def test_waiting_is_bounded(server: redis_server.Server, linked: Callable[..., RedisLink]) -> None:
    """A server that says nothing costs the first one its patience, and the next ones nothing."""
    link = linked(server.url, patience=0.1)
    store, cache = RedisCounterStore(link), RedisCache(link)
    assert await link.open() is None
    server.pause(3000)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="no answer within 100 ms"):
        await cache.get("k", NOW)
    for _ in range(200):
        with pytest.raises(StoreUnavailable, match="Redis is away"):
            await store.quota_take([FOREVER], NOW)
    assert time.monotonic() - began < 2.0
    assert (link.failures["cache_get"], link.failures["quota_take"]) == (1, 200)


async def test_a_busy_event_loop_is_not_the_fault_of_the_server(
    server: redis_server.Server, linked: Callable[..., RedisLink]
) -> None:
    link = linked(server.url, patience=0.05)
    assert await link.open() is None
    answers = [asyncio.ensure_future(RedisCache(link).get(str(n), NOW)) for n in range(4)]
    for _ in range(3):
        await asyncio.sleep(0)
        time.sleep(0.1)  # as counting the tokens of a long prompt does
    assert await asyncio.gather(*answers) == [None] * 4


async def test_a_server_that_was_never_there(linked: Callable[..., RedisLink]) -> None:
    made = redis_server.Server(redis_server.binary(), tcp=True)
    link = linked(made.url, patience=0.1)
    why = await link.open()
    assert why is not None
    assert "onnect" in why
    with pytest.raises(StoreUnavailable):
        await RedisCounterStore(link).quota_add([FOREVER], NOW)
    made.start()
    await link.back()
    assert await used(RedisCounterStore(link)) == 1
    made.close()


async def test_a_place_is_given_back_when_the_server_returns(
    server: redis_server.Server, linked: Callable[..., RedisLink]
) -> None:
    link = linked(server.url, patience=0.1)
    gate = RedisGate(link)
    assert await gate.enter("k", 1)
    server.stop()
    with pytest.raises(StoreUnavailable):
        await gate.leave("k")
    server.start()
    await link.back()
    assert await gate.enter("k", 1)
    await gate.aclose()


async def test_a_caller_who_leaves_does_not_undo_a_charge(
    server: redis_server.Server, linked: Callable[..., RedisLink]
) -> None:
    link = linked(server.url, patience=5.0)
    store = RedisCounterStore(link)
    assert await link.open() is None
    for turns in range(6):  # cancelled before it was sent, while it was, and after
        work = asyncio.ensure_future(store.quota_add([FOREVER], NOW))
        for _ in range(turns + 1):
            await asyncio.sleep(0)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    await link.back()
    assert await used(store) == 6


async def test_a_refusal_is_not_an_absence(server: redis_server.Server, linked: Callable[..., RedisLink]) -> None:
    """A server that answers with an error has answered: others go on asking it."""
    link = linked(server.url, patience=5.0)
    store = RedisCounterStore(link)
    await store.quota_add([FOREVER], NOW)
    with Redis.from_url(server.url) as admin:
        for key in admin.scan_iter("apimpy:1:quota:*"):
            admin.set(key, "somebody else's")
    with pytest.raises(StoreUnavailable, match="Redis says no"):
        await store.quota_add([FOREVER], NOW)
    assert (link.up, link.waiting) == (True, 0)


async def test_a_server_that_takes_no_writes_is_away_until_it_does(
    server: redis_server.Server, linked: Callable[..., RedisLink]
) -> None:
    """As one that has become a replica."""
    link = linked(server.url, patience=0.1)
    store = RedisCounterStore(link)
    assert await link.open() is None
    with Redis.from_url(server.url) as admin:
        admin.replicaof("127.0.0.1", "1")
        with pytest.raises(StoreUnavailable, match="read only"):
            await store.quota_add([FOREVER], NOW)
        assert (link.up, link.waiting) == (False, 1)
        admin.replicaof("NO", "ONE")
    await link.back()
    assert await used(store) == 1


async def test_every_key_ends_and_says_what_it_is(
    server: redis_server.Server, linked: Callable[..., RedisLink]
) -> None:
    link = linked(server.url, patience=5.0)
    store, cache, gate = RedisCounterStore(link), RedisCache(link), RedisGate(link)
    now = time.time()
    for algorithm in ("sliding", "bucket"):
        await store.rate_take([Rate("k", 5, 60)], algorithm, 1, now)
        await store.rate_add(Rate("k", 5, 60), algorithm, 9, now)
    await store.quota_take([Allowance("k", 5, 1, now + 300)], now)
    await store.quota_add([Allowance("endless", 5, 1, None)], now)
    tokens = RedisTokenStore(link)
    for algorithm in ("sliding", "bucket"):
        await tokens.settle(TokenLimits("k", 60, algorithm, 1, "Hourly", now + 300), 90, 90, now, now)
    await cache.put("k", "v", 1, 60, now)
    assert await gate.enter("k", 1)
    kinds: dict[str, float] = {}
    with Redis.from_url(server.url) as admin:
        for key in admin.scan_iter():
            owner, version, kind, rest = key.decode().split(":", 3)
            assert (owner, version, rest[0]) == ("apimpy", "1", "{")
            kinds[kind] = max(kinds.get(kind, 0), admin.pttl(key) / 1000)
    year = 366 * 86_400
    expected = {"rate-sliding": 65, "rate-bucket": 125, "quota": year + 5, "cache": 60, "inside": 35, "op": 60}
    expected |= {"tokens-sliding": 65, "tokens-bucket": 95, "token-quota": 365}
    assert kinds.keys() == expected.keys()
    for kind, seconds in expected.items():
        assert seconds - 5 < kinds[kind] <= seconds, kind
    await gate.aclose()


def test_what_waits_is_bounded() -> None:
    waiting = Undelivered(capacity=2, seconds=30.0)
    first, second, third = (Operation(verb, (), ()) for verb in "abc")
    for operation in (first, second, third):
        waiting.add(operation, 0.0)
    assert (len(waiting), waiting.dropped, waiting.first(29.0)) == (2, 1, second)
    waiting.remove(second)
    assert waiting.first(29.0) is third
    assert (waiting.first(30.0), len(waiting), waiting.dropped) == (None, 0, 2)
