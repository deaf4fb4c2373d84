"""`retry`: run the enclosed policies, then again while a condition holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.facts import needs
from apimpy.policy.fields import attr, steps
from apimpy.runtime.faults import PolicyFault, error_response
from apimpy.runtime.flow import Flow
from apimpy.runtime.running import buffer_bodies

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["Retry", "wait_before"]


class Retry(
    Policy,
    element="retry",
    sections=ALL_SECTIONS,
    category="policy-control",
    rules=(needs("max-interval", "delta", warning=True),),
):
    """Runs its policies once, then up to `count` more times while `condition` holds.

    The condition is evaluated after each run and sees what the run left; after a transport failure
    `context.Response` is null.
    A failure is retried when the condition holds and retries are left, else it is the policy's failure.
    """

    condition: Value[bool] = attr(sample="@(context.Response.StatusCode == 429)", doc="Try again while this holds.")
    count: Value[int] = attr(minimum=1, maximum=50, sample="3", doc="Most retries.")
    interval: Value[int] = attr(minimum=0, unit="seconds", doc="Wait before a retry.")
    max_interval: Value[int] | None = attr(default=None, minimum=0, unit="seconds", doc="Longest wait.")
    delta: Value[int] | None = attr(default=None, minimum=0, unit="seconds", doc="How the wait grows.")
    first_fast_retry: Value[bool] = attr(default=False, doc="The first retry does not wait.")
    policies: tuple[Policy, ...] = steps(at_least=1)

    def prepare(self, plan: Plan) -> Action:
        inner, is_async = plan.branch(self.policies, in_retry=True)
        others = (self.count, self.interval, self.max_interval, self.delta, self.first_fast_retry)
        needs = 0
        for value in others:
            needs |= value.needs if value is not None else 0

        async def run(ex: Exchange) -> Flow:
            return await self._repeat(ex, inner, is_async)

        return Action(run, True, needs)

    async def _repeat(self, ex: Exchange, inner: Callable[[Exchange], Any], is_async: bool) -> Flow:
        count, interval = self.count.get(ex), self.interval.get(ex)
        longest = None if self.max_interval is None else self.max_interval.get(ex)
        delta = None if self.delta is None else self.delta.get(ex)
        fast = self.first_fast_retry.get(ex)
        services, condition = ex.services, self.condition
        used = 0
        while True:
            failure: PolicyFault | None = None
            try:
                flow = inner(ex)
                if is_async:
                    flow = await flow
                if flow is Flow.STOP:
                    return Flow.STOP
            except PolicyFault as fault:
                failure = fault
                _show(ex, fault)
            if used >= count:
                if failure is not None:
                    raise failure
                return Flow.NEXT
            if condition.needs:
                await buffer_bodies(ex, condition.needs)
            if not condition.get(ex):
                if failure is not None:
                    raise failure
                return Flow.NEXT
            used += 1
            seconds = 0.0 if fast and used == 1 else wait_before(used, interval, delta, longest, services.random)
            if seconds > 0:
                await services.clock.sleep(seconds)


def wait_before(number: int, interval: int, delta: int | None, longest: int | None, random: random.Random) -> float:
    """Seconds before retry `number` (from 1)."""
    if delta is None:
        return float(interval if longest is None else min(interval, longest))
    if longest is None:
        return float(interval + (number - 1) * delta)
    grown: float = (2 ** (number - 1) - 1) * random.uniform(0.8 * delta, 1.2 * delta)
    return min(float(longest), interval + grown)


def _show(ex: Exchange, fault: PolicyFault) -> None:
    """What the condition sees of a failure."""
    if fault.response_is_null:
        ex.response = None
    elif not fault.keep_response:
        ex.response = error_response(fault, ex.id)
