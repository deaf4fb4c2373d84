"""Expressions as rules see them: the bound tree of every island of a document, and what it does with variables.

| fact | what it is |
|---|---|
| `expression.nodes()` | every node, a node before what it holds |
| `expression.span(node)` | where it stands in the file |
| `expression.uses` | the variables it asks for, and how |
| `expression.members` | `System.DateTime.UtcNow`, `Newtonsoft.Json.Linq.JObject.Parse`, … |
| `expression.paths` | `context.Request.Headers`, `context.User.Id`, … |
| `expression.calls("As")` | the calls of methods with this name |
| `expression.constant` | its value, when it is the same for every request |
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from apimpy.csharp import bound as bd
from apimpy.csharp.walk import nodes, plain
from apimpy.pipeline.check import expression_compiler
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Island
    from apimpy.policy.bind import Compiler
    from apimpy.policy.value import Compiled
    from apimpy.source import Span

__all__ = ["Expression", "Expressions", "VariableUse"]

_OPTIONAL = ("GetValueOrDefault", "ContainsKey", "TryGetValue")


class VariableUse(Record, frozen=True, eq=True):
    """An expression asks for a variable.

    *required*: it fails when there is none.  *optional*: it has an answer for that.  *asked*: it only asks whether
    there is one.
    """

    name: str
    kind: Literal["required", "optional", "asked"]
    span: Span


class Expression:
    """One expression of a document.  `root` is what it means (`csharp.bound`)."""

    def __init__(self, island: Island, root: bd.BExpr | bd.BBlock) -> None:
        self.island, self.root = island, root

    def nodes(self) -> Iterator[Any]:
        """Every node of the bound tree, a node before what it holds."""
        return nodes(self.root)

    def span(self, node: Any) -> Span:
        """Where a node stands in the file."""
        return self.island.map.span(node.start, node.end)

    @property
    def text(self) -> str:
        """The C# without what surrounds it; blanks are single."""
        return " ".join(self.island.source.split())

    @cached_property
    def constant(self) -> Any:
        """The value of an expression that is constant; None for one that is not (and for null).

        A named value that nobody gave may be anything, also inside a string.
        """
        if "{{" in self.island.source:
            return None
        if isinstance(self.root, bd.BExpr):
            value = plain(self.root).const
        else:
            (statement,) = self.root.body if len(self.root.body) == 1 else (None,)
            value = plain(statement.value).const if isinstance(statement, bd.BReturn) and statement.value else None
        return value if isinstance(value, bool | int | str | float) else None

    @cached_property
    def members(self) -> frozenset[str]:
        """The members it uses, with the full names of their types; a constructor is `.ctor`."""
        return frozenset(
            f"{symbol.owner.full_name}.{symbol.name}" for node in self.nodes() if (symbol := _symbol(node)) is not None
        )

    def calls(self, name: str) -> Iterator[bd.BCall]:
        """The calls of methods with this name, extension methods included."""
        return (node for node in self.nodes() if isinstance(node, bd.BCall) and node.method.name == name)

    @cached_property
    def paths(self) -> frozenset[str]:
        """What it reads of `context`, however far: `context.User?.Id` is `context.User.Id`."""
        return frozenset(path for node in self.nodes() if (path := self.path(node)) is not None)

    def path(self, node: Any) -> str | None:
        """The way from `context` to a node; None for what is not reached by properties alone."""
        node = plain(node) if isinstance(node, bd.BExpr) else node
        if isinstance(node, bd.BContext):
            return "context"
        if isinstance(node, bd.BTemp):
            return self.path(self._targets[node.id]) if node.id in self._targets else None
        if isinstance(node, bd.BProperty) and node.receiver is not None and not node.index:
            before = self.path(node.receiver)
            return None if before is None else f"{before}.{node.prop.name}"
        return None

    @cached_property
    def _targets(self) -> dict[int, bd.BExpr]:
        """What the temporary of a conditional access stands for."""
        return {n.temp.id: n.target for n in self.nodes() if isinstance(n, bd.BConditionalAccess)}

    @cached_property
    def repeatable(self) -> bool:
        """Evaluated twice it says the same: nothing in it is chance or time."""
        return not any(word in self.island.source for word in ("Random", "Guid", "Now", "Today", "Elapsed"))

    @property
    def uses(self) -> tuple[VariableUse, ...]:
        """The variables it asks for by a constant name."""
        return self._variables[0]

    @property
    def any_variable(self) -> bool:
        """It may ask for variables whose names only a request tells."""
        return self._variables[1]

    @cached_property
    def _variables(self) -> tuple[tuple[VariableUse, ...], bool]:
        if "Variables" not in self.island.source:
            return (), False
        found: list[VariableUse] = []
        named: set[int] = set()
        held = 0
        for node in self.nodes():
            if _is_variables(node):
                held += 1
            elif isinstance(node, bd.BProperty) and node.index and node.receiver is not None:
                self._note(node, node.receiver, node.index[0], "required", found, named)
            elif isinstance(node, bd.BCall) and node.method.name in _OPTIONAL:
                given = [node.receiver, *node.args] if node.receiver is not None else list(node.args)
                if len(given) > 1:
                    kind = "optional" if node.method.name == "GetValueOrDefault" else "asked"
                    self._note(node, given[0], given[1], kind, found, named)
        asked = {use.name for use in found if use.kind == "asked"}
        softened = tuple(
            VariableUse(use.name, "optional", use.span) if use.kind == "required" and use.name in asked else use
            for use in found
        )
        return softened, held > len(named)

    def _note(
        self, node: Any, receiver: bd.BExpr, name: bd.BExpr, kind: Any, found: list[VariableUse], named: set[int]
    ) -> None:
        variables = plain(receiver)
        text = plain(name).const
        if _is_variables(variables) and isinstance(text, str):
            named.add(id(variables))
            found.append(VariableUse(text, kind, self.span(node)))


def _symbol(node: Any) -> Any:
    """The declared member that a node uses."""
    if isinstance(node, bd.BCall):
        return node.method
    if isinstance(node, bd.BProperty):
        return node.prop
    return node.ctor if isinstance(node, bd.BNew) else None


def _is_variables(node: Any) -> bool:
    return (
        isinstance(node, bd.BProperty)
        and node.prop.name == "Variables"
        and node.receiver is not None
        and isinstance(plain(node.receiver), bd.BContext)
    )


class Expressions:
    """The expressions of a document, kept as they are compiled."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[int, Expression] = {}

    def compiler(self, sink: Sink) -> Compiler:
        """A compiler for binding that checks, makes nothing, and keeps what every expression means."""
        from apimpy.dotnet.compile import CompileOptions

        check = expression_compiler(sink, CompileOptions(advice=True, check_only=True))

        def compile_(island: Island, expected: str) -> Compiled | None:
            compiled: Any = check(island, expected)
            if compiled is not None:
                self._held[id(island)] = Expression(island, compiled.bound)
            return compiled  # type: ignore[no-any-return]

        return compile_

    def of(self, island: Island) -> Expression | None:
        """The expression of an island; None when it does not compile."""
        return self._held.get(id(island))

    def all(self) -> Iterator[Expression]:
        """Those of every document that was bound with this."""
        return iter(self._held.values())
