"""`base`: the same section of the next broader scope runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Policy
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange

__all__ = ["Base"]


class Base(
    Policy,
    element="base",
    sections=ALL_SECTIONS,
    scopes=("workspace", "product", "api", "operation"),
    category="policy-control",
    repeatable=False,
    docs=None,
):
    """Includes the parent scope's section.

    Replaced when a document is compiled; left standing only where it is an error.
    """

    def run(self, ex: Exchange) -> Flow:
        return Flow.NEXT
