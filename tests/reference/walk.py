"""Expressions of the reference evaluator: variables, places, operators, conversions."""

from __future__ import annotations

from typing import Any

import reference_operations as op
from reference_scopes import Place, Return, Scope, Variable

from apimpy.csharp import bound as bd
from apimpy.csharp.types import MISSING, NULL, VOID, Named, TupleType, Type
from apimpy.dotnet.exceptions import (
    ArrayTypeMismatchException,
    ClrError,
    IndexOutOfRangeException,
    InvalidOperationException,
    NullReferenceException,
    OverflowException,
)
from apimpy.dotnet.system.string_format import align, format_value
from apimpy.dotnet.typecheck import cast, default_of, is_instance, unbox
from apimpy.dotnet.values import (
    BOXES,
    Anonymous,
    Array,
    ClrTuple,
    EnumValue,
    box,
    equals,
    to_string,
)

__all__ = ["JSON_TREES", "Walk", "boxed"]

KEYWORDS = {
    "System.SByte": "sbyte",
    "System.Byte": "byte",
    "System.Int16": "short",
    "System.UInt16": "ushort",
    "System.Int32": "int",
    "System.UInt32": "uint",
    "System.Int64": "long",
    "System.UInt64": "ulong",
    "System.Char": "char",
    "System.Single": "float",
    "System.Double": "double",
    "System.Decimal": "decimal",
    "System.Boolean": "bool",
    "System.String": "string",
    "System.Object": "object",
}
JSON_TREES = {f"Newtonsoft.Json.Linq.{n}" for n in ("JToken", "JContainer", "JProperty", "JArray")}


# --- facts about types


def word_of(t: Type) -> str:
    return KEYWORDS.get(t.decl.full_name, "") if isinstance(t, Named) else ""


def under(t: Type) -> Type:
    """T of `T?`."""
    return t.args[0] if isinstance(t, Named) and t.decl.full_name == "System.Nullable" else t


def nullable(t: Type) -> bool:
    return under(t) is not t


def enum(t: Type) -> bool:
    return isinstance(t, Named) and t.decl.kind == "enum"


def boxed(value: Any, t: Type) -> Any:
    """An object that knows its type."""
    t = under(t)
    if value is None or not t.is_value:
        return value
    if isinstance(t, TupleType):
        made = ClrTuple(value)
        made.clr_type = t
        return made
    return box(value, t) if isinstance(t, Named) and t.decl.full_name in BOXES else value


def text_of(value: Any, t: Type) -> str:
    return to_string(boxed(value, t))


def make_enum(decl: Any, number: int) -> Any:
    named = [m for m in decl.enum_members.values() if m.value == number]
    return named[0] if named else EnumValue(decl, number)


def number_of(value: Any) -> Any:
    return value.value if isinstance(value, EnumValue) else value


class Walk:
    """The expressions of one evaluation."""

    def __init__(self, context: Any, rt: Any) -> None:
        self.context, self.rt = context, rt
        self.tries: list[tuple[bd.BTry, Scope]] = []
        """The `try` statements that are being executed, outermost first."""
        self.targets: dict[int, tuple[ClrError, int, Any]] = {}
        """For an exception under way: how deep the statement that will catch it is, and which clause."""

    # --- expressions

    def value(self, e: bd.BExpr, s: Scope) -> Any:
        return getattr(self, "_" + type(e).__name__)(e, s)

    def _BConst(self, e: bd.BConst, s: Scope) -> Any:
        value, word = e.const, word_of(under(e.type))
        if value is None or isinstance(value, bool | str) or not isinstance(value, int | float):
            return value
        if word in op.FLOATING and isinstance(value, int):
            return float(value)
        return op.convert(value, "int", "decimal", checked=True) if word == "decimal" else value

    def _BContext(self, e: bd.BContext, s: Scope) -> Any:
        return self.context

    def _BLocal(self, e: bd.BLocal, s: Scope) -> Any:
        if e.local.const is not MISSING:
            return self._BConst(bd.BConst(e.type, e.start, e.end, const=e.local.const), s)
        return s.place(e.local).get()

    def _BTemp(self, e: bd.BTemp, s: Scope) -> Any:
        return s.temp(e.id)

    def receiver(self, e: bd.BExpr, owner: Any, s: Scope) -> Any:
        value = self.value(e, s)
        if e.type.is_value and not owner.is_value and owner.kind in ("class", "interface"):
            value = boxed(value, e.type)
        return value

    def present(self, value: Any, e: bd.BExpr) -> Any:
        """A receiver that must not be null: the last thing checked before the member is used."""
        if value is None and not (nullable(e.type) and e.type.is_value):
            raise NullReferenceException
        return value

    def leading(self, m: Any) -> list[Any]:
        return ([self.rt] if m.decl.rt else []) + (list(m.type_args) if m.decl.reify else [])

    def _BProperty(self, e: bd.BProperty, s: Scope) -> Any:
        p = e.prop
        if p.decl.const is not MISSING:
            return self._BConst(bd.BConst(e.type, e.start, e.end, const=p.decl.const), s)
        target = self.receiver(e.receiver, p.owner, s) if e.receiver is not None else None
        index = [self.value(i, s) for i in e.index]
        return self.read_property(e, target, index)

    def read_property(self, e: bd.BProperty, target: Any, index: list[Any]) -> Any:
        p = e.prop
        args: list[Any] = [self.rt] if p.decl.rt else []
        if e.receiver is not None:
            self.present(target, e.receiver)
            if p.decl.attr is not None:
                return getattr(target, p.decl.attr)
            args.append(target)
        assert p.getter is not None
        return p.getter(*args, *index)

    def _BCall(self, e: bd.BCall, s: Scope) -> Any:
        m, values = e.method, list(e.args)
        if m.owner.full_name == "Newtonsoft.Json.Linq.Extensions" and m.name == "Value":
            if isinstance(values[0], bd.BConvert):  # declared for sequences, meant for the token itself
                values[0] = values[0].operand
        args = self.leading(m)
        if e.receiver is not None:
            target = self.receiver(e.receiver, m.owner, s)
            args.append(target)
        args += [self.value(a, s) for a in values]
        places = [(self.place(x, s) if x is not None else None) for _, x in e.outs]
        if e.receiver is not None:
            self.present(target, e.receiver)
        return self.store_outs(m.impl(*args), places)

    def store_outs(self, answer: Any, places: list[Any]) -> Any:
        if not places:
            return answer
        for place, value in zip(places, answer[1:], strict=True):
            if place is not None:
                place.set(value)
        return answer[0]

    def _BLocalCall(self, e: bd.BLocalCall, s: Scope) -> Any:
        declared, home = s.function(e.symbol.id)
        given, outs = list(e.args), dict(e.outs)
        inner = Scope(home, call=True)
        for i, (p, local) in enumerate(zip(e.symbol.params, declared.params, strict=True)):
            if p.mode in ("ref", "out"):  # the parameter is another name for the argument
                where = outs.get(i)
                inner.variables[local] = self.place(where, s) if where is not None else Variable()
                if p.mode == "ref":
                    given.pop(0)
            else:
                inner.declare(local, self.value(given.pop(0), s))
        return self.call_body(declared.body, inner)

    def call_body(self, body: Any, scope: Scope) -> Any:
        self.rt.tick()
        if isinstance(body, bd.BExpr):
            return self.value(body, scope)
        try:
            self.run(body, scope)
        except Return as done:
            return done.value
        return None

    def _BInvoke(self, e: bd.BInvoke, s: Scope) -> Any:
        target = self.value(e.target, s)
        args = [self.value(a, s) for a in e.args]
        return self.present(target, e.target)(*args)

    def _BLet(self, e: bd.BLet, s: Scope) -> Any:
        for temp, value in e.bindings:
            s.temps[temp.id] = self.value(value, s)
        return self.value(e.body, s)

    def _BLambda(self, e: bd.BLambda, s: Scope) -> Any:
        held = [(local, self.present(self.value(value, s), value)) for local, value in e.held]

        def call(*args: Any) -> Any:
            inner = Scope(s, call=True)
            for local, value in held:
                inner.declare(local, value)
            for p, value in zip(e.params, args, strict=True):
                inner.declare(p, value)
            return self.call_body(e.body, inner)

        return call

    def _BArrayIndex(self, e: bd.BArrayIndex, s: Scope) -> Any:
        return self.place(e, s).get()

    def _BItem(self, e: bd.BItem, s: Scope) -> Any:
        return self.present(self.value(e.target, s), e.target)[e.position]

    def _BNew(self, e: bd.BNew, s: Scope) -> Any:
        args = [self.value(a, s) for a in e.args]
        places = [(self.place(x, s) if x is not None else None) for _, x in e.outs]
        return self.store_outs(e.ctor.impl(*self.leading(e.ctor), *args), places)

    def _BInit(self, e: bd.BInit, s: Scope) -> Any:
        made = s.temps[e.temp.id] = self.value(e.target, s)
        for action in e.actions:
            self.value(action, s)
            s.temps[e.temp.id] = made  # an action may have made another object in the same place
        return made

    def _BArrayNew(self, e: bd.BArrayNew, s: Scope) -> Any:
        if e.items is not None:
            return Array(e.element, [self.value(i, s) for i in e.items], e.shape)
        sizes = tuple(self.value(x, s) for x in e.sizes)
        count = 1
        for size in sizes:
            if size < 0:
                raise OverflowException
            count *= size
        self.rt.check_size(count)
        return Array(e.element, [default_of(e.element) for _ in range(count)], sizes if len(sizes) > 1 else None)

    def _BAnonymous(self, e: bd.BAnonymous, s: Scope) -> Any:
        made = Anonymous([self.value(v, s) for v in e.values])
        made.clr_type = e.type  # type: ignore[assignment]
        return made

    def _BTuple(self, e: bd.BTuple, s: Scope) -> Any:
        return ClrTuple([self.value(v, s) for v in e.values])

    def _BConditional(self, e: bd.BConditional, s: Scope) -> Any:
        return self.value(e.then if self.value(e.test, s) else e.other, s)

    def _BCoalesce(self, e: bd.BCoalesce, s: Scope) -> Any:
        left = self.value(e.left, s)
        if left is None:
            return self.value(e.right, s)
        s.temps[e.temp.id] = left
        return self.value(e.value, s)

    def _BConditionalAccess(self, e: bd.BConditionalAccess, s: Scope) -> Any:
        target = self.value(e.target, s)
        if target is None:
            return None
        s.temps[e.temp.id] = target
        return self.value(e.rest, s)

    def _BInterpolated(self, e: bd.BInterpolated, s: Scope) -> Any:
        holes = [p if isinstance(p, str) else (boxed(self.value(p[0], s), p[0].type), p[1], p[2]) for p in e.parts]
        out = []
        for hole in holes:
            if isinstance(hole, str):
                out.append(hole)
            else:
                text = format_value(hole[0], hole[2]) if hole[2] is not None else to_string(hole[0])
                out.append(text if hole[1] is None else align(text, hole[1]))
        self.rt.check_size(sum(map(len, out)))
        return "".join(out)

    def _BLogical(self, e: bd.BLogical, s: Scope) -> Any:
        left = self.value(e.left, s)
        if left is (e.op == "||"):
            return left
        return self.value(e.right, s)

    def _BThrow(self, e: bd.BThrow, s: Scope) -> Any:
        error = self.value(e.value, s)
        if error is None:
            raise NullReferenceException
        self.targets.pop(id(error), None)  # thrown anew
        raise error

    def _BTypeOf(self, e: bd.BTypeOf, s: Scope) -> Any:
        return e.of

    def _BDefault(self, e: bd.BDefault, s: Scope) -> Any:
        return None if e.type in (NULL, VOID) else default_of(e.type)

    def _BIs(self, e: bd.BIs, s: Scope) -> Any:
        value = self.value(e.operand, s)
        if not e.always and not is_instance(value, e.of):
            return False
        if e.local is not None:
            s.declare(e.local, value if e.always else unbox(value, e.of))
        return True

    def _BIsConst(self, e: bd.BIsConst, s: Scope) -> Any:
        return equals(self.value(e.operand, s), self.value(e.value, s))

    def _BAs(self, e: bd.BAs, s: Scope) -> Any:
        value = self.value(e.operand, s)
        return unbox(value, e.of) if is_instance(value, e.of) else None

    # --- assignment

    def place(self, e: bd.BExpr, s: Scope) -> Any:
        """Where an assignment stores; receivers and indexes are evaluated now, checks wait for the access."""
        if isinstance(e, bd.BNewLocal):
            return s.declare(e.local)
        if isinstance(e, bd.BLocal):
            return s.place(e.local)
        if isinstance(e, bd.BItem):
            whole = self.place(e.target, s)
            at = e.position
            return Place(
                lambda: whole.get()[at],
                lambda value: whole.set(ClrTuple((*whole.get()[:at], value, *whole.get()[at + 1 :]))),
            )
        if isinstance(e, bd.BArrayIndex):
            return self.array_place(e, s)
        if isinstance(e, bd.BProperty):
            target = self.receiver(e.receiver, e.prop.owner, s) if e.receiver is not None else None
            index = [self.value(i, s) for i in e.index]

            def store(value: Any) -> None:
                args = [] if e.receiver is None else [self.present(target, e.receiver)]
                assert e.prop.setter is not None
                e.prop.setter(*args, *index, value)

            return Place(lambda: self.read_property(e, target, index), store)
        assert isinstance(e, bd.BError), f"no place: {type(e).__name__}"
        return Variable()  # a discard

    def array_place(self, e: bd.BArrayIndex, s: Scope) -> Place:
        array = self.value(e.array, s)
        index = [self.value(i, s) for i in e.index]

        def at() -> int:
            if array is None:
                raise NullReferenceException
            position = 0
            for i, size in zip(index, array.shape or (len(array),), strict=True):
                if not 0 <= i < size:
                    raise IndexOutOfRangeException
                position = position * size + i
            return position

        def store(value: Any) -> None:
            position = at()
            if not e.type.is_value and value is not None and not is_instance(value, array.of):
                raise ArrayTypeMismatchException
            array[position] = value

        return Place(lambda: array[at()], store)

    def _BAssign(self, e: bd.BAssign, s: Scope) -> Any:
        place = self.place(e.target, s)
        value = self.value(e.value, s)
        place.set(value)
        return value

    def _BCompound(self, e: bd.BCompound, s: Scope) -> Any:
        place = self.place(e.target, s)
        old = s.temps[e.temp.id] = place.get()
        new = self.value(e.value, s)
        place.set(new)
        return old if e.postfix else new

    # --- operators

    def _BUnary(self, e: bd.BUnary, s: Scope) -> Any:
        x, t = self.value(e.operand, s), under(e.operand.type)
        if x is None:
            return None
        if e.op == "!":
            return not x
        if e.op == "+":
            return x
        if e.op == "~" and enum(t):
            return make_enum(t.decl, ~x.value)  # type: ignore[attr-defined]
        if e.op == "~":
            return op.cut(-x - 1, word_of(t), checked=False)
        return op.negate(x, word_of(t), checked=e.checked)

    def _BBinary(self, e: bd.BBinary, s: Scope) -> Any:
        x, y = self.value(e.left, s), self.value(e.right, s)
        word = word_of(e.on)
        if word == "string" and e.op == "+":
            text = text_of(x, e.left.type) + text_of(y, e.right.type)
            self.rt.check_size(len(text))
            return text
        if word == "string":
            return op.COMPARISONS[e.op](x, y)
        if e.method is not None:
            return self.user_operator(e, x, y)
        if word == "object":
            same = x is y and (x is None or not isinstance(x, int | float))
            return same is (e.op == "==")
        if e.lifted:
            return self.lifted(e, x, y)
        return self.operate(e, x, y)

    def operate(self, e: bd.BBinary, x: Any, y: Any) -> Any:
        if isinstance(e.on, TupleType):
            return op.tuples_equal(x, y) is (e.op == "==")
        if enum(e.on):
            a, b = number_of(x), number_of(y)
            if e.op in op.COMPARISONS:
                return op.compare(e.op, a, b)
            value = op.integer_arithmetic(e.op, a, b, "int", checked=e.checked)
            both = isinstance(x, EnumValue) and isinstance(y, EnumValue)
            return value if e.op == "-" and both else make_enum(e.on.decl, value)  # type: ignore[attr-defined]
        return op.arithmetic(e.op, x, y, word_of(e.on), checked=e.checked)

    def lifted(self, e: bd.BBinary, x: Any, y: Any) -> Any:
        if e.op in ("==", "!=") and (x is None or y is None):
            return (x is y) is (e.op == "==")
        if word_of(e.on) == "bool" and e.op in ("&", "|"):
            decisive = e.op == "|"
            if x is decisive or y is decisive:
                return decisive
        if x is None or y is None:
            return False if e.op in op.COMPARISONS else None
        return self.operate(e, x, y)

    def user_operator(self, e: bd.BBinary, x: Any, y: Any) -> Any:
        assert e.method is not None
        if e.lifted and (x is None or y is None):
            if e.op in ("==", "!="):
                return (x is y) is (e.op == "==")
            return False if e.op in op.COMPARISONS else None
        return e.method.impl(*self.leading(e.method), x, y)

    # --- conversions

    def _BConvert(self, e: bd.BConvert, s: Scope) -> Any:
        return self.convert(self.value(e.operand, s), e.conversion, e.operand.type, e.type, e.checked)

    def convert(self, value: Any, c: bd.Conversion | None, a: Type, b: Type, checked: bool) -> Any:
        kind = c.kind if c is not None else "identity"
        assert c is not None or kind == "identity"
        if kind in ("identity", "null", "constant"):
            return value
        assert c is not None
        if kind == "reference":
            return self.widen(value, a, b)
        if kind == "numeric":
            return op.convert(value, word_of(a), word_of(b), checked=checked)
        if kind == "box":
            return boxed(value, a)
        if kind in ("unbox", "cast"):
            return cast(value, b)
        if kind == "wrap":
            return self.convert(value, c.inner, a, under(b), checked)
        if kind == "lift":
            return None if value is None else self.convert(value, c.inner, under(a), under(b), checked)
        if kind == "unwrap":
            if value is None:
                raise InvalidOperationException("Nullable object must have a value.")
            return self.convert(value, c.inner, under(a), b, checked)
        if kind == "enum":
            number = value.value if enum(a) else value
            if enum(b):
                number = op.convert(number, word_of(a) or "int", "int", checked=checked)
                return make_enum(b.decl, number)  # type: ignore[attr-defined]
            return op.convert(number, "int", word_of(b), checked=checked)
        if kind == "user":
            assert c.method is not None
            given = self.convert(value, c.inner, a, c.method.params[0].type, checked)
            return self.convert(c.method.impl(*self.leading(c.method), given), c.outer, c.method.result, b, checked)
        assert kind == "tuple", f"conversion {kind}"
        return self.convert_tuple(value, a, b, checked)

    def convert_tuple(self, value: Any, a: Type, b: Type, checked: bool) -> Any:
        from apimpy.csharp.conversions import standard_implicit

        assert isinstance(a, TupleType)
        assert isinstance(b, TupleType)
        pairs = zip(value, a.elements, b.elements, strict=True)
        return ClrTuple([self.convert(v, standard_implicit(x, y), x, y, checked) for v, x, y in pairs])

    def widen(self, value: Any, a: Type, b: Type) -> Any:
        """A JSON token seen as a sequence is the sequence of its children."""
        if isinstance(a, Named) and isinstance(b, Named) and b.args and value is not None:
            name = a.decl.full_name
            element = b.args[0].full_name
            if name in JSON_TREES or (name.endswith(".Linq.JObject") and element == "Newtonsoft.Json.Linq.JToken"):
                return value.as_sequence()
        return value

    def run(self, x: bd.BStmt, s: Scope) -> None:
        """The evaluator of statements knows how."""
        raise AssertionError(f"a statement among expressions: {x}")
