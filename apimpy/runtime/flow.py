"""What a step of a compiled policy document is and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange
    from apimpy.source import Span

__all__ = ["BODY_REQUEST", "BODY_RESPONSE", "Flow", "Step"]


class Flow(Enum):
    """NEXT: go on with the next step.  STOP: the response is ready, nothing further runs (return-response)."""

    NEXT = 0
    STOP = 1


BODY_REQUEST, BODY_RESPONSE = 1, 2
"""Bits of `Step.needs`: which body the step's own values read, so which must be buffered before it runs."""


class Step(Record, frozen=True):
    """One policy of a section, ready to run.

    `run(exchange)` answers a `Flow`, or an awaitable of one when `is_async`.  `needs` says which bodies the runner
    buffers first (only this step's own values count, not those of policies nested in it).
    `path` is the position as `context.LastError.Path` shows it (`choose[1]\\when[2]`), "" at the top of a section.
    """

    element: str
    run: Callable[[Exchange], Flow] | Callable[[Exchange], Awaitable[Flow]]
    is_async: bool
    needs: int
    scope: str
    path: str
    policy_id: str | None
    span: Span | None
    policy: Any = None
    """The bound policy, for tools (trace, lint)."""
    ahead: Callable[[Exchange, bool], Flow] | None = None
    """Asked before the first step of the section runs; STOP ends the section there.  The second argument tells that no
    later step of this element will be asked (the policies that answer a CORS preflight)."""
