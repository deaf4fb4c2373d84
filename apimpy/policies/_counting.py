"""What the counting policies share: whose counter it is, and when a fixed window ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from apimpy.policy.value import Constant
from apimpy.runtime.faults import PolicyFault, error_response
from apimpy.runtime.flow import BODY_RESPONSE
from apimpy.runtime.running import buffer_bodies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apimpy.policy.base import Item
    from apimpy.policy.bind import Binding
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["Increment", "counter", "matching", "no_broad_scope", "owner"]


class Named(Protocol):
    """An `<api>` or `<operation>` inside a limit."""

    @property
    def id(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...


N = TypeVar("N", bound=Named)


def counter(*parts: str) -> str:
    """The key of a counter.  Its parts are kept apart, so that no two lists of them look the same."""
    return "\0".join(parts)


def owner(ex: Exchange, scope: str) -> str:
    """The entity whose document holds the policy."""
    product, api, operation = ex.product, ex.api, ex.operation
    if scope == "product":
        return product.id if product is not None else ""
    if scope not in ("api", "operation") or api is None:
        return ""
    return api.id if scope == "api" or operation is None else counter(api.id, operation.id)


def matching(children: Iterable[N], id: str, name: str) -> N | None:
    """The child that means this entity: by id, ignoring case; without ids by display name."""
    by_name = None
    for child in children:
        if child.id is not None:
            if child.id.lower() == id.lower():
                return child
        elif child.name == name and by_name is None:
            by_name = child
    return by_name


def no_broad_scope(item: Item, cx: Binding) -> None:
    """Limits of subscriptions belong to a product or narrower."""
    if cx.scope in ("global", "workspace"):
        cx.report("POL002", f"<{item.element}> is not allowed in the scope {cx.scope}", item.source.name_span)


class Increment:
    """The attributes `increment-condition` and `increment-count`: as how many calls a request counts.

    When one of them is an expression (`deferred`) that is known when the response is.
    """

    __slots__ = ("_condition", "_count", "_needs", "cost", "counts", "deferred")

    def __init__(self, condition: Value[bool] | None, count: Value[int], *, late: bool = False) -> None:
        self._condition, self._count = condition, count
        self._needs = count.needs | (0 if condition is None else condition.needs)
        self.deferred = late or any(v is not None and not isinstance(v, Constant) for v in (condition, count))
        self.counts = not (isinstance(condition, Constant) and not condition.value)
        """Not excluded by a literal."""
        self.cost = max(0, count.value) if self.counts and not self.deferred and isinstance(count, Constant) else 0
        """What is counted at once."""

    async def late(self, ex: Exchange) -> tuple[bool, int]:
        """The condition and the count, now that no policy will run any more; neither when an expression fails."""
        if self._needs & BODY_RESPONSE:
            try:
                await buffer_bodies(ex, BODY_RESPONSE)
            except PolicyFault as fault:  # what has been read of the body is lost
                ex.response = error_response(fault, ex.id)
                ex.notes.append(f"not counted: {fault.message}")
                return False, 0
        try:
            if self._condition is not None and not self._condition.get(ex):
                return False, 0
            return True, max(0, self._count.get(ex))
        except PolicyFault as fault:
            ex.notes.append(f"not counted: {fault.message}")
            return False, 0
