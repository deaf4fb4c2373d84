"""`new`: objects, arrays, initialisers, anonymous types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.arguments import Arg, arguments
from apimpy.csharp.bind.assignment import assignable
from apimpy.csharp.bind.calls import apply, resolve
from apimpy.csharp.bind.inference import best_common
from apimpy.csharp.bind.invocation import index_of, invoke
from apimpy.csharp.bind.names import member_of
from apimpy.csharp.bind.operators import shown
from apimpy.csharp.known import is_nullable
from apimpy.csharp.lookup import is_delegate, lookup, member_names
from apimpy.csharp.types import (
    ERROR,
    MISSING,
    NULL,
    VOID,
    ArrayType,
    Method,
    Named,
    TupleType,
    Type,
    anonymous_of,
    array_of,
)
from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr


def new(b: Binder, node: n.New) -> BExpr:
    t = b.type(node.type)
    args = arguments(b, node.args)
    if t is ERROR:
        return b.broken(node)
    if is_delegate(t):
        if len(args) != 1 or args[0].value is None:
            return b.error(node, "CS0149", "Method name expected")
        return b.convert(args[0].value, t, node)
    made = construct(b, node, t, args)
    if made.type is ERROR or node.init is None:
        if node.init is not None:
            initializer(b, node.init, b.temp(t, node))
        return made
    temp = b.temp(t, node)
    actions = initializer(b, node.init, temp)
    return bd.BInit(t, node.start, node.end, made, temp, actions)


def construct(b: Binder, node: n.Node, t: Type, args: list[Arg]) -> BExpr:
    if is_nullable(t):
        if len(args) == 1 and args[0].value is not None:
            return b.convert(args[0].value, t, node)
        return bd.BDefault(t, node.start, node.end)
    if isinstance(t, TupleType):
        values = [b.convert(a.value, e, node) for a, e in zip(args, t.elements, strict=False) if a.value is not None]
        return bd.BTuple(t, node.start, node.end, values)
    if not isinstance(t, Named):
        return b.error(node, "CS0144", f"Cannot create an instance of the abstract class or interface '{t.name}'")
    if t.decl.kind == "interface":
        return b.error(node, "CS0144", f"Cannot create an instance of the abstract class or interface '{t.name}'")
    if t.decl.kind == "static":
        return b.error(node, "CS0712", f"Cannot create an instance of the static class '{t.name}'")
    ctors = [m.subst(t.mapping) for m in t.decl.own(".ctor") if isinstance(m, Method)]
    if t.is_value and not args and not any(not m.params for m in ctors):
        b.check_allowed(t.decl, ".ctor", node)
        return bd.BDefault(t, node.start, node.end)
    if not ctors:
        b.check_allowed(t.decl, ".ctor", node)
        if not b.problems or b.problems[-1].start != node.start:
            return b.error(
                node.type if isinstance(node, n.New) else node,
                "CS1729",
                f"'{t.name}' does not contain a constructor that takes {len(args)} arguments",
            )
        return b.broken(node)
    at = node.type if isinstance(node, n.New) else node
    c = resolve(b, at, ".ctor", ctors, args, None, t.name)
    if c is None:
        return b.broken(node, t)
    b.check_allowed(t.decl, ".ctor", node)
    if c.method.decl.unsupported:
        b.error(node, "EXP006", f"'{t.name}' is not supported: {c.method.decl.unsupported}")
    values, outs = apply(b, node, c, args)
    return bd.BNew(t, node.start, node.end, c.method, values, outs)


def initializer(b: Binder, init: n.Initializer, temp: BExpr) -> list[BExpr]:
    """What an object or collection initialiser does to the object in `temp`."""
    actions: list[BExpr] = []
    for item in init.items:
        if isinstance(item, n.InitElement):
            values = [Arg(n.Argument(v.start, v.end, v), b.value(v), None, "") for v in item.values]
            add = member_of(b, item, temp, n.Name(item.start, item.end, "Add"))
            if add.type is ERROR:
                continue
            actions.append(invoke(b, item, add, values))
            continue
        if isinstance(item, n.InitMember):
            name = n.Name(item.start, item.start + len(item.name), item.name)
            if temp.type is not ERROR and not lookup(temp.type, item.name):
                message = f"'{temp.type.name}' does not contain a definition for '{item.name}'"
                near = nearest(item.name, member_names(temp.type))
                b.error(name, "CS0117", message, f"did you mean '{near}'?" if near else None)
                b.value(item.value) if isinstance(item.value, n.Expr) else None
                continue
            target = member_of(b, item, temp, name)
        else:
            target = index_of(b, item, temp, arguments(b, item.args))
        if isinstance(item.value, n.Initializer):
            inner = b.temp(target.type, item)
            actions.append(
                bd.BInit(target.type, item.start, item.end, target, inner, initializer(b, item.value, inner))
            )
            continue
        value = b.value(item.value)
        if target.type is ERROR or not assignable(b, target, item):
            continue
        actions.append(bd.BAssign(target.type, item.start, item.end, target, b.convert(value, target.type, item.value)))
    return actions


def _leaves(init: n.ArrayInitializer) -> Iterator[n.Expr]:
    for item in init.items:
        if isinstance(item, n.ArrayInitializer):
            yield from _leaves(item)
        else:
            yield item


def new_array(b: Binder, node: n.NewArray) -> BExpr:
    if node.element is None:
        assert node.init is not None
        values = [b.value(v) for v in _leaves(node.init)]
        if any(v.type is ERROR for v in values):
            return b.broken(node)
        element = best_common(b, values)
        if element is None:
            return b.error(node, "CS0826", "No best type found for implicitly-typed array")
        if node.ranks[0] > 1:
            return array_init(b, node.init, array_of(element, node.ranks[0]))
        items = [b.convert(v, element, v) for v in values]
        return bd.BArrayNew(array_of(element), node.start, node.end, element, [], items)
    element = b.type(node.element)
    if element is ERROR:
        return b.broken(node)
    ranks = list(node.ranks)
    if node.sizes:
        for rank in reversed(ranks):
            element = array_of(element, rank)
        rank = len(node.sizes)
    else:
        for inner in reversed(ranks[1:]):
            element = array_of(element, inner)
        rank = ranks[0]
    t = array_of(element, rank)
    sizes = [b.convert(b.value(s), b.k.int_, s) for s in node.sizes]
    for s in sizes:
        if isinstance(s.const, int) and s.const < 0:
            return b.error(s, "CS0248", "Cannot create an array with a negative size")
    if node.init is None:
        return bd.BArrayNew(t, node.start, node.end, element, sizes, None)
    for s, size_node in zip(sizes, node.sizes, strict=True):
        if s.const is MISSING and s.type is not ERROR:
            return b.error(size_node, "CS0150", "A constant value is expected")
    made = array_init(b, node.init, t)
    if isinstance(made, bd.BArrayNew) and sizes and sizes[0].const is not MISSING:
        given = made.shape or (len(made.items or ()),)
        if tuple(s.const for s in sizes) != given:
            return b.error(node.init, "CS0847", f"An array initializer of length '{sizes[0].const}' is expected")
    return made


def array_init(b: Binder, init: n.ArrayInitializer, t: ArrayType) -> BExpr:
    """`{1, 2}` for a declared array type."""
    items: list[BExpr] = []
    shape: list[int] = []

    def level(node: n.ArrayInitializer, depth: int) -> None:
        if len(shape) <= depth:
            shape.append(len(node.items))
        elif shape[depth] != len(node.items):
            b.error(node, "CS0847", f"An array initializer of length '{shape[depth]}' is expected")
        for v in node.items:
            if depth < t.rank - 1:
                if isinstance(v, n.ArrayInitializer):
                    level(v, depth + 1)
                else:
                    b.error(v, "CS0846", "A nested array initializer is expected")
            elif isinstance(v, n.ArrayInitializer):
                b.error(
                    v,
                    "CS0623",
                    "Array initializers can only be used in a variable or field initializer. Try using a new "
                    "expression instead.",
                )
            else:
                items.append(b.convert(b.value(v), t.element, v))

    level(init, 0)
    return bd.BArrayNew(t, init.start, init.end, t.element, [], items, tuple(shape) if t.rank > 1 else None)


def new_anonymous(b: Binder, node: n.NewAnonymous) -> BExpr:
    values = [b.value(v) for v in node.values]
    names: list[str] = []
    for given, v, at in zip(node.names, node.values, node.at, strict=True):
        if given is None:
            return b.error(
                v,
                "CS0746",
                "Invalid anonymous type member declarator. Anonymous type members must be declared with a member "
                "assignment, simple name or member access.",
            )
        if given in names:
            return b.error(at, "CS0833", "An anonymous type cannot have multiple properties with the same name")
        names.append(given)
    for at, e in zip(node.at, values, strict=True):
        if e.type is NULL or e.type is VOID:
            return b.error(at, "CS0828", f"Cannot assign '{shown(e)}' to anonymous type property")
    if any(v.type is ERROR for v in values):
        return b.broken(node)
    t = anonymous_of(tuple(names), tuple(v.type for v in values))
    return bd.BAnonymous(t, node.start, node.end, values)
