"""Which requests meet which fault."""

from __future__ import annotations

from collections import Counter

import pytest

from apimpy.mock.schedule import Schedule, rules_of

CHAT, EMBED = "/v1/chat/completions", "/v1/embeddings"


def met(rules: list[str], requests: list[tuple[str, str | None]], seed: int = 0) -> list[str | None]:
    """The rule that each request meets."""
    schedule = Schedule(rules_of(rules), seed)
    return [schedule.next(path, model).rule for path, model in requests]


FOUR = [(CHAT, "gpt-4o")] * 4
MIXED = [(CHAT, "gpt-4o"), (EMBED, "text-embedding-3-small"), (CHAT, "GPT-4o"), ("/healthz", None)]
ROWS: list[tuple[list[str], list[tuple[str, str | None]], list[str | None]]] = [
    ([], FOUR, [None] * 4),
    (["reset"], FOUR, ["reset"] * 4),
    (["reset,calls=2"], FOUR, [None, "reset,calls=2", None, None]),
    (["reset,calls=1-3"], FOUR, ["reset,calls=1-3"] * 3 + [None]),
    (["reset,calls=3-"], FOUR, [None, None, "reset,calls=3-", "reset,calls=3-"]),
    (["reset,calls=1", "hang,calls=1-2"], FOUR, ["reset,calls=1", "hang,calls=1-2", None, None]),
    (["reset,calls=1", "hang"], FOUR, ["reset,calls=1", "hang", "hang", "hang"]),
    (["reset,path=/embeddings"], MIXED, [None, "reset,path=/embeddings", None, None]),
    (["reset,model=gpt-4O"], MIXED, ["reset,model=gpt-4O", None, "reset,model=gpt-4O", None]),
    # numbers count what the rule's path and model fit
    (["reset,model=gpt-4o,calls=2"], MIXED, [None, None, "reset,model=gpt-4o,calls=2", None]),
    (["reset,share=1"], FOUR, ["reset,share=1"] * 4),
]


@pytest.mark.parametrize(("rules", "requests", "expected"), ROWS)
def test_rules(rules: list[str], requests: list[tuple[str, str | None]], expected: list[str | None]) -> None:
    assert met(rules, requests) == expected


def test_shares_add_up_and_the_rest_goes_on() -> None:
    """Of many requests every rule gets its share, and the last rule what is left."""
    rules = ["reset,share=0.2", "hang,share=0.1", "delay=5"]
    counts = Counter(met(rules, [(CHAT, None)] * 4000))
    assert counts["reset,share=0.2"] == pytest.approx(800, abs=80)
    assert counts["hang,share=0.1"] == pytest.approx(400, abs=60)
    assert sum(counts.values()) == 4000
    assert None not in counts


def test_the_seed_decides() -> None:
    """The same seed gives the same faults and the same delays; another one gives others."""
    requests: list[tuple[str, str | None]] = [(CHAT, None)] * 60
    assert met(["reset,share=0.5"], requests, 7) == met(["reset,share=0.5"], requests, 7)
    assert met(["reset,share=0.5"], requests, 7) != met(["reset,share=0.5"], requests, 8)
    drawn = [Schedule(rules_of(["delay=1-100"]), seed).next(CHAT, None) for seed in (7, 7, 8)]
    delays = [m.fault.delay.draw(m.dice) for m in drawn]
    assert delays[0] == delays[1] != delays[2]


def test_a_rule_of_another_path_changes_no_draw() -> None:
    """What is drawn hangs on the request's number alone."""
    requests: list[tuple[str, str | None]] = [(CHAT, None)] * 60
    alone = met(["reset,share=0.5"], requests)
    assert met(["hang,share=0.5,path=/embeddings", "reset,share=0.5"], requests) == alone


WRONG: list[tuple[list[str], str]] = [
    ([""], "fault '': a name is missing"),
    (["calls=1-3"], "fault 'calls=1-3': it names no fault"),
    (["reset,share=0"], "share takes a number above 0 and up to 1, not '0'"),
    (["reset,share=1.5"], "share takes"),
    (["reset,share=nan"], "share takes"),
    (["reset,share"], "share takes"),
    (["reset,calls=0"], "calls takes numbers from 1, as in 3, 1-3 or 4-, not '0'"),
    (["reset,calls=3-1"], "calls takes"),
    (["reset,calls=-3"], "calls takes"),
    (["reset,calls=x"], "calls takes"),
    (["reset", "hang"], "fault 'hang': no request reaches it, 'reset' takes them all"),
    (["reset,share=0.6", "hang,share=0.6"], "fault 'hang,share=0.6': the shares add up to 1.2, more than 1"),
    (["reset,calls=1", "stats=429"], "did you mean 'status'?"),
    (["reset,modell=x"], "did you mean 'model'?"),
]


@pytest.mark.parametrize(("rules", "says"), WRONG)
def test_refused(rules: list[str], says: str) -> None:
    with pytest.raises(ValueError) as caught:
        rules_of(rules)
    assert says in str(caught.value)


def test_shares_of_different_requests_do_not_add_up() -> None:
    assert len(rules_of(["reset,share=0.6,path=/embeddings", "hang,share=0.6,path=/completions"])) == 2
