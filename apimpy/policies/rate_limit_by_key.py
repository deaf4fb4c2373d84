"""`rate-limit-by-key`: so many calls with the same key within a short period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._counting import Increment, counter
from apimpy.policies._rate import LONGEST_PERIOD, RateLimiting
from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Action
from apimpy.policy.fields import attr
from apimpy.runtime.exchange import ResponseHook
from apimpy.runtime.flow import Flow
from apimpy.runtime.ports import Rate, StoreUnavailable

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["RateLimitByKey"]


class RateLimitByKey(
    RateLimiting,
    element="rate-limit-by-key",
    without_state="open",
    sections=INBOUND,
    gateways=("classic", "v2", "self-hosted", "workspace"),
    category="rate-limiting-and-quotas",
):
    """Lets so many calls with a key pass within a period; the next one gets 429 and is not counted.

    The key names the counter over all scopes and policies; each compares it with its own limit.
    When `increment-condition` or `increment-count` is an expression, the policy only tests; the call is counted when
    the last policy has run, so that the expressions can read the response.  If one of them fails, it is not counted.
    Without an answer from the counter store calls pass, with a note in the log.
    """

    calls: Value[int] = attr(minimum=1, doc="Calls allowed within the period.")
    renewal_period: Value[int] = attr(minimum=1, maximum=LONGEST_PERIOD, unit="seconds", sample="60", doc="The period.")
    counter_key: Value[str] = attr(doc="Name of the counter.")
    increment_condition: Value[bool] | None = attr(default=None, doc="Whether the call counts.")
    increment_count: Value[int] = attr(default=1, doc="As how many calls it counts; zero or less: not at all.")
    increment_after_response: bool = attr(default=False, unlisted=True, doc="Count when the response is known.")

    def prepare(self, plan: Plan) -> Action:
        increment = Increment(self.increment_condition, self.increment_count, late=self.increment_after_response)
        once = plan.in_retry

        async def run(ex: Exchange) -> Flow:
            total = self.calls.get(ex)
            rate = Rate(counter("rate-key", self.counter_key.get(ex)), total, self.renewal_period.get(ex))
            if once and any(type(h) is _Counted and h.policy is self and h.rate.key == rate.key for h in ex.hooks):
                return Flow.NEXT
            services = ex.services
            try:
                verdict = await services.counters.rate_take(
                    [rate], services.options.rate_algorithm, increment.cost, services.clock.now()
                )
            except StoreUnavailable as error:  # counting is no reason to stop serving
                ex.notes.append(f"{self.element}: {error}")
                return Flow.NEXT
            self.show(ex, verdict, total)
            if increment.deferred or once:
                ex.hooks.append(_Counted(self, rate, increment))
            return Flow.NEXT

        return Action(run, True, self.needs())


class _Counted(ResponseHook):
    """One executed limit; `open` while its call is still to be counted."""

    __slots__ = ("increment", "open", "policy", "rate")

    def __init__(self, policy: RateLimitByKey, rate: Rate, increment: Increment) -> None:
        self.policy, self.rate, self.increment = policy, rate, increment
        self.open = increment.deferred

    async def on_pipeline_end(self, ex: Exchange) -> None:
        if not self.open:
            return
        self.open = False
        _, cost = await self.increment.late(ex)
        services = ex.services
        try:
            await services.counters.rate_add(self.rate, services.options.rate_algorithm, cost, services.clock.now())
        except StoreUnavailable as error:
            ex.notes.append(f"{self.policy.element}: {error}")

    async def on_end(self, ex: Exchange, completed: bool) -> None:
        await self.on_pipeline_end(ex)  # the caller left before the response was known
