"""Assignment, compound assignment, increment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind import operators
from apimpy.csharp.conversions import explicit
from apimpy.csharp.known import NUMERIC, keyword, strip_nullable
from apimpy.csharp.lookup import is_enum, is_reference
from apimpy.csharp.types import ERROR, MISSING, TupleType

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr


def assign(b: Binder, node: n.Assign) -> BExpr:
    if not node.op and isinstance(node.target, n.Name) and node.target.name == "_" and b.find("_") is None:
        value = b.value(node.value)
        return bd.BAssign(value.type, node.start, node.end, bd.BError(value.type, node.start, node.end), value)
    if not node.op and isinstance(node.target, n.Tuple):
        return b.unsupported(node, "deconstructing assignment to existing variables")
    if isinstance(node.target, n.PredefinedName):
        b.value(node.value)
        after = n.Node(node.target.end + 1, node.target.end + 2)
        return b.error(after, "CS1001", "Identifier expected")
    target = b.value(node.target)
    if not assignable(b, target, node.target):
        b.value(node.value)
        return b.broken(node)
    if not node.op:
        value = b.convert(b.value(node.value), target.type, node.value)
        if target.type is ERROR or value.type is ERROR:
            return b.broken(node)
        return bd.BAssign(target.type, node.start, node.end, target, value, nullable=value.nullable)
    temp = b.temp(target.type, node.target)
    temp.nullable = is_reference(target.type)
    right = b.value(node.value)
    result = operators.binary_bound(b, node, node.op, temp, right)
    if result.type is ERROR:
        return b.broken(node)
    return compound(b, node, target, temp, result, postfix=False, right=right)


def compound(
    b: Binder, node: n.Node, target: BExpr, temp: bd.BTemp, result: BExpr, *, postfix: bool, right: BExpr | None = None
) -> BExpr:
    value = b.try_convert(result, target.type)
    if value is None:
        c = explicit(result.type, target.type)
        shift = isinstance(node, n.Assign) and node.op in ("<<", ">>")
        fits = right is None or shift or b.can_convert(right, target.type)
        if right is not None and not fits and keyword(strip_nullable(target.type)) in NUMERIC:
            return b.convert(right, target.type, node)
        if c is not None and fits and keyword(strip_nullable(target.type)) in NUMERIC:
            before, b.checked = b.checked, b.checked or False
            value = b.apply(result, c, target.type)
            b.checked = before
        elif c is not None and is_enum(target.type):
            value = b.apply(result, c, target.type)
        else:
            return b.convert(result, target.type, node)
    return bd.BCompound(target.type, node.start, node.end, target, temp, value, postfix)


def assignable(b: Binder, target: BExpr, where: n.Node, code: str = "CS0131") -> bool:
    """Something can be stored there; reports why not, with `code` for what is no variable at all."""
    if target.type is ERROR:
        return False
    while isinstance(where, n.Parenthesised):
        where = where.value
    if isinstance(target, bd.BLocal):
        local = target.local
        if local.const is not MISSING:
            b.error(where, code, _NO_VARIABLE[code])
            return False
        if local.readonly:
            b.error(where, "CS1656", f"Cannot assign to '{local.name}' because it is a 'foreach iteration variable'")
            return False
        b.use(local, assign=True)
        target.const = MISSING
        return True
    if isinstance(target, bd.BArrayIndex):
        return True
    if isinstance(target, bd.BProperty):
        if target.prop.setter is None:
            owner = target.prop.owner
            if target.prop.index:
                b.error(
                    where,
                    "CS0200",
                    f"Property or indexer '{owner.name}.this[{', '.join(p.type.name for p in target.prop.index)}]' "
                    "cannot be assigned to -- it is read only",
                )
            else:
                b.error(
                    where,
                    "CS0200",
                    f"Property or indexer '{owner.name}.{target.prop.name}' cannot be assigned to -- it is read only",
                )
            return False
        return True
    if isinstance(target, bd.BItem):
        if isinstance(target.target.type, TupleType) and isinstance(
            target.target, bd.BLocal | bd.BArrayIndex | bd.BItem
        ):
            return assignable(b, target.target, where)
        b.error(where, "CS0200", "Property or indexer cannot be assigned to -- it is read only")
        return False
    b.error(where, code, _NO_VARIABLE[code])
    return False


_NO_VARIABLE = {
    "CS0131": "The left-hand side of an assignment must be a variable, property or indexer",
    "CS1059": "The operand of an increment or decrement operator must be a variable, property or indexer",
}


def increment(b: Binder, node: n.Increment) -> BExpr:
    target = b.value(node.operand)
    if not assignable(b, target, node.operand, "CS1059"):
        return b.broken(node)
    base = strip_nullable(target.type)
    if keyword(base) not in NUMERIC and not is_enum(base):
        return b.error(
            node, "CS0023", f"Operator '{node.op}' cannot be applied to operand of type '{target.type.name}'"
        )
    temp = b.temp(target.type, node.operand)
    one = bd.BConst(b.k.int_, node.start, node.end, const=1)
    result = operators.binary_bound(b, node, node.op[0], temp, one)
    return compound(b, node, target, temp, result, postfix=not node.prefix)
