"""Definite assignment (C# 9.4): a local variable is read only where it surely has a value.

The state is the set of variables that may still lack one.  Paths that meet take the union; code that is never reached
has the empty set, which makes it neutral.  A boolean expression has two states, for true and for false.
Only ever run on trees that bound without a problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bound import BExpr, BStmt, Local
from apimpy.csharp.types import MISSING
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder

__all__ = ["check_assigned"]

State = frozenset[Local]
_DEAD: State = frozenset()


def check_assigned(b: Binder, root: BExpr | BStmt) -> None:
    """Report every variable that is read before it has a value (CS0165), once each."""
    late = frozenset(_declared_late(root))
    if not late:
        return
    flow = _Flow(b, late)
    if isinstance(root, BStmt):
        flow.statement(root, late)
    else:
        flow.expr(root, late)


def _nodes(x: Record) -> Iterator[Record]:
    """The nodes directly inside a node, in the order of its fields."""
    for key in type(x).record_fields:
        value = getattr(x, key)
        if isinstance(value, Record):
            yield value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Record):
                    yield item
                elif isinstance(item, tuple):
                    yield from (y for y in item if isinstance(y, Record))


def _declared_late(x: Record, own: Local | None = None) -> Iterator[Local]:
    """Variables that come to life without a value: `int x;`, `out var x`, `is T x`, `case T x`, `T x = … x …`.

    `own`: the variable whose initial value this node belongs to.
    """
    if isinstance(x, bd.BDeclare):
        own = x.local
        if x.value is None:
            yield x.local
    elif isinstance(x, bd.BLocal) and x.local is own:
        yield own
    elif isinstance(x, bd.BIs | bd.BLabel) and x.local is not None:
        yield x.local
    elif isinstance(x, bd.BCall | bd.BLocalCall | bd.BNew):
        yield from (place.local for _, place in x.outs if isinstance(place, bd.BNewLocal))
    elif isinstance(x, bd.BLocalFunction):
        yield from (p for p, given in zip(x.params, x.symbol.params, strict=True) if given.mode == "out")
    for node in _nodes(x):
        if isinstance(node, BExpr | BStmt | bd.BCatch | bd.BSection | bd.BLabel):
            yield from _declared_late(node, own)


def _chosen(x: bd.BSwitch) -> bd.BSection | None:
    """The one section that a switch on a constant runs, when its labels are plain constants."""
    labels = [label for section in x.sections for label in section.labels]
    if x.value.const is MISSING or any(label.of is not None or label.when is not None for label in labels):
        return None
    for section in x.sections:
        if any(label.value is not None and label.value.const == x.value.const for label in section.labels):
            return section
    return x.sections[x.default] if x.default is not None else None


class _Flow:
    """One walk over a tree, in the order of evaluation."""

    def __init__(self, b: Binder, late: State) -> None:
        self.b = b
        self.late = late
        self.reported: set[Local] = set()
        self.breaks: list[State] = []
        self.continues: list[State] = []
        self.ends: list[tuple[State, n.Node]] = []
        """States at the returns of the function, and where these stand."""
        self.quiet: State = _DEAD
        """Variables of the functions around a local function: their state is known at its calls only."""
        self.gives: dict[int, State] = {}
        """For each local function, the outer variables that have a value after a call."""

    # --- expressions

    def expr(self, e: BExpr, s: State) -> State:
        if e.const is not MISSING:
            return s
        match e:
            case bd.BLocal():
                if e.local in s and e.local not in self.quiet and e.local not in self.reported:
                    self.reported.add(e.local)
                    self.b.error(e, "CS0165", f"Use of unassigned local variable '{e.local.name}'")
                return s
            case bd.BLogical() | bd.BUnary(op="!") | bd.BIs():
                yes, no = self.cond(e, s)
                return yes | no
            case bd.BConditional():
                yes, no = self.cond(e.test, s)
                return self.expr(e.then, yes) | self.expr(e.other, no)
            case bd.BCoalesce():
                s = self.expr(e.left, s)
                return self.expr(e.value, s) | self.expr(e.right, s)
            case bd.BConditionalAccess():
                s = self.expr(e.target, s)
                return s | self.expr(e.rest, s)
            case bd.BAssign():
                return self.assign(e.target, self.expr(e.value, self.place(e.target, s)))
            case bd.BCompound():
                s = self.expr(e.value, self.expr(e.target, s))
                return self.assign(e.target, s)
            case bd.BThrow():
                self.expr(e.value, s)
                return _DEAD
            case bd.BLambda():
                self.function(e.body, s - frozenset(e.params))
                return s
            case bd.BCall() | bd.BLocalCall() | bd.BNew():
                for x in _nodes(e):
                    if isinstance(x, BExpr) and not any(x is place for _, place in e.outs):
                        s = self.expr(x, s)
                if isinstance(e, bd.BLocalCall):
                    s -= self.gives.get(e.symbol.id, _DEAD)
                return s - {place.local for _, place in e.outs if isinstance(place, bd.BLocal)}
            case _:
                for x in _nodes(e):
                    if isinstance(x, BExpr):
                        s = self.expr(x, s)
                return s

    def cond(self, e: BExpr, s: State) -> tuple[State, State]:
        """The states when the expression is true and when it is false."""
        if e.const is True:
            return s, _DEAD
        if e.const is False:
            return _DEAD, s
        match e:
            case bd.BLogical():
                yes, no = self.cond(e.left, s)
                if e.op == "&&":
                    right_yes, right_no = self.cond(e.right, yes)
                    return right_yes, no | right_no
                right_yes, right_no = self.cond(e.right, no)
                return yes | right_yes, right_no
            case bd.BUnary(op="!"):
                yes, no = self.cond(e.operand, s)
                return no, yes
            case bd.BConditional():
                yes, no = self.cond(e.test, s)
                then_yes, then_no = self.cond(e.then, yes)
                other_yes, other_no = self.cond(e.other, no)
                return then_yes | other_yes, then_no | other_no
            case bd.BIs():
                s = self.expr(e.operand, s)
                return (s - {e.local}, s) if e.local is not None else (s, s)
            case bd.BConvert() if e.type is e.operand.type:
                return self.cond(e.operand, s)
            case _:
                s = self.expr(e, s)
                return s, s

    def place(self, target: BExpr, s: State) -> State:
        """What is evaluated of a target before it is assigned."""
        return s if isinstance(target, bd.BLocal) else self.expr(target, s)

    def assign(self, target: BExpr, s: State) -> State:
        return s - {target.local} if isinstance(target, bd.BLocal) else s

    # --- statements

    def statements(self, body: list[BStmt], s: State) -> State:
        for x in body:
            if isinstance(x, bd.BLocalFunction):
                self.local_function(x)
        for x in body:
            s = self.statement(x, s)
        return s

    def statement(self, x: BStmt, s: State) -> State:
        match x:
            case bd.BBlock():
                return self.statements(x.body, s)
            case bd.BDeclare():
                if x.local in self.late:
                    s |= {x.local}
                return self.expr(x.value, s) - {x.local} if x.value is not None else s
            case bd.BDeconstruct():
                return self.expr(x.value, s) - {v for v in x.locals if v is not None}
            case bd.BExprStmt():
                return self.expr(x.value, s)
            case bd.BIf():
                yes, no = self.cond(x.test, s)
                no = self.statement(x.other, no) if x.other is not None else no
                return self.statement(x.then, yes) | no
            case bd.BWhile(kind="while"):
                yes, no = self.cond(x.test, s)
                _, left = self.loop(x.body, yes)
                return no | left
            case bd.BWhile():
                s, left = self.loop(x.body, s)
                return self.cond(x.test, s)[1] | left
            case bd.BFor():
                s = self.statements(x.init, s)
                yes, no = self.cond(x.test, s) if x.test is not None else (s, _DEAD)
                again, left = self.loop(x.body, yes)
                for step in x.step:
                    again = self.expr(step, again)
                return no | left
            case bd.BForeach():
                s = self.expr(x.source, s)
                _, left = self.loop(x.body, s - frozenset(x.locals))
                return s | left
            case bd.BReturn():
                s = self.expr(x.value, s) if x.value is not None else s
                self.ends.append((s, n.Node(x.start, x.end)))
                return _DEAD
            case bd.BBreak():
                self.breaks[-1] |= s
                return _DEAD
            case bd.BContinue():
                self.continues[-1] |= s
                return _DEAD
            case bd.BRethrow() | bd.BGoto():
                return _DEAD
            case bd.BTry():
                return self.try_(x, s)
            case bd.BUsing():
                for declared in x.locals:
                    s = self.statement(declared, s)
                s = self.expr(x.value, s) if x.value is not None else s
                return self.statement(x.body, s)
            case bd.BSwitch():
                return self.switch(x, s)
            case _:
                return s

    def loop(self, body: BStmt, s: State) -> tuple[State, State]:
        """(state where the next round begins, state where a break left)."""
        self.breaks.append(_DEAD)
        self.continues.append(_DEAD)
        s = self.statement(body, s)
        return s | self.continues.pop(), self.breaks.pop()

    def try_(self, x: bd.BTry, s: State) -> State:
        end = self.statement(x.body, s)
        for c in x.catches:
            start = s - {c.local} if c.local is not None else s
            if c.when is not None:
                start = self.cond(c.when, start)[0]
            end |= self.statement(c.body, start)
        if x.finally_ is None:
            return end
        return end - (s - self.statement(x.finally_, s))

    def switch(self, x: bd.BSwitch, s: State) -> State:
        s = self.expr(x.value, s)
        self.breaks.append(_DEAD)
        chosen = _chosen(x)
        for section in x.sections:
            start = _DEAD
            if chosen is not None and section is not chosen:
                continue
            for label in section.labels:
                here = s - {label.local} if label.local is not None else s
                start |= self.cond(label.when, here)[0] if label.when is not None else here
            self.statements(section.body, start)
        left = self.breaks.pop()
        total = x.default is not None or any(label.total for section in x.sections for label in section.labels)
        return left if total or chosen is not None else left | s

    # --- functions

    def function(self, body: BExpr | BStmt, s: State, outs: State = _DEAD) -> State:
        """The state at the end of a function's body, over all its returns; `outs` must have values there."""
        kept = self.breaks, self.continues, self.ends
        self.breaks, self.continues, self.ends = [], [], []
        end = self.statement(body, s) if isinstance(body, BStmt) else self.expr(body, s)
        last = n.Node(max(body.start, body.end - 1), body.end)
        for state, at in [*self.ends, (end, last)]:
            for p in sorted(outs & state, key=lambda v: v.id):
                message = f"The out parameter '{p.name}' must be assigned to before control leaves the current method"
                self.b.error(at, "CS0177", message)
            end |= state
        self.breaks, self.continues, self.ends = kept
        return end

    def local_function(self, x: bd.BLocalFunction) -> None:
        own = frozenset(x.params)
        outs = frozenset(p for p, given in zip(x.params, x.symbol.params, strict=True) if given.mode == "out")
        inside = frozenset(_declared_late(x.body))
        outer = self.late - inside - own
        kept, self.quiet = self.quiet, self.quiet | outer
        end = self.function(x.body, outer | inside | outs, outs)
        self.quiet = kept
        self.gives[x.symbol.id] = outer - end
