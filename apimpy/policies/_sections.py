"""Sets of sections that several policies share."""

from __future__ import annotations

from apimpy.policy.base import ALL_SECTIONS

__all__ = ["ALL_SECTIONS", "INBOUND", "REQUEST_SIDE"]

INBOUND = frozenset({"inbound"})
REQUEST_SIDE = frozenset({"inbound", "backend"})
"""Sections in which "the message" is the request."""
