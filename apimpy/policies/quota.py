"""`quota`: so many calls and bytes of a subscription in a period, or for ever."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apimpy.policies._counting import counter, matching, no_broad_scope, owner
from apimpy.policies._quota import KILOBYTE, Spending, Window, ledger, take
from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.facts import at_least_one
from apimpy.policy.fields import attr, children
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange, Subscription

__all__ = ["Quota"]

_YEAR_ONE = -62_135_596_800.0


class QuotaOfOperation(
    Item, element="operation", rules=(at_least_one("name", "id"), at_least_one("calls", "bandwidth"))
):
    """A quota of its own for one operation."""

    name: str | None = attr(default=None, doc="Display name of the operation.")
    id: str | None = attr(default=None, doc="Id of the operation; goes before the name.")
    calls: int | None = attr(default=None, minimum=1, doc="Calls in the period.")
    bandwidth: int | None = attr(default=None, minimum=1, unit="kilobytes", doc="Kilobytes in the period.")
    renewal_period: int | None = attr(default=None, minimum=0, unit="seconds", doc="Instead of the API's period.")


class QuotaOfApi(Item, element="api", rules=(at_least_one("name", "id"), at_least_one("calls", "bandwidth"))):
    """A quota of its own for one API of the product."""

    name: str | None = attr(default=None, doc="Display name of the API.")
    id: str | None = attr(default=None, doc="Id of the API; goes before the name.")
    calls: int | None = attr(default=None, minimum=1, doc="Calls in the period.")
    bandwidth: int | None = attr(default=None, minimum=1, unit="kilobytes", doc="Kilobytes in the period.")
    renewal_period: int | None = attr(default=None, minimum=0, unit="seconds", doc="Instead of the policy's period.")
    operations: tuple[QuotaOfOperation, ...] = children(QuotaOfOperation)


class Quota(
    Policy,
    element="quota",
    without_state="open",
    sections=INBOUND,
    repeatable=False,
    scopes=("product",),
    category="rate-limiting-and-quotas",
    rules=(at_least_one("calls", "bandwidth"),),
):
    """Gives a subscription so many calls and kilobytes in a period; then it gets 403 until the period ends.

    Periods follow each other from the start of the subscription; 0 is one without end.  Quotas of an API or operation
    count besides that of the policy.  Requests without a subscription pass.
    Bytes (bodies and headers of both messages) are added when the response has been sent, so that the call that
    crosses the limit still succeeds.  Without an answer from the counter store calls pass, with a note in the log.
    """

    calls: int | None = attr(default=None, minimum=1, doc="Calls in the period.")
    bandwidth: int | None = attr(default=None, minimum=1, unit="kilobytes", doc="Kilobytes in the period.")
    renewal_period: int = attr(minimum=0, unit="seconds", sample="3600", doc="The period; 0: for ever.")
    apis: tuple[QuotaOfApi, ...] = children(QuotaOfApi)

    def check(self, cx: Binding) -> None:
        no_broad_scope(self, cx)

    def prepare(self, plan: Plan) -> Action:
        scope, period = plan.scope, self.renewal_period

        async def run(ex: Exchange) -> Flow:
            subscription = ex.subscription
            if subscription is None:
                return Flow.NEXT
            whose = counter("subscription", scope, owner(ex, scope), subscription.id)
            start = _start(subscription) if period or self.apis else 0.0
            spendings = [_spending(self, Window(whose, start, period, whose))]
            if self.apis:
                spendings += self._narrower(ex, whose, start)
            await take(ex, self.element, spendings, 1, once=False)
            for spending in spendings:
                if spending.bytes is not None:
                    ledger(ex).meter(ex, spending, self.element)
            return Flow.NEXT

        return Action(run, True, 0)

    def _narrower(self, ex: Exchange, whose: str, start: float) -> list[Spending]:
        """The quotas that the API and the operation of this request have."""
        api = None if ex.api is None else matching(self.apis, ex.api.id, ex.api.name)
        if ex.api is None or api is None:
            return []
        period = self.renewal_period if api.renewal_period is None else api.renewal_period
        found = [_spending(api, Window(counter(whose, ex.api.id), start, period, whose))]
        if ex.operation is not None:
            operation = matching(api.operations, ex.operation.id, ex.operation.name)
            if operation is not None:
                period = period if operation.renewal_period is None else operation.renewal_period
                key = counter(whose, ex.api.id, ex.operation.id)
                found.append(_spending(operation, Window(key, start, period, whose)))
        return found


def _spending(limits: Quota | QuotaOfApi | QuotaOfOperation, window: Window) -> Spending:
    return Spending(window, limits.calls, None if limits.bandwidth is None else limits.bandwidth * KILOBYTE)


def _start(subscription: Subscription) -> float:
    """When the first period began, in UTC seconds."""
    written = subscription.start or subscription.created
    if written is None:
        return _YEAR_ONE
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return _YEAR_ONE
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
