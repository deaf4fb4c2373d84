"""`cache-value`: a value of the cache, made by policies when it is missing."""

from __future__ import annotations

from apimpy.policies._caching import CACHING_TYPES
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import REQUIRED, attr, child, steps
from apimpy.policy.value import Value

__all__ = ["CacheValue"]


class Making(Item, element="value"):
    """The policies that set the variable."""

    policies: tuple[Policy, ...] = steps(at_least=1)


class CacheValue(
    Policy,
    element="cache-value",
    sections=ALL_SECTIONS,
    category="caching",
    maturity="undocumented",
    support=PLANNED,
    docs=None,
):
    """Puts the value stored under a key into a variable; when there is none, or it is old, policies make it anew.

    Requests that miss the same key at once wait for one of them.
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
