"""`cache-lookup-value`: a cached value into a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._caching import CACHING_TYPES, asked, cache_of, detached, value_key
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["CacheLookupValue"]


class CacheLookupValue(
    Policy, element="cache-lookup-value", without_state="miss", sections=ALL_SECTIONS, category="caching"
):
    """Puts the value stored under a key into a variable, with the type it was stored with.

    When there is none, the variable gets the default; without a default it is not set.
    A cache that is missing or does not answer has nothing, and never fails the request.
    """

    key: Value[str] = attr(doc="Key of the value.")
    variable_name: str = attr(non_empty=True, doc="Name of the variable.")
    default_value: Value[object] | None = attr(default=None, doc="For the variable when there is no value.")
    caching_type: str = attr(default="prefer-external", allowed=CACHING_TYPES, doc="Which cache.")

    def prepare(self, plan: Plan) -> Action:
        kind, variable, default = self.caching_type, self.variable_name, self.default_value

        async def run(ex: Exchange) -> Flow:
            key = value_key(ex, self.key.get(ex))
            cache = cache_of(ex, kind)
            if cache is not None:
                found = await asked(ex, self.element, cache.get(key, ex.services.clock.now()))
                if found is not None:
                    ex.variables[variable] = detached(found)
                    return Flow.NEXT
            if default is not None:
                ex.variables[variable] = default.get(ex)
            return Flow.NEXT

        return Action(run, True, self.needs())
