"""`quota-by-key`: so many calls and bytes with the same key in a period, or for ever."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._counting import Increment, counter
from apimpy.policies._quota import KILOBYTE, Spending, Window, ledger, take
from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Action, Policy
from apimpy.policy.facts import at_least_one
from apimpy.policy.fields import attr
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["QuotaByKey"]

_SHORTEST = 300
_MOMENT = pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class QuotaByKey(
    Policy,
    element="quota-by-key",
    without_state="open",
    sections=INBOUND,
    gateways=("classic", "self-hosted", "workspace"),
    category="rate-limiting-and-quotas",
    rules=(at_least_one("calls", "bandwidth"),),
):
    """Gives a key so many calls and kilobytes in a period; then its calls get 403 until the period ends.

    The key names the counter over all scopes and policies with the same period; one request is counted once, even
    when several policies would.  Periods follow each other from `first-period-start`; 0 is one without end.
    When `increment-condition` or `increment-count` is an expression, calls are counted when the last policy has run;
    if one of them fails, the call is not counted.  Bytes (bodies and headers of both messages) are added when the
    response has been sent.  Without an answer from the counter store calls pass, with a note in the log.
    """

    calls: int | None = attr(default=None, minimum=1, doc="Calls in the period.")
    bandwidth: int | None = attr(default=None, minimum=1, unit="kilobytes", doc="Kilobytes in the period.")
    renewal_period: int = attr(minimum=0, unit="seconds", sample="3600", doc="The period, at least 300; 0: for ever.")
    counter_key: Value[str] = attr(doc="Name of the counter.")
    increment_condition: Value[bool] | None = attr(default=None, doc="Whether the request counts.")
    increment_count: Value[int] = attr(default=1, doc="As how many calls it counts; zero or less: as none.")
    first_period_start: str = attr(
        default="0001-01-01T00:00:00Z", format="date-time", doc="When the first period began (UTC)."
    )

    def check(self, cx: Binding) -> None:
        if 0 < self.renewal_period < _SHORTEST:
            at = self.source.get("renewal-period")
            message = f"The renewal-period must be 0 or at least {_SHORTEST}, not {self.renewal_period}."
            cx.report("POL005", message, at.value_span if at else self.source.name_span)
        if _seconds(self.first_period_start) is None:
            at = self.source.get("first-period-start")
            message = f"The first-period-start must look like 2024-01-31T00:00:00Z, not {self.first_period_start!r}."
            cx.report("POL005", message, at.value_span if at else self.source.name_span)

    def prepare(self, plan: Plan) -> Action:
        increment = Increment(self.increment_condition, self.increment_count)
        calls, bandwidth = self.calls, None if self.bandwidth is None else self.bandwidth * KILOBYTE
        period, start = self.renewal_period, _seconds(self.first_period_start) or 0.0

        async def run(ex: Exchange) -> Flow:
            key = counter("key", self.counter_key.get(ex))
            window = Window(key, start, period, key)
            spending = Spending(window, calls, bandwidth)
            await take(ex, self.element, (spending,), increment.cost, once=True)
            if increment.deferred:
                ledger(ex).defer(ex, spending, increment, self.element)
            elif increment.counts:
                ledger(ex).meter(ex, spending, self.element)
            return Flow.NEXT

        return Action(run, True, self.needs())


def _seconds(text: str) -> float | None:
    """A moment in UTC seconds; None for text that is none."""
    if not _MOMENT.fullmatch(text.strip()):
        return None
    try:
        return (datetime.fromisoformat(text.strip()) - _EPOCH).total_seconds()
    except ValueError:
        return None
