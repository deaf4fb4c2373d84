"""Which requests meet which fault: rules, tried in order, and a seed.

    status=429,retry-after=7,calls=1-3      the first three requests
    reset,share=0.1,path=/embeddings        a tenth of the embeddings
    delay=100-300                           everything else

A rule is a fault (`apimpy.mock.faults`) and the requests it is for:

| condition | meaning |
|---|---|
| `share=0.2` | this share of them, drawn with the seed |
| `calls=3`, `calls=1-3`, `calls=4-` | by number, counted from 1 among those with the rule's path and model |
| `path=/chat/completions` | whose path ends so |
| `model=gpt-4o` | for this model or deployment |

One number is drawn for a request, so the shares of several rules add up: 0.2 and 0.1 leave 0.7.  What is drawn depends
on the seed and on the number of the request alone: the same requests in the same order meet the same faults.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apimpy.mock.faults import NO_FAULT, Fault, fault_of, fields_of, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Met", "Rule", "Schedule", "rules_of"]

_CONDITIONS = ("share", "calls", "path", "model")


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault and its requests; `last` None has no end."""

    text: str
    fault: Fault
    share: float | None = None
    first: int = 1
    last: int | None = None
    path: str = ""
    model: str | None = None

    def fits(self, path: str, model: str | None) -> bool:
        return path.endswith(self.path) and (self.model is None or self.model == (model or "").lower())

    @property
    def everything(self) -> bool:
        """It leaves no request to the rules after it."""
        return self.share is None and (self.first, self.last, self.path, self.model) == (1, None, "", None)


@dataclass(frozen=True, slots=True)
class Met:
    """What a request meets: its number, the dice for what is drawn later, and the rule's text."""

    number: int
    dice: random.Random
    fault: Fault = NO_FAULT
    rule: str | None = None


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise ValueError(f"share takes a number above 0 and up to 1, not '{text}'")
    return value


def _calls(text: str) -> tuple[int, int | None]:
    low, dash, high = text.partition("-")
    try:
        first = whole(low, 1)
        last = (whole(high, first) if high else None) if dash else first
    except ValueError as error:
        raise ValueError(f"calls takes numbers from 1, as in 3, 1-3 or 4-, not '{text}'") from error
    return first, last


def _rule(text: str) -> Rule:
    fields = fields_of(text, _CONDITIONS)
    when = {name: fields.pop(name) for name in _CONDITIONS if name in fields}
    if not fields:
        raise ValueError("it names no fault")
    first, last = _calls(when["calls"]) if "calls" in when else (1, None)
    return Rule(
        text,
        fault_of(fields),
        _share(when["share"]) if "share" in when else None,
        first,
        last,
        when.get("path", ""),
        when["model"].lower() if "model" in when else None,
    )


def rules_of(texts: Sequence[str]) -> tuple[Rule, ...]:
    """The rules, checked together.  ValueError with the text of the wrong one."""
    out: list[Rule] = []
    for text in texts:
        try:
            rule = _rule(text)
        except ValueError as error:
            raise ValueError(f"fault '{text}': {error}") from error
        if out and out[-1].everything:
            raise ValueError(f"fault '{text}': no request reaches it, '{out[-1].text}' takes them all")
        out.append(rule)
        alike = [r.share or 0 for r in out if (r.first, r.last, r.path, r.model) == _when(rule)]
        if sum(alike) > 1 + 1e-9:
            raise ValueError(f"fault '{text}': the shares add up to {sum(alike):g}, more than 1")
    return tuple(out)


def _when(rule: Rule) -> tuple[int, int | None, str, str | None]:
    return rule.first, rule.last, rule.path, rule.model


class Schedule:
    """Rules and the counts they go by."""

    def __init__(self, rules: Sequence[Rule] = (), seed: int = 0) -> None:
        self.rules, self.seed = tuple(rules), seed
        self.requests = 0
        self._fitting = [0] * len(self.rules)

    def next(self, path: str, model: str | None) -> Met:
        """Count a request, and say what it meets."""
        self.requests += 1
        dice = random.Random(f"{self.seed}:{self.requests}")  # noqa: S311 - a schedule, not a secret
        drawn, below = dice.random(), 0.0
        for place, rule in enumerate(self.rules):
            if rule.fits(path, model):
                self._fitting[place] += 1
        for place, rule in enumerate(self.rules):
            number = self._fitting[place]
            if not rule.fits(path, model) or number < rule.first or (rule.last is not None and number > rule.last):
                continue
            below += 1.0 if rule.share is None else rule.share
            if drawn < below:
                return Met(self.requests, dice, rule.fault, rule.text)
        return Met(self.requests, dice)
