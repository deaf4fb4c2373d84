"""Faults on demand, asked for by a request: in headers, in the query, or in the model's name.

    x-mock-status: 429            answer with this status (and an OpenAI-shaped error)
    x-mock-retry-after: 7         … and this Retry-After
    x-mock-delay: 250             milliseconds before the head
    x-mock-event-delay: 20        milliseconds between the events of a stream
    x-mock-cut: 3                 break the connection after so many events

The same names without `x-` work as query parameters (`?mock-status=503`), and a model or deployment called `mock-429`
(any status of three digits) answers with that status.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Faults", "faults_of"]

_MODEL = re.compile(r"mock-([1-5]\d\d)")


@dataclass(frozen=True, slots=True)
class Faults:
    """Times in seconds; `cut` in events."""

    status: int | None = None
    retry_after: str | None = None
    delay: float = 0.0
    event_delay: float = 0.0
    cut: int | None = None


def faults_of(headers: Mapping[str, str], query: Mapping[str, str], model: str | None) -> Faults:
    """What a request asks for.  ValueError when it is not a number."""

    def ask(name: str) -> str | None:
        return headers.get("x-" + name) or query.get(name)

    status, retry, cut = ask("mock-status"), ask("mock-retry-after"), ask("mock-cut")
    named = _MODEL.fullmatch(model or "")
    return Faults(
        status=int(status) if status else int(named[1]) if named else None,
        retry_after=str(int(retry)) if retry else None,
        delay=float(ask("mock-delay") or 0) / 1000,
        event_delay=float(ask("mock-event-delay") or 0) / 1000,
        cut=int(cut) if cut else None,
    )
