"""Which patterns are matched without a look at the clock, and up to what length of text."""

from __future__ import annotations

import time

import pytest

from apimpy.dotnet.exceptions import BudgetExceeded
from apimpy.dotnet.regex_.engine import make
from apimpy.runtime.fixture import load_fixture


@pytest.mark.parametrize(
    ("pattern", "least"),
    [
        ("abc", 10_000),
        ("^/v[0-9]+/orders", 50),
        (r"Bearer\s+(\S+)", 20),
        (r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", 5),
        ("^(a|b|c)$", 1000),
    ],
)
def test_plain_patterns(pattern: str, least: int) -> None:
    """No quantifier inside another: a short text is through before anybody could ask for the time."""
    assert make(pattern).unwatched >= least


NESTED = "(?:" * 12 + "a?" + "){0,8}" * 12


@pytest.mark.parametrize(
    "pattern", [NESTED, "(a+)+b", "(a|a)*b", "(a?){30}a{30}", r"(x+)\1", "(?:a*)*", "((ab)*|c)*", "a?" * 30]
)
def test_watched_patterns(pattern: str) -> None:
    """Whatever can explode is never matched without the clock, however short the text."""
    assert make(pattern).unwatched < 2


@pytest.mark.parametrize(
    "pattern", ["^.*a.*b.*c$", "[a-z]+[a-z]+[a-z]+!", "(?:x{0,3}y){0,4}z", "(a|b|ab)(a|b|ab)(a|b|ab)!"]
)
def test_bound_holds(pattern: str) -> None:
    """The longest text without a clock takes no noticeable time, even when nothing matches."""
    r = make(pattern)
    rt = load_fixture({}).rt
    for letter in "axy":
        started = time.process_time()
        assert not r.is_in(rt, letter * r.unwatched, 0)
        assert time.process_time() - started < 0.2


def test_longer_texts_are_watched() -> None:
    """Beyond the bound the budget of time holds."""
    r = make("(a|aa)+$")
    rt = load_fixture({}).rt
    rt.limits = type(rt.limits)(regex_seconds=0.05)
    with pytest.raises(BudgetExceeded):
        r.is_in(rt, "a" * 60 + "b", 0)
