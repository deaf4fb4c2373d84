"""What the gateway runs with: one object that never changes, replaced as a whole on reload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apimpy.configuration.keys import KeyRing
from apimpy.runtime.masking import Mask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.configuration.mcp import McpServer
    from apimpy.configuration.routing import Program, Router

__all__ = ["Configuration"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """`unmatched`: the program of the global scope, whose on-error section sees requests that no operation matches."""

    router: Router
    keys: KeyRing = field(default_factory=KeyRing)
    unmatched: Program | None = None
    mcp: Mapping[str, McpServer] = field(default_factory=dict)
    """MCP servers whose tools are operations, by the host of their service URL."""
    mask: Mask = field(default_factory=Mask)
    """What traces must not show."""
