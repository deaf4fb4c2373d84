"""Syntax tree → bound tree: names, types, overloads, conversions, and the compiler's diagnostics.

    bind(tree, universe) -> Bound

Which function binds which node stands in the two tables here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind import assignment, creation, forms, functions, invocation, names, operators, statements, switch
from apimpy.csharp.bind.assigned import check_assigned
from apimpy.csharp.bind.binder import Binder

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.csharp.bind.context import Effects
    from apimpy.csharp.bound import BExpr, BStmt
    from apimpy.csharp.parser import Problem

__all__ = ["Bound", "bind"]

_EXPRESSIONS: dict[type, Callable[[Binder, Any], BExpr]] = {
    n.Literal: forms.literal,
    n.Interpolated: forms.interpolated,
    n.Placeholder: forms.placeholder,
    n.Name: names.name,
    n.PredefinedName: names.predefined,
    n.Member: names.member,
    n.Call: invocation.call,
    n.Index: invocation.index,
    n.ConditionalAccess: invocation.conditional_access,
    n.Access: invocation.access,
    n.Parenthesised: forms.parenthesised,
    n.Checked: forms.checked,
    n.Unary: operators.unary,
    n.Binary: operators.binary,
    n.Conditional: forms.conditional,
    n.Cast: forms.cast,
    n.As: forms.as_type,
    n.IsType: forms.is_type,
    n.IsConstant: forms.is_constant,
    n.Throw: forms.throw,
    n.TypeOf: forms.type_of,
    n.SizeOf: forms.size_of,
    n.Default: forms.default,
    n.Tuple: forms.tuple_,
    n.Lambda: forms.lambda_,
    n.Query: forms.query,
    n.Assign: assignment.assign,
    n.Increment: assignment.increment,
    n.New: creation.new,
    n.NewArray: creation.new_array,
    n.NewAnonymous: creation.new_anonymous,
}
_STATEMENTS: dict[type, Callable[[Binder, Any], BStmt]] = {
    n.Block: statements.block,
    n.Empty: statements.empty,
    n.Declaration: statements.declaration,
    n.Deconstruction: statements.deconstruction,
    n.ExprStmt: statements.expression,
    n.If: statements.if_,
    n.While: statements.while_,
    n.Do: statements.do,
    n.For: statements.for_,
    n.Foreach: statements.foreach,
    n.Return: statements.return_,
    n.Break: statements.break_,
    n.Continue: statements.continue_,
    n.Rethrow: statements.rethrow,
    n.CheckedBlock: statements.checked,
    n.Try: statements.try_,
    n.Using: statements.using,
    n.Lock: statements.lock,
    n.Switch: switch.switch,
    n.Goto: switch.goto,
    n.LocalFunction: functions.local_function,
}


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound expression or block, or what is wrong with it."""

    root: BExpr | bd.BBlock
    problems: list[Problem]
    outcomes: list[BExpr]
    """What it may return, before it is boxed to object."""
    effects: Effects
    unknown: bool
    """A named value without a value occurs: nothing can run, but everything else was checked."""


def bind(tree: n.Expr | n.Block, universe: Any, *, any_type: bool = False) -> Bound:
    """Bind `@( )` (an expression) or `@{ }` (a block whose every path returns)."""
    b = Binder(universe, _EXPRESSIONS, _STATEMENTS, any_type=any_type)
    root: BExpr | bd.BBlock
    if isinstance(tree, n.Block):
        root = statements.bind_program(b, tree)
    else:
        value = b.value(tree)
        if isinstance(value, bd.BMethodGroup):  # the compiler sees `(object)(…)` around it
            value = b.error(tree, "CS0030", "Cannot convert type 'method' to 'object'")
        root = statements.outcome(b, value, tree)
    if not b.problems:
        check_assigned(b, root)
    return Bound(root, b.problems, b.outcomes, b.effects, b.unknown)
