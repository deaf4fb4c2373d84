"""`cache-value`: a value of the cache, made by policies when it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.policies._caching import CACHING_TYPES, asked, cache_of, detached, size_of, value_key
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import REQUIRED, attr, child, steps
from apimpy.runtime.flow import Flow
from apimpy.runtime.tasks import KeyLocks

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.ports import Cache

__all__ = ["CacheValue"]

_FRESH = "\0fresh"
"""After a key: the mark that its value need not be made anew; it expires sooner than the value."""


class Making(Item, element="value"):
    """The policies that set the variable."""

    policies: tuple[Policy, ...] = steps(at_least=1)


class CacheValue(
    Policy,
    element="cache-value",
    without_state="miss",
    sections=ALL_SECTIONS,
    category="caching",
    maturity="undocumented",
    docs=None,
):
    """Puts the value stored under a key into a variable; when there is none, or it is old, policies make it anew.

    A value is old after `refresh-after` and gone after `expires-after`.  Policies that leave the variable alone keep an
    old value; null is not kept.  Requests that miss the same key at once wait for one of them.
    A cache that is missing or does not answer has nothing, and never fails the request.
    """

    key: Value[str] = attr(doc="Key of the value.")
    variable_name: str = attr(doc="Name of the variable.")
    expires_after: Value[int] = attr(default=28800, unit="seconds", doc="How long the value is kept.")
    refresh_after: Value[int] | None = attr(
        default=None, otherwise="expires-after", unit="seconds", doc="When it is made anew; 0: always."
    )
    default_value: Value[object] | None = attr(default=None, doc="For the variable when nothing was made.")
    caching_type: str = attr(default="prefer-external", allowed=CACHING_TYPES, doc="Which cache.")
    making: Making = child(Making, default=REQUIRED)

    def prepare(self, plan: Plan) -> Action:
        making, waits = plan.branch(self.making.policies, "value[1]")
        kind, variable = self.caching_type, self.variable_name

        async def run(ex: Exchange) -> Flow:
            key, cache = value_key(ex, self.key.get(ex)), cache_of(ex, kind)
            flow = Flow.NEXT
            if not await self._take(ex, cache, key):
                async with ex.services.one(KeyLocks).hold(key):
                    if not await self._take(ex, cache, key):  # another request may have made it meanwhile
                        flow = making(ex)
                        if waits:
                            flow = await flow
                        await self._put(ex, cache, key)
            if variable not in ex.variables and self.default_value is not None:
                ex.variables[variable] = self.default_value.get(ex)
            return flow

        return Action(run, True, self.needs())

    async def _take(self, ex: Exchange, cache: Cache | None, key: str) -> bool:
        """Set the variable to what the cache has; whether that is fresh."""
        if cache is None:
            return False
        now = ex.services.clock.now()
        found = await asked(ex, self.element, cache.get(key, now))
        if found is None:
            return False
        ex.variables[self.variable_name] = detached(found)
        refresh = self._refresh(ex)
        return refresh > 0 and await asked(ex, self.element, cache.get(key + _FRESH, now)) is not None

    async def _put(self, ex: Exchange, cache: Cache | None, key: str) -> None:
        value: Any = ex.variables.get(self.variable_name)
        seconds, refresh = self.expires_after.get(ex), self._refresh(ex)
        if cache is None or value is None or seconds <= 0:
            return
        now = ex.services.clock.now()
        await asked(ex, self.element, cache.put(key, detached(value), size_of(value), seconds, now))
        if refresh > 0:
            await asked(ex, self.element, cache.put(key + _FRESH, True, 1, min(refresh, seconds), now))

    def _refresh(self, ex: Exchange) -> int:
        return (self.expires_after if self.refresh_after is None else self.refresh_after).get(ex)
