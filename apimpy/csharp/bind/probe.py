"""What stands at a place of an expression, also when the expression is not finished: for completion.

    probe(tree, universe, at=12)     the meaning of the last node that ends there, and the names in scope

The whole expression is bound, so lambda parameters and locals have their types; its problems do not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bind as binding
from apimpy.csharp import nodes as n
from apimpy.csharp.bind import statements
from apimpy.csharp.bind.binder import Binder
from apimpy.csharp.types import ERROR
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.csharp.bound import BExpr

__all__ = ["Probe", "probe"]


class Probe(Record, frozen=True):
    """`meaning` is a value, a type (`BTypeRef`) or a namespace (`BNamespace`); None when nothing is known."""

    meaning: BExpr | None
    names: tuple[str, ...]
    """Locals, parameters and local functions visible at the place."""


def probe(tree: n.Expr | n.Block, universe: Any, at: int) -> Probe:
    """Bind the tree and look at the expressions that end at the offset `at`."""
    meaning: BExpr | None = None
    names: tuple[str, ...] = ()

    def watched(bind_node: Callable[[Binder, Any], BExpr]) -> Callable[[Binder, Any], BExpr]:
        def look(b: Binder, node: n.Expr) -> BExpr:
            nonlocal meaning, names
            if node.end == at:
                names = tuple(dict.fromkeys(name for scope in reversed(b.scopes) for name in scope)) or names
            found = bind_node(b, node)
            if node.end == at and (found.type is not ERROR or meaning is None):
                meaning = found
            return found

        return look

    # the tables belong to the package; this is the one other place that needs them
    expressions = {kind: watched(bind_node) for kind, bind_node in binding._EXPRESSIONS.items()}
    b = Binder(universe, expressions, binding._STATEMENTS, any_type=True)
    if isinstance(tree, n.Block):
        statements.bind_program(b, tree)
    else:
        b.bind(tree)
    return Probe(None if meaning is None or meaning.type is ERROR else meaning, names)
