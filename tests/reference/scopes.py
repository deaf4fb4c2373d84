"""Where the reference evaluator keeps variables, and how it leaves a statement early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from apimpy.csharp import bound as bd
from apimpy.csharp.types import MISSING
from apimpy.dotnet.exceptions import ClrError

__all__ = ["Break", "Continue", "Goto", "Place", "Return", "Scope", "Variable"]


class Variable:
    """A place that functions can share."""

    __slots__ = ("value",)

    def __init__(self, value: Any = MISSING) -> None:
        self.value = value

    def get(self) -> Any:
        assert self.value is not MISSING, "a variable is read before it was assigned"
        return self.value

    def set(self, value: Any) -> None:
        self.value = value


class Place:
    """Something assignable whose receiver and indexes have been evaluated."""

    __slots__ = ("get", "set")

    def __init__(self, get: Callable[[], Any], set: Callable[[Any], None]) -> None:
        self.get, self.set = get, set


class Scope:
    """The variables of one call, or of one round of a loop."""

    __slots__ = ("caught", "functions", "parent", "temps", "variables")

    def __init__(self, parent: Scope | None = None, *, call: bool = False) -> None:
        self.parent = parent
        self.variables: dict[bd.Local, Any] = {}
        self.functions: dict[int, tuple[bd.BLocalFunction, Scope]] = {}
        self.temps: dict[int, Any] = {}
        self.caught: list[ClrError] = [] if parent is None or call else parent.caught

    def chain(self) -> Iterator[Scope]:
        at: Scope | None = self
        while at is not None:
            yield at
            at = at.parent

    def place(self, local: bd.Local) -> Any:
        """The variable; one that an expression declares comes into being here."""
        for scope in self.chain():
            if local in scope.variables:
                return scope.variables[local]
        return self.declare(local)

    def declare(self, local: bd.Local, value: Any = MISSING) -> Any:
        made = self.variables[local] = Variable(value)
        return made

    def temp(self, id: int) -> Any:
        return next(scope.temps[id] for scope in self.chain() if id in scope.temps)

    def function(self, id: int) -> tuple[bd.BLocalFunction, Scope]:
        return next(scope.functions[id] for scope in self.chain() if id in scope.functions)


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Goto(Exception):
    """`goto case label`, or (MISSING) `goto default`."""

    def __init__(self, label: Any) -> None:
        self.label = label
