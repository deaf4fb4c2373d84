"""Statements as Python statements."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp.emit.expressions import define, elements, store, throw
from apimpy.csharp.emit.writer import JSON_TREE, LOAD, STORE, Emitter, Function, Jump, const, is_null, load
from apimpy.csharp.lookup import is_reference
from apimpy.csharp.types import MISSING, NULL, Named

if TYPE_CHECKING:
    from apimpy.csharp.bound import BExpr, Local


def block(em: Emitter, s: bd.BBlock) -> list[ast.stmt]:
    return hoisted(em, s.body)


def hoisted(em: Emitter, body: list[bd.BStmt]) -> list[ast.stmt]:
    """Statements with the local functions first, as in C#; one that binds a loop's variable waits for the variable."""
    first: list[ast.stmt] = []
    rest: list[ast.stmt] = []
    for child in body:
        made = em.statement(child)
        definition = made[0] if isinstance(child, bd.BLocalFunction) else None
        free = isinstance(definition, ast.FunctionDef) and not definition.args.kwonlyargs
        (first if free else rest).extend(made)
    return first + rest


def declare_stmt(em: Emitter, s: bd.BDeclare) -> list[ast.stmt]:
    if s.local.const is not MISSING:
        return []
    value = em.expr(s.value) if s.value is not None else em.constant(em.ops.default_of(s.local.type), s.local.type)
    return [em.declare(s.local, value)]


def deconstruct(em: Emitter, s: bd.BDeconstruct) -> list[ast.stmt]:
    t = em.fresh()
    out: list[ast.stmt] = [ast.Assign([ast.Name(t, STORE)], em.expr(s.value))]
    for i, local in enumerate(s.locals):
        if local is not None:
            out.append(em.declare(local, ast.Subscript(load(t), const(i), LOAD)))
    return out


def expression(em: Emitter, s: bd.BExprStmt) -> list[ast.stmt]:
    e = s.value
    if isinstance(e, bd.BThrow):
        return [ast.Expr(throw(em, e))]
    if isinstance(e, bd.BAssign):
        if isinstance(e.target, bd.BLocal):
            value = em.expr(e.value)
            local = e.target.local
            if local.cell:
                em.note_capture(local)
                return [ast.Assign([ast.Subscript(load(em.local(local)), const(0), STORE)], value)]
            return [ast.Assign([ast.Name(em.local(local), STORE)], value)]
        return [ast.Expr(store(em, e.target, em.expr(e.value), wanted=False))]
    if isinstance(e, bd.BCompound) and isinstance(e.target, bd.BLocal) and not e.target.local.cell:
        name = em.local(e.target.local)
        kept = temp_alias(em, e.temp, name)
        value = em.expr(e.value)
        em.temps = kept
        return [ast.Assign([ast.Name(name, STORE)], value)]
    return [ast.Expr(em.expr(e))]


def temp_alias(em: Emitter, temp: bd.BTemp, name: str) -> dict[int, str]:
    kept = em.temps
    em.temps = {**kept, temp.id: name}
    return kept


def tick(em: Emitter) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Attribute(em.rt(), "tick", LOAD), [], []))


def if_(em: Emitter, s: bd.BIf) -> list[ast.stmt]:
    return [ast.If(em.expr(s.test), em.body(s.then), em.statement(s.other) if s.other is not None else [])]


def loop_test(em: Emitter, test: BExpr) -> tuple[list[ast.stmt], ast.expr]:
    kept, em.pre = em.pre, []
    value = em.expr(test)
    before, em.pre = em.pre, kept
    return before, value


def while_(em: Emitter, s: bd.BWhile) -> list[ast.stmt]:
    f = em.functions[-1]
    f.continues.append([])
    body = em.body(s.body)
    f.continues.pop()
    before, test = loop_test(em, s.test)
    if s.kind == "do":
        first = em.fresh()
        started = ast.Assign([ast.Name(first, STORE)], const(True))
        guard = ast.If(
            ast.UnaryOp(ast.Not(), load(first)),
            [*before, ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], [])],
            [],
        )
        ended = ast.Assign([ast.Name(first, STORE)], const(False))
        return [started, ast.While(const(True), [tick(em), guard, ended, *body], [])]
    if before:
        leave = ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], [])
        return [ast.While(const(True), [tick(em), *before, leave, *body], [])]
    return [ast.While(test, [tick(em), *body], [])]


def for_(em: Emitter, s: bd.BFor) -> list[ast.stmt]:
    out = [x for i in s.init for x in em.statement(i)]
    f = em.functions[-1]

    def step() -> list[ast.stmt]:
        return [x for e in s.step for x in em.statement(bd.BExprStmt(e.start, e.end, e))]

    f.continues.append(step)
    body = em.body(s.body)
    f.continues.pop()
    before, test = loop_test(em, s.test) if s.test is not None else ([], const(True))
    if before:
        leave = ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], [])
        return [*out, ast.While(const(True), [tick(em), *before, leave, *body, *step()], [])]
    return [*out, ast.While(test, [tick(em), *body, *step()], [])]


def foreach(em: Emitter, s: bd.BForeach) -> list[ast.stmt]:
    f = em.functions[-1]
    f.continues.append([])
    item = em.temp_name(s.temp)
    start: list[ast.stmt] = [tick(em)]
    if len(s.locals) > 1:
        for i, local in enumerate(s.locals):
            start.append(em.declare(local, ast.Subscript(load(item), const(i), LOAD)))
    else:
        start.append(em.declare(s.locals[0], em.expr(s.element)))
    body = em.body(s.body)
    f.continues.pop()
    plain = elements(em, s.source)
    if plain is not None:
        return [ast.For(ast.Name(item, STORE), plain, [*start, *body], [])]
    source = em.expr(s.source)
    if isinstance(s.source.type, Named) and s.source.type.decl.full_name in JSON_TREE:
        source = em.op("json_children", source)
    iterator = em.op("iterate", source)
    return [ast.For(ast.Name(item, STORE), iterator, [*start, *body], [])]


def return_(em: Emitter, s: bd.BReturn) -> list[ast.stmt]:
    value = em.expr(s.value) if s.value is not None else const(None)
    outs = em.functions[-1].outs
    if outs:
        value = ast.Tuple([value, *(em.read(x) for x in outs)], LOAD)
    return [ast.Return(value)]


def break_(em: Emitter, s: bd.BBreak) -> list[ast.stmt]:
    return [ast.Break()]


def continue_(em: Emitter, s: bd.BContinue) -> list[ast.stmt]:
    step = em.functions[-1].continues[-1]
    if isinstance(step, str):  # inside a switch: leave it first, then continue the loop
        return [ast.Assign([ast.Name(step, STORE)], const(True)), ast.Break()]
    return [*(step() if callable(step) else ()), ast.Continue()]


def rethrow(em: Emitter, s: bd.BRethrow) -> list[ast.stmt]:
    return [ast.Raise()]


def try_(em: Emitter, s: bd.BTry) -> list[ast.stmt]:
    body = em.body(s.body)
    handlers: list[ast.ExceptHandler] = []
    if any(c.when is not None for c in s.catches):
        handlers.append(filtered(em, s.catches))
    else:
        for c in s.catches:
            name = em.fresh()
            start: list[ast.stmt] = [em.declare(c.local, load(name))] if c.local is not None else []
            handlers.append(ast.ExceptHandler(em.g(em.ops.catcher(c.type)), name, [*start, *em.body(c.body)]))
    final = em.body(s.finally_) if s.finally_ is not None else []
    if not handlers and not final:
        return body
    return [ast.Try(body, handlers, [], final)]


def filtered(em: Emitter, catches: list[bd.BCatch]) -> ast.ExceptHandler:
    """Catch clauses with filters: one handler that tries them in order."""
    name = em.fresh()
    chain: list[ast.stmt] = [ast.Raise()]
    for c in reversed(catches):
        test: ast.expr = ast.Call(em.g(isinstance), [load(name), em.g(em.ops.catcher(c.type))], [])
        if c.local is not None:
            test = ast.BoolOp(ast.And(), [test, em.sequence([bind_catch(em, c.local, name), const(True)])])
        if c.when is None:
            chain = [ast.If(test, em.body(c.body), chain)]
            continue
        chosen = em.fresh()  # a filter that throws counts as false
        target = ast.Name(chosen, STORE)
        test = ast.BoolOp(ast.And(), [test, em.expr(c.when)])
        ignored = ast.ExceptHandler(em.g(em.ops.Clr), None, [ast.Assign([ast.Name(chosen, STORE)], const(False))])
        chain = [
            ast.Try([ast.Assign([target], test)], [ignored], [], []),
            ast.If(load(chosen), em.body(c.body), chain),
        ]
    return ast.ExceptHandler(em.g(em.ops.Clr), name, chain)


def bind_catch(em: Emitter, local: Local, name: str) -> ast.expr:
    value: ast.expr = ast.List([load(name)], LOAD) if local.cell else load(name)
    return ast.NamedExpr(ast.Name(em.local(local), STORE), value)


def switch(em: Emitter, s: bd.BSwitch) -> list[ast.stmt]:
    """Choose the section's number first, then run it in a loop of one round (`goto case` goes round again)."""
    f = em.functions[-1]
    chosen, value = em.fresh(), em.local(s.local)
    out: list[ast.stmt] = [ast.Assign([ast.Name(value, STORE)], em.expr(s.value))]
    fallback = const(-1 if s.default is None else s.default)
    pick: list[ast.stmt] = [ast.Assign([ast.Name(chosen, STORE)], fallback)]
    for number in range(len(s.sections) - 1, -1, -1):
        for case in reversed(s.sections[number].labels):
            test = label(em, case, s)
            if test is not None:
                pick = [ast.If(test, [ast.Assign([ast.Name(chosen, STORE)], const(number))], pick)]
    out += pick
    em.count += 1
    flag = f"c{em.count}"
    f.continues.append(flag)
    chain: list[ast.stmt] = []
    gotos = em.gotos
    em.gotos = Jump(chosen, s, len(f.continues))
    for number in range(len(s.sections) - 1, -1, -1):
        body = hoisted(em, s.sections[number].body)
        test = ast.Compare(load(chosen), [ast.Eq()], [const(number)])
        chain = [ast.If(test, body or [ast.Pass()], chain)]
    f.continues.pop()
    out.append(ast.Assign([ast.Name(flag, STORE)], const(False)))
    if em.gotos.raised:  # from inside a loop of a section
        leave = ast.ExceptHandler(em.g(em.ops.Goto), None, [ast.Continue()])
        chain = [ast.Try(chain, [leave], [], [])]
    out.append(ast.While(const(True), [tick(em), *chain, ast.Break()], []))
    em.gotos = gotos
    if f.continues:
        out.append(ast.If(load(flag), continue_(em, bd.BContinue(s.start, s.end)), []))
    return out


def label(em: Emitter, case: bd.BLabel, s: bd.BSwitch) -> ast.expr | None:
    """The test of one case label; nothing for `default`."""
    value = load(em.local(s.local))
    tests: list[ast.expr] = []
    if case.value is not None:
        if case.value.const is None or case.value.type is NULL:
            tests.append(is_null(value))
        elif isinstance(case.value.const, float) and case.value.const != case.value.const:  # a pattern asks Equals
            tests.append(ast.Compare(value, [ast.NotEq()], [value]))
        elif s.value.type is em.k.object_:
            tests.append(em.op("equals", value, em.expr(case.value)))
        else:
            tests.append(ast.Compare(value, [ast.Eq()], [em.expr(case.value)]))
    elif case.of is not None:
        boxed = em.boxed(value, s.value.type)
        if case.always or (case.of is s.value.type and not is_reference(case.of)):
            tests.append(const(True))
        else:
            tests.append(ast.Call(em.tester(case.of), [boxed], []))
        if case.local is not None:
            given = value if case.always else ast.Call(em.caster(case.of), [boxed], [])
            bind = assign_expr_new(em, case.local, given)
            tests.append(em.sequence([bind, const(True)]))
    elif case.when is None:
        return None
    if case.when is not None:
        tests.append(em.expr(case.when))
    return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)


def assign_expr_new(em: Emitter, local: Local, value: ast.expr) -> ast.expr:
    """Declare a variable inside an expression."""
    if local.cell:
        value = ast.List([value], LOAD)
    return ast.NamedExpr(ast.Name(em.local(local), STORE), value)


def goto(em: Emitter, s: bd.BGoto) -> list[ast.stmt]:
    assert em.gotos is not None
    jump = em.gotos
    switch = jump.switch
    number = (
        switch.default
        if s.value is None
        else next(
            (
                i
                for i, x in enumerate(switch.sections)
                for label in x.labels
                if label.value is not None and s.value is not None and label.value.const == s.value.const
            ),
            None,
        )
    )
    pick = ast.Assign([ast.Name(jump.chosen, STORE)], const(-1 if number is None else number))
    if len(em.functions[-1].continues) == jump.depth:
        return [pick, ast.Continue()]
    jump.raised = True
    return [pick, ast.Raise(em.g(em.ops.Goto), None)]


def local_function(em: Emitter, s: bd.BLocalFunction) -> list[ast.stmt]:
    outs = [p for p, declared in zip(s.params, s.symbol.params, strict=True) if declared.mode in ("out", "ref")]
    taken = [p for p, declared in zip(s.params, s.symbol.params, strict=True) if declared.mode != "out"]
    f = Function(s.symbol.depth + 1, outs)
    em.functions.append(f)
    try:
        body = em.body(s.body)
    finally:
        em.functions.pop()
    start: list[ast.stmt] = [tick(em)]
    for p in taken:
        if p.cell:
            start.append(ast.Assign([ast.Name(em.local(p), STORE)], ast.List([load(em.local(p))], LOAD)))
    for p in s.params:
        if p not in taken:
            start.append(em.declare(p, em.constant(em.ops.default_of(p.type), p.type)))
    if outs:
        body = [*body, ast.Return(ast.Tuple([const(None), *(em.read(x) for x in outs)], LOAD))]
    if not s.symbol.escapes:  # it runs in the round that declares it: names find the right cells by themselves
        f.captures.clear()
    return [define(em, f"f{s.symbol.id}", taken, f, [*start, *body])]
