"""`emit-metric`: a metric of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._dimensions import KNOWN_DIMENSIONS
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, children
from apimpy.policy.value import Constant, Value, value_fault
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["EmitMetric"]

_MOST = 10


class Dimension(Item, element="dimension"):
    """A label of the metric."""

    name: Value[str] = attr(sample="API ID", doc="Name.")
    value: Value[str] | None = attr(default=None, doc="Value; may be left out for a default dimension.")

    @property
    def is_custom(self) -> bool:
        return not (isinstance(self.name, Constant) and self.name.value in KNOWN_DIMENSIONS)

    def check(self, cx: Binding) -> None:
        if self.value is None and isinstance(self.name, Constant) and self.is_custom:
            known = ", ".join(KNOWN_DIMENSIONS)
            message = f"The dimension {self.name.value!r} needs a value"
            cx.report("POL010", message, self.source.name_span, help=f"without value: {known}")


class EmitMetric(Policy, element="emit-metric", sections=ALL_SECTIONS, category="logging"):
    """Adds a value to a metric, at once, under the dimensions it names.

    The gateway knows the values of `API ID`, `Operation ID`, `Product ID`, `User ID`, `Subscription ID`, `Location`
    and `Gateway ID`; what the request does not have is empty.  At most ten other dimensions.
    Without a metrics sink nothing happens; an expression that throws fails the request.
    """

    name: str = attr(non_empty=True, doc="Name of the metric.")
    namespace: str = attr(default="API Management", doc="Namespace of the metric.")
    value: Value[float] = attr(default=1, doc="What to add.")
    dimensions: tuple[Dimension, ...] = children(Dimension)

    def check(self, cx: Binding) -> None:
        custom = [d for d in self.dimensions if d.is_custom]
        for extra in custom[_MOST:]:
            cx.report("POL007", f"a metric takes at most {_MOST} custom dimensions", extra.source.name_span)

    def prepare(self, plan: Plan) -> Action:
        namespace, metric, value = self.namespace, self.name, self.value
        rows = tuple((d.name, self._reader(d)) for d in self.dimensions)

        def run(ex: Exchange) -> Flow:
            amount = value.get(ex)
            labels: dict[str, str] = {}
            for name, read in rows:
                written = name.get(ex)
                labels[written] = read(ex, written)
            sink = ex.services.metric_sink
            if sink is not None:
                sink.observe(namespace, metric, labels, amount)
            return Flow.NEXT

        return Action(run, False, self.needs())

    def _reader(self, dimension: Dimension) -> Callable[[Exchange, str], str]:
        """A function of exchange and name that tells the value of a dimension."""
        given = dimension.value
        if given is not None:
            return lambda ex, name: given.get(ex)

        def known(ex: Exchange, name: str) -> str:
            read = KNOWN_DIMENSIONS.get(name)
            if read is None:
                raise value_fault(self.element, f"The dimension {name[:40]!r} needs a value.")
            return read(ex)

        return known
