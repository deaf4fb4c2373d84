"""A slow and obvious evaluator of C# expressions: it walks the bound tree and does what the specification says.

    evaluate(source, block, context, rt)     the boxed value; ClrError for what C# throws, BudgetExceeded

It shares the binder and the functions behind members with the product, and nothing of the lowering and the emitter:
operators are in `operations.py`, expressions in `walk.py`, variables are objects, jumps are exceptions, and an
exception looks for its handler (filters run) before anything is unwound (finally blocks run).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from reference_scopes import Break, Continue, Goto, Return, Scope
from reference_walk import JSON_TREES, Walk, boxed

from apimpy.csharp import bound as bd
from apimpy.csharp.bind import bind
from apimpy.csharp.parser import parse
from apimpy.csharp.types import MISSING, Named, Type
from apimpy.dotnet.compile import library
from apimpy.dotnet.exceptions import (
    BudgetExceeded,
    ClrError,
)
from apimpy.dotnet.typecheck import is_instance, unbox
from apimpy.dotnet.values import (
    equals,
    iterate,
)

__all__ = ["Refused", "bound_of", "evaluate", "run"]


class Refused(Exception):
    """The text does not compile."""


class Evaluator(Walk):
    """One evaluation."""

    # --- statements

    def run(self, x: bd.BStmt, s: Scope) -> None:
        getattr(self, "_" + type(x).__name__)(x, s)

    def hoist(self, body: list[bd.BStmt], s: Scope) -> None:
        """Local functions are known in their whole block."""
        for x in body:
            if isinstance(x, bd.BLocalFunction):
                s.functions[x.symbol.id] = x, s
            elif isinstance(x, bd.BBlock) and x.body and all(isinstance(y, bd.BLocalFunction) for y in x.body):
                self.hoist(x.body, s)  # the instances of a generic one

    def _BBlock(self, x: bd.BBlock, s: Scope) -> None:
        self.hoist(x.body, s)
        for child in x.body:
            self.run(child, s)

    def _BLocalFunction(self, x: bd.BLocalFunction, s: Scope) -> None:
        s.functions.setdefault(x.symbol.id, (x, s))

    def _BDeclare(self, x: bd.BDeclare, s: Scope) -> None:
        if x.local.const is MISSING:
            s.declare(x.local)
            if x.value is not None:
                s.place(x.local).set(self.value(x.value, s))

    def _BDeconstruct(self, x: bd.BDeconstruct, s: Scope) -> None:
        values = self.value(x.value, s)
        for local, value in zip(x.locals, values, strict=True):
            if local is not None:
                s.declare(local, value)

    def _BExprStmt(self, x: bd.BExprStmt, s: Scope) -> None:
        self.value(x.value, s)

    def _BIf(self, x: bd.BIf, s: Scope) -> None:
        if self.value(x.test, s):
            self.run(x.then, s)
        elif x.other is not None:
            self.run(x.other, s)

    def round(self, body: bd.BStmt, s: Scope) -> bool:
        """One execution of a loop's body; False after `break`."""
        self.rt.tick()
        try:
            self.run(body, s)
        except Break:
            return False
        except Continue:
            pass
        return True

    def _BWhile(self, x: bd.BWhile, s: Scope) -> None:
        while True:
            inner = Scope(s)
            if x.kind == "while" and not self.value(x.test, inner):
                return
            if not self.round(x.body, inner):
                return
            if x.kind == "do" and not self.value(x.test, inner):
                return

    def _BFor(self, x: bd.BFor, s: Scope) -> None:
        whole = Scope(s)
        for first in x.init:
            self.run(first, whole)
        while True:
            inner = Scope(whole)
            if x.test is not None and not self.value(x.test, inner):
                return
            if not self.round(x.body, inner):
                return
            for step in x.step:
                self.value(step, inner)

    def _BForeach(self, x: bd.BForeach, s: Scope) -> None:
        source = self.value(x.source, s)
        if source is not None and isinstance(x.source.type, Named) and x.source.type.decl.full_name in JSON_TREES:
            source = source.as_sequence()
        for item in iterate(source):
            inner = Scope(s)
            inner.temps[x.temp.id] = item
            if len(x.locals) > 1:
                for local, value in zip(x.locals, item, strict=True):
                    inner.declare(local, value)
            else:
                inner.declare(x.locals[0], self.value(x.element, inner))
            if not self.round(x.body, inner):
                return

    def _BReturn(self, x: bd.BReturn, s: Scope) -> None:
        raise Return(self.value(x.value, s) if x.value is not None else None)

    def _BBreak(self, x: bd.BBreak, s: Scope) -> None:
        raise Break

    def _BContinue(self, x: bd.BContinue, s: Scope) -> None:
        raise Continue

    def _BGoto(self, x: bd.BGoto, s: Scope) -> None:
        raise Goto(MISSING if x.value is None else x.value.const)

    def _BSwitch(self, x: bd.BSwitch, s: Scope) -> None:
        value = self.value(x.value, s)
        section = self.chosen(x, value, s)
        for part in x.sections:
            self.hoist(part.body, s)
        while section is not None:
            self.rt.tick()
            try:
                for child in x.sections[section].body:
                    self.run(child, s)
            except Break:
                return
            except Goto as jump:
                section = x.default if jump.label is MISSING else self.labelled(x, jump.label)
                continue
            return

    def labelled(self, x: bd.BSwitch, wanted: Any) -> int:
        for i, part in enumerate(x.sections):
            for label in part.labels:
                if label.value is not None and equals(label.value.const, wanted):
                    return i
        raise AssertionError(f"no label {wanted!r}")

    def chosen(self, x: bd.BSwitch, value: Any, s: Scope) -> int | None:
        for i, part in enumerate(x.sections):
            for label in part.labels:
                if self.matches(label, value, x.value.type, s):
                    return i
        return x.default

    def matches(self, label: bd.BLabel, value: Any, t: Type, s: Scope) -> bool:
        if label.value is not None:
            constant = boxed(self.value(label.value, s), label.value.type)
            if not equals(boxed(value, t), constant):
                return False
        elif label.of is not None:
            whole = boxed(value, t)
            if not label.always and not is_instance(whole, label.of):
                return False
            if label.local is not None:
                s.declare(label.local, value if label.always else unbox(whole, label.of))
        elif label.when is None:
            return False  # default
        return label.when is None or bool(self.value(label.when, s))

    # --- exceptions

    def _BRethrow(self, x: bd.BRethrow, s: Scope) -> None:
        error = s.caught[-1]
        self.targets.pop(id(error), None)
        raise error

    def _BTry(self, x: bd.BTry, s: Scope) -> None:
        depth = len(self.tries)
        with self.finally_(x, s):
            self.tries.append((x, s))
            try:
                self.run(x.body, s)
            except ClrError as error:
                target, clause = self.handler(error)
                if target != depth:
                    raise
                del self.tries[depth:]
                self.catch(clause, error, s)
            finally:
                del self.tries[depth:]

    @contextmanager
    def finally_(self, x: bd.BTry, s: Scope) -> Iterator[None]:
        try:
            yield
        except ClrError as error:
            self.handler(error)  # look for the one who catches it before anything is unwound
            self.final(x, s)
            raise
        except BaseException:
            self.final(x, s)
            raise
        else:
            self.final(x, s)

    def final(self, x: bd.BTry, s: Scope) -> None:
        if x.finally_ is not None:
            self.run(x.finally_, s)

    def handler(self, error: ClrError) -> tuple[int, Any]:
        """Who will catch it: the depth of the `try` and the clause; filters run now, the innermost first."""
        known = self.targets.get(id(error))
        if known is None:
            depth, clause = self.search(error)
            known = self.targets[id(error)] = error, depth, clause
        return known[1], known[2]

    def search(self, error: ClrError) -> tuple[int, Any]:
        tries = list(self.tries)
        for depth in range(len(tries) - 1, -1, -1):
            x, s = tries[depth]
            for clause in x.catches:
                if is_instance(error, clause.type) and self.admitted(clause, error, s):
                    return depth, clause
        return -1, None

    def admitted(self, clause: bd.BCatch, error: ClrError, s: Scope) -> bool:
        if clause.local is not None:
            s.declare(clause.local, error)
        if clause.when is None:
            return True
        kept, self.tries = self.tries, []
        try:
            return bool(self.value(clause.when, s))
        except ClrError:
            return False
        finally:
            self.tries = kept

    def catch(self, clause: bd.BCatch, error: ClrError, s: Scope) -> None:
        self.targets.pop(id(error), None)
        s.caught.append(error)
        try:
            self.run(clause.body, s)
        finally:
            s.caught.pop()

    def _BUsing(self, x: bd.BUsing, s: Scope) -> None:
        if x.value is not None:
            self.disposing(self.value(x.value, s), x, lambda: self.run(x.body, s), s)
            return

        def rest(i: int) -> None:
            if i == len(x.locals):
                self.run(x.body, s)
                return
            self.run(x.locals[i], s)
            self.disposing(s.place(x.locals[i].local).get(), x, lambda: rest(i + 1), s)

        rest(0)

    def disposing(self, resource: Any, x: bd.BUsing, body: Callable[[], None], s: Scope) -> None:
        close = getattr(resource, "clr_dispose", None)
        try:
            body()
        except ClrError as error:
            self.handler(error)
            raise
        finally:
            if close is not None:
                close()


# --- the front door


def bound_of(source: str, *, block: bool) -> Any:
    """The bound tree of what stands between the brackets.  Refused."""
    world = library()
    tree, problems = parse(source, block=block, placeholders=False)
    if tree is None or problems:
        raise Refused(str(problems))
    found = bind(tree, world, any_type=True)
    if found.problems:
        raise Refused(str(found.problems))
    return found.root


def run(root: Any, context: Any, rt: Any) -> Any:
    """The boxed value of a bound tree."""
    machine = Evaluator(context, rt)
    scope = Scope()
    try:
        if isinstance(root, bd.BExpr):
            return machine.value(root, scope)
        try:
            machine.run(root, scope)
        except Return as done:
            return done.value
    except RecursionError:
        raise BudgetExceeded("nests too deeply") from None
    raise AssertionError("a block ended without a value")


def evaluate(source: str, block: bool, context: Any, rt: Any) -> Any:
    return run(bound_of(source, block=block), context, rt)
