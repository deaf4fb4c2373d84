"""`wait`: run policies side by side, and wait for all of them or the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Item, Policy, fields_of
from apimpy.policy.fields import attr, steps
from apimpy.runtime.flow import Flow
from apimpy.runtime.running import sequence
from apimpy.runtime.tasks import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["Wait"]


class Wait(Policy, element="wait", sections=ALL_SECTIONS, unlisted=("on-error",), category="policy-control"):
    """Starts its policies together; `all` goes on when every one has finished, `any` when the first has.

    With `any` the others are cancelled.  A failure is raised when the waiting is over; of several the first in document
    order.
    """

    for_: Value[str] = attr(name="for", default="all", allowed=("all", "any"), doc="What to wait for.")
    policies: tuple[Policy, ...] = steps(at_least=1, allowed=("send-request", "cache-lookup-value", "choose"))

    def prepare(self, plan: Plan) -> Action:
        members = tuple(sequence((step,)) for step in plan.inner(self.policies))
        needs = self.needs()
        for policy in _inside(self):  # a body can be read from its stream only once, not by two at the same time
            needs |= policy.prepare(plan).needs

        async def run(ex: Exchange) -> Flow:
            first = self.for_.get(ex) == "any"
            outcomes = await settle([_started(member, waits, ex) for member, waits in members], first=first)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
            return Flow.STOP if Flow.STOP in outcomes else Flow.NEXT

        return Action(run, True, needs)


def _inside(item: Item) -> Iterator[Policy]:
    """The policies in a container, at any depth."""
    for f in fields_of(type(item)):
        held = getattr(item, f.attribute)
        for one in held if isinstance(held, tuple) else (held,):
            if isinstance(one, Policy) and f.spec.kind == "steps":
                yield one
            if isinstance(one, Item):
                yield from _inside(one)


def _started(member: Callable[[Exchange], Any], waits: bool, ex: Exchange) -> Callable[[], Coroutine[Any, Any, Flow]]:
    async def run() -> Flow:
        flow: Flow = await member(ex) if waits else member(ex)
        return flow

    return run
