"""Arguments of a call, and which parameter each belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.syntax_errors import Problem
from apimpy.csharp.types import ArrayType, Method, Type

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr


@dataclass(slots=True, eq=False)
class Arg:
    """An argument: bound as far as it can be without its parameter."""

    node: n.Argument
    value: BExpr | None
    """None for `out var x`."""
    name: str | None
    mode: str
    problems: list[Problem] = field(default_factory=list)
    """What is wrong inside a lambda, with the parameter types that inference gave it."""


@dataclass(slots=True, eq=False)
class Candidate:
    method: Method
    slots: list[int]
    """For each argument, its parameter's index."""
    expanded: bool
    """A `params` method in its expanded form."""
    types: list[Type] = field(default_factory=list)
    """For each argument, the type it is converted to."""
    lambdas: dict[int, bd.BLambda] = field(default_factory=dict)
    failure: tuple[int, str] | None = None


def slots_of(m: Method, args: list[Arg], *, expanded: bool) -> list[int] | None:
    params = m.params
    count = len(params)
    out: list[int] = []
    used: set[int] = set()
    for i, a in enumerate(args):
        if a.name is not None:
            j = next((j for j, p in enumerate(params) if p.name == a.name), -1)
            if j < 0 or j in used:
                return None
        elif expanded and i >= count - 1:
            j = count - 1
        elif i < count and i not in used:
            j = i
        else:
            return None
        used.add(j)
        out.append(j)
    for j, p in enumerate(params):
        if j not in used and not p.optional and not (expanded and j == count - 1):
            return None
    return out


def target_type(m: Method, slot: int, *, expanded: bool) -> Type:
    p = m.params[slot]
    if expanded and p.mode == "params":
        assert isinstance(p.type, ArrayType)
        return p.type.element
    return p.type


def arguments(b: Binder, nodes: tuple[n.Argument, ...]) -> list[Arg]:
    out = []
    for a in nodes:
        if a.mode == "out declaration":
            out.append(Arg(a, None, a.name, a.mode))
            continue
        assert a.value is not None
        if a.mode == "out" and isinstance(a.value, n.Name) and a.value.name == "_" and b.find("_") is None:
            out.append(Arg(a, None, a.name, "out"))
            continue
        out.append(Arg(a, b.value(a.value), a.name, a.mode))
    return out


def out_target(b: Binder, a: Arg, t: Type) -> BExpr | None:
    """Where an out argument goes; declares the variable of `out var x`."""
    if a.mode == "out declaration":
        name, declared = a.node.declared, a.node.type
        assert name is not None
        assert declared is not None
        if name == "_":
            return None
        kind = t if declared.is_var else b.type(declared)
        local = b.declare(a.node, name, kind)
        return bd.BNewLocal(kind, a.node.start, a.node.end, local)
    if a.value is None:
        return None
    if isinstance(a.value, bd.BLocal):
        b.use(a.value.local, assign=True)
        return a.value
    if isinstance(a.value, bd.BArrayIndex):
        return a.value
    return b.error(a.value, "CS1510", "A ref or out value must be an assignable variable")
