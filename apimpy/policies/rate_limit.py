"""`rate-limit`: so many calls of a subscription within a short period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._counting import counter, matching, no_broad_scope, owner
from apimpy.policies._rate import LONGEST_PERIOD, RateLimiting
from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Action, Item
from apimpy.policy.facts import at_least_one
from apimpy.policy.fields import attr, children
from apimpy.runtime.flow import Flow
from apimpy.runtime.ports import Rate, StoreUnavailable

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["RateLimit"]


class LimitedOperation(Item, element="operation", rules=(at_least_one("name", "id"),)):
    """A limit of its own for one operation."""

    name: str | None = attr(default=None, doc="Display name of the operation.")
    id: str | None = attr(default=None, doc="Id of the operation; goes before the name.")
    calls: int = attr(minimum=1, doc="Calls allowed within the period.")
    renewal_period: int = attr(minimum=1, maximum=LONGEST_PERIOD, unit="seconds", sample="60", doc="The period.")


class LimitedApi(Item, element="api", rules=(at_least_one("name", "id"),)):
    """A limit of its own for one API of the product."""

    name: str | None = attr(default=None, doc="Display name of the API.")
    id: str | None = attr(default=None, doc="Id of the API; goes before the name.")
    calls: int = attr(minimum=1, doc="Calls allowed within the period.")
    renewal_period: int = attr(minimum=1, maximum=LONGEST_PERIOD, unit="seconds", sample="60", doc="The period.")
    operations: tuple[LimitedOperation, ...] = children(LimitedOperation)


class RateLimit(
    RateLimiting,
    element="rate-limit",
    without_state="open",
    sections=INBOUND,
    repeatable=False,
    scopes=("product", "api", "operation"),
    category="rate-limiting-and-quotas",
):
    """Lets a subscription make so many calls within a period; the next one gets 429 and is not counted.

    Limits of an API or operation count besides that of the policy: a call must fit all of them.  Requests without a
    subscription pass.  Calls count when the policy runs, whatever comes of them.
    Without an answer from the counter store calls pass, with a note in the log.
    """

    calls: int = attr(minimum=1, doc="Calls allowed within the period.")
    renewal_period: int = attr(minimum=1, maximum=LONGEST_PERIOD, unit="seconds", sample="60", doc="The period.")
    apis: tuple[LimitedApi, ...] = children(LimitedApi)

    def check(self, cx: Binding) -> None:
        super().check(cx)
        no_broad_scope(self, cx)

    def prepare(self, plan: Plan) -> Action:
        scope, total, period = plan.scope, self.calls, self.renewal_period

        async def run(ex: Exchange) -> Flow:
            if ex.subscription is None:
                return Flow.NEXT
            whose = counter("rate", scope, owner(ex, scope), ex.subscription.id)
            rates = [Rate(whose, total, period, whose)]
            if self.apis:
                rates += self._narrower(ex, whose)
            services = ex.services
            try:
                verdict = await services.counters.rate_take(
                    rates, services.options.rate_algorithm, 1, services.clock.now()
                )
            except StoreUnavailable as error:  # counting is no reason to stop serving
                ex.notes.append(f"{self.element}: {error}")
                return Flow.NEXT
            self.show(ex, verdict, total)
            return Flow.NEXT

        return Action(run, True, 0)

    def _narrower(self, ex: Exchange, whose: str) -> list[Rate]:
        """The limits that the API and the operation of this request have."""
        api = None if ex.api is None else matching(self.apis, ex.api.id, ex.api.name)
        if ex.api is None or api is None:
            return []
        found = [Rate(counter(whose, ex.api.id), api.calls, api.renewal_period, whose)]
        if ex.operation is not None:
            operation = matching(api.operations, ex.operation.id, ex.operation.name)
            if operation is not None:
                key = counter(whose, ex.api.id, ex.operation.id)
                found.append(Rate(key, operation.calls, operation.renewal_period, whose))
        return found
