"""What the binder keeps of the function it is in, and of the whole expression."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apimpy.csharp.bound import BExpr
    from apimpy.csharp.types import Type


@dataclass(slots=True)
class Effects:
    """Facts about an expression that the gateway needs before it runs."""

    request_body: bool = False
    response_body: bool = False
    loops: bool = False
    """Has a loop, a lambda or a local function: runs under the step budget."""


@dataclass(slots=True, eq=False)
class FunctionContext:
    """The function being bound: the expression itself, a lambda or a local function."""

    depth: int
    result: Type | None
    """Declared result type; None while it is inferred."""
    returns: list[BExpr] = field(default_factory=list)
    loops: int = 0
    """Nesting of loops around the current statement."""
    breakable: int = 0
    in_catch: int = 0
    in_finally: int = 0
    is_lambda: bool = False
