"""Members, calls, creation, assignment, tests and lambdas as Python expressions."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from apimpy.csharp import bound as bd
from apimpy.csharp.bound import BExpr, Local
from apimpy.csharp.emit import shortcuts
from apimpy.csharp.emit.writer import LOAD, STORE, Emitter, Function, const, is_null, load, not_null
from apimpy.csharp.lookup import is_reference
from apimpy.csharp.types import MISSING, NULL, VOID, Method


def context(em: Emitter, e: bd.BContext) -> ast.expr:
    return load("context")


def local_expr(em: Emitter, e: bd.BLocal) -> ast.expr:
    return em.read(e.local)


def temp(em: Emitter, e: bd.BTemp) -> ast.expr:
    return load(em.temp_name(e))


def property_(em: Emitter, e: bd.BProperty) -> ast.expr:
    p = e.prop
    if p.decl.const is not MISSING:
        return em.constant(p.decl.const, e.type)
    shorter = shortcuts.way(e.receiver, "this") if p.index else None
    if shorter is not None:
        return past(em, *shorter, e.index)
    args: list[ast.expr] = [em.rt(counts=not p.owner.is_value)] if p.decl.rt else []
    if e.receiver is not None:
        target = receiver(em, e.receiver, p.owner)
        if p.decl.attr is not None:
            return ast.Attribute(target, p.decl.attr, LOAD)
        args.append(target)
    args += [em.expr(x) for x in e.index]
    return ast.Call(em.g(p.getter), args, [])


def past(em: Emitter, p: bd.BProperty, function: Any, values: list[BExpr]) -> ast.expr:
    """A member of what a property gives, without the object in between."""
    assert p.receiver is not None
    return ast.Call(em.g(function), [receiver(em, p.receiver, p.prop.owner), *map(em.expr, values)], [])


def receiver(em: Emitter, e: BExpr, owner: Any) -> ast.expr:
    """The receiver of a member: checked for null, boxed when the member belongs to object or an interface."""
    value = em.not_null(e)
    if e.type.is_value and owner.kind in ("class", "interface") and not owner.is_value:
        return em.boxed(value, e.type)
    return value


def call(em: Emitter, e: bd.BCall, *, bare: Any = None) -> ast.expr:
    """A call; `bare`: of the function that gives the elements of the array alone."""
    m = e.method
    if not (e.outs or m.decl.rt or m.decl.reify):
        of, values = (e.args[0], e.args[1:]) if m.extension else (e.receiver, e.args)
        shorter = shortcuts.way(of, m.name)
        if shorter is not None:
            return past(em, *shorter, values)
    args = leading(em, m)
    if e.receiver is not None:
        args.append(receiver(em, e.receiver, m.owner))
    values = e.args
    if m.owner.full_name == "Newtonsoft.Json.Linq.Extensions" and m.name == "Value":
        first = values[0]  # declared for sequences, meant for the token itself
        if isinstance(first, bd.BConvert):
            values = [first.operand, *values[1:]]
    args += [looked_at(em, a) for a in values] if shortcuts.reads_only(em, m) else [em.expr(a) for a in values]
    return with_outs(em, ast.Call(em.g(bare or m.impl), args, []), e.outs)


def looked_at(em: Emitter, e: BExpr) -> ast.expr:
    """An argument that nobody keeps or changes."""
    return shortcuts.constant_array(em, e) or elements(em, e) or em.expr(e)


def elements(em: Emitter, e: BExpr) -> ast.expr | None:
    """The elements of an array that a member gives, without the array, where the library can give them."""
    if isinstance(e, bd.BCall) and not e.outs:
        plain = getattr(e.method.impl, "bare", None)
        return None if plain is None else em.placed(call(em, e, bare=plain), e)
    shorter = shortcuts.way(e.receiver, "this") if isinstance(e, bd.BProperty) and e.index else None
    plain = None if shorter is None else getattr(shorter[1], "bare", None)
    if plain is None:
        return None
    assert shorter is not None
    assert isinstance(e, bd.BProperty)
    return em.placed(past(em, shorter[0], plain, e.index), e)


def leading(em: Emitter, m: Method) -> list[ast.expr]:
    """Run time and type arguments.  Conversions and members of structs take the clock, and never count steps."""
    counts = not (m.owner.is_value or m.name in ("implicit", "explicit"))
    args: list[ast.expr] = [em.rt(counts=counts)] if m.decl.rt else []
    if m.decl.reify:
        args += [em.g(t) for t in m.type_args]
    return args


def with_outs(em: Emitter, call: ast.expr, outs: list[tuple[int, BExpr | None]]) -> ast.expr:
    if not outs:
        return call
    t = em.fresh()
    items: list[ast.expr] = [ast.NamedExpr(ast.Name(t, STORE), call)]
    for i, (_, place) in enumerate(outs):
        if isinstance(place, bd.BNewLocal):
            new_cell(em, place.local)
        if place is not None:
            items.append(store(em, place, ast.Subscript(load(t), const(i + 1), LOAD), wanted=False))
    items.append(ast.Subscript(load(t), const(0), LOAD))
    return em.sequence(items)


def new_cell(em: Emitter, local: Local) -> None:
    """A variable that lambdas share exists before the statement that declares it inside an expression."""
    if local.cell:
        em.pre.insert(0, em.declare(local, const(None)))


def let(em: Emitter, e: bd.BLet) -> ast.expr:
    held = [ast.NamedExpr(ast.Name(em.temp_name(t), STORE), em.expr(v)) for t, v in e.bindings]
    return em.sequence([*held, em.expr(e.body)])


def local_call(em: Emitter, e: bd.BLocalCall) -> ast.expr:
    name = f"f{e.symbol.id}"
    if e.symbol.in_loop:
        for f in em.functions:
            if f.is_lambda and f.depth > e.symbol.depth:
                f.calls.add(name)
    call = ast.Call(load(name), [em.expr(a) for a in e.args], [])
    return with_outs(em, call, e.outs)


def invoke(em: Emitter, e: bd.BInvoke) -> ast.expr:
    return ast.Call(em.not_null(e.target), [em.expr(a) for a in e.args], [])


def array_index(em: Emitter, e: bd.BArrayIndex) -> ast.expr:
    if len(e.index) != 1:
        return em.op("array_get_many", em.not_null(e.array), *(em.expr(i) for i in e.index))
    array = elements(em, e.array) or em.not_null(e.array)
    at = e.index[0].const
    if type(at) is not int or at < 0:
        return em.op("array_get", array, em.expr(e.index[0]))
    first, again = em.once(array)
    size = ast.Call(em.g(len), [first], [])
    found = ast.Subscript(again, const(at), LOAD)
    return ast.IfExp(ast.Compare(size, [ast.Gt()], [const(at)]), found, em.op("out_of_range"))


def item(em: Emitter, e: bd.BItem) -> ast.expr:
    return ast.Subscript(em.not_null(e.target), const(e.position), LOAD)


def new(em: Emitter, e: bd.BNew) -> ast.expr:
    args = leading(em, e.ctor) + [em.expr(a) for a in e.args]
    return with_outs(em, ast.Call(em.g(e.ctor.impl), args, []), e.outs)


def init(em: Emitter, e: bd.BInit) -> ast.expr:
    target = em.not_null(e.target)
    items: list[ast.expr] = [ast.NamedExpr(ast.Name(em.temp_name(e.temp), STORE), target)]
    items += [em.expr(a) for a in e.actions]
    items.append(load(em.temp_name(e.temp)))
    return em.sequence(items)


def array_new(em: Emitter, e: bd.BArrayNew) -> ast.expr:
    of = em.g(e.element)
    if e.items is None:
        return em.op("new_array", em.rt(), of, ast.Tuple([em.expr(s) for s in e.sizes], LOAD))
    items = ast.List([em.expr(i) for i in e.items], LOAD)
    shape = [em.g(e.shape)] if e.shape is not None else []
    return em.op("filled_array", of, items, *shape)


def anonymous(em: Emitter, e: bd.BAnonymous) -> ast.expr:
    return em.op("anonymous", em.g(e.type), ast.Tuple([em.expr(v) for v in e.values], LOAD))


def tuple_(em: Emitter, e: bd.BTuple) -> ast.expr:
    return ast.Call(em.g(em.ops.ClrTuple), [ast.Tuple([em.expr(v) for v in e.values], LOAD)], [])


def conditional(em: Emitter, e: bd.BConditional) -> ast.expr:
    return ast.IfExp(em.expr(e.test), em.expr(e.then), em.expr(e.other))


def null_test(em: Emitter, e: bd.BNullTest) -> ast.expr:
    first = ast.NamedExpr(ast.Name(em.temp_name(e.temp), STORE), em.expr(e.value))
    if e.absent.const is None:
        return ast.IfExp(is_null(first), const(None), em.expr(e.present))
    test = not_null(first)
    return ast.IfExp(test, em.expr(e.present), em.expr(e.absent))


def dispose(em: Emitter, e: bd.BDispose) -> ast.expr:
    return em.op("dispose", em.expr(e.value))


def logical(em: Emitter, e: bd.BLogical) -> ast.expr:
    op: ast.boolop = ast.And() if e.op == "&&" else ast.Or()
    return ast.BoolOp(op, [em.expr(e.left), em.expr(e.right)])


def throw(em: Emitter, e: bd.BThrow) -> ast.expr:
    return em.op("throw", em.expr(e.value))


def type_of(em: Emitter, e: bd.BTypeOf) -> ast.expr:
    return em.g(e.of)


def default(em: Emitter, e: bd.BDefault) -> ast.expr:
    value = None if e.type in (NULL, VOID) else em.ops.default_of(e.type)
    return em.constant(value, e.type)


def is_(em: Emitter, e: bd.BIs) -> ast.expr:
    if e.local is not None:
        new_cell(em, e.local)
    if e.local is None:
        if isinstance(e.operand, bd.BConvert) and e.operand.type is e.of:
            value = em.expr(e.operand)
            if isinstance(value, ast.Constant):
                return const(value.value is not None)
            return not_null(value)
        return ast.Call(em.tester(e.of), [em.expr(e.operand)], [])
    if e.always:
        return em.sequence([em.assign_expr(e.local, em.expr(e.operand)), const(True)])
    t = em.fresh()
    test = ast.Call(em.tester(e.of), [ast.NamedExpr(ast.Name(t, STORE), em.expr(e.operand))], [])
    bind = em.assign_expr(e.local, ast.Call(em.caster(e.of), [load(t)], []))
    return ast.BoolOp(ast.And(), [test, em.sequence([bind, const(True)])])


def is_const(em: Emitter, e: bd.BIsConst) -> ast.expr:
    return em.op("equals", em.expr(e.operand), em.expr(e.value))


def as_(em: Emitter, e: bd.BAs) -> ast.expr:
    t = em.fresh()
    test = ast.Call(em.tester(e.of), [ast.NamedExpr(ast.Name(t, STORE), em.expr(e.operand))], [])
    value: ast.expr = load(t)
    if e.of.is_value:
        value = ast.Call(em.caster(e.of), [value], [])
    return ast.IfExp(test, value, const(None))


def assign(em: Emitter, e: bd.BAssign) -> ast.expr:
    return store(em, e.target, em.expr(e.value), wanted=True)


def store(em: Emitter, target: BExpr, value: ast.expr, *, wanted: bool) -> ast.expr:
    """Assignment as an expression; `wanted`: its value is used."""
    if isinstance(target, bd.BLocal):
        return em.assign_expr(target.local, value)
    if isinstance(target, bd.BError):
        return value
    if isinstance(target, bd.BItem):
        whole, before = stable(em, target.target)
        t = em.fresh()
        changed = em.op(
            "replace_item", em.expr(whole), const(target.position), ast.NamedExpr(ast.Name(t, STORE), value)
        )
        return em.sequence([*before, store(em, whole, changed, wanted=False), load(t)])
    if isinstance(target, bd.BArrayIndex):
        array = em.not_null(target.array)
        if len(target.index) == 1:
            index = em.expr(target.index[0])
            if is_reference(target.type) and target.type is not em.k.string_:
                return em.op("array_set_covariant", array, index, value, em.g(target.type))
            return em.op("array_set", array, index, value)
        return em.op("array_set_many", array, value, *(em.expr(i) for i in target.index))
    assert isinstance(target, bd.BProperty)
    args: list[ast.expr] = []
    if target.receiver is not None:
        args.append(receiver(em, target.receiver, target.prop.owner))
    args += [em.expr(i) for i in target.index]
    if not wanted:
        return ast.Call(em.g(target.prop.setter), [*args, value], [])
    t = em.fresh()
    call = ast.Call(em.g(target.prop.setter), [*args, ast.NamedExpr(ast.Name(t, STORE), value)], [])
    return em.sequence([call, load(t)])


def compound(em: Emitter, e: bd.BCompound) -> ast.expr:
    target, before = stable(em, e.target)
    old = ast.NamedExpr(ast.Name(em.temp_name(e.temp), STORE), em.expr(target))
    stored = store(em, target, em.expr(e.value), wanted=not e.postfix)
    items = [*before, old, stored]
    if e.postfix:
        items.append(load(em.temp_name(e.temp)))
    return em.sequence(items)


def stable(em: Emitter, target: BExpr) -> tuple[BExpr, list[ast.expr]]:
    """The target with its receiver and indexes evaluated once."""
    before: list[ast.expr] = []

    def hold(e: BExpr) -> BExpr:
        if isinstance(e, bd.BLocal | bd.BTemp | bd.BContext) or e.const is not MISSING:
            return e
        em.count += 1
        temp = bd.BTemp(e.type, e.start, e.end, -em.count, nullable=e.nullable)
        before.append(ast.NamedExpr(ast.Name(f"t{temp.id}".replace("-", "_"), STORE), em.expr(e)))
        return temp

    if isinstance(target, bd.BProperty):
        on = hold(target.receiver) if target.receiver is not None else None
        index = [hold(i) for i in target.index]
        return bd.BProperty(target.type, target.start, target.end, target.prop, on, index), before
    if isinstance(target, bd.BItem):
        whole, before = stable(em, target.target)
        return bd.BItem(target.type, target.start, target.end, whole, target.position), before
    if isinstance(target, bd.BArrayIndex):
        return bd.BArrayIndex(
            target.type, target.start, target.end, hold(target.array), [hold(i) for i in target.index]
        ), before
    return target, before


Held = Sequence[tuple[str, ast.expr]]
"""Names of a function's own, bound when it is made."""


def lambda_(em: Emitter, e: bd.BLambda) -> ast.expr:
    depth = em.functions[-1].depth + 1
    held = [(em.local(local), em.not_null(value)) for local, value in e.held]
    f = Function(depth, is_lambda=True)
    em.functions.append(f)
    kept, em.pre = em.pre, []
    try:
        if isinstance(e.body, BExpr):
            body = em.expr(e.body)
            before = em.pre
            cells = [p for p in e.params if p.cell]
            if not before and not cells:
                return ast.Lambda(arguments(em, e.params, f, held), body)
            statements: list[ast.stmt] = [*before, ast.Return(body)]
        else:
            statements = em.body(e.body)
        for p in e.params:
            if p.cell:
                statements.insert(0, ast.Assign([ast.Name(em.local(p), STORE)], ast.List([load(em.local(p))], LOAD)))
        name = em.fresh()
        definition = define(em, name, e.params, f, statements, held)
    finally:
        em.functions.pop()
        em.pre = kept
    em.pre.append(definition)
    return load(name)


def arguments(
    em: Emitter,
    params: tuple[Local, ...] | list[Local],
    f: Function,
    held: Held = (),
) -> ast.arguments:
    """Parameters, then what is bound now: cells of loop variables, receivers of method groups."""
    own = [ast.arg(em.local(p)) for p in params]
    cells = sorted(f.captures, key=lambda x: x.id)
    cells = [c for c in cells if c.depth < f.depth]
    names = [*(em.local(c) for c in cells), *sorted(f.calls)]
    extra = [ast.arg(name) for name in (*names, *(name for name, _ in held))]
    defaults: list[ast.expr | None] = [*(load(name) for name in names), *(value for _, value in held)]
    return ast.arguments([], own, None, extra, defaults, None, [])


def define(
    em: Emitter,
    name: str,
    params: tuple[Local, ...] | list[Local],
    f: Function,
    body: list[ast.stmt],
    held: Held = (),
) -> ast.stmt:
    return ast.FunctionDef(name, arguments(em, params, f, held), body or [ast.Pass()], [], type_params=[])  # type: ignore[call-arg]
