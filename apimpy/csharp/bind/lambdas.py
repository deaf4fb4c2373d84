"""Lambdas and method groups as delegates: bound for the parameter types a call or a target type gives them.

Binding one is a trial; what it finds wrong counts only when the lambda is chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.calls import Arg, apply, resolve
from apimpy.csharp.bind.context import FunctionContext
from apimpy.csharp.bind.flow import ends, returns_of
from apimpy.csharp.bind.inference import common_type
from apimpy.csharp.bound import BExpr, Local
from apimpy.csharp.lookup import delegate_signature, is_reference
from apimpy.csharp.types import ERROR, NULL, VOID, ArrayType, Method, Named, Type, TypeParam

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.parser import Problem


Key = tuple[n.Lambda, tuple[Type, ...], Type | None, FunctionContext]
"""What decides how a lambda is bound: parameter types, target, and the function around it, whose variables it sees."""


def try_lambda(b: Binder, e: bd.BUnboundLambda, inputs: list[Type], target: Type | None) -> bd.BLambda | None:
    """The lambda bound with these parameter types, or None when that does not work.

    `target` is the delegate type when it is known; without it the body's own type is the result.
    """
    made, _ = speculate(b, e, inputs, target)
    return made


def report_lambda(b: Binder, e: bd.BUnboundLambda, target: Type) -> None:
    """Report what is wrong with a lambda for that delegate type."""
    shape = delegate_signature(target)
    if len(e.node.params) != len(shape.params):
        b.error(e, "CS1593", f"Delegate '{target.name}' does not take {len(e.node.params)} arguments")
        return
    made, problems = speculate(b, e, [p.type for p in shape.params], target)
    b.problems.extend(problems)
    if made is None and not problems:
        b.error(
            e,
            "CS1662",
            "Cannot convert lambda expression to intended delegate type because some of the "
            "return types in the block are not implicitly convertible to the delegate return type",
        )


def speculate(
    b: Binder, e: bd.BUnboundLambda, inputs: list[Type], target: Type | None
) -> tuple[bd.BLambda | None, list[Problem]]:
    key = (e.node, tuple(inputs), target, b.fn)
    if key not in b.lambdas:
        b.lambdas[key] = bind_lambda(b, e, inputs, target)
    return b.lambdas[key]


def bind_lambda(
    b: Binder, e: bd.BUnboundLambda, inputs: list[Type], target: Type | None
) -> tuple[bd.BLambda | None, list[Problem]]:
    node = e.node
    if len(node.params) != len(inputs) or any(t is ERROR for t in inputs):
        return None, []
    result = delegate_signature(target).result if target is not None else None
    if result is not None and is_open(result):
        result = None
    if target is not None and result is not None and result is not VOID and not isinstance(node.body, n.Block):
        adapted = _adapted(b, e, inputs, target, result)
        if adapted is not None:
            return adapted
    outer = b.fn
    b.fn = FunctionContext(outer.depth + 1, result, is_lambda=True)
    b.effects.loops = True
    try:
        with b.speculation() as problems, b.scope():
            params = []
            for p, t in zip(node.params, inputs, strict=True):
                if p.type is not None:
                    declared = b.type(p.type)
                    if declared is not t and declared is not ERROR:
                        return None, list(problems)
                params.append(b.declare(p, p.name, t))
            body: BExpr | bd.BStmt
            if isinstance(node.body, n.Block):
                body = b.statement(node.body)
                values = [r for r in b.fn.returns if r.type is not ERROR]
                if result is None:
                    found: Type = VOID
                    if values:
                        best = common_type([v.type for v in values if v.type is not NULL])
                        if best is None:
                            return None, list(problems)
                        found = best
                        convert_returns(b, body, best)
                    result = found
                if result is not VOID and not ends(body) and not b.problems:
                    shown = target.name if target is not None else "Func"
                    arrow = n.Node(node.body.start - 3, node.body.start - 1)
                    b.error(
                        arrow,
                        "CS1643",
                        f"Not all code paths return a value in lambda expression of type '{shown}'",
                    )
            else:
                value = b.value(node.body, throws=True)
                if result is None:
                    if isinstance(value, bd.BUnboundLambda | bd.BMethodGroup) or value.type is NULL:
                        return None, list(problems)
                    result = value.type
                elif result is not VOID:
                    value = b.convert(value, result, node.body)
                elif not is_statement(value) and value.type is not ERROR:
                    b.error(
                        node.body,
                        "CS0201",
                        "Only assignment, call, increment, decrement, await, and new object expressions can be used as "
                        "a statement",
                    )
                body = value
            if problems:
                return None, list(problems)
            kind = target if target is not None else ERROR
            return bd.BLambda(kind, e.start, e.end, tuple(params), body, result), []
    finally:
        b.fn = outer


def _adapted(
    b: Binder, e: bd.BUnboundLambda, inputs: list[Type], target: Type, result: Type
) -> tuple[bd.BLambda | None, list[Problem]] | None:
    """The lambda as it means by itself, its value converted to what the delegate returns.

    Overloads that differ in the result only (`Sum`) share one binding of the body, however deep lambdas nest.
    """
    natural, problems = speculate(b, e, inputs, None)
    if natural is None or not isinstance(natural.body, bd.BExpr):
        return (None, problems) if problems else None
    with b.speculation() as found:
        value = b.convert(natural.body, result, e.node.body)
    if found:
        return None, list(found)
    return bd.BLambda(target, e.start, e.end, natural.params, value, result), []


def convert_returns(b: Binder, body: bd.BStmt, t: Type) -> None:
    for r in returns_of(body):
        if r.value is not None:
            r.value = b.convert(r.value, t, r.value)


def method_for(b: Binder, group: bd.BMethodGroup, inputs: list[Type]) -> Method | None:
    """The method of a group that takes these parameter types."""
    args = [
        Arg(n.Argument(group.start, group.end, None), bd.BTemp(t, group.start, group.end, 0), None, "") for t in inputs
    ]
    chosen = resolve(b, n.Node(group.start, group.end), group.name, group.methods, args, group.type_args, quiet=True)
    return chosen.method if chosen is not None else None


def delegate_from(b: Binder, e: BExpr, t: Type) -> bd.BLambda | None:
    """A lambda that calls the method (or local function) of the group."""
    shape = delegate_signature(t)
    locals_ = []
    for i, p in enumerate(shape.params):
        b.ids += 1
        locals_.append(Local(f"a{i}", p.type, b.fn.depth + 1, id=b.ids))
    values: list[BExpr] = [bd.BLocal(x.type, e.start, e.end, x, nullable=is_reference(x.type)) for x in locals_]
    body: BExpr
    held: tuple[tuple[Local, BExpr], ...] = ()
    if isinstance(e, bd.BLocalFunctionRef):
        e.symbol.escapes = True
        if len(e.symbol.params) != len(values):
            return None
        converted = [b.try_convert(v, p.type) for v, p in zip(values, e.symbol.params, strict=True)]
        if any(v is None for v in converted):
            return None
        body = bd.BLocalCall(e.symbol.result, e.start, e.end, e.symbol, [v for v in converted if v is not None], [])
    else:
        assert isinstance(e, bd.BMethodGroup)
        args = [Arg(n.Argument(e.start, e.end, None), v, None, "") for v in values]
        chosen = resolve(b, n.Node(e.start, e.end), e.name, e.methods, args, e.type_args, quiet=True)
        if chosen is None:
            return None
        m = chosen.method
        given, _ = apply(b, n.Node(e.start, e.end), chosen, args)
        receiver = None if m.static else e.receiver
        if receiver is not None and not isinstance(receiver, bd.BContext):
            b.ids += 1
            kept = Local("receiver", receiver.type, b.fn.depth + 1, id=b.ids)
            held = ((kept, receiver),)
            receiver = bd.BLocal(receiver.type, e.start, e.end, kept)
        body = bd.BCall(m.result, e.start, e.end, m, receiver, given, [])
    if shape.result is not VOID:
        converted_body = b.try_convert(body, shape.result)
        if converted_body is None:
            return None
        body = converted_body
    b.effects.loops = True
    return bd.BLambda(t, e.start, e.end, tuple(locals_), body, shape.result, held)


def is_open(t: Type) -> bool:
    if isinstance(t, TypeParam):
        return True
    if isinstance(t, ArrayType):
        return is_open(t.element)
    return isinstance(t, Named) and any(is_open(a) for a in t.args)


def is_statement(e: BExpr) -> bool:
    """May stand as a statement of its own (or was reported already)."""
    if isinstance(e, bd.BError):
        return True
    if isinstance(e, bd.BConditionalAccess):
        return is_statement(e.rest)
    return isinstance(
        e, bd.BCall | bd.BLocalCall | bd.BInvoke | bd.BAssign | bd.BCompound | bd.BNew | bd.BInit | bd.BThrow
    )
