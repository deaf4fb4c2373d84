"""The rest of the expressions: literals, conversions, tests of types, conditionals, tuples."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.operators import shown
from apimpy.csharp.conversions import explicit
from apimpy.csharp.known import INTEGRAL, is_nullable, keyword, strip_nullable
from apimpy.csharp.lookup import is_reference, is_subtype
from apimpy.csharp.query import desugar
from apimpy.csharp.types import ERROR, MISSING, NULL, VOID, Type, tuple_of
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr


def literal(b: Binder, node: n.Literal) -> BExpr:
    if node.kind == "null":
        return bd.BConst(NULL, node.start, node.end, const=None, nullable=True)
    value = node.value
    if node.kind == "decimal":
        value = Decimal(value)
    elif node.kind in ("double", "float"):
        value = float(value)
        if math.isinf(value):
            return b.error(node, "CS0594", f"Floating-point constant is outside the range of type '{node.kind}'")
        if node.kind == "float":
            import struct

            try:
                value = struct.unpack("f", struct.pack("f", value))[0]
            except OverflowError:
                return b.error(node, "CS0594", "Floating-point constant is outside the range of type 'float'")
    return bd.BConst(b.k.word(node.kind), node.start, node.end, const=value)


def interpolated(b: Binder, node: n.Interpolated) -> BExpr:
    parts: list[str | tuple[BExpr, int | None, str | None]] = []
    broken = False
    for p in node.parts:
        if isinstance(p, str):
            parts.append(p)
            continue
        value = b.value(p.value)
        if isinstance(value, bd.BUnboundLambda | bd.BMethodGroup) or value.type is VOID:
            value = b.convert(value, b.k.object_, p.value)
        align: int | None = None
        if p.align is not None:
            e = b.convert(b.value(p.align), b.k.int_, p.align)
            if e.const is MISSING and e.type is not ERROR:
                b.error(p.align, "CS0150", "A constant value is expected")
            elif e.const is not MISSING:
                align = e.const
        broken = broken or value.type is ERROR
        parts.append((value, align, p.format))
    if broken:
        return b.broken(node)
    return bd.BInterpolated(b.k.string_, node.start, node.end, parts)


def placeholder(b: Binder, node: n.Placeholder) -> BExpr:
    """A named value without a value: of unknown type, silently."""
    b.unknown = True
    return b.broken(node)


def parenthesised(b: Binder, node: n.Parenthesised) -> BExpr:
    return b.bind(node.value)


def checked(b: Binder, node: n.Checked) -> BExpr:
    before, b.checked = b.checked, node.on
    try:
        return b.value(node.value)
    finally:
        b.checked = before


def conditional(b: Binder, node: n.Conditional) -> BExpr:
    test = b.convert(b.value(node.test), b.k.bool_, node.test)
    then, other = b.value(node.then, throws=True), b.value(node.other, throws=True)
    if then.type is ERROR or other.type is ERROR or test.type is ERROR:
        return b.broken(node)
    a = then if not isinstance(then, bd.BThrow) else other
    c = other if not isinstance(other, bd.BThrow) else then
    t: Type | None = None
    if a.type is c.type and a.type is not NULL and not isinstance(a, bd.BUnboundLambda | bd.BMethodGroup):
        t = a.type
    else:
        to_c = (
            not isinstance(c, bd.BUnboundLambda | bd.BMethodGroup) and c.type is not NULL and b.can_convert(a, c.type)
        )
        to_a = (
            not isinstance(a, bd.BUnboundLambda | bd.BMethodGroup) and a.type is not NULL and b.can_convert(c, a.type)
        )
        if to_c and to_a:
            # both ways: only constants do that; the non-constant's type wins
            t = c.type if a.const is not MISSING else a.type
        elif to_c:
            t = c.type
        elif to_a:
            t = a.type
    if t is None:
        sides = [shown(then), shown(other)]
        return b.error(
            node,
            "CS0173",
            "Type of conditional expression cannot be determined because there is no implicit conversion between "
            f"'{sides[0]}' and '{sides[1]}'",
        )
    x, y = b.convert(then, t, node.then), b.convert(other, t, node.other)
    const = MISSING
    if test.const is not MISSING and x.const is not MISSING and y.const is not MISSING:
        const = x.const if test.const else y.const
    return bd.BConditional(t, node.start, node.end, test, x, y, const=const, nullable=x.nullable or y.nullable)


def cast(b: Binder, node: n.Cast) -> BExpr:
    t = b.type(node.type)
    operand = b.value(node.operand)
    if t is ERROR or operand.type is ERROR:
        return b.broken(node)
    return b.cast(operand, t, node)


def as_type(b: Binder, node: n.As) -> BExpr:
    operand, t = b.value(node.operand), b.type(node.type)
    if operand.type is ERROR or t is ERROR:
        return b.broken(node)
    if t.is_value and not is_nullable(t):
        return b.error(
            node,
            "CS0077",
            "The as operator must be used with a reference type or nullable type "
            f"('{t.name}' is a non-nullable value type)",
        )
    if not isinstance(operand, bd.BUnboundLambda | bd.BMethodGroup) and operand.type is not NULL:
        if not (is_subtype(operand.type, t) or _castable(operand.type, t)):
            return b.error(
                node,
                "CS0039",
                f"Cannot convert type '{operand.type.name}' to '{t.name}' via a reference conversion, boxing "
                "conversion, "
                "unboxing conversion, wrapping conversion, or null type conversion",
            )
    return bd.BAs(t, node.start, node.end, b.convert(operand, b.k.object_, node.operand), t, nullable=True)


def _castable(a: Type, t: Type) -> bool:
    c = explicit(a, t)
    return c is not None and c.kind in ("identity", "reference", "box", "cast", "unbox", "wrap", "lift")


def is_type(b: Binder, node: n.IsType) -> BExpr:
    operand = b.value(node.operand)
    if node.type.is_var and node.declared is not None and operand.type is not ERROR:
        local = b.declare(node, node.declared, operand.type) if node.declared != "_" else None
        return bd.BIs(b.k.bool_, node.start, node.end, operand, operand.type, local, always=True)
    if node.declared is None and len(node.type.parts) >= 1 and not node.type.ranks and not node.type.nullable:
        constant = _constant_pattern(b, node)
        if constant is not None:
            return _is_const(b, node, operand, constant)
    t = b.type(node.type)
    if operand.type is ERROR or t is ERROR:
        if node.declared is not None and t is not ERROR:
            b.declare(node, node.declared, t)
        return b.broken(node)
    if isinstance(operand, bd.BUnboundLambda | bd.BMethodGroup):
        return b.error(
            node,
            "CS0837",
            "The first operand of an 'is' or 'as' operator may not be a lambda expression, "
            "anonymous method, or method group.",
        )
    if node.declared is not None and operand.type is not NULL:
        if not (is_subtype(operand.type, t) or _castable(operand.type, t) or is_nullable(operand.type)):
            b.declare(node, node.declared, t)
            return b.error(
                node.type,
                "CS8121",
                f"An expression of type '{operand.type.name}' cannot be handled by a pattern of type '{t.name}'.",
            )
    local = None
    if node.declared is not None and node.declared != "_":
        local = b.declare(node, node.declared, t)
    boxed = b.convert(operand, b.k.object_, node.operand)
    return bd.BIs(b.k.bool_, node.start, node.end, boxed, t, local)


def _constant_pattern(b: Binder, node: n.IsType) -> n.Expr | None:
    """`x is Name` where Name is no type: a constant."""
    parts = node.type.parts
    if any(args for _, args in parts):
        return None
    full = ".".join(p for p, _ in parts)
    if b.universe.find(full, 0) is not None or b.universe.nested([p for p, _ in parts], 0) is not None:
        return None
    expr: n.Expr = n.Name(node.type.start, node.type.end, parts[0][0])
    for p, _ in parts[1:]:
        expr = n.Member(node.type.start, node.type.end, expr, n.Name(node.type.start, node.type.end, p))
    with b.speculation() as problems:
        value = b.bind(expr)
    return expr if not problems and not isinstance(value, bd.BTypeRef | bd.BNamespace) else None


def is_constant(b: Binder, node: n.IsConstant) -> BExpr:
    return _is_const(b, node, b.value(node.operand), node.value)


def _is_const(b: Binder, node: n.Node, operand: BExpr, value_node: n.Expr) -> BExpr:
    value = b.value(value_node)
    if operand.type is ERROR or value.type is ERROR:
        return b.broken(node)
    if value.const is MISSING:
        return b.error(value_node, "CS0150", "A constant value is expected")
    if value.type is NULL:
        if operand.type.is_value and not is_nullable(operand.type):
            return b.error(
                value_node,
                "CS0037",
                f"Cannot convert null to '{operand.type.name}' because it is a non-nullable value type",
            )
    elif operand.type is not b.k.object_:
        value = b.convert(value, strip_nullable(operand.type), value_node)
    boxed = b.convert(operand, b.k.object_, operand)
    return bd.BIsConst(b.k.bool_, node.start, node.end, boxed, b.convert(value, b.k.object_, value_node))


def throw(b: Binder, node: n.Throw) -> BExpr:
    value = b.value(node.value)
    exception = b.universe.named("System.Exception")
    if value.type is ERROR:
        return b.broken(node)
    if value.type is not NULL and not is_subtype(value.type, exception):
        return b.error(
            node.value,
            "CS0155",
            "The type caught or thrown must be derived from System.Exception",
        )
    return bd.BThrow(NULL, node.start, node.end, value)


def type_of(b: Binder, node: n.TypeOf) -> BExpr:
    t = b.type(node.type)
    decl = b.universe.declaration("System.Type", 0)
    return bd.BTypeOf(decl.of() if decl else b.k.object_, node.start, node.end, t)


_SIZES = {"bool": 1, "char": 2, "float": 4, "double": 8, "decimal": 16}


def size_of(b: Binder, node: n.SizeOf) -> BExpr:
    t = b.type(node.type)
    word = keyword(t)
    size = INTEGRAL[word][0] // 8 if word in INTEGRAL else _SIZES.get(word)
    if size is None:
        if t is ERROR:
            return b.broken(node)
        return b.error(
            node,
            "CS0233",
            f"'{t.name}' does not have a predefined size, therefore sizeof can only be used in an unsafe context",
        )
    return bd.BConst(b.k.int_, node.start, node.end, const=size)


def default(b: Binder, node: n.Default) -> BExpr:
    if node.type is None:
        return bd.BDefault(NULL, node.start, node.end, nullable=True)
    t = b.type(node.type)
    return bd.BDefault(t, node.start, node.end, nullable=is_reference(t))


_ITEM = pattern(r"Item[1-9][0-9]*")
_TUPLE_MEMBERS = frozenset(["Rest", "ToString", "Equals", "GetHashCode", "CompareTo"])


def tuple_(b: Binder, node: n.Tuple) -> BExpr:
    values = [b.value(e) for e in node.elements]
    if any(v.type is ERROR for v in values):
        return b.broken(node)
    names = [
        name_ or (e.name.name if isinstance(e, n.Member) else e.name if isinstance(e, n.Name) else None)
        for name_, e in zip(node.names, node.elements, strict=True)
    ]
    # inferred names that would collide with each other or with members of every tuple are no names
    names = [
        name
        if given or (name not in _TUPLE_MEMBERS and names.count(name) == 1 and not _ITEM.fullmatch(name or ""))
        else None
        for name, given in zip(names, node.names, strict=True)
    ]
    types = tuple(b.k.object_ if v.type is NULL else v.type for v in values)
    return bd.BTuple(tuple_of(types, tuple(names)), node.start, node.end, values)


def lambda_(b: Binder, node: n.Lambda) -> BExpr:
    return bd.BUnboundLambda(VOID, node.start, node.end, node)


def query(b: Binder, node: n.Query) -> BExpr:
    return b.value(desugar(node))
