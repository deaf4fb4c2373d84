"""Faults as text: what is understood, what is refused and how, and what a request may ask for itself."""

from __future__ import annotations

import random

import pytest

from apimpy.mock.faults import MIDDLE, NO_FAULT, Fault, Span, asked, fault_of, fields_of, with_defaults

RIGHT: list[tuple[str, Fault]] = [
    ("status=429", Fault(status=429)),
    ("status=429,retry-after=7", Fault(status=429, retry_after="7")),
    (" status = 429 , retry-after = 7 ", Fault(status=429, retry_after="7")),
    ("status=503,retry-after-date=60", Fault(status=503, retry_after_date=60)),
    ("status=429,retry-after=1,retry-after-ms=900", Fault(status=429, retry_after="1", retry_after_ms=900)),
    ("reset", Fault(reset=True)),
    ("reset=true", Fault(reset=True)),
    ("reset=0", NO_FAULT),
    ("hang,delay=100", Fault(hang=True, delay=Span(0.1, 0.1))),
    ("delay=100-300", Fault(delay=Span(0.1, 0.3))),
    ("first-byte=1.5", Fault(first_byte=Span(0.0015, 0.0015))),
    ("event-delay=20,cut=3", Fault(event_delay=Span(0.02, 0.02), cut=3)),
    ("cut", Fault(cut=MIDDLE)),
    ("cut=0", Fault(cut=0)),
    ("stall=2", Fault(stall=2)),
    ("malformed", Fault(malformed=True)),
]
WRONG: list[tuple[str, str]] = [
    ("", "a name is missing"),
    ("status=429,", "a name is missing"),
    ("stauts=429", "there is no 'stauts': did you mean 'status'?"),
    ("everything", "there is no 'everything': there are status, retry-after"),
    ("status=429,status=500", "'status' is given twice"),
    ("status", "status takes a whole number from 200 to 599, not ''"),
    ("status=99", "from 200 to 599"),
    ("status=6000", "from 200 to 599"),
    ("status=²", "from 200 to 599"),
    ("status=4_29", "from 200 to 599"),
    ("retry-after=7", "retry-after needs status"),
    ("reset,retry-after-date=7", "retry-after-date needs status"),
    ("status=429,retry-after=soon", "retry-after takes whole seconds or an HTTP date, not 'soon'"),
    ("status=429,retry-after=-1", "whole seconds or an HTTP date"),
    ("status=429,retry-after-date=99999999999", "from 0 to 1000000000"),
    ("reset=maybe", "reset takes no value, or true or false, not 'maybe'"),
    ("delay", "delay takes milliseconds, as in 250 or 100-300, not ''"),
    ("delay=slow", "milliseconds, as in"),
    ("delay=300-100", "the smaller one first"),
    ("delay=nan", "milliseconds from 0"),
    ("delay=inf", "milliseconds from 0"),
    ("delay=-5", "milliseconds, as in"),
    ("cut=-1", "cut takes a whole number from 0, not '-1'"),
    ("cut=x", "cut takes a whole number from 0"),
    ("reset,hang", "only one of reset and hang"),
    ("status=500,cut=0", "only one of status and cut"),
]


@pytest.mark.parametrize(("text", "fault"), RIGHT)
def test_understood(text: str, fault: Fault) -> None:
    assert fault_of(fields_of(text)) == fault


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError) as caught:
        fault_of(fields_of(text))
    assert says in str(caught.value)


ASKED: list[tuple[dict[str, str], dict[str, str], str | None, Fault | None]] = [
    ({}, {}, "gpt-4o", None),
    ({"x-mock-fault": "none"}, {}, "gpt-4o", NO_FAULT),
    ({"x-mock-fault": "status=503,delay=5"}, {}, None, Fault(status=503, delay=Span(0.005, 0.005))),
    ({"x-mock-fault": "status=503", "x-mock-retry-after": "3"}, {}, None, Fault(status=503, retry_after="3")),
    ({"x-mock-status": "429", "x-mock-retry-after": "7"}, {}, None, Fault(status=429, retry_after="7")),
    ({"x-mock-cut": "3"}, {"mock-cut": "5"}, None, Fault(cut=3)),
    ({}, {"mock-reset": ""}, None, Fault(reset=True)),
    ({}, {"mock-fault": "hang"}, None, Fault(hang=True)),
    ({}, {}, "mock-429", Fault(status=429)),
    ({"x-mock-retry-after": "7"}, {}, "mock-429", Fault(status=429, retry_after="7")),
    ({"x-mock-status": "500"}, {}, "mock-429", Fault(status=500)),
    ({}, {}, "mock-42", None),
    ({}, {}, "mock-142", None),
    (
        {"x-mock-status": "429", "x-mock-retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"},
        {},
        None,
        Fault(status=429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"),
    ),
]


@pytest.mark.parametrize(("headers", "query", "model", "fault"), ASKED)
def test_a_request_asks(headers: dict[str, str], query: dict[str, str], model: str | None, fault: Fault | None) -> None:
    assert asked(headers, query, model) == fault


def test_a_date_with_a_line_break_is_no_header() -> None:
    with pytest.raises(ValueError, match="HTTP date"):
        asked({}, {"mock-status": "429", "mock-retry-after": "Wed, 21 Oct 2026 07:28:00 GMT\r\nx: y"}, None)


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("status=429", {}),
        ("status=429,retry-after=7", {"Retry-After": "7"}),
        ("status=429,retry-after-date=60", {"Retry-After": "Thu, 01 Jan 1970 00:02:00 GMT"}),
        ("status=429,retry-after-ms=900", {"retry-after-ms": "900"}),
    ],
)
def test_headers(text: str, headers: dict[str, str]) -> None:
    """A date is so many seconds after now, never fewer."""
    assert fault_of(fields_of(text)).headers(59.2) == headers


def test_delays_of_every_answer_are_for_those_without_their_own() -> None:
    usual, own = Span(0.1, 0.1), Span(0.5, 0.5)
    assert with_defaults(NO_FAULT, usual, usual) == Fault(delay=usual, event_delay=usual)
    assert with_defaults(Fault(delay=own, cut=1), usual, usual) == Fault(delay=own, event_delay=usual, cut=1)


def test_a_range_is_drawn_within_its_ends() -> None:
    dice = random.Random(1)
    drawn = [Span(0.1, 0.3).draw(dice) for _ in range(100)]
    assert 0.1 <= min(drawn) < 0.15 < 0.25 < max(drawn) <= 0.3
    assert Span(0.2, 0.2).draw(dice) == 0.2
