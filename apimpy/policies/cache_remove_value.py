"""`cache-remove-value`: forget a cached value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._caching import CACHING_TYPES, asked, cache_of, value_key
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["CacheRemoveValue"]


class CacheRemoveValue(
    Policy, element="cache-remove-value", without_state="miss", sections=ALL_SECTIONS, category="caching"
):
    """Removes the value stored under a key, if there is one.

    A cache that is missing or does not answer never fails the request.
    """

    key: Value[str] = attr(doc="Key of the value.")
    caching_type: str = attr(default="prefer-external", allowed=CACHING_TYPES, doc="Which cache.")

    def prepare(self, plan: Plan) -> Action:
        kind = self.caching_type

        async def run(ex: Exchange) -> Flow:
            key = value_key(ex, self.key.get(ex))
            cache = cache_of(ex, kind)
            if cache is not None:
                await asked(ex, self.element, cache.remove(key))
            return Flow.NEXT

        return Action(run, True, self.needs())
