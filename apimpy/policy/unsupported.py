"""The failure of what is valid and does not run yet."""

from __future__ import annotations

from apimpy.runtime.faults import PolicyFault

__all__ = ["not_supported"]


def not_supported(element: str, what: str | None = None) -> PolicyFault:
    """The fault of a policy, or of `what` in it, that we cannot do yet."""
    return PolicyFault(element, "PolicyNotSupported", f"The policy {what or element} is not supported yet.")
