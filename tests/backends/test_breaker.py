"""The breaker as scripts of events and answers: times in seconds, no clock."""

from __future__ import annotations

import random

import pytest

from apimpy.backends.breaker import LEAST_ATTEMPTS, Breaker, Rule, retry_after_seconds

AI = Rule("busy", count=1, interval=60, statuses=((429, 429), (500, 599)), trip=60, accept_retry_after=True)
THREE = Rule("three", count=3, interval=10, statuses=((500, 599),), trip=5)

# A script: time, what happened (`f` a failure, `.` a success, `f7` a failure with Retry-After 7), open afterwards?
SCRIPTS = [
    ("the first failure trips", AI, [(0, ".", False), (1, "f", True), (60.9, "", True), (61, "", False)]),
    ("Retry-After goes before", AI, [(0, "f7", True), (6.9, "", True), (7, "", False)]),
    ("Retry-After may be longer", AI, [(0, "f600", True), (599, "", True), (600, "", False)]),
    ("Retry-After is not asked for", THREE, [(0, "f9", False), (1, "f9", False), (2, "f9", True), (7, "", False)]),
    ("three within the interval", THREE, [(0, "f", False), (5, "f", False), (10, "f", True)]),
    ("three, too far apart", THREE, [(0, "f", False), (5, "f", False), (10.1, "f", False), (14, "f", True)]),
    ("successes do not forget", THREE, [(0, "f", False), (1, ".", False), (2, "f", False), (3, "f", True)]),
    (
        "closed again with nothing remembered",
        THREE,
        [(0, "f", False), (0, "f", False), (0, "f", True), (5, "f", False)],
    ),
    ("late results change nothing", AI, [(0, "f", True), (1, "f600", True), (60, "", False)]),
    ("no half-open state", AI, [(0, "f", True), (60, ".", False), (61, "f", True)]),
]


@pytest.mark.parametrize(("rule", "script"), [row[1:] for row in SCRIPTS], ids=[row[0] for row in SCRIPTS])
def test_scripts(rule: Rule, script: list[tuple[float, str, bool]]) -> None:
    breaker = Breaker(rule)
    for now, event, is_open in script:
        if event:
            breaker.record(now, failed=event[0] == "f", retry_after=float(event[1:] or 0) or None)
        assert breaker.is_open(now) is is_open, now


def test_a_percentage_needs_attempts() -> None:
    breaker = Breaker(Rule(percentage=50, interval=60, statuses=((500, 599),), trip=5))
    for number in range(LEAST_ATTEMPTS - 1):
        breaker.record(number, failed=True)
        assert not breaker.is_open(number)
    breaker.record(9, failed=True)
    assert breaker.is_open(9)


@pytest.mark.parametrize(("failures", "is_open"), [(4, False), (5, True)])
def test_a_percentage(failures: int, is_open: bool) -> None:
    breaker = Breaker(Rule(percentage=50, interval=60, trip=5))
    for number in range(10):
        breaker.record(1, failed=number >= 10 - failures)
    assert breaker.is_open(1) is is_open


def test_a_percentage_forgets_what_is_older_than_the_interval() -> None:
    breaker = Breaker(Rule(percentage=50, interval=60, trip=5))
    for _ in range(9):
        breaker.record(0, failed=True)
    for _ in range(10):
        breaker.record(61, failed=False)
    breaker.record(62, failed=True)
    assert not breaker.is_open(62)


def test_a_percentage_keeps_little() -> None:
    breaker = Breaker(Rule(percentage=99, interval=3600, trip=5))
    for number in range(100_000):
        breaker.record(number / 10, failed=False)
    assert len(breaker._attempts) <= 61


def test_either_threshold_trips() -> None:
    rule = Rule(count=3, percentage=100, interval=60, trip=5)
    breaker = Breaker(rule)
    for number in range(3):
        breaker.record(number, failed=True)
    assert breaker.is_open(2)


def test_an_inert_rule_never_trips() -> None:
    breaker = Breaker(Rule(statuses=((500, 599),)))
    for number in range(1000):
        breaker.record(number, failed=True)
    assert breaker.trips == 0


def test_a_failure_that_comes_to_light_later_is_no_second_attempt() -> None:
    breaker = Breaker(Rule(percentage=10, interval=60, trip=5))
    for _ in range(9):
        breaker.record(0, failed=False)
    breaker.record(1, failed=True, attempt=False)
    assert not breaker.is_open(1), "nine attempts are too few"


def test_counting_agrees_with_a_plain_list() -> None:
    """Random failures, against the definition: so many within the interval, since the breaker closed last."""
    chance = random.Random(7)
    for _ in range(200):
        rule = Rule(count=chance.randint(1, 5), interval=chance.choice([1, 5, 20]), trip=chance.choice([1, 10]))
        breaker, failures, closes, now = Breaker(rule), [], 0.0, 0.0
        for _ in range(100):
            now += chance.random() * 3
            failed = chance.random() < 0.6
            breaker.record(now, failed=failed)
            if now >= closes and failed:
                failures.append(now)
                if len([t for t in failures if now - t <= rule.interval]) >= (rule.count or 0):
                    closes, failures = now + rule.trip, []
            assert breaker.is_open(now) is (now < closes)


@pytest.mark.parametrize(
    ("rule", "status", "fails"),
    [
        (AI, 429, True),
        (AI, 428, False),
        (AI, 599, True),
        (Rule(statuses=((429, 429),), reasons=frozenset({"server errors"})), 500, False),
        (Rule(reasons=frozenset({"server errors"})), 500, True),
        (Rule(reasons=frozenset({"server errors"})), 429, False),
        (Rule(), 500, False),
    ],
)
def test_what_status_is_a_failure(rule: Rule, status: int, fails: bool) -> None:
    assert rule.fails_with(status) is fails


@pytest.mark.parametrize(
    ("reasons", "reason", "fails"),
    [
        ({"backendconnectionfailure"}, "BackendConnectionFailure", True),
        ({"timeout"}, "Timeout", True),
        ({"timeout"}, "BackendConnectionFailure", False),
        ({"server errors"}, "BackendConnectionFailure", False),
        (set(), "Timeout", False),
    ],
)
def test_what_error_is_a_failure(reasons: set[str], reason: str, fails: bool) -> None:
    assert Rule(reasons=frozenset(reasons)).fails_for(reason) is fails


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 86400 ", 86400),
        ("0", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30),
        ("Tue, 14 Nov 2023 22:13:00 GMT", None),
        ("٣", None),
        ("9" * 400, 366 * 86400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 366 * 86400),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, 1_700_000_000) == seconds
