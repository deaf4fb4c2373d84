"""`include-fragment`: the policies of a fragment stand here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Policy
from apimpy.policy.fields import attr
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange

__all__ = ["IncludeFragment"]


class IncludeFragment(Policy, element="include-fragment", sections=ALL_SECTIONS, category="policy-control"):
    """Includes a fragment.

    Its policies are inlined when a document is bound, so nothing of it is left to run.
    """

    fragment_id: str = attr(non_empty=True, doc="Name of the fragment.")

    def run(self, ex: Exchange) -> Flow:
        return Flow.NEXT
