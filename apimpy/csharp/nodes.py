"""The syntax tree: what was written, nothing of what it means.

Every node is frozen and has `start` and `end`, offsets into the expression's text (the text between `@(` and `)`);
the binder turns them into spans through the expression's source map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal




@dataclass(frozen=True, slots=True, eq=False)
class Node:
    start: int
    end: int


# --- types


@dataclass(frozen=True, slots=True, eq=False)
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


@dataclass(frozen=True, slots=True, eq=False)
class Expr(Node):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Literal_(Expr):
    """`kind` is the C# type's keyword, or `null`; `value` a Python value (decimal, double, float: digits)."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Placeholder(Expr):
    """A `{{named-value}}` that has no value here."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Interpolated(Expr):
    """Texts (str) and holes."""

    parts: tuple[str | Hole, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Hole(Node):
    value: Expr
    align: Expr | None
    format: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Name(Expr):
    name: str
    type_args: tuple[TypeNode, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PredefinedName(Expr):
    """`string` in `string.Empty`."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Member(Expr):
    target: Expr
    name: Name


@dataclass(frozen=True, slots=True, eq=False)
class Argument(Node):
    value: Expr | None
    name: str | None = None
    mode: Literal["", "out", "ref", "out declaration"] = ""
    type: TypeNode | None = None
    declared: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Call(Expr):
    target: Expr
    args: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Index(Expr):
    target: Expr
    args: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ConditionalAccess(Expr):
    """`target?.rest`: `rest` is a chain that begins at an `Access` node."""

    target: Expr
    rest: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Access(Expr):
    """Stands for the non-null target inside the rest of a conditional access."""


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Expr):
    op: str
    operand: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Increment(Expr):
    op: str
    operand: Expr
    prefix: bool


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Expr):
    op: str
    left: Expr
    right: Expr
    op_start: int
    op_end: int


@dataclass(frozen=True, slots=True, eq=False)
class Conditional(Expr):
    test: Expr
    then: Expr
    other: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Assign(Expr):
    """`op` is "" for plain assignment, else the operator of a compound one (`+`)."""

    target: Expr
    value: Expr
    op: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Cast(Expr):
    type: TypeNode
    operand: Expr


@dataclass(frozen=True, slots=True, eq=False)
class As(Expr):
    operand: Expr
    type: TypeNode


@dataclass(frozen=True, slots=True, eq=False)
class IsType(Expr):
    operand: Expr
    type: TypeNode
    declared: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class IsConstant(Expr):
    operand: Expr
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Throw(Expr):
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class TypeOf(Expr):
    type: TypeNode


@dataclass(frozen=True, slots=True, eq=False)
class SizeOf(Expr):
    type: TypeNode


@dataclass(frozen=True, slots=True, eq=False)
class Default(Expr):
    type: TypeNode | None


@dataclass(frozen=True, slots=True, eq=False)
class Checked(Expr):
    value: Expr
    on: bool


@dataclass(frozen=True, slots=True, eq=False)
class Parenthesised(Expr):
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Tuple(Expr):
    elements: tuple[Expr, ...]
    names: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Parameter(Node):
    name: str
    type: TypeNode | None = None
    mode: Literal["", "out", "ref", "params"] = ""
    default: Expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Lambda(Expr):
    params: tuple[Parameter, ...]
    body: Expr | Block


@dataclass(frozen=True, slots=True, eq=False)
class InitMember(Node):
    name: str
    value: Expr | Initializer


@dataclass(frozen=True, slots=True, eq=False)
class InitIndex(Node):
    args: tuple[Argument, ...]
    value: Expr | Initializer


@dataclass(frozen=True, slots=True, eq=False)
class InitElement(Node):
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Initializer(Node):
    items: tuple[InitMember | InitIndex | InitElement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class New(Expr):
    type: TypeNode
    args: tuple[Argument, ...]
    init: Initializer | None


@dataclass(frozen=True, slots=True, eq=False)
class ArrayInitializer(Node):
    items: tuple[Expr | ArrayInitializer, ...]


@dataclass(frozen=True, slots=True, eq=False)
class NewArray(Expr):
    """`element` None: `new[] {…}`.  `sizes` are the lengths given; `ranks` further ranks, outer first."""

    element: TypeNode | None
    sizes: tuple[Expr, ...]
    ranks: tuple[int, ...]
    init: ArrayInitializer | None


@dataclass(frozen=True, slots=True, eq=False)
class NewAnonymous(Expr):
    names: tuple[str | None, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class QueryClause(Node):
    """`kind`: from let where orderby join join_into select group into."""

    kind: str
    name: str | None = None
    type: TypeNode | None = None
    values: tuple[Expr, ...] = ()
    descending: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Query(Expr):
    clauses: tuple[QueryClause, ...]


# --- statements


@dataclass(frozen=True, slots=True, eq=False)
class Stmt(Node):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Block(Stmt):
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Empty(Stmt):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Declarator(Node):
    name: str
    value: Expr | ArrayInitializer | None


@dataclass(frozen=True, slots=True, eq=False)
class Declaration(Stmt):
    type: TypeNode
    items: tuple[Declarator, ...]
    const: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Deconstruction(Stmt):
    names: tuple[str, ...]
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class LocalFunction(Stmt):
    result: TypeNode
    name: str
    type_params: tuple[str, ...]
    params: tuple[Parameter, ...]
    body: Expr | Block


@dataclass(frozen=True, slots=True, eq=False)
class ExprStmt(Stmt):
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class If(Stmt):
    test: Expr
    then: Stmt
    other: Stmt | None


@dataclass(frozen=True, slots=True, eq=False)
class While(Stmt):
    test: Expr
    body: Stmt


@dataclass(frozen=True, slots=True, eq=False)
class Do(Stmt):
    body: Stmt
    test: Expr


@dataclass(frozen=True, slots=True, eq=False)
class For(Stmt):
    init: tuple[Stmt, ...]
    test: Expr | None
    step: tuple[Expr, ...]
    body: Stmt


@dataclass(frozen=True, slots=True, eq=False)
class Foreach(Stmt):
    type: TypeNode | None
    names: tuple[str, ...]
    source: Expr
    body: Stmt


@dataclass(frozen=True, slots=True, eq=False)
class Return(Stmt):
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Break(Stmt):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Continue(Stmt):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Goto(Stmt):
    """`goto case value` or (None) `goto default`."""

    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Rethrow(Stmt):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class CheckedBlock(Stmt):
    body: Block
    on: bool


@dataclass(frozen=True, slots=True, eq=False)
class Catch(Node):
    type: TypeNode | None
    name: str | None
    when: Expr | None
    body: Block


@dataclass(frozen=True, slots=True, eq=False)
class Try(Stmt):
    body: Block
    catches: tuple[Catch, ...]
    finally_: Block | None


@dataclass(frozen=True, slots=True, eq=False)
class Using(Stmt):
    resource: Declaration | Expr
    body: Stmt


@dataclass(frozen=True, slots=True, eq=False)
class Lock(Stmt):
    value: Expr
    body: Stmt


@dataclass(frozen=True, slots=True, eq=False)
class Label(Node):
    """`case value`, `case type name` or (both None) `default`, each with an optional `when`."""

    value: Expr | None = None
    type: TypeNode | None = None
    name: str | None = None
    when: Expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Section(Node):
    labels: tuple[Label, ...]
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Switch(Stmt):
    value: Expr
    sections: tuple[Section, ...]
