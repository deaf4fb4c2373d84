"""The bound tree: what an expression means.  Every expression has a type; members and conversions are chosen.

`start`/`end` are offsets into the expression's text.  `const` holds the value of a constant expression (else MISSING).
`nullable` says that a reference may be null, so a member access on it needs a check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from apimpy.csharp.types import MISSING, Method, Param, Property, Type
from apimpy.record import Record, field

if TYPE_CHECKING:
    from apimpy.csharp import nodes as n

__all__ = ["Conversion", "Local", "LocalFunctionSymbol"]


class Local(Record):
    """A local variable or parameter."""

    name: str
    type: Type
    depth: int
    """Nesting of functions in which it is declared."""
    in_loop: bool = False
    const: Any = MISSING
    readonly: bool = False
    captured: bool = False
    assigned_captured: bool = False
    """Assigned in a function other than its own."""
    id: int = 0

    @property
    def cell(self) -> bool:
        """Shared by reference between functions, as C# captures variables."""
        return self.captured and (self.in_loop or self.assigned_captured)


class Generic(Record):
    """A generic local function: where it was declared, and what was made of it."""

    node: n.LocalFunction
    fn: Any
    scopes: list[dict[str, Local | LocalFunctionSymbol]]
    type_scopes: list[dict[str, Type]]
    instances: dict[tuple[Type, ...], LocalFunctionSymbol] = field(default_factory=dict)
    bound: list[BStmt] = field(default_factory=list)


class LocalFunctionSymbol(Record):
    method: Method
    depth: int
    id: int
    in_loop: bool = False
    generic: Generic | None = None
    escapes: bool = False
    """Called by a lambda, or made a delegate: may run when its loop is a round further."""

    @property
    def name(self) -> str:
        return self.method.name

    @property
    def params(self) -> tuple[Param, ...]:
        return self.method.params

    @property
    def result(self) -> Type:
        return self.method.result


class Conversion(Record, frozen=True):
    """How a value of one type becomes another.

    kinds: identity, numeric, constant, null, reference, box, unbox, cast, wrap (T to T?), lift (T? to U?), unwrap
    (T? to U), enum, user, lambda, method_group, tuple, default, interpolation, error.
    """

    kind: str
    inner: Conversion | None = None
    method: Method | None = None
    outer: Conversion | None = None
    explicit: bool = False


class BExpr(Record):
    type: Type
    start: int
    end: int
    const: Any = field(default=MISSING, kw_only=True)
    nullable: bool = field(default=False, kw_only=True)


class BConst(BExpr):
    """A constant; its value is `const`."""


class BError(BExpr):
    """Something that was reported; its type is ERROR."""


class BContext(BExpr):
    """The implicit variable `context`."""


class BLocal(BExpr):
    local: Local


class BNewLocal(BLocal):
    """A variable declared where it is assigned: `out var x`."""


class BLet(BExpr):
    """Values held in temporaries, in order, while `body` is evaluated."""

    bindings: list[tuple[BTemp, BExpr]]
    body: BExpr


class BTemp(BExpr):
    """The non-null receiver inside a conditional access, or a value computed once."""

    id: int


class BTypeRef(BExpr):
    """A type used as an expression (`string` in `string.Empty`); `of` is the type."""

    of: Type


class BNamespace(BExpr):
    name: str


class BMethodGroup(BExpr):
    name: str
    receiver: BExpr | None
    methods: tuple[Method, ...]
    type_args: tuple[Type, ...] | None
    at: n.Node
    """Where the name stands, type arguments included."""
    extensions: bool = False


class BLocalFunctionRef(BExpr):
    symbol: LocalFunctionSymbol
    type_args: tuple[Type, ...] | None = None


class BUnboundLambda(BExpr):
    node: n.Lambda


class BLambda(BExpr):
    params: tuple[Local, ...]
    body: BExpr | BStmt
    result: Type
    held: tuple[tuple[Local, BExpr], ...] = ()
    """Evaluated when the delegate is made (the receiver of a method group)."""


class BCall(BExpr):
    method: Method
    receiver: BExpr | None
    args: list[BExpr]
    outs: list[tuple[int, BExpr | None]]
    """(parameter index, where the out value goes; None: discarded)"""


class BLocalCall(BExpr):
    symbol: LocalFunctionSymbol
    args: list[BExpr]
    outs: list[tuple[int, BExpr | None]]


class BInvoke(BExpr):
    target: BExpr
    args: list[BExpr]


class BProperty(BExpr):
    prop: Property
    receiver: BExpr | None
    index: list[BExpr]


class BArrayIndex(BExpr):
    array: BExpr
    index: list[BExpr]


class BItem(BExpr):
    """A member of a tuple or an anonymous object, by position."""

    target: BExpr
    position: int


class BConvert(BExpr):
    conversion: Conversion
    operand: BExpr
    checked: bool = False


class BUnary(BExpr):
    """A primitive operator: `-`, `~`, `!`, `+` on the operand's own type."""

    op: str
    operand: BExpr
    checked: bool = False


class BBinary(BExpr):
    """A primitive operator; both operands are of `on` (shifts: the right one is int).

    `lifted`: operands are `on?`; comparisons give false for null, arithmetic null.  `on` is string for concatenation
    and string equality; object for reference equality; a delegate or enum type for theirs.
    """

    op: str
    left: BExpr
    right: BExpr
    on: Type
    lifted: bool = False
    checked: bool = False
    method: Method | None = None


class BLogical(BExpr):
    """`&&` and `||` on bool."""

    op: str
    left: BExpr
    right: BExpr


class BConditional(BExpr):
    test: BExpr
    then: BExpr
    other: BExpr


class BCoalesce(BExpr):
    """`left ?? right`: `temp` is the non-null left side, `value` what becomes of it."""

    left: BExpr
    temp: BTemp
    value: BExpr
    right: BExpr


class BConditionalAccess(BExpr):
    target: BExpr
    temp: BTemp
    rest: BExpr


class BInterpolated(BExpr):
    parts: list[str | tuple[BExpr, int | None, str | None]]


class BNullTest(BExpr):
    """Core: `temp` = value; `present` where it is not null, else `absent`."""

    value: BExpr
    temp: BTemp
    present: BExpr
    absent: BExpr


class PieceValue(Record, frozen=True):
    """A value in a concatenation, with alignment and format."""

    value: BExpr
    width: int | None
    format: str | None


Piece = str | PieceValue


class BConcat(BExpr):
    """Core: pieces of text joined."""

    parts: list[Piece]


class BDispose(BExpr):
    """Core: `Dispose()` of a disposable that may be null."""

    value: BExpr


class BAssign(BExpr):
    target: BExpr
    value: BExpr


class BCompound(BExpr):
    """`target op= …` and `++`/`--`: `value` computes the new value from `temp` (the old one).

    `postfix`: the expression's value is the old one.
    """

    target: BExpr
    temp: BTemp
    value: BExpr
    postfix: bool


class BNew(BExpr):
    ctor: Method
    args: list[BExpr]
    outs: list[tuple[int, BExpr | None]]


class BInit(BExpr):
    """An object with an initialiser: `temp` is the new object; `actions` run on it; the object is the value."""

    target: BExpr
    temp: BTemp
    actions: list[BExpr]


class BArrayNew(BExpr):
    """`items` None: zero-filled, `sizes` the lengths."""

    element: Type
    sizes: list[BExpr]
    items: list[BExpr] | None
    shape: tuple[int, ...] | None = None


class BAnonymous(BExpr):
    values: list[BExpr]


class BTuple(BExpr):
    values: list[BExpr]


class BIs(BExpr):
    """`operand is of` with an optional variable."""

    operand: BExpr
    of: Type
    local: Local | None
    always: bool = False
    """`is var x`: true whatever the operand is, null included."""


class BIsConst(BExpr):
    """`operand is constant`: boxed equality; `const` None tests null."""

    operand: BExpr
    value: BExpr


class BAs(BExpr):
    operand: BExpr
    of: Type


class BThrow(BExpr):
    value: BExpr


class BTypeOf(BExpr):
    of: Type


class BDefault(BExpr):
    """`default(T)`; type None-like (`DEFAULT`) until converted."""


# --- statements


class BStmt(Record):
    start: int
    end: int


class BBlock(BStmt):
    body: list[BStmt]


class BDeclare(BStmt):
    local: Local
    value: BExpr | None


class BDeconstruct(BStmt):
    locals: list[Local | None]
    value: BExpr


class BLocalFunction(BStmt):
    symbol: LocalFunctionSymbol
    params: list[Local]
    body: BBlock


class BExprStmt(BStmt):
    value: BExpr


class BIf(BStmt):
    test: BExpr
    then: BStmt
    other: BStmt | None


class BWhile(BStmt):
    test: BExpr
    body: BStmt
    kind: Literal["while", "do"]


class BFor(BStmt):
    init: list[BStmt]
    test: BExpr | None
    step: list[BExpr]
    body: BStmt


class BForeach(BStmt):
    """`element` converts one item (`temp`) to the variable's type; `locals` more than one: deconstruction."""

    locals: list[Local]
    source: BExpr
    temp: BTemp
    element: BExpr
    body: BStmt


class BReturn(BStmt):
    value: BExpr | None


class BBreak(BStmt):
    pass


class BContinue(BStmt):
    pass


class BRethrow(BStmt):
    pass


class BCatch(Record):
    type: Type
    local: Local | None
    when: BExpr | None
    body: BBlock


class BTry(BStmt):
    body: BBlock
    catches: list[BCatch]
    finally_: BBlock | None


class BUsing(BStmt):
    """`dispose` is called on each local (or the value) at the end."""

    locals: list[BDeclare]
    value: BExpr | None
    body: BStmt


class BLabel(Record):
    """`value` a constant test, `of` a type test (with `local`), both None: default."""

    value: BExpr | None
    of: Type | None
    local: Local | None
    when: BExpr | None
    always: bool = False
    """`case var x`: matches whatever comes, null included."""

    @property
    def total(self) -> bool:
        """Nothing gets past it."""
        return self.always and (self.when is None or self.when.const is True)


class BSection(Record):
    labels: list[BLabel]
    body: list[BStmt]


class BSwitch(BStmt):
    value: BExpr
    local: Local
    sections: list[BSection]
    default: int | None


class BGoto(BStmt):
    """`goto case`/`goto default`: the number of the section."""

    value: BExpr | None
    section: int = -1
