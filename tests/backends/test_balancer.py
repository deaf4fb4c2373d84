"""Whose turn it is: one row per pool, the picks as text."""

from __future__ import annotations

from collections import Counter

import pytest

from apimpy.backends.balancer import Balancer
from apimpy.backends.entity import Backend, Member
from apimpy.runtime.message import Url

URL = Url.parse("http://b/")


def members(text: str) -> list[Member]:
    """`a1*70` is the member a of priority 1 and weight 70."""
    out = []
    for part in text.split():
        name, _, weight = part.partition("*")
        out.append(Member(Backend(name[0], URL), int(name[1:]), int(weight or 1)))
    return out


@pytest.mark.parametrize(
    ("pool", "picks"),
    [
        ("a1 b1", "abababab"),
        ("a1 b1 c1", "abcabcabc"),
        ("a1*2 b1*1", "abaabaaba"),
        ("a1*5 b1*1 c1*1", "aabacaaaabacaa"),
        ("a1 b2", "aaaa"),
        ("b2 a1", "aaaa"),
        ("a1*0 b1", "bbbb"),
        ("a1*0 b1*0", "abab"),
        ("a0 b1", "aaaa"),
        ("a1", "aa"),
    ],
)
def test_turns(pool: str, picks: str) -> None:
    balancer, group = Balancer(), members(pool)
    got = "".join(balancer.pick(group).backend.id for _ in picks)
    assert got == picks


def test_nobody_is_available() -> None:
    assert Balancer().pick([]) is None


def test_weights_are_shares() -> None:
    balancer, group = Balancer(), members("a1*70 b1*30")
    found = Counter(balancer.pick(group).backend.id for _ in range(1000))
    assert found == {"a": 700, "b": 300}


def test_the_next_priority_when_all_of_the_first_are_away() -> None:
    balancer, group = Balancer(), members("a1 b1 c2")
    assert balancer.pick(group[2:]).backend.id == "c"
    assert balancer.pick(group[1:]).backend.id == "b"


def test_a_member_that_was_away_starts_anew() -> None:
    balancer, group = Balancer(), members("a1 b1")
    for _ in range(9):
        assert balancer.pick(group[1:]).backend.id == "b"
    got = "".join(balancer.pick(group).backend.id for _ in range(6))
    assert got == "ababab", "no catching up"
