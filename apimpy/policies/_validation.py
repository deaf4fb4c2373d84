"""What the content validation policies share."""

from __future__ import annotations

__all__ = ["ACTIONS"]

ACTIONS = ("ignore", "prevent", "detect")
"""What a finding does: nothing, fail the message, or only be recorded."""
