"""`cache-store-value`: a value into the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._caching import CACHING_TYPES, asked, cache_of, detached, size_of, value_key
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["CacheStoreValue"]


class CacheStoreValue(
    Policy, element="cache-store-value", without_state="miss", sections=ALL_SECTIONS, category="caching"
):
    """Stores a value under a key for so many seconds; later requests see it as it was then.

    Null, and a duration that is not positive, remove what the key had.
    A cache that is missing or does not answer never fails the request.
    """

    key: Value[str] = attr(doc="Key of the value.")
    value: Value[object] = attr(doc="The value.")
    duration: Value[int] = attr(unit="seconds", sample="60", doc="How long it is kept.")
    caching_type: str = attr(default="prefer-external", allowed=CACHING_TYPES, doc="Which cache.")

    def prepare(self, plan: Plan) -> Action:
        kind = self.caching_type

        async def run(ex: Exchange) -> Flow:
            key, value, seconds = value_key(ex, self.key.get(ex)), self.value.get(ex), self.duration.get(ex)
            cache = cache_of(ex, kind)
            if cache is None:
                return Flow.NEXT
            if value is None or seconds <= 0:
                await asked(ex, self.element, cache.remove(key))
            else:
                now = ex.services.clock.now()
                await asked(ex, self.element, cache.put(key, detached(value), size_of(value), seconds, now))
            return Flow.NEXT

        return Action(run, True, self.needs())
