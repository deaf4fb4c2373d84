"""Core tree → Python function.

Expressions become Python expressions, statements Python statements; a chosen member is a call of its Python function,
bound by name in the function's globals: no attribute is ever looked up with a name the policy author wrote.  Static
types decide the operator: what Python does differently (32-bit wrap-around, truncating division, null, boxing) goes
through `universe.ops`.

Locals are `v<id>`, temporaries `t<id>`, everything else `g<n>`; `__builtins__` is empty.  A variable that a lambda shares
with the code around it (C# captures variables, not values) lives in a one-element list, its cell.
Every Python node carries the line and column of the policy file, so a traceback shows the policy.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

from apimpy.csharp import bound as bd
from apimpy.csharp import lower
from apimpy.csharp.bound import BExpr, BStmt, Conversion, Local
from apimpy.csharp.known import INTEGRAL, is_nullable, keyword, known, strip_nullable
from apimpy.csharp.lookup import is_enum, is_reference
from apimpy.csharp.types import MISSING, NULL, VOID, Method, Named, TupleType, Type

__all__ = ["emit"]

_LOAD, _STORE = ast.Load(), ast.Store()
_COMPARE: dict[str, Callable[[], ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    ">": ast.Gt,
    "<=": ast.LtE,
    ">=": ast.GtE,
}
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
_JSON_TREE = frozenset(f"Newtonsoft.Json.Linq.{n}" for n in ("JToken", "JContainer", "JProperty", "JArray"))


def _const(value: Any) -> ast.expr:
    return ast.Constant(value)


def _name(id: str) -> ast.Name:
    return ast.Name(id, _LOAD)


class _Function:
    """What the emitter knows of the Python function it is writing."""

    def __init__(self, depth: int, outs: list[Local] | None = None, *, is_lambda: bool = False) -> None:
        self.depth = depth
        self.outs = outs or []
        self.is_lambda = is_lambda
        self.captures: set[Local] = set()
        """Cells of loop variables: bound by value when the function is made."""
        self.continues: list[Any] = []


class _Emitter:
    def __init__(self, universe: Any, position: Callable[[int], tuple[int, int]], *, budget: bool) -> None:
        self.ops = universe.ops
        self.k = known()
        self.position = position
        self.budget = budget
        self.globals: dict[str, Any] = {"__builtins__": {}}
        self.names: dict[int, str] = {}
        self.kept: list[Any] = []
        self.pre: list[ast.stmt] = []
        self.functions = [_Function(0)]
        self.count = 0
        self.temps: dict[int, str] = {}

    # --- names

    def g(self, value: Any) -> ast.Name:
        """A global that holds a value."""
        known_name = self.names.get(id(value))
        if known_name is None:
            known_name = f"g{len(self.names)}"
            self.names[id(value)] = known_name
            self.kept.append(value)
            self.globals[known_name] = value
        return _name(known_name)

    def op(self, name: str, *args: ast.expr) -> ast.Call:
        """A call of a run-time helper."""
        holder: Any = self.ops
        for part in name.split("."):
            holder = getattr(holder, part)
        return ast.Call(self.g(holder), list(args), [])

    def fresh(self) -> str:
        self.count += 1
        return f"x{self.count}"

    def local(self, local: Local) -> str:
        return f"v{local.id}"

    def temp_name(self, t: bd.BTemp) -> str:
        return f"t{t.id}"

    def note_capture(self, local: Local) -> None:
        if local.cell and local.in_loop:
            for f in self.functions:
                if f.depth > local.depth:
                    f.captures.add(local)

    def read(self, local: Local) -> ast.expr:
        self.note_capture(local)
        if local.cell:
            return ast.Subscript(_name(self.local(local)), _const(0), _LOAD)
        return _name(self.local(local))

    def assign_expr(self, local: Local, value: ast.expr) -> ast.expr:
        """Assignment as an expression with the value assigned."""
        if local.cell:
            self.note_capture(local)
            t = self.fresh()
            set_item = ast.Call(self.g(list.__setitem__), [_name(self.local(local)), _const(0), ast.NamedExpr(ast.Name(t, _STORE), value)], [])
            return self.sequence([set_item, _name(t)])
        return ast.NamedExpr(ast.Name(self.local(local), _STORE), value)

    def declare(self, local: Local, value: ast.expr) -> ast.stmt:
        if local.cell:
            value = ast.List([value], _LOAD)
        return ast.Assign([ast.Name(self.local(local), _STORE)], value)

    def sequence(self, items: list[ast.expr]) -> ast.expr:
        """Evaluate all, keep the last."""
        return ast.Subscript(ast.Tuple(items, _LOAD), _const(len(items) - 1), _LOAD)

    def once(self, value: ast.expr) -> tuple[ast.expr, ast.expr]:
        """(first use, later use) of a value evaluated once."""
        if isinstance(value, ast.Name | ast.Constant):
            return value, value
        t = self.fresh()
        return ast.NamedExpr(ast.Name(t, _STORE), value), _name(t)

    def not_null(self, e: BExpr, otherwise: str = "null_reference") -> ast.expr:
        """The value, or the exception for null."""
        value = self.expr(e)
        if not e.nullable or not (is_reference(e.type) or is_nullable(e.type)):
            return value
        first, again = self.once(value)
        test = ast.Compare(first, [ast.IsNot()], [_const(None)])
        return ast.IfExp(test, again, self.op(otherwise))

    # --- expressions

    def expr(self, e: BExpr) -> ast.expr:
        if e.const is not MISSING and not isinstance(e, bd.BTypeRef):
            out = self.constant(e.const, e.type)
        else:
            method = _EXPR.get(type(e))
            if method is None:
                return self.expr(lower.LOWER[type(e)](e))
            out = method(self, e)
        line, col = self.position(e.start)
        end_line, end_col = self.position(e.end)
        out.lineno, out.col_offset, out.end_lineno, out.end_col_offset = line, col, end_line, end_col
        return out

    def constant(self, value: Any, t: Type) -> ast.expr:
        if value is None or isinstance(value, bool | str):
            return _const(value)
        if isinstance(value, int):
            word = keyword(strip_nullable(t))
            if word in ("double", "float"):
                return _const(float(value))
            if word == "decimal":
                return self.g(self.ops.Decimal(value))
            return _const(value)
        if isinstance(value, float) and math.isfinite(value):
            return _const(value)
        return self.g(value)

    def context(self, e: bd.BContext) -> ast.expr:
        return _name("context")

    def local_expr(self, e: bd.BLocal) -> ast.expr:
        return self.read(e.local)

    def temp(self, e: bd.BTemp) -> ast.expr:
        return _name(self.temp_name(e))

    def property_(self, e: bd.BProperty) -> ast.expr:
        p = e.prop
        if p.decl.const is not MISSING:
            return self.constant(p.decl.const, e.type)
        args: list[ast.expr] = [_name("rt")] if p.decl.rt else []
        if e.receiver is not None:
            receiver = self.receiver(e.receiver, p.owner)
            if p.decl.attr is not None:
                return ast.Attribute(receiver, p.decl.attr, _LOAD)
            args.append(receiver)
        args += [self.expr(x) for x in e.index]
        return ast.Call(self.g(p.getter), args, [])

    def receiver(self, e: BExpr, owner: Any) -> ast.expr:
        """The receiver of a member: checked for null, boxed when the member belongs to object or an interface."""
        value = self.not_null(e)
        if e.type.is_value and owner.kind in ("class", "interface") and not owner.is_value:
            return self.boxed(value, e.type)
        return value

    def call(self, e: bd.BCall) -> ast.expr:
        m = e.method
        args = self.leading(m)
        if e.receiver is not None:
            args.append(self.receiver(e.receiver, m.owner))
        values = e.args
        if m.owner.full_name == "Newtonsoft.Json.Linq.Extensions" and m.name == "Value":
            first = values[0]  # declared for sequences, meant for the token itself
            if isinstance(first, bd.BConvert):
                values = [first.operand, *values[1:]]
        args += [self.expr(a) for a in values]
        return self.with_outs(ast.Call(self.g(m.impl), args, []), e.outs)

    def leading(self, m: Method) -> list[ast.expr]:
        """Run time and type arguments."""
        args: list[ast.expr] = [_name("rt")] if m.decl.rt else []
        if m.decl.reify:
            args += [self.g(t) for t in m.type_args]
        return args

    def with_outs(self, call: ast.expr, outs: list[tuple[int, BExpr | None]]) -> ast.expr:
        if not outs:
            return call
        t = self.fresh()
        items: list[ast.expr] = [ast.NamedExpr(ast.Name(t, _STORE), call)]
        for i, (_, place) in enumerate(outs):
            if place is not None:
                assert isinstance(place, bd.BLocal)
                items.append(self.assign_expr(place.local, ast.Subscript(_name(t), _const(i + 1), _LOAD)))
        items.append(ast.Subscript(_name(t), _const(0), _LOAD))
        return self.sequence(items)

    def local_call(self, e: bd.BLocalCall) -> ast.expr:
        call = ast.Call(_name(f"f{e.symbol.id}"), [self.expr(a) for a in e.args], [])
        return self.with_outs(call, e.outs)

    def invoke(self, e: bd.BInvoke) -> ast.expr:
        return ast.Call(self.not_null(e.target), [self.expr(a) for a in e.args], [])

    def array_index(self, e: bd.BArrayIndex) -> ast.expr:
        array = self.not_null(e.array)
        name = "array_get" if len(e.index) == 1 else "array_get_many"
        return self.op(name, array, *(self.expr(i) for i in e.index))

    def item(self, e: bd.BItem) -> ast.expr:
        return ast.Subscript(self.not_null(e.target), _const(e.position), _LOAD)

    def new(self, e: bd.BNew) -> ast.expr:
        args = self.leading(e.ctor) + [self.expr(a) for a in e.args]
        return self.with_outs(ast.Call(self.g(e.ctor.impl), args, []), e.outs)

    def init(self, e: bd.BInit) -> ast.expr:
        target = self.not_null(e.target)
        items: list[ast.expr] = [ast.NamedExpr(ast.Name(self.temp_name(e.temp), _STORE), target)]  # type: ignore[arg-type]
        items += [self.expr(a) for a in e.actions]
        items.append(_name(self.temp_name(e.temp)))  # type: ignore[arg-type]
        return self.sequence(items)

    def array_new(self, e: bd.BArrayNew) -> ast.expr:
        of = self.g(e.element)
        if e.items is None:
            return self.op("new_array", _name("rt"), of, ast.Tuple([self.expr(s) for s in e.sizes], _LOAD))
        items = ast.List([self.expr(i) for i in e.items], _LOAD)
        shape = [self.g(e.shape)] if e.shape is not None else []
        return self.op("filled_array", of, items, *shape)

    def anonymous(self, e: bd.BAnonymous) -> ast.expr:
        return self.op("anonymous", self.g(e.type), ast.Tuple([self.expr(v) for v in e.values], _LOAD))

    def tuple_(self, e: bd.BTuple) -> ast.expr:
        return ast.Call(self.g(self.ops.ClrTuple), [ast.Tuple([self.expr(v) for v in e.values], _LOAD)], [])

    def conditional(self, e: bd.BConditional) -> ast.expr:
        return ast.IfExp(self.expr(e.test), self.expr(e.then), self.expr(e.other))

    def coalesce(self, e: bd.BCoalesce) -> ast.expr:
        first = ast.NamedExpr(ast.Name(self.temp_name(e.temp), _STORE), self.expr(e.left))
        test = ast.Compare(first, [ast.IsNot()], [_const(None)])
        return ast.IfExp(test, self.expr(e.value), self.expr(e.right))

    def conditional_access(self, e: bd.BConditionalAccess) -> ast.expr:
        first = ast.NamedExpr(ast.Name(self.temp_name(e.temp), _STORE), self.expr(e.target))
        test = ast.Compare(first, [ast.Is()], [_const(None)])
        return ast.IfExp(test, _const(None), self.expr(e.rest))

    def logical(self, e: bd.BLogical) -> ast.expr:
        op: ast.boolop = ast.And() if e.op == "&&" else ast.Or()
        return ast.BoolOp(op, [self.expr(e.left), self.expr(e.right)])

    def throw(self, e: bd.BThrow) -> ast.expr:
        return self.op("throw", self.expr(e.value))

    def type_of(self, e: bd.BTypeOf) -> ast.expr:
        return self.g(e.of)

    def default(self, e: bd.BDefault) -> ast.expr:
        value = None if e.type in (NULL, VOID) else self.ops.default_of(e.type)
        return self.constant(value, e.type)

    def is_(self, e: bd.BIs) -> ast.expr:
        if e.local is None:
            if isinstance(e.operand, bd.BConvert) and e.operand.type is e.of:
                return ast.Compare(self.expr(e.operand), [ast.IsNot()], [_const(None)])
            return ast.Call(self.tester(e.of), [self.expr(e.operand)], [])
        if e.operand.type is e.of:  # `is var x`
            return self.sequence([self.assign_expr(e.local, self.expr(e.operand)), _const(True)])
        t = self.fresh()
        test = ast.Call(self.tester(e.of), [ast.NamedExpr(ast.Name(t, _STORE), self.expr(e.operand))], [])
        bind = self.assign_expr(e.local, ast.Call(self.caster(e.of), [_name(t)], []))
        return ast.BoolOp(ast.And(), [test, self.sequence([bind, _const(True)])])

    def tester(self, t: Type) -> ast.Name:
        return self.cached("tester", t)

    def caster(self, t: Type) -> ast.Name:
        return self.cached("caster", t)

    def cached(self, maker: str, t: Type) -> ast.Name:
        key = f"{maker}:{id(t)}"
        made = self.made.get(key)
        if made is None:
            made = self.made[key] = getattr(self.ops, maker)(t)
        return self.g(made)

    made: dict[str, Any]

    def is_const(self, e: bd.BIsConst) -> ast.expr:
        if e.value.const is None or (isinstance(e.value, bd.BConvert) and e.value.operand.const is None):
            return ast.Compare(self.expr(e.operand), [ast.Is()], [_const(None)])
        return self.op("equals", self.expr(e.operand), self.expr(e.value))

    def as_(self, e: bd.BAs) -> ast.expr:
        t = self.fresh()
        test = ast.Call(self.tester(e.of), [ast.NamedExpr(ast.Name(t, _STORE), self.expr(e.operand))], [])
        value: ast.expr = _name(t)
        if e.of.is_value:
            value = ast.Call(self.caster(e.of), [value], [])
        return ast.IfExp(test, value, _const(None))

    # --- assignment

    def assign(self, e: bd.BAssign) -> ast.expr:
        return self.store(e.target, self.expr(e.value), wanted=True)

    def store(self, target: BExpr, value: ast.expr, *, wanted: bool) -> ast.expr:
        """Assignment as an expression; `wanted`: its value is used."""
        if isinstance(target, bd.BLocal):
            return self.assign_expr(target.local, value)
        if isinstance(target, bd.BError):
            return value
        if isinstance(target, bd.BItem):
            assert isinstance(target.target, bd.BLocal)
            local = target.target.local
            return self.assign_expr(local, self.op("replace_item", self.read(local), _const(target.position), value))
        if isinstance(target, bd.BArrayIndex):
            array = self.not_null(target.array)
            if len(target.index) == 1:
                return self.op("array_set", array, self.expr(target.index[0]), value)
            return self.op("array_set_many", array, value, *(self.expr(i) for i in target.index))
        assert isinstance(target, bd.BProperty)
        args: list[ast.expr] = []
        if target.receiver is not None:
            args.append(self.receiver(target.receiver, target.prop.owner))
        args += [self.expr(i) for i in target.index]
        if not wanted:
            return ast.Call(self.g(target.prop.setter), [*args, value], [])
        t = self.fresh()
        call = ast.Call(self.g(target.prop.setter), [*args, ast.NamedExpr(ast.Name(t, _STORE), value)], [])
        return self.sequence([call, _name(t)])

    def compound(self, e: bd.BCompound) -> ast.expr:
        target, before = self.stable(e.target)
        old = ast.NamedExpr(ast.Name(self.temp_name(e.temp), _STORE), self.expr(target))
        stored = self.store(target, self.expr(e.value), wanted=not e.postfix)
        items = [*before, old, stored]
        if e.postfix:
            items.append(_name(self.temp_name(e.temp)))
        return self.sequence(items)

    def stable(self, target: BExpr) -> tuple[BExpr, list[ast.expr]]:
        """The target with its receiver and indexes evaluated once."""
        before: list[ast.expr] = []

        def hold(e: BExpr) -> BExpr:
            if isinstance(e, bd.BLocal | bd.BTemp | bd.BContext) or e.const is not MISSING:
                return e
            self.count += 1
            temp = bd.BTemp(e.type, e.start, e.end, -self.count, nullable=e.nullable)
            before.append(ast.NamedExpr(ast.Name(f"t{temp.id}".replace("-", "_"), _STORE), self.expr(e)))
            return temp

        if isinstance(target, bd.BProperty):
            receiver = hold(target.receiver) if target.receiver is not None else None
            index = [hold(i) for i in target.index]
            return bd.BProperty(target.type, target.start, target.end, target.prop, receiver, index), before
        if isinstance(target, bd.BArrayIndex):
            return bd.BArrayIndex(target.type, target.start, target.end, hold(target.array), [hold(i) for i in target.index]), before
        return target, before

    # --- operators

    def unary(self, e: bd.BUnary) -> ast.expr:
        x = self.expr(e.operand)
        on = strip_nullable(e.operand.type)
        if is_nullable(e.operand.type):
            first, again = self.once(x)
            return ast.IfExp(ast.Compare(first, [ast.Is()], [_const(None)]), _const(None), self.unary_op(e, again, on))
        return self.unary_op(e, x, on)

    def unary_op(self, e: bd.BUnary, x: ast.expr, on: Type) -> ast.expr:
        word = keyword(on)
        if e.op == "!":
            return ast.UnaryOp(ast.Not(), x)
        if e.op == "+":
            return x
        if e.op == "~":
            if is_enum(on):
                return self.op("enum_not", self.g(on.decl), x)  # type: ignore[attr-defined]
            return self.fit(ast.UnaryOp(ast.Invert(), x), word, checked=False)
        if word in ("double", "float"):
            return ast.UnaryOp(ast.USub(), x)
        if word == "decimal":
            return self.op("negate_decimal", x)
        return self.fit(ast.UnaryOp(ast.USub(), x), word, checked=e.checked)

    def fit(self, value: ast.expr, word: str, *, checked: bool) -> ast.expr:
        """Keep an integer result inside its type."""
        bits, signed = INTEGRAL[word]
        if checked:
            return self.op("fit_checked", value, _const(bits), _const(signed))
        if not signed:
            return ast.BinOp(value, ast.BitAnd(), _const((1 << bits) - 1))
        if bits in (32, 64):
            t = self.fresh()
            bound = 1 << bits - 1
            test = ast.Compare(
                _const(-bound),
                [ast.LtE(), ast.Lt()],
                [ast.NamedExpr(ast.Name(t, _STORE), value), _const(bound)],
            )
            return ast.IfExp(test, _name(t), self.op(f"wrap{bits}", _name(t)))
        return self.op("fit", value, _const(bits), _const(signed))

    def binary(self, e: bd.BBinary) -> ast.expr:
        if e.on is self.k.string_:
            if e.op == "+":
                return self.concat(e)
            return ast.Compare(self.expr(e.left), [_COMPARE[e.op]()], [self.expr(e.right)])
        if e.method is not None:
            return self.user_operator(e, e.method)
        if e.on is self.k.object_:
            return self.reference(e)
        if e.lifted:
            return self.lifted(e)
        return self.operate(e, self.expr(e.left), self.expr(e.right))

    def operate(self, e: bd.BBinary, x: ast.expr, y: ast.expr) -> ast.expr:
        on, op = e.on, e.op
        word = keyword(on)
        if isinstance(on, TupleType):
            return ast.Compare(x, [_COMPARE[op]()], [y])
        if is_enum(on):
            if op in _COMPARE:
                return ast.Compare(ast.Attribute(x, "value", _LOAD), [_COMPARE[op]()], [ast.Attribute(y, "value", _LOAD)])
            return self.op("enum_binary", self.g(on.decl), _const(op), x, y)  # type: ignore[attr-defined]
        if op in _COMPARE:
            return ast.Compare(x, [_COMPARE[op]()], [y])
        if word == "bool":
            return ast.BinOp(x, _ARITH[op](), y)
        if word == "decimal":
            return self.op("arithmetic." + _DECIMAL[op], x, y)
        if word in ("double", "float"):
            if op in ("/", "%"):
                value: ast.expr = self.op("arithmetic." + ("double_div" if op == "/" else "double_rem"), x, y)
            else:
                value = ast.BinOp(x, _ARITH[op](), y)
            return self.op("single", value) if word == "float" else value
        bits, signed = INTEGRAL[word]
        if op == "/":
            return self.op("arithmetic.int_div", x, y, _const(bits))
        if op == "%":
            return self.op("arithmetic.int_rem", x, y, _const(bits))
        if op in ("<<", ">>"):
            count = ast.BinOp(y, ast.BitAnd(), _const(bits - 1))
            shifted = ast.BinOp(x, _ARITH[op](), count)
            return shifted if op == ">>" else self.fit(shifted, word, checked=False)
        result = ast.BinOp(x, _ARITH[op](), y)
        return result if op in ("&", "|", "^") else self.fit(result, word, checked=e.checked)

    def lifted(self, e: bd.BBinary) -> ast.expr:
        x, y = self.expr(e.left), self.expr(e.right)
        if e.op in ("==", "!="):
            return ast.Compare(x, [_COMPARE[e.op]()], [y])
        if e.op in _COMPARE:
            return self.op("lifted_compare", _const(e.op), x, y)
        if keyword(e.on) == "bool":
            return self.op("lifted_bool", _const(e.op), x, y)
        a, b = self.fresh(), self.fresh()
        null = ast.BoolOp(
            ast.Or(),
            [
                ast.Compare(_name(a), [ast.Is()], [_const(None)]),
                ast.Compare(_name(b), [ast.Is()], [_const(None)]),
            ],
        )
        value = ast.IfExp(null, _const(None), self.operate(e, _name(a), _name(b)))
        return self.sequence([ast.NamedExpr(ast.Name(a, _STORE), x), ast.NamedExpr(ast.Name(b, _STORE), y), value])

    def user_operator(self, e: bd.BBinary, m: Method) -> ast.expr:
        x, y = self.expr(e.left), self.expr(e.right)
        if not e.lifted:
            return ast.Call(self.g(m.impl), [*self.leading(m), x, y], [])
        a, b = self.fresh(), self.fresh()
        either = ast.BoolOp(
            ast.Or(), [ast.Compare(_name(v), [ast.Is()], [_const(None)]) for v in (a, b)]
        )
        if e.op in ("==", "!="):
            missing: ast.expr = ast.Compare(_name(a), [ast.Is() if e.op == "==" else ast.IsNot()], [_name(b)])
        else:
            missing = _const(False) if e.op in _COMPARE else _const(None)
        value = ast.IfExp(either, missing, ast.Call(self.g(m.impl), [*self.leading(m), _name(a), _name(b)], []))
        return self.sequence([ast.NamedExpr(ast.Name(a, _STORE), x), ast.NamedExpr(ast.Name(b, _STORE), y), value])

    def reference(self, e: bd.BBinary) -> ast.expr:
        x, y = self.expr(e.left), self.expr(e.right)
        if not any(isinstance(v, ast.Constant) and v.value is None for v in (x, y)):
            same = self.op("same", x, y)
            return same if e.op == "==" else ast.UnaryOp(ast.Not(), same)
        return ast.Compare(x, [ast.Is() if e.op == "==" else ast.IsNot()], [y])

    # --- text

    def concat(self, e: bd.BBinary) -> ast.expr:
        parts: list[BExpr] = []

        def flatten(x: BExpr) -> None:
            if isinstance(x, bd.BBinary) and x.op == "+" and x.on is self.k.string_ and x.const is MISSING:
                flatten(x.left)
                flatten(x.right)
            else:
                parts.append(x)

        flatten(e)
        return self.joined([self.text(p) for p in parts])

    def joined(self, texts: list[ast.expr]) -> ast.expr:
        texts = [t for t in texts if not (isinstance(t, ast.Constant) and t.value == "")] or [_const("")]
        if len(texts) == 1:
            return texts[0]
        if self.budget:
            return self.op("concat", _name("rt"), *texts)
        if len(texts) == 2:
            return ast.BinOp(texts[0], ast.Add(), texts[1])
        values: list[ast.expr] = [
            t if isinstance(t, ast.Constant) else ast.FormattedValue(t, -1, None) for t in texts
        ]
        return ast.JoinedStr(values)

    def text(self, e: BExpr) -> ast.expr:
        """The value as concatenation writes it: null is empty."""
        if isinstance(e, bd.BConvert) and e.conversion.kind == "box":
            e = e.operand
        t = e.type
        word = keyword(t)
        if isinstance(e.const, str):
            return _const(e.const)
        if e.type is NULL:
            return _const("")
        if word == "string":
            value = self.expr(e)
            return ast.BoolOp(ast.Or(), [value, _const("")]) if e.nullable else value
        if word == "char":
            return self.expr(e)
        if word == "bool":
            return ast.IfExp(self.expr(e), _const("True"), _const("False"))
        if word in INTEGRAL:
            return ast.Call(self.g(int.__repr__), [self.expr(e)], [])
        return self.op("to_string", self.boxed(self.expr(e), t))

    def interpolated(self, e: bd.BInterpolated) -> ast.expr:
        texts: list[ast.expr] = []
        for p in e.parts:
            if isinstance(p, str):
                texts.append(_const(p))
                continue
            value, width, fmt = p
            if width is None and fmt is None:
                texts.append(self.text(value))
            else:
                boxed = self.boxed(self.expr(value), value.type)
                texts.append(self.op("hole", boxed, _const(width), _const(fmt)))
        return self.joined(texts)

    # --- conversions

    def boxed(self, value: ast.expr, t: Type) -> ast.expr:
        key = f"boxer:{id(t)}"
        if key not in self.made:
            self.made[key] = self.ops.boxer(t)
        marker = self.made[key]
        return value if marker is None else ast.Call(self.g(marker), [value], [])

    def convert(self, e: bd.BConvert) -> ast.expr:
        if e.conversion.kind == "unwrap":
            e_operand = e.operand
            first, again = self.once(self.expr(e_operand))
            inner = self.conversion(again, e.conversion.inner, strip_nullable(e_operand.type), e.type, e.checked)
            return ast.IfExp(ast.Compare(first, [ast.IsNot()], [_const(None)]), inner, self.op("no_value"))
        return self.conversion(self.expr(e.operand), e.conversion, e.operand.type, e.type, e.checked)

    def conversion(self, value: ast.expr, c: Conversion | None, a: Type, b: Type, checked: bool) -> ast.expr:
        """The Python expression for a conversion from a to b."""
        if c is None or c.kind in ("identity", "null", "error", "constant"):
            return value
        if c.kind == "reference":
            if _as_children(a, b):
                return self.op("json_children", value)
            return value
        if c.kind == "numeric":
            return self.numeric(value, a, b, checked)
        if c.kind == "box":
            return self.boxed(value, a)
        if c.kind in ("unbox", "cast"):
            return ast.Call(self.caster(b), [value], [])
        if c.kind == "wrap":
            return self.conversion(value, c.inner, a, strip_nullable(b), checked)
        if c.kind == "lift":
            first, again = self.once(value)
            inner = self.conversion(again, c.inner, strip_nullable(a), strip_nullable(b), checked)
            if inner is again:
                return value
            return ast.IfExp(ast.Compare(first, [ast.Is()], [_const(None)]), _const(None), inner)
        if c.kind == "unwrap":
            first, again = self.once(value)
            inner = self.conversion(again, c.inner, strip_nullable(a), b, checked)
            return ast.IfExp(ast.Compare(first, [ast.IsNot()], [_const(None)]), inner, self.op("no_value"))
        if c.kind == "enum":
            if is_enum(b):
                number = ast.Attribute(value, "value", _LOAD) if is_enum(a) else self.numeric(value, a, self.k.int_, checked)
                return self.op("enum_of", self.g(b.decl), number)  # type: ignore[attr-defined]
            return self.numeric(ast.Attribute(value, "value", _LOAD), self.k.int_, b, checked)
        if c.kind == "user":
            assert c.method is not None
            p = c.method.params[0].type
            given = self.conversion(value, c.inner, a, p, checked)
            called = ast.Call(self.g(c.method.impl), [*self.leading(c.method), given], [])
            return self.conversion(called, c.outer, c.method.result, b, checked)
        if c.kind == "tuple":
            assert isinstance(a, TupleType)
            assert isinstance(b, TupleType)
            t = self.fresh()
            from apimpy.csharp.conversions import standard_implicit

            parts: list[ast.expr] = []
            for i, (x, y) in enumerate(zip(a.elements, b.elements, strict=True)):
                source = ast.NamedExpr(ast.Name(t, _STORE), value) if i == 0 else _name(t)
                piece: ast.expr = ast.Subscript(source, _const(i), _LOAD)
                parts.append(self.conversion(piece, standard_implicit(x, y), x, y, checked))
            return ast.Call(self.g(self.ops.ClrTuple), [ast.Tuple(parts, _LOAD)], [])
        raise AssertionError(f"conversion {c.kind}")

    def numeric(self, value: ast.expr, a: Type, b: Type, checked: bool) -> ast.expr:
        wa, wb = keyword(a), keyword(b)
        if wa == wb:
            return value
        if wa == "char":
            value = ast.Call(self.g(ord), [value], [])
            wa = "ushort"
            if wb == "ushort":
                return value
        real = wa in ("float", "double", "decimal")
        if wb == "char":
            if real:
                value = self.op("arithmetic.to_integer", value, _const(16), _const(False), _const(checked))
                return ast.Call(self.g(chr), [value], [])
            if checked:
                return ast.Call(self.g(chr), [self.op("fit_checked", value, _const(16), _const(False))], [])
            return self.op("char_of", value)
        if wb in INTEGRAL:
            bits, signed = INTEGRAL[wb]
            if real:
                return self.op("arithmetic.to_integer", value, _const(bits), _const(signed), _const(checked or wa == "decimal"))
            source_bits, source_signed = INTEGRAL[wa]
            if source_signed == signed and source_bits <= bits or (not source_signed and source_bits < bits):
                return value
            return self.op("fit_checked" if checked else "fit", value, _const(bits), _const(signed))
        if wb == "double":
            if wa == "float":
                return value
            if wa == "decimal":
                return self.op("arithmetic.decimal_to_double", value)
            return ast.Call(self.g(float), [value], [])
        if wb == "float":
            if wa == "decimal":
                value = self.op("arithmetic.decimal_to_double", value)
            elif not real:
                value = ast.Call(self.g(float), [value], [])
            return self.op("single", value)
        if wa == "float":
            return self.op("arithmetic.single_to_decimal", value)
        if wa == "double":
            return self.op("arithmetic.to_decimal", value)
        return ast.Call(self.g(self.ops.Decimal), [value], [])

    # --- lambdas

    def lambda_(self, e: bd.BLambda) -> ast.expr:
        depth = self.functions[-1].depth + 1
        f = _Function(depth, is_lambda=True)
        self.functions.append(f)
        kept, self.pre = self.pre, []
        try:
            if isinstance(e.body, BExpr):
                body = self.expr(e.body)
                before = self.pre
                cells = [p for p in e.params if p.cell]
                if not before and not cells:
                    return ast.Lambda(self.arguments(e.params, f), body)
                statements: list[ast.stmt] = [*before, ast.Return(body)]
            else:
                statements = self.body(e.body)
            for p in e.params:
                if p.cell:
                    statements.insert(0, ast.Assign([ast.Name(self.local(p), _STORE)], ast.List([_name(self.local(p))], _LOAD)))
            name = self.fresh()
            definition = self.define(name, e.params, f, statements)
        finally:
            self.functions.pop()
            self.pre = kept
        self.pre.append(definition)
        return _name(name)

    def arguments(self, params: tuple[Local, ...] | list[Local], f: _Function) -> ast.arguments:
        """Parameters, then the cells of loop variables bound now."""
        own = [ast.arg(self.local(p)) for p in params]
        cells = sorted(f.captures, key=lambda x: x.id)
        cells = [c for c in cells if c.depth < f.depth]
        extra = [ast.arg(self.local(c)) for c in cells]
        defaults: list[ast.expr | None] = [_name(self.local(c)) for c in cells]
        return ast.arguments([], own, None, extra, defaults, None, [])  # type: ignore[arg-type]

    def define(self, name: str, params: tuple[Local, ...] | list[Local], f: _Function, body: list[ast.stmt]) -> ast.stmt:
        return ast.FunctionDef(name, self.arguments(params, f), body or [ast.Pass()], [], type_params=[])  # type: ignore[call-arg]

    # --- statements

    def body(self, s: BStmt) -> list[ast.stmt]:
        out = self.statement(s)
        return out or [ast.Pass()]

    def statement(self, s: BStmt) -> list[ast.stmt]:
        kept, self.pre = self.pre, []
        out = _STMT[type(s)](self, s)
        before, self.pre = self.pre, kept
        out = [*before, *out]
        line, col = self.position(s.start)
        for x in out:
            if not hasattr(x, "lineno"):
                x.lineno, x.col_offset, x.end_lineno, x.end_col_offset = line, col, line, col
        return out

    def block(self, s: bd.BBlock) -> list[ast.stmt]:
        return [x for child in s.body for x in self.statement(child)]

    def declare_stmt(self, s: bd.BDeclare) -> list[ast.stmt]:
        if s.local.const is not MISSING:
            return []
        value = self.expr(s.value) if s.value is not None else self.constant(self.ops.default_of(s.local.type), s.local.type)
        return [self.declare(s.local, value)]

    def deconstruct(self, s: bd.BDeconstruct) -> list[ast.stmt]:
        t = self.fresh()
        out: list[ast.stmt] = [ast.Assign([ast.Name(t, _STORE)], self.expr(s.value))]
        for i, local in enumerate(s.locals):
            if local is not None:
                out.append(self.declare(local, ast.Subscript(_name(t), _const(i), _LOAD)))
        return out

    def expression(self, s: bd.BExprStmt) -> list[ast.stmt]:
        e = s.value
        if isinstance(e, bd.BThrow):
            return [ast.Expr(self.throw(e))]
        if isinstance(e, bd.BAssign):
            if isinstance(e.target, bd.BLocal):
                value = self.expr(e.value)
                local = e.target.local
                if local.cell:
                    self.note_capture(local)
                    return [ast.Assign([ast.Subscript(_name(self.local(local)), _const(0), _STORE)], value)]
                return [ast.Assign([ast.Name(self.local(local), _STORE)], value)]
            return [ast.Expr(self.store(e.target, self.expr(e.value), wanted=False))]
        if isinstance(e, bd.BCompound) and isinstance(e.target, bd.BLocal) and not e.target.local.cell:
            name = self.local(e.target.local)
            kept = self.temp_alias(e.temp, name)
            value = self.expr(e.value)
            self.temps = kept
            return [ast.Assign([ast.Name(name, _STORE)], value)]
        return [ast.Expr(self.expr(e))]

    def temp_alias(self, temp: bd.BTemp, name: str) -> dict[int, str]:
        kept = self.temps
        self.temps = {**kept, temp.id: name}
        return kept

    def tick(self) -> ast.stmt:
        return ast.Expr(ast.Call(ast.Attribute(_name("rt"), "tick", _LOAD), [], []))

    def if_(self, s: bd.BIf) -> list[ast.stmt]:
        return [ast.If(self.expr(s.test), self.body(s.then), self.statement(s.other) if s.other is not None else [])]

    def loop_test(self, test: BExpr) -> tuple[list[ast.stmt], ast.expr]:
        kept, self.pre = self.pre, []
        value = self.expr(test)
        before, self.pre = self.pre, kept
        return before, value

    def while_(self, s: bd.BWhile) -> list[ast.stmt]:
        f = self.functions[-1]
        f.continues.append([])
        body = self.body(s.body)
        f.continues.pop()
        before, test = self.loop_test(s.test)
        if s.kind == "do":
            first = self.fresh()
            started = ast.Assign([ast.Name(first, _STORE)], _const(True))
            guard = ast.If(
                ast.UnaryOp(ast.Not(), _name(first)),
                [*before, ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], [])],
                [],
            )
            ended = ast.Assign([ast.Name(first, _STORE)], _const(False))
            return [started, ast.While(_const(True), [self.tick(), guard, ended, *body], [])]
        if before:
            leave = ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], [])
            return [ast.While(_const(True), [self.tick(), *before, leave, *body], [])]
        return [ast.While(test, [self.tick(), *body], [])]

    def for_(self, s: bd.BFor) -> list[ast.stmt]:
        out = [x for i in s.init for x in self.statement(i)]
        f = self.functions[-1]

        def step() -> list[ast.stmt]:
            return [x for e in s.step for x in self.statement(bd.BExprStmt(e.start, e.end, e))]

        f.continues.append(step)
        body = self.body(s.body)
        f.continues.pop()
        before, test = self.loop_test(s.test) if s.test is not None else ([], _const(True))
        if before:
            leave = ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], [])
            return [*out, ast.While(_const(True), [self.tick(), *before, leave, *body, *step()], [])]
        return [*out, ast.While(test, [self.tick(), *body, *step()], [])]

    def foreach(self, s: bd.BForeach) -> list[ast.stmt]:
        f = self.functions[-1]
        f.continues.append([])
        item = self.temp_name(s.temp)
        start: list[ast.stmt] = [self.tick()]
        if len(s.locals) > 1:
            for i, local in enumerate(s.locals):
                start.append(self.declare(local, ast.Subscript(_name(item), _const(i), _LOAD)))
        else:
            start.append(self.declare(s.locals[0], self.expr(s.element)))
        body = self.body(s.body)
        f.continues.pop()
        source = self.expr(s.source)
        if isinstance(s.source.type, Named) and s.source.type.decl.full_name in _JSON_TREE:
            source = self.op("json_children", source)
        iterator = self.op("iterate", source)
        return [ast.For(ast.Name(item, _STORE), iterator, [*start, *body], [])]

    def return_(self, s: bd.BReturn) -> list[ast.stmt]:
        value = self.expr(s.value) if s.value is not None else _const(None)
        outs = self.functions[-1].outs
        if outs:
            value = ast.Tuple([value, *(self.read(x) for x in outs)], _LOAD)
        return [ast.Return(value)]

    def break_(self, s: bd.BBreak) -> list[ast.stmt]:
        return [ast.Break()]

    def continue_(self, s: bd.BContinue) -> list[ast.stmt]:
        step = self.functions[-1].continues[-1]
        if isinstance(step, str):  # inside a switch: leave it first, then continue the loop
            return [ast.Assign([ast.Name(step, _STORE)], _const(True)), ast.Break()]
        return [*(step() if callable(step) else ()), ast.Continue()]

    def rethrow(self, s: bd.BRethrow) -> list[ast.stmt]:
        return [ast.Raise()]

    def try_(self, s: bd.BTry) -> list[ast.stmt]:
        body = self.body(s.body)
        handlers: list[ast.ExceptHandler] = []
        if any(c.when is not None for c in s.catches):
            handlers.append(self.filtered(s.catches))
        else:
            for c in s.catches:
                name = self.fresh()
                start: list[ast.stmt] = [self.declare(c.local, _name(name))] if c.local is not None else []
                handlers.append(ast.ExceptHandler(self.g(self.ops.catcher(c.type)), name, [*start, *self.body(c.body)]))
        final = self.body(s.finally_) if s.finally_ is not None else []
        if not handlers and not final:
            return body
        return [ast.Try(body, handlers, [], final)]

    def filtered(self, catches: list[bd.BCatch]) -> ast.ExceptHandler:
        """Catch clauses with filters: one handler that tries them in order."""
        name = self.fresh()
        chain: list[ast.stmt] = [ast.Raise()]
        for c in reversed(catches):
            test: ast.expr = ast.Call(self.g(isinstance), [_name(name), self.g(self.ops.catcher(c.type))], [])
            if c.local is not None:
                test = ast.BoolOp(ast.And(), [test, self.sequence([self.bind_catch(c.local, name), _const(True)])])
            if c.when is not None:
                test = ast.BoolOp(ast.And(), [test, self.expr(c.when)])
            chain = [ast.If(test, self.body(c.body), chain)]
        return ast.ExceptHandler(self.g(self.ops.Clr), name, chain)

    def bind_catch(self, local: Local, name: str) -> ast.expr:
        value: ast.expr = ast.List([_name(name)], _LOAD) if local.cell else _name(name)
        return ast.NamedExpr(ast.Name(self.local(local), _STORE), value)

    def using(self, s: bd.BUsing) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        names: list[ast.expr] = []
        for d in s.locals:
            out += self.statement(d)
            names.append(self.read(d.local))
        if s.value is not None:
            t = self.fresh()
            out.append(ast.Assign([ast.Name(t, _STORE)], self.expr(s.value)))
            names.append(_name(t))
        closing: list[ast.stmt] = [ast.Expr(self.op("dispose", x)) for x in reversed(names)]
        out.append(ast.Try(self.body(s.body), [], [], closing))
        return out

    def switch(self, s: bd.BSwitch) -> list[ast.stmt]:
        """Choose the section's number first, then run it in a loop of one round (`goto case` goes round again)."""
        f = self.functions[-1]
        chosen, value = self.fresh(), self.local(s.local)
        out: list[ast.stmt] = [ast.Assign([ast.Name(value, _STORE)], self.expr(s.value))]
        fallback = _const(-1 if s.default is None else s.default)
        pick: list[ast.stmt] = [ast.Assign([ast.Name(chosen, _STORE)], fallback)]
        for number in range(len(s.sections) - 1, -1, -1):
            for label in reversed(s.sections[number].labels):
                test = self.label(label, s)
                if test is not None:
                    pick = [ast.If(test, [ast.Assign([ast.Name(chosen, _STORE)], _const(number))], pick)]
        out += pick
        self.count += 1
        flag = f"c{self.count}"
        f.continues.append(flag)
        chain: list[ast.stmt] = []
        gotos = self.gotos
        self.gotos = (chosen, s)
        for number in range(len(s.sections) - 1, -1, -1):
            body = [x for child in s.sections[number].body for x in self.statement(child)]
            test = ast.Compare(_name(chosen), [ast.Eq()], [_const(number)])
            chain = [ast.If(test, body or [ast.Pass()], chain)]
        self.gotos = gotos
        f.continues.pop()
        out.append(ast.Assign([ast.Name(flag, _STORE)], _const(False)))
        out.append(ast.While(_const(True), [self.tick(), *chain, ast.Break()], []))
        if f.continues:
            out.append(ast.If(_name(flag), self.continue_(bd.BContinue(s.start, s.end)), []))
        return out

    gotos: tuple[str, bd.BSwitch] | None = None

    def label(self, label: bd.BLabel, s: bd.BSwitch) -> ast.expr | None:
        value = _name(self.local(s.local))
        tests: list[ast.expr] = []
        if label.value is not None:
            if label.value.const is None or label.value.type is NULL:
                tests.append(ast.Compare(value, [ast.Is()], [_const(None)]))
            elif s.value.type is self.k.object_:
                tests.append(self.op("equals", value, self.expr(label.value)))
            elif is_enum(strip_nullable(s.value.type)) or is_nullable(s.value.type) or is_reference(s.value.type):
                tests.append(ast.Compare(value, [ast.Eq()], [self.expr(label.value)]))
            else:
                tests.append(ast.Compare(value, [ast.Eq()], [self.expr(label.value)]))
        elif label.of is not None:
            boxed = self.boxed(value, s.value.type)
            if label.of is s.value.type and label.local is not None and label.when is None and not is_reference(label.of):
                tests.append(_const(True))
            else:
                tests.append(ast.Call(self.tester(label.of), [boxed], []))
            if label.local is not None:
                bind = self.assign_expr_new(label.local, ast.Call(self.caster(label.of), [boxed], []))
                tests.append(self.sequence([bind, _const(True)]))
        elif label.when is None:
            return None
        if label.when is not None:
            tests.append(self.expr(label.when))
        return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)

    def assign_expr_new(self, local: Local, value: ast.expr) -> ast.expr:
        """Declare a variable inside an expression."""
        if local.cell:
            value = ast.List([value], _LOAD)
        return ast.NamedExpr(ast.Name(self.local(local), _STORE), value)

    def goto(self, s: bd.BGoto) -> list[ast.stmt]:
        assert self.gotos is not None
        chosen, switch = self.gotos
        number = switch.default if s.value is None else next(
            (i for i, x in enumerate(switch.sections) for label in x.labels
             if label.value is not None and s.value is not None and label.value.const == s.value.const),
            None,
        )
        return [ast.Assign([ast.Name(chosen, _STORE)], _const(-1 if number is None else number)), ast.Continue()]

    def local_function(self, s: bd.BLocalFunction) -> list[ast.stmt]:
        outs = [p for p, (_, _, mode, _) in zip(s.params, s.symbol.params, strict=True) if mode in ("out", "ref")]
        taken = [p for p, (_, _, mode, _) in zip(s.params, s.symbol.params, strict=True) if mode != "out"]
        f = _Function(s.symbol.depth + 1, outs)
        self.functions.append(f)
        try:
            body = self.body(s.body)
        finally:
            self.functions.pop()
        start: list[ast.stmt] = [self.tick()]
        for p in taken:
            if p.cell:
                start.append(ast.Assign([ast.Name(self.local(p), _STORE)], ast.List([_name(self.local(p))], _LOAD)))
        for p in s.params:
            if p not in taken:
                start.append(self.declare(p, self.constant(self.ops.default_of(p.type), p.type)))
        if outs:
            body = [*body, ast.Return(ast.Tuple([_const(None), *(self.read(x) for x in outs)], _LOAD))]
        return [self.define(f"f{s.symbol.id}", taken, f, [*start, *body])]


def _temp_name(self: _Emitter, t: bd.BTemp) -> str:
    known_name = self.temps.get(t.id)
    if known_name is not None:
        return known_name
    return f"t{t.id}" if t.id >= 0 else f"t_{-t.id}"


_Emitter.temp_name = _temp_name  # type: ignore[method-assign]


def _as_children(a: Type, b: Type) -> bool:
    """A JSON token becomes an enumerable of tokens."""
    if not (isinstance(a, Named) and isinstance(b, Named) and b.args):
        return False
    if a.decl.full_name in _JSON_TREE:
        return True
    return a.decl.full_name == "Newtonsoft.Json.Linq.JObject" and b.args[0].full_name == "Newtonsoft.Json.Linq.JToken"


_EXPR: dict[type, Callable[[_Emitter, Any], ast.expr]] = {
    bd.BContext: _Emitter.context,
    bd.BLocal: _Emitter.local_expr,
    bd.BTemp: _Emitter.temp,
    bd.BProperty: _Emitter.property_,
    bd.BCall: _Emitter.call,
    bd.BLocalCall: _Emitter.local_call,
    bd.BInvoke: _Emitter.invoke,
    bd.BArrayIndex: _Emitter.array_index,
    bd.BItem: _Emitter.item,
    bd.BNew: _Emitter.new,
    bd.BInit: _Emitter.init,
    bd.BArrayNew: _Emitter.array_new,
    bd.BAnonymous: _Emitter.anonymous,
    bd.BTuple: _Emitter.tuple_,
    bd.BConditional: _Emitter.conditional,
    bd.BCoalesce: _Emitter.coalesce,
    bd.BConditionalAccess: _Emitter.conditional_access,
    bd.BLogical: _Emitter.logical,
    bd.BThrow: _Emitter.throw,
    bd.BTypeOf: _Emitter.type_of,
    bd.BDefault: _Emitter.default,
    bd.BIs: _Emitter.is_,
    bd.BIsConst: _Emitter.is_const,
    bd.BAs: _Emitter.as_,
    bd.BAssign: _Emitter.assign,
    bd.BCompound: _Emitter.compound,
    bd.BUnary: _Emitter.unary,
    bd.BBinary: _Emitter.binary,
    bd.BInterpolated: _Emitter.interpolated,
    bd.BConvert: _Emitter.convert,
    bd.BLambda: _Emitter.lambda_,
}
_STMT: dict[type, Callable[[_Emitter, Any], list[ast.stmt]]] = {
    bd.BBlock: _Emitter.block,
    bd.BDeclare: _Emitter.declare_stmt,
    bd.BDeconstruct: _Emitter.deconstruct,
    bd.BExprStmt: _Emitter.expression,
    bd.BIf: _Emitter.if_,
    bd.BWhile: _Emitter.while_,
    bd.BFor: _Emitter.for_,
    bd.BForeach: _Emitter.foreach,
    bd.BReturn: _Emitter.return_,
    bd.BBreak: _Emitter.break_,
    bd.BContinue: _Emitter.continue_,
    bd.BRethrow: _Emitter.rethrow,
    bd.BTry: _Emitter.try_,
    bd.BUsing: _Emitter.using,
    bd.BSwitch: _Emitter.switch,
    bd.BGoto: _Emitter.goto,
    bd.BLocalFunction: _Emitter.local_function,
}


def emit(
    root: BExpr | bd.BBlock,
    universe: Any,
    name: str,
    filename: str,
    position: Callable[[int], tuple[int, int]],
    *,
    budget: bool,
) -> tuple[Callable[[Any, Any], Any], ast.Module]:
    """Compile a bound expression or block to `fn(context, rt)`; also the Python tree, for `explain`."""
    e = _Emitter(universe, position, budget=budget)
    e.made = {}
    if isinstance(root, bd.BBlock):
        body = e.body(root)
    else:
        value = e.expr(root)
        body = [*e.pre, ast.Return(value)]
    if budget:
        body.insert(0, ast.Expr(ast.Call(ast.Attribute(_name("rt"), "begin", _LOAD), [], [])))
    params = ast.arguments([], [ast.arg("context"), ast.arg("rt")], None, [], [], None, [])
    function = ast.FunctionDef(name, params, body, [], type_params=[])  # type: ignore[call-arg]
    function.lineno, function.col_offset = position(root.start)
    function.end_lineno, function.end_col_offset = position(root.end)
    tree = ast.fix_missing_locations(ast.Module([function], []))
    exec(compile(tree, filename, "exec"), e.globals)  # noqa: S102  our own tree, nothing of it is user text
    return e.globals[name], tree
