"""`limit-concurrency`: so many requests inside at the same time, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr, steps
from apimpy.runtime.faults import PolicyFault

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.flow import Flow

__all__ = ["LimitConcurrency"]


class LimitConcurrency(Policy, element="limit-concurrency", sections=ALL_SECTIONS, category="rate-limiting-and-quotas"):
    """Runs its policies while fewer than `max-count` requests of the same key are inside; others get 429 at once.

    Several policies may share a key; each compares the one count with its own limit.
    The place is given back when the policies have finished, however they end.
    """

    key: Value[str] = attr(doc="What is counted.")
    max_count: int = attr(minimum=1, doc="How many may be inside.")
    policies: tuple[Policy, ...] = steps(at_least=1)

    def prepare(self, plan: Plan) -> Action:
        inner, is_async = plan.branch(self.policies)
        limit = self.max_count

        async def run(ex: Exchange) -> Flow:
            key, gate = self.key.get(ex), ex.services.concurrency
            if not await gate.enter(key, limit):
                why = "Concurrency limit is exceeded."
                raise PolicyFault(self.element, "ConcurrencyLimitExceeded", why, status=429)
            try:
                flow: Flow = await inner(ex) if is_async else inner(ex)
                return flow
            finally:
                await gate.leave(key)

        return Action(run, True, self.needs())
