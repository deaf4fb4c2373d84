"""`limit-concurrency`: so many requests inside at the same time, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr, steps
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.ports import StoreUnavailable

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.flow import Flow

__all__ = ["LimitConcurrency"]


class LimitConcurrency(
    Policy,
    element="limit-concurrency",
    without_state="open",
    sections=ALL_SECTIONS,
    category="rate-limiting-and-quotas",
):
    """Runs its policies while fewer than `max-count` requests of the same key are inside; others get 429 at once.

    Several policies may share a key; each compares the one count with its own limit.
    The place is given back when the policies have finished, however they end.
    Without an answer from the store of the places its policies run, with a note in the log.
    """

    key: Value[str] = attr(doc="What is counted.")
    max_count: int = attr(minimum=1, doc="How many may be inside.")
    policies: tuple[Policy, ...] = steps(at_least=1)

    def prepare(self, plan: Plan) -> Action:
        inner, is_async = plan.branch(self.policies)
        limit = self.max_count

        async def run(ex: Exchange) -> Flow:
            key, gate = self.key.get(ex), ex.services.concurrency
            flow: Flow
            try:
                entered = await gate.enter(key, limit)
            except StoreUnavailable as error:  # counting is no reason to stop serving
                ex.notes.append(f"{self.element}: {error}")
                flow = await inner(ex) if is_async else inner(ex)
                return flow
            if not entered:
                why = "Concurrency limit is exceeded."
                raise PolicyFault(self.element, "ConcurrencyLimitExceeded", why, status=429)
            try:
                flow = await inner(ex) if is_async else inner(ex)
                return flow
            finally:
                try:
                    await gate.leave(key)
                except StoreUnavailable as error:
                    ex.notes.append(f"{self.element}: {error}")

        return Action(run, True, self.needs())
