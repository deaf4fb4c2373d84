"""Operators, text and conversions as Python expressions: where static types decide."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp.emit.expressions import leading
from apimpy.csharp.emit.writer import COMPARE, JSON_TREE, LOAD, STORE, Emitter, const, is_null, load, not_null
from apimpy.csharp.known import INTEGRAL, is_nullable, keyword, strip_nullable
from apimpy.csharp.lookup import is_enum
from apimpy.csharp.types import NULL, Method, Named, TupleType, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.csharp.bound import BExpr, Conversion

_ARITH: dict[str, Callable[[], ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
}
_DECIMAL = {"+": "decimal_add", "-": "decimal_sub", "*": "decimal_mul", "/": "decimal_div", "%": "decimal_rem"}


def unary(em: Emitter, e: bd.BUnary) -> ast.expr:
    x = em.expr(e.operand)
    on = strip_nullable(e.operand.type)
    if is_nullable(e.operand.type):
        first, again = em.once(x)
        return ast.IfExp(is_null(first), const(None), unary_op(em, e, again, on))
    return unary_op(em, e, x, on)


def unary_op(em: Emitter, e: bd.BUnary, x: ast.expr, on: Type) -> ast.expr:
    word = keyword(on)
    if e.op == "!":
        return ast.UnaryOp(ast.Not(), x)
    if e.op == "+":
        return x
    if e.op == "~":
        if is_enum(on):
            return em.op("enum_not", em.g(on.decl), x)  # type: ignore[attr-defined]
        return fit(em, ast.UnaryOp(ast.Invert(), x), word, checked=False)
    if word in ("double", "float"):
        return ast.UnaryOp(ast.USub(), x)
    if word == "decimal":
        return em.op("negate_decimal", x)
    return fit(em, ast.UnaryOp(ast.USub(), x), word, checked=e.checked)


def fit(em: Emitter, value: ast.expr, word: str, *, checked: bool) -> ast.expr:
    """Keep an integer result inside its type."""
    bits, signed = INTEGRAL[word]
    if checked:
        return em.op("fit_checked", value, const(bits), const(signed))
    if not signed:
        return ast.BinOp(value, ast.BitAnd(), const((1 << bits) - 1))
    if bits in (32, 64):
        t = em.fresh()
        bound = 1 << bits - 1
        test = ast.Compare(
            const(-bound),
            [ast.LtE(), ast.Lt()],
            [ast.NamedExpr(ast.Name(t, STORE), value), const(bound)],
        )
        return ast.IfExp(test, load(t), em.op(f"wrap{bits}", load(t)))
    return em.op("fit", value, const(bits), const(signed))


def binary(em: Emitter, e: bd.BBinary) -> ast.expr:
    if e.on is em.k.string_:
        return ast.Compare(em.expr(e.left), [COMPARE[e.op]()], [em.expr(e.right)])
    if e.method is not None:
        return user_operator(em, e, e.method)
    if e.on is em.k.object_:
        return reference(em, e)
    if e.lifted:
        return lifted(em, e)
    return operate(em, e, em.expr(e.left), em.expr(e.right))


def operate(em: Emitter, e: bd.BBinary, x: ast.expr, y: ast.expr) -> ast.expr:
    on, op = e.on, e.op
    word = keyword(on)
    if isinstance(on, TupleType):
        return ast.Compare(x, [COMPARE[op]()], [y])
    if is_enum(on):
        if op in COMPARE:
            return ast.Compare(ast.Attribute(x, "value", LOAD), [COMPARE[op]()], [ast.Attribute(y, "value", LOAD)])
        return em.op("enum_binary", em.g(on.decl), const(op), x, y)  # type: ignore[attr-defined]
    if op in COMPARE:
        return ast.Compare(x, [COMPARE[op]()], [y])
    if word == "bool":
        return ast.BinOp(x, _ARITH[op](), y)
    if word == "decimal":
        return em.op("arithmetic." + _DECIMAL[op], x, y)
    if word in ("double", "float"):
        if op in ("/", "%"):
            value: ast.expr = em.op("arithmetic." + ("double_div" if op == "/" else "double_rem"), x, y)
        else:
            value = ast.BinOp(x, _ARITH[op](), y)
        return em.op("single", value) if word == "float" else value
    bits, _signed = INTEGRAL[word]
    if op in ("/", "%") and isinstance(y, ast.Constant) and isinstance(y.value, int) and y.value > 0:
        return truncating(em, op, x, y)
    if op == "/":
        return em.op("arithmetic.int_div", x, y, const(bits))
    if op == "%":
        return em.op("arithmetic.int_rem", x, y, const(bits))
    if op in ("<<", ">>"):
        count = ast.BinOp(y, ast.BitAnd(), const(bits - 1))
        shifted = ast.BinOp(x, _ARITH[op](), count)
        return shifted if op == ">>" else fit(em, shifted, word, checked=False)
    result = ast.BinOp(x, _ARITH[op](), y)
    return result if op in ("&", "|", "^") else fit(em, result, word, checked=e.checked)


def truncating(em: Emitter, op: str, x: ast.expr, y: ast.Constant) -> ast.expr:
    """Division by a positive constant, toward zero: Python's own on the absolute value."""
    python = ast.FloorDiv() if op == "/" else ast.Mod()
    first, again = em.once(x)
    negative = ast.UnaryOp(ast.USub(), ast.BinOp(ast.UnaryOp(ast.USub(), again), python, y))
    return ast.IfExp(ast.Compare(first, [ast.GtE()], [const(0)]), ast.BinOp(again, python, y), negative)


def lifted(em: Emitter, e: bd.BBinary) -> ast.expr:
    x, y = em.expr(e.left), em.expr(e.right)
    if e.op in ("==", "!="):
        return ast.Compare(x, [COMPARE[e.op]()], [y])
    if e.op in COMPARE:
        return em.op("lifted_compare", const(e.op), x, y)
    if keyword(e.on) == "bool":
        return em.op("lifted_bool", const(e.op), x, y)
    a, b = em.fresh(), em.fresh()
    null = ast.BoolOp(
        ast.Or(),
        [
            is_null(load(a)),
            is_null(load(b)),
        ],
    )
    value = ast.IfExp(null, const(None), operate(em, e, load(a), load(b)))
    return em.sequence([ast.NamedExpr(ast.Name(a, STORE), x), ast.NamedExpr(ast.Name(b, STORE), y), value])


def user_operator(em: Emitter, e: bd.BBinary, m: Method) -> ast.expr:
    x, y = em.expr(e.left), em.expr(e.right)
    if not e.lifted:
        return ast.Call(em.g(m.impl), [*leading(em, m), x, y], [])
    a, b = em.fresh(), em.fresh()
    either = ast.BoolOp(ast.Or(), [is_null(load(v)) for v in (a, b)])
    if e.op in ("==", "!="):
        missing: ast.expr = ast.Compare(load(a), [ast.Is() if e.op == "==" else ast.IsNot()], [load(b)])
    else:
        missing = const(False) if e.op in COMPARE else const(None)
    value = ast.IfExp(either, missing, ast.Call(em.g(m.impl), [*leading(em, m), load(a), load(b)], []))
    return em.sequence([ast.NamedExpr(ast.Name(a, STORE), x), ast.NamedExpr(ast.Name(b, STORE), y), value])


def reference(em: Emitter, e: bd.BBinary) -> ast.expr:
    if isinstance(e.left, bd.BLocal) and isinstance(e.right, bd.BLocal) and e.left.local is e.right.local:
        return const(e.op == "==")  # a box is itself, which numbers in Python would not show
    x, y = em.expr(e.left), em.expr(e.right)
    if not any(isinstance(v, ast.Constant) and v.value is None for v in (x, y)):
        same = em.op("same", x, y)
        return same if e.op == "==" else ast.UnaryOp(ast.Not(), same)
    if isinstance(x, ast.Constant) and isinstance(y, ast.Constant):
        return const((x.value is y.value) is (e.op == "=="))
    return ast.Compare(x, [ast.Is() if e.op == "==" else ast.IsNot()], [y])


def concat(em: Emitter, e: bd.BConcat) -> ast.expr:
    texts: list[ast.expr] = []
    for part in e.parts:
        if isinstance(part, str):
            texts.append(const(part))
        elif part.width is None and part.format is None:
            texts.append(text(em, part.value))
        else:
            boxed = em.boxed(em.expr(part.value), part.value.type)
            texts.append(em.op("hole", boxed, const(part.width), const(part.format)))
    texts = [t for t in texts if not (isinstance(t, ast.Constant) and t.value == "")] or [const("")]
    if len(texts) == 1:
        return texts[0]
    grows = any(not isinstance(p, str) and isinstance(p.value, bd.BLocal | bd.BTemp) for p in e.parts)
    if em.budget or grows:  # a variable may hold what was already doubled
        return em.op("concat", em.rt(), *texts)
    if len(texts) == 2:
        return ast.BinOp(texts[0], ast.Add(), texts[1])
    values: list[ast.expr] = [t if isinstance(t, ast.Constant) else ast.FormattedValue(t, -1, None) for t in texts]
    return ast.JoinedStr(values)


def text(em: Emitter, e: BExpr) -> ast.expr:
    """The value as concatenation writes it: null is empty."""
    if isinstance(e, bd.BConvert) and e.conversion.kind == "box":
        e = e.operand
    t = e.type
    word = keyword(t)
    if isinstance(e.const, str):
        return const(e.const)
    if e.type is NULL:
        return const("")
    if word == "string":
        value = em.expr(e)
        return ast.BoolOp(ast.Or(), [value, const("")]) if e.nullable else value
    if word == "char":
        return em.expr(e)
    if word == "bool":
        return ast.IfExp(em.expr(e), const("True"), const("False"))
    if word in INTEGRAL:
        return ast.Call(em.g(int.__repr__), [em.expr(e)], [])
    return em.op("to_string", em.boxed(em.expr(e), t))


def convert(em: Emitter, e: bd.BConvert) -> ast.expr:
    if e.conversion.kind == "unwrap":
        e_operand = e.operand
        first, again = em.once(em.expr(e_operand))
        inner = conversion(em, again, e.conversion.inner, strip_nullable(e_operand.type), e.type, e.checked)
        return ast.IfExp(not_null(first), inner, em.op("no_value"))
    return conversion(em, em.expr(e.operand), e.conversion, e.operand.type, e.type, e.checked)


def conversion(em: Emitter, value: ast.expr, c: Conversion | None, a: Type, b: Type, checked: bool) -> ast.expr:
    """The Python expression for a conversion from a to b."""
    if c is None or c.kind in ("identity", "null", "error", "constant"):
        return value
    if c.kind == "reference":
        if _as_children(a, b):
            return em.op("json_children", value)
        return value
    if c.kind == "numeric":
        return numeric(em, value, a, b, checked)
    if c.kind == "box":
        return em.boxed(value, a)
    if c.kind in ("unbox", "cast"):
        return cast(em, value, b)
    if c.kind == "wrap":
        return conversion(em, value, c.inner, a, strip_nullable(b), checked)
    if c.kind == "lift":
        first, again = em.once(value)
        inner = conversion(em, again, c.inner, strip_nullable(a), strip_nullable(b), checked)
        if inner is again:
            return value
        return ast.IfExp(is_null(first), const(None), inner)
    if c.kind == "unwrap":
        first, again = em.once(value)
        inner = conversion(em, again, c.inner, strip_nullable(a), b, checked)
        return ast.IfExp(not_null(first), inner, em.op("no_value"))
    if c.kind == "enum":
        if is_enum(b):
            number = ast.Attribute(value, "value", LOAD) if is_enum(a) else numeric(em, value, a, em.k.int_, checked)
            return em.op("enum_of", em.g(b.decl), number)  # type: ignore[attr-defined]
        return numeric(em, ast.Attribute(value, "value", LOAD), em.k.int_, b, checked)
    if c.kind == "user":
        assert c.method is not None
        p = c.method.params[0].type
        given = conversion(em, value, c.inner, a, p, checked)
        called = ast.Call(em.g(c.method.impl), [*leading(em, c.method), given], [])
        return conversion(em, called, c.outer, c.method.result, b, checked)
    if c.kind == "tuple":
        assert isinstance(a, TupleType)
        assert isinstance(b, TupleType)
        t = em.fresh()
        from apimpy.csharp.conversions import standard_implicit

        parts: list[ast.expr] = []
        for i, (x, y) in enumerate(zip(a.elements, b.elements, strict=True)):
            source = ast.NamedExpr(ast.Name(t, STORE), value) if i == 0 else load(t)
            piece: ast.expr = ast.Subscript(source, const(i), LOAD)
            parts.append(conversion(em, piece, standard_implicit(x, y), x, y, checked))
        return ast.Call(em.g(em.ops.ClrTuple), [ast.Tuple(parts, LOAD)], [])
    raise AssertionError(f"conversion {c.kind}")


def cast(em: Emitter, value: ast.expr, b: Type) -> ast.expr:
    """`(b)value`: what is exactly of the type's Python class passes without a call."""
    exact = em.ops.exact_class(b)
    if exact is None:
        return ast.Call(em.caster(b), [value], [])
    first, again = em.once(value)
    test = ast.Compare(ast.Call(em.g(type), [first], []), [ast.Is()], [em.g(exact)])
    return ast.IfExp(test, again, ast.Call(em.caster(b), [again], []))


def numeric(em: Emitter, value: ast.expr, a: Type, b: Type, checked: bool) -> ast.expr:
    wa, wb = keyword(a), keyword(b)
    if wa == wb:
        return value
    if wa == "char":
        value = ast.Call(em.g(ord), [value], [])
        wa = "ushort"
        if wb == "ushort":
            return value
    real = wa in ("float", "double", "decimal")
    if wb == "char":
        if real:
            value = em.op("arithmetic.to_integer", value, const(16), const(False), const(checked))
            return ast.Call(em.g(chr), [value], [])
        if checked:
            return ast.Call(em.g(chr), [em.op("fit_checked", value, const(16), const(False))], [])
        return em.op("char_of", value)
    if wb in INTEGRAL:
        bits, signed = INTEGRAL[wb]
        if real:
            return em.op("arithmetic.to_integer", value, const(bits), const(signed), const(checked or wa == "decimal"))
        source_bits, source_signed = INTEGRAL[wa]
        if (source_signed == signed and source_bits <= bits) or (not source_signed and source_bits < bits):
            return value
        return em.op("fit_checked" if checked else "fit", value, const(bits), const(signed))
    if wb == "double":
        if wa == "float":
            return value
        if wa == "decimal":
            return em.op("arithmetic.decimal_to_double", value)
        return ast.Call(em.g(float), [value], [])
    if wb == "float":
        if wa == "decimal":
            value = em.op("arithmetic.decimal_to_double", value)
        elif not real:
            value = ast.Call(em.g(float), [value], [])
        return em.op("single", value)
    if wa == "float":
        return em.op("arithmetic.single_to_decimal", value)
    if wa == "double":
        return em.op("arithmetic.to_decimal", value)
    return ast.Call(em.g(em.ops.Decimal), [value], [])


def _as_children(a: Type, b: Type) -> bool:
    """A JSON token becomes an enumerable of tokens."""
    if not (isinstance(a, Named) and isinstance(b, Named) and b.args):
        return False
    if a.decl.full_name in JSON_TREE:
        return True
    return a.decl.full_name == "Newtonsoft.Json.Linq.JObject" and b.args[0].full_name == "Newtonsoft.Json.Linq.JToken"
