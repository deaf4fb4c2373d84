"""Entities and their state: picking, breakers that pools share, what survives other entities."""

from __future__ import annotations

import pytest

from apimpy.backends.breaker import Rule
from apimpy.backends.entity import Backend, Member, Pool
from apimpy.backends.registry import Backends
from apimpy.record import replace
from apimpy.runtime.message import Url

RULE = Rule("r", count=1, interval=60, statuses=((429, 429),), trip=60, accept_retry_after=True)
A = Backend("a", Url.parse("http://h/a"), rule=RULE)
B = Backend("b", Url.parse("http://h/b"), rule=RULE)
C = Backend("c", Url.parse("http://h/a/c"))
P = Pool("p", (Member(A, 1), Member(B, 2)))
Q = Pool("q", (Member(B, 1),))


def backends() -> Backends:
    return Backends({e.id: e for e in (A, B, C, P, Q)})


def ids(registry: Backends, now: float, *entities: Backend | Pool) -> list[str | None]:
    found = [registry.pick(entity, now) for entity in entities]
    return [None if one is None else one.id for one in found]


async def test_a_throttled_member_is_left_alone_everywhere() -> None:
    registry = backends()
    await registry.answered(B, 0, 429, 7)
    assert ids(registry, 1, P, Q, B, A) == ["a", None, None, "a"]
    assert registry.wait(Q, 1) == 6
    await registry.answered(A, 2, 429, None)
    assert ids(registry, 2, P) == [None]
    assert registry.wait(P, 2) == 5
    assert ids(registry, 7, P, Q) == ["b", "b"], "b is back, a is not"
    assert ids(registry, 62, P) == ["a"], "and traffic returns to the preferred one"


async def test_a_session_stays_while_its_member_is_there() -> None:
    registry = backends()
    assert registry.pick(P, 0, "b") is B
    await registry.answered(B, 0, 429, None)
    assert registry.pick(P, 1, "b") is A
    assert registry.pick(P, 1, "nobody") is A


async def test_transport_failures_count_only_when_named() -> None:
    registry = backends()
    for _ in range(5):
        await registry.not_answered(A, 0, "BackendConnectionFailure")
        await registry.broke_off(A, 0)
    assert ids(registry, 0, A) == ["a"]
    named = replace(A, rule=replace(RULE, reasons=frozenset({"backendconnectionfailure"})))
    registry = Backends({"a": named})
    await registry.broke_off(named, 0)
    assert ids(registry, 0, named) == [None]


async def test_state_outlives_entities() -> None:
    registry = backends()
    await registry.answered(A, 0, 429, None)
    other = registry.with_entities({"a": replace(A, url=Url.parse("http://new/")), "p": P})
    assert ids(other, 1, A) == [None]
    changed = replace(A, rule=replace(RULE, count=5))
    other = other.with_entities({"a": changed})
    assert ids(other, 1, changed) == [None], "an open breaker stays open under another rule"
    assert ids(other, 61, changed) == ["a"]
    for _ in range(4):
        await other.answered(changed, 61, 429, None)
    assert ids(other, 61, changed) == ["a"]


@pytest.mark.parametrize(
    ("url", "id"),
    [
        ("http://h/a", "a"),
        ("http://h/a/", "a"),
        ("http://h/a/x", "a"),
        ("http://h/a/c", "c"),
        ("http://h/a/c/d", "c"),
        ("http://h/ab", None),
        ("https://h/a", None),
        ("http://h:81/a", None),
        ("http://other/a", None),
    ],
)
def test_a_service_url_finds_its_backend(url: str, id: str | None) -> None:
    found = backends().matching(Url.parse(url))
    assert (None if found is None else found.id) == id


async def test_what_is_shown() -> None:
    registry = backends()
    await registry.answered(A, 0, 200, None)
    await registry.answered(A, 0, 429, 10)
    shown = {row["id"]: row for row in registry.states(4)}
    assert shown["a"] == {
        "id": "a",
        "type": "Single",
        "url": "http://h/a",
        "attempts": 2,
        "failures": 1,
        "breaker": {"state": "open", "trips": 1, "closesIn": 6},
    }
    assert shown["c"] == {"id": "c", "type": "Single", "url": "http://h/a/c", "attempts": 0, "failures": 0}
    assert [m["id"] for m in shown["p"]["members"]] == ["a", "b"]
    assert shown["p"]["members"][0]["breaker"]["state"] == "open"
