"""Stand-in for a policy that is recognised and cannot run yet: it fails when a request reaches it, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policy.base import ALL_SECTIONS, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.faults import PolicyFault

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.flow import Flow

__all__ = ["UnsupportedPolicy", "not_supported"]


def not_supported(element: str, what: str | None = None) -> PolicyFault:
    """The failure of something valid that we cannot do yet."""
    return PolicyFault(element, "PolicyNotSupported", f"The policy {what or element} is not supported yet.")


class UnsupportedPolicy(Policy, sections=ALL_SECTIONS):
    """A recognised policy; `name` is its element."""

    name: str = attr(doc="Element name.")

    @property
    def element(self) -> str:  # type: ignore[override]  # every instance stands for another element
        return self.name

    def run(self, ex: Exchange) -> Flow:
        raise not_supported(self.name)
