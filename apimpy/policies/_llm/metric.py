"""`llm-emit-token-metric` and its older twin: token counts of a call as metrics with dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._llm.call import LlmCall, keep_readable, llm_call
from apimpy.policies._llm.spent import spent
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, children
from apimpy.policy.value import Constant, Value
from apimpy.runtime.exchange import ResponseHook
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.policies._llm.usage import Usage
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["DEFAULT_DIMENSIONS", "Dimension", "TokenMetric"]

BACKEND_ID = "Backend ID"
DEFAULT_DIMENSIONS: dict[str, Callable[[Exchange], str | None]] = {
    "API ID": lambda ex: None if ex.api is None else ex.api.id,
    "Operation ID": lambda ex: None if ex.operation is None else ex.operation.id,
    "Product ID": lambda ex: None if ex.product is None else ex.product.id,
    "User ID": lambda ex: None if ex.user is None else ex.user.id,
    "Subscription ID": lambda ex: None if ex.subscription is None else ex.subscription.id,
    "Location": lambda ex: ex.deployment.region,
    "Gateway ID": lambda ex: ex.deployment.gateway_id,
    BACKEND_ID: lambda ex: None,
}
"""Dimensions whose value the gateway knows; that of the backend only when it has answered."""
_MISSING = "N/A"
_MOST = 10


class Dimension(Item, element="dimension"):
    """A label of the metric."""

    name: Value[str] = attr(sample="API ID", doc="Name.")
    value: Value[str] | None = attr(default=None, doc="Value; may be left out for a default dimension.")

    def check(self, cx: Binding) -> None:
        if self.value is None and isinstance(self.name, Constant) and self.name.value not in DEFAULT_DIMENSIONS:
            known = ", ".join(DEFAULT_DIMENSIONS)
            message = f"The dimension {self.name.value!r} needs a value"
            cx.report("POL010", message, self.source.name_span, help=f"without value: {known}")


class TokenMetric(Policy):
    """Emits prompt, completion and total tokens (and cached and reasoning tokens where reported) after a 2xx response.

    Dimensions are evaluated where the element stands; at most five are kept.
    A stream is measured at its end: its usage event if there is one, else an estimate.
    """

    namespace: str = attr(default="API Management", doc="Namespace of the metric.")
    dimensions: tuple[Dimension, ...] = children(Dimension, at_least=1)

    def check(self, cx: Binding) -> None:
        for extra in self.dimensions[_MOST:]:
            cx.report("POL007", f"a token metric takes at most {_MOST} dimensions", extra.source.name_span)

    def prepare(self, plan: Plan) -> Action:
        rows = tuple((d.name, d.value) for d in self.dimensions)

        async def run(ex: Exchange) -> Flow:
            labels: dict[str, str] = {}
            late = False
            for name_of, value in rows[: ex.services.options.metric_dimension_cap]:
                name = name_of.get(ex)
                if value is not None:
                    labels[name] = value.get(ex) or _MISSING
                    continue
                known = DEFAULT_DIMENSIONS.get(name)
                labels[name] = (known is not None and known(ex)) or _MISSING
                late = late or name == BACKEND_ID
            ex.hooks.append(_Meter(self, labels, await llm_call(ex), late))
            return Flow.NEXT

        return Action(run, True, self.needs())


class _Meter(ResponseHook):
    """One executed metric, waiting for the response."""

    __slots__ = ("backend", "call", "labels", "open", "policy")

    def __init__(self, policy: TokenMetric, labels: dict[str, str], call: LlmCall, backend: bool) -> None:
        self.policy, self.labels, self.call, self.backend = policy, labels, call, backend
        self.open = False
        """A stream is running that has to be measured at its end."""

    async def on_backend_start(self, ex: Exchange) -> None:
        keep_readable(ex, self.call)

    async def on_response(self, ex: Exchange) -> None:
        found = await spent(ex, self.call)
        if found.relay is not None:
            self.open = True
        elif found.usage is not None:
            self._emit(ex, found.usage)

    async def on_end(self, ex: Exchange, completed: bool) -> None:
        found = self.call.spent
        if not self.open or found is None:
            return
        self.open = False
        usage = await found.settled(ex, self.call, completed=completed, reported=True)
        if usage is not None:
            self._emit(ex, usage)

    def _emit(self, ex: Exchange, usage: Usage) -> None:
        labels = self.labels
        if self.backend and ex.served_by is not None:
            labels = {**labels, BACKEND_ID: ex.served_by}
        values = {"prompt": usage.prompt, "completion": usage.completion, "total": usage.total}
        if usage.cached is not None:
            values["cached"] = usage.cached
        if usage.reasoning is not None:
            values["reasoning"] = usage.reasoning
        ex.services.token_meter.emit(self.policy.namespace, labels, values)
