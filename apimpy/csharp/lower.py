"""Sugar → core: what the emitter need not know.

Each entry of `LOWER` rewrites one node kind into others.  (`?.`, `??`, compound assignment and interpolation are core:
Python has a direct form for them.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apimpy.csharp.bound import BExpr

__all__ = ["LOWER"]

LOWER: dict[type, Callable[[Any], BExpr]] = {}
