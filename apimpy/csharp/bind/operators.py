"""Operators: which one an expression means, and constant folding.

`binary(b, node)` and `unary(b, node)` take the binder; the tables below are C# 12.4.6 (numeric promotion) and 12.10 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.constants import PYTHON, DivideByZero, Overflow, arithmetic, fit, promote
from apimpy.csharp.bound import BBinary, BExpr, BLogical, BUnary
from apimpy.csharp.conversions import implicit, implicit_from_constant, standard_implicit
from apimpy.csharp.known import INTEGRAL, NUMERIC, is_nullable, keyword, strip_nullable
from apimpy.csharp.lookup import all_bases, is_delegate, is_enum, is_reference, is_subtype
from apimpy.csharp.types import ERROR, MISSING, NULL, Method, Named, TupleType, Type

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder

__all__ = ["binary", "binary_bound", "unary"]

_NO_VALUE = (bd.BMethodGroup, bd.BLocalFunctionRef, bd.BUnboundLambda)
_COMPARE = {"==", "!=", "<", ">", "<=", ">="}


# --- constants


def _folded(b: Binder, node: n.Node, op: str, left: BExpr, right: BExpr, word: str, result: Type) -> Any:
    x, y = left.const, right.const
    if x is MISSING or y is MISSING or word in ("float", "decimal"):
        if word == "decimal" and x is not MISSING and y is not MISSING and op not in _COMPARE:
            if op in ("/", "%") and not y:
                b.error(node, "CS0020", "Division by constant zero")
            elif op in PYTHON and op not in ("/", "%") and not abs(PYTHON[op](x, y)) < 2**96:
                b.error(node, "CS0463", "Evaluation of the decimal constant expression failed")
        return MISSING
    if op in _COMPARE:
        if word == "char":
            x, y = ord(x), ord(y)
        return PYTHON[op](x, y)
    try:
        value = arithmetic(op, x, y, word)
        if word in INTEGRAL:
            return fit(value, word, checked=b.checked is not False and op not in ("<<", ">>"))
        return value
    except Overflow:
        b.error(node, "CS0220", "The operation overflows at compile time in checked mode")
    except DivideByZero:
        b.error(node, "CS0020", "Division by constant zero")
    except (OverflowError, ArithmeticError):
        return MISSING
    return MISSING


# --- binary


def binary(b: Binder, node: n.Binary) -> BExpr:
    if node.op in ("&&", "||"):
        return _logical(b, node)
    if node.op == "??":
        return _coalesce(b, node)
    left = b.value(node.left)
    right = b.value(node.right)
    return binary_bound(b, node, node.op, left, right)


def _logical(b: Binder, node: n.Binary) -> BExpr:
    left, right = b.value(node.left), b.value(node.right)
    if left.type is ERROR or right.type is ERROR:
        return b.broken(node)
    bool_ = b.k.bool_
    if left.type is not bool_ or right.type is not bool_:
        l2, r2 = b.try_convert(left, bool_), b.try_convert(right, bool_)
        if l2 is None or r2 is None:
            return _no_operator(b, node, node.op, left, right)
        left, right = l2, r2
    const = MISSING
    if left.const is not MISSING and right.const is not MISSING:
        const = left.const and right.const if node.op == "&&" else left.const or right.const
    return BLogical(bool_, node.start, node.end, node.op, left, right, const=const)


def _coalesce(b: Binder, node: n.Binary) -> BExpr:
    left = b.value(node.left)
    right = b.value(node.right, throws=True)
    if left.type is ERROR:
        return b.broken(node)
    if left.type is NULL and right.type is NULL:
        return _no_operator(b, node, "??", left, right)
    if isinstance(left, _NO_VALUE) or not (is_reference(left.type) or is_nullable(left.type)):
        return _no_operator(b, node, "??", left, right)
    temp = b.temp(strip_nullable(left.type), node.left)
    if is_nullable(left.type):
        inner = b.try_convert(right, strip_nullable(left.type))
        if inner is not None:
            return bd.BCoalesce(inner.type, node.start, node.end, left, temp, temp, inner)
    if left.type is not NULL:
        same = b.try_convert(right, left.type)
        if same is not None:
            return bd.BCoalesce(
                left.type, node.start, node.end, left, temp, _rewrap(b, temp, left.type), same, nullable=same.nullable
            )
    if right.type is ERROR:
        return b.broken(node)
    up = b.try_convert(temp, right.type) if not isinstance(right, bd.BUnboundLambda | bd.BMethodGroup) else None
    if up is None:
        return _no_operator(b, node, "??", left, right)
    return bd.BCoalesce(right.type, node.start, node.end, left, temp, up, right, nullable=right.nullable or up.nullable)


def _rewrap(b: Binder, temp: bd.BTemp, t: Type) -> BExpr:
    if temp.type is t:
        return temp
    return b.convert(temp, t, temp)


def _no_operator(b: Binder, node: n.Node, op: str, left: BExpr, right: BExpr) -> BExpr:
    names = [shown(left), shown(right)]
    return b.error(
        node, "CS0019", f"Operator '{op}' cannot be applied to operands of type '{names[0]}' and '{names[1]}'"
    )


def shown(e: BExpr) -> str:
    if isinstance(e, bd.BMethodGroup | bd.BLocalFunctionRef):
        return "method group"
    if isinstance(e, bd.BUnboundLambda):
        return "lambda expression"
    if isinstance(e, bd.BDefault) and e.type is NULL:
        return "default"
    return e.type.name


def binary_bound(b: Binder, node: n.Node, op: str, left: BExpr, right: BExpr) -> BExpr:
    """The operator for two bound operands."""
    lt, rt = left.type, right.type
    if lt is ERROR or rt is ERROR:
        return b.broken(node)
    if isinstance(left, bd.BDefault) and lt is NULL:
        left = b.convert(left, rt, left)
        lt = left.type
    if isinstance(right, bd.BDefault) and rt is NULL:
        right = b.convert(right, lt, right)
        rt = right.type
    k = b.k
    if op in ("+", "-") and is_delegate(lt) and isinstance(right, bd.BMethodGroup | bd.BUnboundLambda):
        return b.unsupported(node, "combining delegates")
    if isinstance(left, _NO_VALUE) or isinstance(right, _NO_VALUE):
        return _no_operator(b, node, op, left, right)
    if lt is NULL and rt is NULL and op not in ("==", "!="):
        return b.error(node, "CS0034", f"Operator '{op}' is ambiguous on operands of type '<null>' and '<null>'")
    lb, rb = strip_nullable(lt), strip_nullable(rt)
    if op == "+" and (lt is k.string_ or rt is k.string_):
        other = rt if lt is k.string_ else lt
        found = None if other in (k.string_, NULL) or keyword(other) else _user_operator(b, node, op, left, right)
        if found is not None:
            return found
        const = MISSING
        if isinstance(left.const, str) and isinstance(right.const, str) and lt is k.string_ and rt is k.string_:
            const = left.const + right.const
        return BBinary(k.string_, node.start, node.end, "+", left, right, k.string_, const=const)
    lifted = is_nullable(lt) or is_nullable(rt)
    found = _user_operator(b, node, op, left, right)
    if found is not None:
        return found
    wl, wr = keyword(lb), keyword(rb)
    if lt is NULL and is_nullable(rt):
        wl, lb = wr, rb
    elif rt is NULL and is_nullable(lt):
        wr, rb = wl, lb
    # numbers
    if wl in NUMERIC and wr in NUMERIC:
        if op in ("<<", ">>"):
            word = promote(wl, "int") if wl not in ("uint", "long", "ulong") else wl
            if word in INTEGRAL and promote(wr, "int") == "int" and wr not in ("float", "double", "decimal"):
                assert word is not None
                return _numeric(b, node, op, left, right, k.word(word), k.int_, lifted)
            return _no_operator(b, node, op, left, right)
        word = _promote_constant(left, right, wl, wr) or promote(wl, wr)
        if word is None or (op in ("&", "|", "^") and word in ("float", "double", "decimal")):
            if word is None and op in _COMPARE | {"+", "-", "*", "/", "%"} and {wl, wr} & {"ulong"}:
                return b.error(
                    node, "CS0034", f"Operator '{op}' is ambiguous on operands of type '{lt.name}' and '{rt.name}'"
                )
            return _no_operator(b, node, op, left, right)
        return _numeric(b, node, op, left, right, k.word(word), k.word(word), lifted)
    # bool
    if wl == "bool" and wr == "bool" and op in ("==", "!=", "&", "|", "^"):
        return _typed(b, node, op, left, right, k.bool_, k.bool_, lifted)
    # enums
    if is_enum(lb) or is_enum(rb):
        found = _enum(b, node, op, left, right, lb, rb, lifted)
        if found is not None:
            return found
        return _no_operator(b, node, op, left, right)
    if op in ("==", "!="):
        return _equality(b, node, op, left, right)
    if op in ("+", "-") and is_delegate(lt) and lt is rt:
        return b.unsupported(node, "combining delegates")
    return _no_operator(b, node, op, left, right)


def _promote_constant(left: BExpr, right: BExpr, wl: str, wr: str) -> str | None:
    """`1u + 1`, `ulong + 1`: a constant that fits becomes unsigned."""
    if wl == "uint" and wr == "int" and isinstance(right.const, int) and right.const >= 0:
        return "uint"
    if wr == "uint" and wl == "int" and isinstance(left.const, int) and left.const >= 0:
        return "uint"
    if wl == "ulong" and isinstance(right.const, int) and right.const >= 0 and wr in ("int", "long"):
        return "ulong"
    if wr == "ulong" and isinstance(left.const, int) and left.const >= 0 and wl in ("int", "long"):
        return "ulong"
    return None


def _numeric(
    b: Binder, node: n.Node, op: str, left: BExpr, right: BExpr, on: Type, right_on: Type, lifted: bool
) -> BExpr:
    if lifted:
        return _typed(b, node, op, left, right, on, on, lifted, right_on)
    x, y = b.convert(left, on, left), b.convert(right, right_on, right)
    result = b.k.bool_ if op in _COMPARE else on
    const = _folded(b, node, op, x, y, keyword(on), result)
    checked = b.checked is True
    return BBinary(result, node.start, node.end, op, x, y, on, checked=checked, const=const)


def _typed(
    b: Binder,
    node: n.Node,
    op: str,
    left: BExpr,
    right: BExpr,
    on: Type,
    result: Type,
    lifted: bool,
    right_on: Type | None = None,
) -> BExpr:
    right_on = right_on or on
    compare = op in _COMPARE
    if lifted:
        x = b.convert(left, b.k.nullable(on), left)
        y = b.convert(right, b.k.nullable(right_on), right)
        final = b.k.bool_ if compare else b.k.nullable(result)
        return BBinary(final, node.start, node.end, op, x, y, on, True, b.checked is True)
    x, y = b.convert(left, on, left), b.convert(right, right_on, right)
    const = MISSING
    if keyword(on) == "bool" and x.const is not MISSING and y.const is not MISSING:
        const = PYTHON[op](x.const, y.const)
    return BBinary(b.k.bool_ if compare else result, node.start, node.end, op, x, y, on, const=const)


def _enum(
    b: Binder, node: n.Node, op: str, left: BExpr, right: BExpr, lb: Type, rb: Type, lifted: bool
) -> BExpr | None:
    enum, other, wrong = (lb, rb, right) if is_enum(lb) else (rb, lb, left)
    if op in _COMPARE or op in ("&", "|", "^"):
        if other is enum or other is NULL or implicit_from_constant(wrong.const, wrong.type, enum):
            return _typed(b, node, op, left, right, enum, enum, lifted)
        return None
    if op == "-" and lb is rb:
        return BBinary(b.k.int_, node.start, node.end, op, left, right, enum)
    if op in ("+", "-") and keyword(other) in INTEGRAL:
        number = right if is_enum(lb) else left
        value = b.convert(number, b.k.int_, number)
        x, y = (left, value) if is_enum(lb) else (value, right)
        return BBinary(enum, node.start, node.end, op, x, y, enum)
    return None


def _equality(b: Binder, node: n.Node, op: str, left: BExpr, right: BExpr) -> BExpr:
    k = b.k
    lt, rt = left.type, right.type
    if (lt is k.string_ or lt is NULL) and (rt is k.string_ or rt is NULL):
        const = MISSING
        if left.const is not MISSING and right.const is not MISSING:
            const = (left.const == right.const) == (op == "==")
        return BBinary(k.bool_, node.start, node.end, op, left, right, k.string_, const=const)
    if (rt is NULL and is_nullable(lt)) or (lt is NULL and is_nullable(rt)):
        return BBinary(k.bool_, node.start, node.end, op, left, right, k.object_)
    if is_reference(lt) and is_reference(rt):
        if lt is NULL or rt is NULL or is_subtype(lt, rt) or is_subtype(rt, lt) or _may_share(lt, rt):
            return BBinary(k.bool_, node.start, node.end, op, left, right, k.object_)
    if isinstance(lt, TupleType) and isinstance(rt, TupleType):
        return _tuples_equal(b, node, op, left, right, lt, rt)
    return _no_operator(b, node, op, left, right)


def _tuples_equal(b: Binder, node: n.Node, op: str, left: BExpr, right: BExpr, lt: TupleType, rt: TupleType) -> BExpr:
    """Element by element, each with its own operator."""
    if len(lt.elements) != len(rt.elements):
        return b.error(
            node,
            "CS8384",
            "Tuple types used as operands of an == or != operator must have matching cardinalities. But this "
            "operator has "
            f"tuple types of cardinality {len(lt.elements)} on the left and {len(rt.elements)} on the right.",
        )
    one, other = b.temp(lt, node), b.temp(rt, node)
    whole: BExpr | None = None
    for i, (x, y) in enumerate(zip(lt.elements, rt.elements, strict=True)):
        a = bd.BItem(x, left.start, left.end, one, i, nullable=is_reference(x))
        c = bd.BItem(y, right.start, right.end, other, i, nullable=is_reference(y))
        part = binary_bound(b, node, op, a, c)
        if part.type is ERROR:
            return b.broken(node)
        joined = "&&" if op == "==" else "||"
        whole = part if whole is None else BLogical(b.k.bool_, node.start, node.end, joined, whole, part)
    assert whole is not None
    return bd.BLet(b.k.bool_, node.start, node.end, [(one, left), (other, right)], whole)


def _may_share(a: Type, b: Type) -> bool:
    """Reference equality is allowed between an interface and a class that is not sealed."""
    ia = isinstance(a, Named) and a.decl.kind == "interface"
    ib = isinstance(b, Named) and b.decl.kind == "interface"
    return (ia or ib) and not (keyword(a) == "string" or keyword(b) == "string")


def _user_operator(b: Binder, node: n.Node, op: str, left: BExpr, right: BExpr) -> BExpr | None:
    """An operator declared by the type of either operand."""
    best: tuple[int, Method, bool] | None = None
    seen: set[int] = set()
    for t in (left.type, right.type):
        if t is NULL or t is ERROR:
            continue
        for base in all_bases(strip_nullable(t)):
            if not isinstance(base, Named):
                continue
            for m in base.decl.own("operator " + op):
                if not isinstance(m, Method) or len(m.params) != 2 or id(m) in seen:
                    continue
                seen.add(id(m))
                p, q = m.params[0].type, m.params[1].type
                plain = _fits(left, p), _fits(right, q)
                if all(s >= 0 for s in plain):
                    score = sum(plain)
                    if best is None or score < best[0]:
                        best = score, m, False
                elif (p.is_value and q.is_value) and (is_nullable(left.type) or is_nullable(right.type)):
                    lifted = _fits(left, b.k.nullable(p)), _fits(right, b.k.nullable(q))
                    if all(s >= 0 for s in lifted) and best is None:
                        best = 100 + sum(lifted), m, True
    if best is None:
        return None
    _, m, lift = best
    p, q = m.params[0].type, m.params[1].type
    if lift:
        x = b.convert(left, b.k.nullable(p), left)
        y = b.convert(right, b.k.nullable(q), right)
        result = m.result if op in _COMPARE else b.k.nullable(m.result)
        return BBinary(result, node.start, node.end, op, x, y, p, True, method=m)
    x, y = b.convert(left, p, left), b.convert(right, q, right)
    return BBinary(m.result, node.start, node.end, op, x, y, p, method=m, nullable=m.decl.nullable)


def _fits(e: BExpr, t: Type) -> int:
    """-1: no implicit conversion; else how far away it is."""
    if e.type is t:
        return 0
    if isinstance(e, bd.BMethodGroup | bd.BUnboundLambda):
        return -1
    if implicit_from_constant(e.const, e.type, t):
        return 1
    c = standard_implicit(e.type, t)
    if c is not None:
        return {"reference": 2, "null": 2}.get(c.kind, 3)
    return 10 if implicit(e.type, t) is not None else -1


# --- unary


def unary(b: Binder, node: n.Unary) -> BExpr:
    if node.op == "-" and isinstance(node.operand, n.Literal):
        minimum = _minimum(b, node, node.operand)
        if minimum is not None:
            return minimum
    operand = b.value(node.operand)
    if operand.type is ERROR:
        return b.broken(node)
    return unary_bound(b, node, node.op, operand)


def _minimum(b: Binder, node: n.Unary, literal: n.Literal) -> BExpr | None:
    """`-2147483648` and `-9223372036854775808` are int and long."""
    if literal.kind == "uint" and literal.value == 1 << 31:
        return bd.BConst(b.k.int_, node.start, node.end, const=-(1 << 31))
    if literal.kind == "ulong" and literal.value == 1 << 63:
        return bd.BConst(b.k.long_, node.start, node.end, const=-(1 << 63))
    return None


def unary_bound(b: Binder, node: n.Node, op: str, operand: BExpr) -> BExpr:
    k = b.k
    t = operand.type
    base = strip_nullable(t)
    word = keyword(base)
    lifted = is_nullable(t)
    on: Type | None = None
    if op == "!" and word == "bool":
        on = k.bool_
    elif op in ("-", "+", "~") and word in NUMERIC:
        if op == "~":
            on = None if word in ("float", "double", "decimal") else k.word(promote(word, "int") or "int")
            if word in ("uint", "long", "ulong"):
                on = base
        elif op == "-" and word == "uint":
            on = k.long_
        elif op == "-" and word == "ulong":
            on = None
        else:
            on = base if word in ("uint", "long", "ulong", "float", "double", "decimal") else k.int_
    elif op == "~" and is_enum(base):
        on = base
    elif isinstance(base, Named):
        for m in base.decl.own("operator " + op):
            if isinstance(m, Method) and len(m.params) == 1:
                return bd.BCall(
                    m.result, node.start, node.end, m, None, [b.convert(operand, m.params[0].type, operand)], []
                )
    if on is None:
        name = shown(operand)
        return b.error(node, "CS0023", f"Operator '{op}' cannot be applied to operand of type '{name}'")
    if lifted:
        wide = k.nullable(on)
        return BUnary(wide, node.start, node.end, op, b.convert(operand, wide, operand), b.checked is True)
    x = b.convert(operand, on, operand)
    const = MISSING
    if x.const is not MISSING and keyword(on) not in ("float", "decimal"):
        if op == "!":
            const = not x.const
        elif op == "-":
            const = -x.const
            if keyword(on) in INTEGRAL:
                try:
                    const = fit(const, keyword(on), checked=b.checked is not False)
                except Overflow:
                    return b.error(node, "CS0220", "The operation overflows at compile time in checked mode")
        elif op == "+":
            const = x.const
        elif isinstance(x.const, int):
            const = fit(~x.const, keyword(on), checked=False)
    return BUnary(on, node.start, node.end, op, x, b.checked is True, const=const)
