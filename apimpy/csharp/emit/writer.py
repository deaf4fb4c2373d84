"""The emitter's state: names, globals, temporaries, and the pieces of Python that everything else is made of."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import lower
from apimpy.csharp.known import keyword, known, strip_nullable
from apimpy.csharp.lookup import is_reference
from apimpy.csharp.types import MISSING, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from apimpy.csharp.bound import BExpr, BStmt, Local

__all__ = [
    "COMPARE",
    "JSON_TREE",
    "LOAD",
    "STORE",
    "Emitter",
    "Function",
    "Jump",
    "const",
    "is_null",
    "load",
    "not_null",
]

LOAD, STORE = ast.Load(), ast.Store()
COMPARE: dict[str, Callable[[], ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    ">": ast.Gt,
    "<=": ast.LtE,
    ">=": ast.GtE,
}
JSON_TREE = frozenset(f"Newtonsoft.Json.Linq.{n}" for n in ("JToken", "JContainer", "JProperty", "JArray"))
"""Types whose values enumerate their children (a JObject under its own type enumerates pairs)."""


def const(value: Any) -> ast.expr:
    return ast.Constant(value)


def load(name: str) -> ast.Name:
    return ast.Name(name, LOAD)


def is_null(value: ast.expr) -> ast.expr:
    """`value is None`, decided here for a constant (of which Python would warn)."""
    if isinstance(value, ast.Constant):
        return const(value.value is None)
    return ast.Compare(value, [ast.Is()], [const(None)])


def not_null(value: ast.expr) -> ast.expr:
    if isinstance(value, ast.Constant):
        return const(value.value is not None)
    return ast.Compare(value, [ast.IsNot()], [const(None)])


class Function:
    """What the emitter knows of the Python function it is writing."""

    def __init__(self, depth: int, outs: list[Local] | None = None, *, is_lambda: bool = False) -> None:
        self.depth = depth
        self.is_lambda = is_lambda
        self.calls: set[str] = set()
        """Python names of local functions of a loop that a lambda calls: bound by value as well."""
        self.outs = outs or []
        self.captures: set[Local] = set()
        """Cells of loop variables: bound by value when the function is made."""
        self.continues: list[Any] = []
        """For each loop or switch around the current statement, what `continue` does first: a function that gives
        the step of a `for`, the name of a switch's flag, or nothing."""


class Jump:
    """Where `goto case` goes: the variable with the chosen section, the switch, and how deep in loops it stands."""

    def __init__(self, chosen: str, switch: bd.BSwitch, depth: int) -> None:
        self.chosen, self.switch, self.depth = chosen, switch, depth
        self.raised = False
        """Some goto stands inside a loop of a section, which it has to leave first."""


class Emitter:
    """The state of one emission, and what every part of it needs."""

    def __init__(
        self,
        universe: Any,
        position: Callable[[int], tuple[int, int]],
        expressions: Mapping[type, Callable[[Emitter, Any], ast.expr]],
        statements: Mapping[type, Callable[[Emitter, Any], list[ast.stmt]]],
        *,
        budget: bool,
    ) -> None:
        self.expressions, self.statements = expressions, statements
        self.ops = universe.ops
        self.k = known()
        self.position = position
        self.budget = budget
        self.globals: dict[str, Any] = {"__builtins__": {}}
        self.names: dict[int, str] = {}
        self.kept: list[Any] = []
        self.pre: list[ast.stmt] = []
        self.functions = [Function(0)]
        self.uses_rt = False
        self.count = 0
        self.temps: dict[int, str] = {}
        """Temporaries that stand for a variable."""
        self.made: dict[str, Any] = {}
        """Casters, testers and boxers, by kind and type."""
        self.gotos: Jump | None = None
        """The switch around the current statement."""

    # --- names

    def g(self, value: Any) -> ast.Name:
        """A global that holds a value."""
        known_name = self.names.get(id(value))
        if known_name is None:
            known_name = f"g{len(self.names)}"
            self.names[id(value)] = known_name
            self.kept.append(value)
            self.globals[known_name] = value
        return load(known_name)

    def rt(self, *, counts: bool = True) -> ast.Name:
        """The run time: budgets and options.  `counts`: it may be asked for steps, so the budget must begin."""
        self.uses_rt |= counts
        return load("rt")

    def op(self, name: str, *args: ast.expr) -> ast.Call:
        """A call of a run-time helper."""
        holder: Any = self.ops
        for part in name.split("."):
            holder = getattr(holder, part)
        return ast.Call(self.g(holder), list(args), [])

    def fresh(self) -> str:
        self.count += 1
        return f"x{self.count}"

    def local(self, local: Local) -> str:
        return f"v{local.id}" if local.id >= 0 else f"v_{-local.id}"

    def temp_name(self, t: bd.BTemp) -> str:
        known_name = self.temps.get(t.id)
        if known_name is not None:
            return known_name
        return f"t{t.id}" if t.id >= 0 else f"t_{-t.id}"

    def note_capture(self, local: Local) -> None:
        if local.cell and local.in_loop:
            for f in self.functions:
                if f.depth > local.depth:
                    f.captures.add(local)

    def read(self, local: Local) -> ast.expr:
        self.note_capture(local)
        if local.cell:
            return ast.Subscript(load(self.local(local)), const(0), LOAD)
        return load(self.local(local))

    def assign_expr(self, local: Local, value: ast.expr) -> ast.expr:
        """Assignment as an expression with the value assigned."""
        if local.cell:
            self.note_capture(local)
            t = self.fresh()
            set_item = ast.Call(
                self.g(list.__setitem__),
                [load(self.local(local)), const(0), ast.NamedExpr(ast.Name(t, STORE), value)],
                [],
            )
            return self.sequence([set_item, load(t)])
        return ast.NamedExpr(ast.Name(self.local(local), STORE), value)

    def declare(self, local: Local, value: ast.expr) -> ast.stmt:
        if local.cell:
            value = ast.List([value], LOAD)
        return ast.Assign([ast.Name(self.local(local), STORE)], value)

    def sequence(self, items: list[ast.expr]) -> ast.expr:
        """Evaluate all, keep the last."""
        return ast.Subscript(ast.Tuple(items, LOAD), const(len(items) - 1), LOAD)

    def once(self, value: ast.expr) -> tuple[ast.expr, ast.expr]:
        """(first use, later use) of a value evaluated once."""
        if isinstance(value, ast.Name | ast.Constant):
            return value, value
        t = self.fresh()
        return ast.NamedExpr(ast.Name(t, STORE), value), load(t)

    def not_null(self, e: BExpr, otherwise: str = "null_reference") -> ast.expr:
        """The value, or the exception for null."""
        value = self.expr(e)
        if not e.nullable or not is_reference(e.type):  # members of a nullable value deal with null themselves
            return value
        first, again = self.once(value)
        test = not_null(first)
        return ast.IfExp(test, again, self.op(otherwise))

    def expr(self, e: BExpr) -> ast.expr:
        """The Python expression, at its place in the policy file."""
        if e.const is not MISSING:
            out = self.constant(e.const, e.type)
        else:
            e = lower.expression(e)
            out = self.expressions[type(e)](self, e)
        return self.placed(out, e)

    def placed(self, out: ast.expr, e: BExpr) -> ast.expr:
        """The Python expression with the place of the C# one."""
        line, col = self.position(e.start)
        end_line, end_col = self.position(e.end)
        out.lineno, out.col_offset, out.end_lineno, out.end_col_offset = line, col, end_line, end_col
        return out

    def constant(self, value: Any, t: Type) -> ast.expr:
        if value is None or isinstance(value, bool | str):
            return const(value)
        if isinstance(value, int):
            word = keyword(strip_nullable(t))
            if word in ("double", "float"):
                return const(float(value))
            if word == "decimal":
                return self.g(self.ops.Decimal(value))
            return const(value)
        if isinstance(value, float) and math.isfinite(value):
            return const(value)
        return self.g(value)

    def tester(self, t: Type) -> ast.Name:
        return self.cached("tester", t)

    def caster(self, t: Type) -> ast.Name:
        return self.cached("caster", t)

    def cached(self, maker: str, t: Type) -> ast.Name:
        key = f"{maker}:{id(t)}"
        made = self.made.get(key)
        if made is None:
            made = self.made[key] = getattr(self.ops, maker)(t)
        return self.g(made)

    def boxed(self, value: ast.expr, t: Type) -> ast.expr:
        key = f"boxer:{id(t)}"
        if key not in self.made:
            self.made[key] = self.ops.boxer(t)
        marker = self.made[key]
        return value if marker is None else ast.Call(self.g(marker), [value], [])

    def body(self, s: BStmt) -> list[ast.stmt]:
        out = self.statement(s)
        return out or [ast.Pass()]

    def statement(self, s: BStmt) -> list[ast.stmt]:
        kept, self.pre = self.pre, []
        s = lower.statement(s)
        out = self.statements[type(s)](self, s)
        before, self.pre = self.pre, kept
        out = [*before, *out]
        line, col = self.position(s.start)
        for x in out:
            if not hasattr(x, "lineno"):
                x.lineno, x.col_offset, x.end_lineno, x.end_col_offset = line, col, line, col
        return out
