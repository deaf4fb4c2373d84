"""Calls: argument lists, type inference, overload resolution (C# 12.6).

A candidate is a method with a parameter for every argument.  Lambdas are bound last, with the parameter types that the
other arguments gave; binding one is speculative (its problems count only when it is chosen).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.arguments import Arg, Candidate, out_target, slots_of, target_type
from apimpy.csharp.bind.inference import infer
from apimpy.csharp.conversions import implicit
from apimpy.csharp.known import INTEGRAL, is_nullable, keyword
from apimpy.csharp.lookup import all_bases, delegate_signature, is_delegate
from apimpy.csharp.types import (
    ERROR,
    MISSING,
    NULL,
    VOID,
    ArrayType,
    Method,
    Named,
    Type,
    TypeParam,
    array_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr

__all__ = ["Arg", "resolve"]


# --- applicability and betterness


def _applicable(b: Binder, c: Candidate, args: list[Arg]) -> bool:
    for i, a in enumerate(args):
        p = c.method.params[c.slots[i]]
        target = target_type(c.method, c.slots[i], expanded=c.expanded)
        c.types.append(target)
        if (p.mode in ("out", "ref")) != (a.mode in ("out", "ref", "out declaration")):
            c.failure = i, "mode"
            return False
        if p.mode in ("out", "ref"):
            declared = a.node.type if a.mode == "out declaration" else None
            if declared is not None and not declared.is_var and b.type(declared) not in (target, ERROR):
                c.failure = i, "type"
                return False
            if a.value is not None and a.value.type not in (target, ERROR):
                c.failure = i, "type"
                return False
            continue
        assert a.value is not None
        if isinstance(a.value, bd.BUnboundLambda):
            if not is_delegate(target):
                c.failure = i, "lambda"
                return False
            made = b.try_lambda(a.value, [q.type for q in delegate_signature(target).params], target)
            if made is None:
                c.failure = i, "lambda"
                return False
            c.lambdas[i] = made
            continue
        if not b.can_convert(a.value, target):
            c.failure = i, "type"
            return False
    return True


def _better_type(b: Binder, arg: Arg, x: Type, y: Type) -> int:
    """1: converting to x is better than to y, -1: worse, 0: neither."""
    if x is y:
        return 0
    value = arg.value
    if isinstance(value, bd.BUnboundLambda):
        if is_delegate(x) and is_delegate(y):
            sx, sy = delegate_signature(x), delegate_signature(y)
            rx, ry = sx.result, sy.result
            if rx is ry:
                return 0
            if rx is VOID:
                return -1
            if ry is VOID:
                return 1
            natural = b.try_lambda(value, [p.type for p in sx.params], None)
            if natural is not None and natural.result is rx:
                return 1
            if natural is not None and natural.result is ry:
                return -1
            return _closer(rx, ry)
        return 0
    if value is not None and value.type is x:
        return 1
    if value is not None and value.type is y:
        return -1
    return _closer(x, y)


def _closer(x: Type, y: Type) -> int:
    to_y, to_x = implicit(x, y) is not None, implicit(y, x) is not None
    if to_y and not to_x:
        return 1
    if to_x and not to_y:
        return -1
    wx, wy = keyword(x), keyword(y)
    if wx in INTEGRAL and wy in INTEGRAL:
        if INTEGRAL[wx][1] and not INTEGRAL[wy][1]:
            return 1
        if INTEGRAL[wy][1] and not INTEGRAL[wx][1]:
            return -1
    return 0


def _better(b: Binder, p: Candidate, q: Candidate, args: list[Arg]) -> bool:
    """p is better than q."""
    won = False
    for i, a in enumerate(args):
        result = _better_type(b, a, p.types[i], q.types[i])
        if result < 0:
            return False
        won = won or result > 0
    if won:
        return True
    if any(x is not y for x, y in zip(p.types, q.types, strict=True)):
        return False
    if bool(p.method.type_params) != bool(q.method.type_params):
        return not p.method.type_params
    if p.expanded != q.expanded:
        return not p.expanded
    if len(p.method.params) != len(q.method.params):
        if p.expanded:
            return len(p.method.params) > len(q.method.params)
        return len(p.method.params) < len(q.method.params)
    return _more_specific(p.method, q.method)


def _more_specific(p: Method, q: Method) -> bool:
    """Compare the declared (uninstantiated) parameter types."""
    po = next((m for m in p.owner.own(p.name) if isinstance(m, Method) and m.decl is p.decl), p)
    qo = next((m for m in q.owner.own(q.name) if isinstance(m, Method) and m.decl is q.decl), q)
    won = False
    for x, y in zip(po.params, qo.params, strict=False):
        result = _specific(x.type, y.type)
        if result < 0:
            return False
        won = won or result > 0
    return won


def _specific(x: Type, y: Type) -> int:
    if isinstance(x, TypeParam) and not isinstance(y, TypeParam):
        return -1
    if isinstance(y, TypeParam) and not isinstance(x, TypeParam):
        return 1
    if isinstance(x, ArrayType) and isinstance(y, ArrayType):
        return _specific(x.element, y.element)
    if isinstance(x, Named) and isinstance(y, Named) and x.decl is y.decl:
        return max((_specific(a, c) for a, c in zip(x.args, y.args, strict=True)), key=abs, default=0)
    return 0


# --- resolution


def resolve(
    b: Binder,
    node: n.Node,
    name: str,
    methods: Sequence[Method],
    args: list[Arg],
    type_args: tuple[Type, ...] | None,
    shown: str = "",
    *,
    quiet: bool = False,
) -> Candidate | None:
    """The best candidate, or None after reporting why there is none (unless `quiet`)."""
    if any(
        a.value is not None
        and a.value.type is ERROR
        and not isinstance(a.value, bd.BUnboundLambda | bd.BMethodGroup | bd.BLocalFunctionRef)
        for a in args
    ):
        return None
    candidates: list[Candidate] = []
    failed: list[Candidate] = []
    inference_failed = False
    for m in methods:
        for expanded in (False, True):
            if expanded and not (m.params and m.params[-1].mode == "params"):
                continue
            slots = slots_of(m, args, expanded=expanded)
            if slots is None:
                continue
            chosen: Method | None = m
            if m.type_params and type_args is None:
                chosen = infer(b, m, args, slots, expanded=expanded)
                if chosen is None:
                    inference_failed = True
                    continue
            elif type_args is not None:
                if len(type_args) != len(m.type_params):
                    continue
                chosen = m.subst(dict(zip(m.type_params, type_args, strict=True)))
            assert chosen is not None
            c = Candidate(chosen, slots, expanded)
            if _applicable(b, c, args):
                candidates.append(c)
                break
            failed.append(c)
    if not candidates:
        if not quiet:
            _explain(b, node, name, methods, args, failed, inference_failed, type_args, shown)
        return None
    # what .NET Framework has not is considered only where nothing else fits: the platform compiles against it
    candidates = [c for c in candidates if c.method.decl.since is None] or candidates
    best = candidates[0]
    for c in candidates[1:]:
        if _better(b, c, best, args):
            best = c
    for c in candidates:
        if c is not best and not _better(b, best, c, args):
            if _hides(best.method, c.method) or _same_shape(best, c):
                continue
            if _hides(c.method, best.method):
                best = c
                continue
            if not quiet:
                b.error(
                    node,
                    "CS0121",
                    "The call is ambiguous between the following methods or properties: "
                    f"'{best.method.signature}' and '{c.method.signature}'",
                )
            return None
    return best


def _same_shape(p: Candidate, q: Candidate) -> bool:
    """The same signature twice (a class and an interface it implements): the first, nearest one counts."""
    return [x.type for x in p.method.params] == [x.type for x in q.method.params]


def _hides(p: Method, q: Method) -> bool:
    """p is declared in a type that derives from q's."""
    if p.owner is q.owner:
        return False
    return any(isinstance(base, Named) and base.decl is q.owner for base in all_bases(p.owner.open))


def _explain(
    b: Binder,
    node: n.Node,
    name: str,
    methods: Sequence[Method],
    args: list[Arg],
    failed: list[Candidate],
    inference_failed: bool,
    type_args: tuple[Type, ...] | None,
    shown: str,
) -> None:
    if failed:
        c = max(failed, key=lambda c: (len(c.types), not c.expanded))
        assert c.failure is not None
        i, why = c.failure
        a = args[i]
        if why == "lambda" and isinstance(a.value, bd.BUnboundLambda):
            target = c.types[i]
            if is_delegate(target):
                b.report_lambda(a.value, target)
            else:
                b.error(
                    a.node,
                    "CS1660",
                    f"Cannot convert lambda expression to type '{target.name}' because it is not a delegate type",
                )
            return
        given = a.value.type.name if a.value is not None else b.type(a.node.type).name if a.node.type else "?"
        if isinstance(a.value, bd.BMethodGroup):
            given = "method group"
        elif a.value is not None and a.value.type is NULL:
            given = "<null>"
        at = a.node.value or a.node
        if why == "mode":
            p = c.method.params[c.slots[i]]
            if p.mode in ("out", "ref"):
                b.error(at, "CS1620", f"Argument {i + 1} must be passed with the '{p.mode}' keyword")
            else:
                b.error(at, "CS1615", f"Argument {i + 1} may not be passed with the '{a.mode}' keyword")
            return
        mode = "out " if a.mode in ("out", "out declaration") else ""
        b.error(
            at,
            "CS1503",
            f"Argument {i + 1}: cannot convert from '{mode}{given}' to '{mode}{c.types[i].name}'",
        )
        return
    if type_args is not None and all(len(m.type_params) != len(type_args) for m in methods):
        if any(m.type_params for m in methods):
            b.error(
                node,
                "CS0305",
                f"Using the generic method '{name}' requires {len(methods[0].type_params)} type arguments",
            )
        else:
            b.error(
                node, "CS0308", f"The non-generic method '{methods[0].signature}' cannot be used with type arguments"
            )
        return
    if inference_failed and any(a.problems for a in args):
        b.problems.extend(next(a.problems for a in args if a.problems))
        return
    if inference_failed:
        m = next(m for m in methods if m.type_params)
        params = ", ".join(p.type.name for p in m.params)
        own = ", ".join(p.name for p in m.type_params)
        b.error(
            node,
            "CS0411",
            f"The type arguments for method '{m.owner.name}.{m.name}<{own}>({params})' cannot be inferred from the "
            "usage. Try specifying the type arguments explicitly.",
        )
        return
    bad = next((a for a in args if a.name and not any(p.name == a.name for m in methods for p in m.params)), None)
    if bad is not None:
        label = n.Node(bad.node.start, bad.node.start + len(bad.name or ""))
        b.error(label, "CS1739", f"The best overload for '{name}' does not have a parameter named '{bad.name}'")
        return
    named = [a.name for a in args if a.name]
    twice = next((a for i, a in enumerate(args) if a.name and a.name in [x.name for x in args[:i]]), None)
    if twice is not None:
        b.error(twice.node, "CS1740", f"Named argument '{twice.name}' cannot be specified multiple times")
        return
    if named and args[-1].name is None:
        a = next(a for a in args if a.name)
        b.error(
            a.node,
            "CS8323",
            f"Named argument '{a.name}' is used out-of-position but is followed by an unnamed argument",
        )
        return
    methods = [m for m in methods if m.decl.since is None] or methods
    short = [m for m in methods if _lacks(m, args)]
    if len(short) == 1 and (type_args is not None or not short[0].type_params):
        m = short[0]
        given_names = {a.name for a in args if a.name}
        missing = next(
            (p for i, p in enumerate(m.params) if i >= len(args) and not p.optional and p.name not in given_names), None
        )
        if missing is not None:
            b.error(
                node,
                "CS7036",
                f"There is no argument given that corresponds to the required formal parameter '{missing.name}' of "
                f"'{m.signature}'",
            )
            return
    if name == "Invoke" and methods[0].owner.kind == "delegate":
        b.error(node, "CS1593", f"Delegate '{shown}' does not take {len(args)} arguments")
    elif name == ".ctor":
        b.error(node, "CS1729", f"'{shown}' does not contain a constructor that takes {len(args)} arguments")
    else:
        b.error(node, "CS1501", f"No overload for method '{name}' takes {len(args)} arguments")


def _keep_order(b: Binder, slots: list[int], given: dict[int, BExpr]) -> None:
    """Named arguments are evaluated as they are written: the first one evaluated holds the others."""
    written = [j for j in slots if j in given]
    first = min(written, default=0)
    if written == sorted(written) or all(given[j].const is not MISSING for j in written):
        return
    bindings: list[tuple[bd.BTemp, BExpr]] = []
    for j in written:
        value = given[j]
        temp = b.temp(value.type, value)
        temp.nullable = value.nullable
        bindings.append((temp, value))
        given[j] = temp
    own = given[first]
    given[first] = bd.BLet(own.type, own.start, own.end, bindings, own, nullable=own.nullable)


def _lacks(m: Method, args: list[Arg]) -> bool:
    """A required parameter gets no argument."""
    return len(args) < sum(1 for p in m.params if not p.optional and p.mode != "params")


def apply(b: Binder, node: n.Node, c: Candidate, args: list[Arg]) -> tuple[list[BExpr], list[tuple[int, BExpr | None]]]:
    """Arguments in parameter order (out ones left out), and where out values go."""
    m = c.method
    given: dict[int, BExpr] = {}
    rest: list[BExpr] = []
    outs: list[tuple[int, BExpr | None]] = []
    last = len(m.params) - 1
    for i, a in enumerate(args):
        slot = c.slots[i]
        p = m.params[slot]
        if p.mode in ("out", "ref"):
            place = out_target(b, a, c.types[i])
            outs.append((slot, place))
            if p.mode == "ref" and place is not None:
                given[slot] = place
            continue
        assert a.value is not None
        if i in c.lambdas:
            b.effects.loops = True
            value: BExpr = c.lambdas[i]
        else:
            value = b.convert(a.value, c.types[i], a.node)
        if c.expanded and slot == last:
            rest.append(value)
        else:
            given[slot] = value
    _keep_order(b, c.slots, given)
    out: list[BExpr] = []
    for j, p in enumerate(m.params):
        if p.mode == "out":
            continue
        if j in given:
            out.append(given[j])
        elif c.expanded and j == last:
            assert isinstance(p.type, ArrayType)
            out.append(bd.BArrayNew(array_of(p.type.element), node.start, node.end, p.type.element, [], rest))
        elif p.default is None and p.type.is_value and not is_nullable(p.type):
            out.append(bd.BDefault(p.type, node.start, node.end))
        else:
            out.append(bd.BConst(p.type, node.start, node.end, const=p.default, nullable=p.default is None))
    return out, outs
