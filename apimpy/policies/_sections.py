"""Sets of sections that several policies share."""

from __future__ import annotations

from apimpy.policy.facts import ALL_SECTIONS

__all__ = ["ALL_SECTIONS", "INBOUND", "OUTBOUND", "REQUEST_SIDE"]

INBOUND = frozenset({"inbound"})
OUTBOUND = frozenset({"outbound"})
REQUEST_SIDE = frozenset({"inbound", "backend"})
"""Sections in which "the message" is the request."""
