"""The syntax tree: what was written, nothing of what it means.

No node changes after it was made; each has `start` and `end`, offsets into the expression's text (the text between
`@(` and `)`); the compiler's front door turns them into spans through the expression's source map.
"""

from __future__ import annotations

import typing
from typing import Any

from apimpy.record import Record


class Node(Record):
    start: int
    end: int


# --- types


class TypeNode(Node):
    """`name` parts with their type arguments, or a tuple of elements; then `?` and array ranks, inner first."""

    parts: tuple[tuple[str, tuple[TypeNode, ...]], ...] = ()
    elements: tuple[tuple[TypeNode, str | None], ...] = ()
    nullable: bool = False
    ranks: tuple[int, ...] = ()

    @property
    def is_var(self) -> bool:
        return len(self.parts) == 1 and self.parts[0] == ("var", ()) and not self.ranks and not self.nullable


# --- expressions


class Expr(Node):
    pass


class Literal(Expr):
    """`kind` is the C# type's keyword, or `null`; `value` a Python value (decimal, double, float: digits)."""

    kind: str
    value: Any


class Placeholder(Expr):
    """A `{{named-value}}` that has no value here."""

    name: str


class Interpolated(Expr):
    """Texts (str) and holes."""

    parts: tuple[str | Hole, ...]


class Hole(Node):
    value: Expr
    align: Expr | None
    format: str | None


class Name(Expr):
    name: str
    type_args: tuple[TypeNode, ...] | None = None


class PredefinedName(Expr):
    """`string` in `string.Empty`."""

    name: str


class Member(Expr):
    target: Expr
    name: Name


class Argument(Node):
    value: Expr | None
    name: str | None = None
    mode: typing.Literal["", "out", "ref", "out declaration"] = ""
    type: TypeNode | None = None
    declared: str | None = None


class Call(Expr):
    target: Expr
    args: tuple[Argument, ...]


class Index(Expr):
    target: Expr
    args: tuple[Argument, ...]


class ConditionalAccess(Expr):
    """`target?.rest`: `rest` is a chain that begins at an `Access` node."""

    target: Expr
    rest: Expr


class Access(Expr):
    """Stands for the non-null target inside the rest of a conditional access."""


class Unary(Expr):
    op: str
    operand: Expr


class Increment(Expr):
    op: str
    operand: Expr
    prefix: bool


class Binary(Expr):
    op: str
    left: Expr
    right: Expr
    op_start: int
    op_end: int


class Conditional(Expr):
    test: Expr
    then: Expr
    other: Expr


class Assign(Expr):
    """`op` is "" for plain assignment, else the operator of a compound one (`+`)."""

    target: Expr
    value: Expr
    op: str = ""


class Cast(Expr):
    type: TypeNode
    operand: Expr


class As(Expr):
    operand: Expr
    type: TypeNode


class IsType(Expr):
    operand: Expr
    type: TypeNode
    declared: str | None = None


class IsConstant(Expr):
    operand: Expr
    value: Expr


class Throw(Expr):
    value: Expr


class TypeOf(Expr):
    type: TypeNode


class SizeOf(Expr):
    type: TypeNode


class Default(Expr):
    type: TypeNode | None


class Checked(Expr):
    value: Expr
    on: bool


class Parenthesised(Expr):
    value: Expr


class Tuple(Expr):
    elements: tuple[Expr, ...]
    names: tuple[str | None, ...]


class Parameter(Node):
    name: str
    type: TypeNode | None = None
    mode: typing.Literal["", "out", "ref", "params"] = ""
    default: Expr | None = None


class Lambda(Expr):
    params: tuple[Parameter, ...]
    body: Expr | Block


class InitMember(Node):
    name: str
    value: Expr | Initializer


class InitIndex(Node):
    args: tuple[Argument, ...]
    value: Expr | Initializer


class InitElement(Node):
    values: tuple[Expr, ...]


class Initializer(Node):
    items: tuple[InitMember | InitIndex | InitElement, ...]


class New(Expr):
    type: TypeNode
    args: tuple[Argument, ...]
    init: Initializer | None


class ArrayInitializer(Node):
    items: tuple[Expr | ArrayInitializer, ...]


class NewArray(Expr):
    """`element` None: `new[] {…}`.  `sizes` are the lengths given; `ranks` further ranks, outer first."""

    element: TypeNode | None
    sizes: tuple[Expr, ...]
    ranks: tuple[int, ...]
    init: ArrayInitializer | None


class NewAnonymous(Expr):
    names: tuple[str | None, ...]
    values: tuple[Expr, ...]
    at: tuple[Node, ...]
    """Where each member stands, its name included."""


class QueryClause(Node):
    """`kind`: from let where orderby join join_into select group into."""

    kind: str
    name: str | None = None
    type: TypeNode | None = None
    values: tuple[Expr, ...] = ()
    descending: tuple[bool, ...] = ()


class Query(Expr):
    clauses: tuple[QueryClause, ...]


# --- statements


class Stmt(Node):
    pass


class Block(Stmt):
    body: tuple[Stmt, ...]


class Empty(Stmt):
    pass


class Declarator(Node):
    name: str
    value: Expr | ArrayInitializer | None


class Declaration(Stmt):
    type: TypeNode
    items: tuple[Declarator, ...]
    const: bool = False


class Deconstruction(Stmt):
    names: tuple[Name, ...]
    types: tuple[TypeNode | None, ...]
    """None for every name of `var (a, b)`."""
    value: Expr


class LocalFunction(Stmt):
    result: TypeNode
    name: str
    type_params: tuple[str, ...]
    params: tuple[Parameter, ...]
    body: Expr | Block


class ExprStmt(Stmt):
    value: Expr


class If(Stmt):
    test: Expr
    then: Stmt
    other: Stmt | None


class While(Stmt):
    test: Expr
    body: Stmt


class Do(Stmt):
    body: Stmt
    test: Expr


class For(Stmt):
    init: tuple[Stmt, ...]
    test: Expr | None
    step: tuple[Expr, ...]
    body: Stmt


class Foreach(Stmt):
    type: TypeNode | None
    names: tuple[str, ...]
    source: Expr
    body: Stmt


class Return(Stmt):
    value: Expr | None


class Break(Stmt):
    pass


class Continue(Stmt):
    pass


class Goto(Stmt):
    """`goto case value` or (None) `goto default`."""

    value: Expr | None


class Rethrow(Stmt):
    pass


class CheckedBlock(Stmt):
    body: Block
    on: bool


class Catch(Node):
    type: TypeNode | None
    name: str | None
    when: Expr | None
    body: Block


class Try(Stmt):
    body: Block
    catches: tuple[Catch, ...]
    finally_: Block | None


class Using(Stmt):
    resource: Declaration | Expr
    body: Stmt


class Lock(Stmt):
    value: Expr
    body: Stmt


class Label(Node):
    """`case value`, `case type name` or (both None) `default`, each with an optional `when`."""

    value: Expr | None = None
    type: TypeNode | None = None
    name: str | None = None
    when: Expr | None = None


class Section(Node):
    labels: tuple[Label, ...]
    body: tuple[Stmt, ...]


class Switch(Stmt):
    value: Expr
    sections: tuple[Section, ...]
