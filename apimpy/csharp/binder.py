"""The binder: gives every name, member, operator and conversion of a syntax tree its meaning and its type.

State of one expression lives here (scopes, problems, effects, the function being bound); what each kind of node means
is in `expressions`, `statements`, `operators` and `calls`, as functions that take the binder.  Problems are collected
with the compiler's codes; the error type silences what would only follow from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bound import BExpr, Conversion, Local, LocalFunctionSymbol
from apimpy.csharp.calls import Arg, common_type, resolve
from apimpy.csharp.conversions import explicit, implicit, implicit_from_constant
from apimpy.csharp.known import INTEGRAL, keyword, known
from apimpy.csharp.lookup import delegate_signature, is_delegate, is_reference
from apimpy.csharp.operators import fold_convert
from apimpy.csharp.parser import Problem
from apimpy.csharp.types import (
    ERROR,
    MISSING,
    NULL,
    VOID,
    ClrType,
    Method,
    Named,
    Type,
    array_of,
    tuple_of,
)
from apimpy.spell import nearest

__all__ = ["Binder", "Effects", "FunctionContext"]


@dataclass(slots=True)
class Effects:
    """Facts about an expression that the gateway needs before it runs."""

    request_body: bool = False
    response_body: bool = False
    loops: bool = False
    """Has a loop, a lambda or a local function: runs under the step budget."""


@dataclass(slots=True, eq=False)
class FunctionContext:
    """The function being bound: the expression itself, a lambda or a local function."""

    depth: int
    result: Type | None
    """Declared result type; None while it is inferred."""
    returns: list[BExpr] = field(default_factory=list)
    loops: int = 0
    """Nesting of loops around the current statement."""
    breakable: int = 0
    is_lambda: bool = False
    void_return: bool = False


class Binder:
    """Binds one expression or block."""

    def __init__(self, universe: Any, *, any_type: bool = False) -> None:
        self.universe = universe
        self.k = known()
        self.any_type = any_type
        self.problems: list[Problem] = []
        self.scopes: list[dict[str, Local | LocalFunctionSymbol]] = [{}]
        self.fn = FunctionContext(0, None)
        self.checked: bool | None = None
        """True/False inside checked/unchecked; None: the default."""
        self.effects = Effects()
        self.unknown = False
        """A named value without a value occurs: nothing can run, but everything else is checked."""
        self.ids = 0
        self._contexts: dict[int, FunctionContext] = {}
        self._lambdas: dict[
            tuple[int, tuple[Type, ...], Type | None, int], tuple[bd.BLambda | None, list[Problem]]
        ] = {}
        self.accesses: list[bd.BTemp] = []
        """Receivers of the conditional accesses around the current node."""
        self.outcomes: list[BExpr] = []
        """What the expression may return, before it is boxed."""
        self.temp_sources: list[tuple[bd.BTemp, BExpr]] = []
        """What the receivers of conditional accesses stand for."""

    # --- reporting

    def error(self, where: n.Node | BExpr, code: str, message: str, help: str | None = None) -> BExpr:
        self.problems.append(Problem(code, message if help is None else f"{message}\0{help}", where.start, where.end))
        return bd.BError(ERROR, where.start, where.end)

    def broken(self, where: n.Node | BExpr) -> BExpr:
        """Part of something already reported."""
        return bd.BError(ERROR, where.start, where.end)

    def unsupported(self, where: n.Node | BExpr, what: str) -> BExpr:
        return self.error(where, "EXP006", f"Not supported yet: {what}")

    @contextmanager
    def speculation(self) -> Iterator[list[Problem]]:
        """Bind something on trial: its problems are kept apart."""
        kept, self.problems = self.problems, []
        try:
            yield self.problems
        finally:
            self.problems = kept

    # --- scopes

    @contextmanager
    def scope(self) -> Iterator[None]:
        self.scopes.append({})
        try:
            yield
        finally:
            self.scopes.pop()

    def find(self, name: str) -> Local | LocalFunctionSymbol | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def declare(self, where: n.Node, name: str, t: Type, *, const: Any = MISSING, readonly: bool = False) -> Local:
        """A new local in the innermost scope."""
        self.ids += 1
        local = Local(name, t, self.fn.depth, self.fn.loops > 0, const, readonly, id=self.ids)
        if name in self.scopes[-1]:
            self.error(where, "CS0128", f"A local variable or function named '{name}' is already defined in this scope")
        elif name == "context" or self.find(name) is not None:
            self.error(
                where,
                "CS0136",
                f"A local or parameter named '{name}' cannot be declared in this scope because that name is used in an "
                "enclosing local scope to define a local or parameter",
            )
        self.scopes[-1][name] = local
        return local

    def use(self, local: Local, *, assign: bool = False) -> None:
        """Note that the current function reads or writes the variable."""
        if local.depth != self.fn.depth:
            local.captured = True
            if assign:
                local.assigned_captured = True
        elif assign and local.captured:
            local.assigned_captured = True

    def temp(self, t: Type, where: n.Node | BExpr) -> bd.BTemp:
        self.ids += 1
        return bd.BTemp(t, where.start, where.end, self.ids)

    # --- types

    def type(self, node: n.TypeNode) -> Type:
        """The type a syntax names (`var` is not for here); ERROR after reporting when there is none."""
        if node.elements:
            elements = tuple(self.type(e) for e, _ in node.elements)
            found: Type = tuple_of(elements, tuple(name for _, name in node.elements))
        else:
            found = self._named_type(node)
        if found is ERROR:
            return ERROR
        if node.nullable:
            if not found.is_value:
                self.error(
                    node,
                    "CS0453",
                    f"The type '{found.name}' must be a non-nullable value type in order to use it as parameter 'T' in "
                    "the generic type or method 'Nullable<T>'",
                )
                return ERROR
            found = self.k.nullable(found)
        for rank in reversed(node.ranks):
            found = array_of(found, rank)
        return found

    def _named_type(self, node: n.TypeNode) -> Type:
        names: list[str] = []
        args: tuple[n.TypeNode, ...] = ()
        for name, own in node.parts:
            names.append(name)
            args = own
        full = ".".join(names)
        if full == "void":
            return VOID
        if full == "dynamic":
            self.error(node, "EXP005", "Dynamic member invocation is not supported")
            return ERROR
        found = self.universe.find(full, len(args))
        if found is None and len(names) > 1:
            found = self.universe.nested(names, len(args))
        if found is None:
            self.unknown_type(node, full, len(args))
            return ERROR
        bound = tuple(self.type(a) for a in args)
        if any(a is ERROR for a in bound):
            return ERROR
        return found.of(*bound)  # type: ignore[no-any-return]

    def unknown_type(self, where: n.Node, name: str, arity: int) -> BExpr:
        shown = name + (f"<{',' * (arity - 1)}>" if arity else "")
        near = nearest(name, self.universe.type_names())
        if "." in name and self.universe.is_namespace(name.rpartition(".")[0]):
            space, _, last = name.rpartition(".")
            return self.error(
                where,
                "CS0234",
                f"The type or namespace name '{last}' does not exist in the namespace '{space}' (are you missing an "
                "assembly reference?)",
            )
        return self.error(
            where,
            "CS0246",
            f"The type or namespace name '{shown}' could not be found (are you missing a using directive or an assembly "
            "reference?)",
            f"did you mean '{near}'?" if near else None,
        )

    def check_allowed(self, owner: ClrType, member: str, where: n.Node | BExpr) -> None:
        """The platform's list of types and members that policy expressions may use."""
        if self.any_type or owner.allows(member) or owner.namespace == "Apim":
            return
        if not owner.allowed:
            self.error(where, "EXP001", f"Usage of type '{owner.full_name}' is not supported within expressions")
        else:
            near = nearest(member, owner.allowed)
            self.error(
                where,
                "EXP002",
                f"Usage of member '{member}' of type '{owner.full_name}' is not supported within expressions",
                f"did you mean '{near}'?" if near else None,
            )

    # --- expressions

    def bind(self, node: n.Expr) -> BExpr:
        """The meaning of an expression; may still be a type, a method group or an unbound lambda."""
        from apimpy.csharp.expressions import BIND

        return BIND[type(node)](self, node)  # type: ignore[no-any-return]

    def value(self, node: n.Expr) -> BExpr:
        """The meaning of an expression that must be a value (or can become one)."""
        e = self.bind(node)
        if isinstance(e, bd.BTypeRef):
            return self.error(node, "CS0119", f"'{e.of.name}' is a type, which is not valid in the given context")
        if isinstance(e, bd.BNamespace):
            return self.error(node, "CS0118", f"'{e.name}' is a namespace but is used like a variable")
        return e

    def natural(self, node: n.Expr) -> BExpr:
        """A value with a type of its own (`var x = …`)."""
        e = self.value(node)
        if isinstance(e, bd.BMethodGroup | bd.BLocalFunctionRef):
            return self.error(node, "CS0815", "Cannot assign method group to an implicitly-typed variable")
        if isinstance(e, bd.BUnboundLambda):
            return self.error(node, "CS0815", "Cannot assign lambda expression to an implicitly-typed variable")
        if e.type is NULL:
            return self.error(node, "CS0815", "Cannot assign <null> to an implicitly-typed variable")
        if e.type is VOID:
            return self.error(node, "CS0815", "Cannot assign void to an implicitly-typed variable")
        return e

    # --- conversions

    def classify(self, e: BExpr, t: Type) -> Conversion | None:
        """The implicit conversion of this expression to a type."""
        if e.type is ERROR or t is ERROR:
            return Conversion("error")
        if isinstance(e, bd.BUnboundLambda):
            if is_delegate(t) and self.try_lambda(e, [p.type for p in delegate_signature(t).params], t) is not None:
                return Conversion("lambda")
            return None
        if isinstance(e, bd.BMethodGroup | bd.BLocalFunctionRef):
            return Conversion("method_group") if is_delegate(t) and self._delegate_from(e, t) is not None else None
        if isinstance(e, bd.BDefault) and e.type is NULL:
            return Conversion("default")
        if isinstance(e, bd.BThrow):
            return Conversion("default")
        if isinstance(e, bd.BTuple):
            from apimpy.csharp.types import TupleType

            if isinstance(t, TupleType) and len(t.elements) == len(e.values):
                if all(self.classify(v, x) is not None for v, x in zip(e.values, t.elements, strict=True)):
                    return Conversion("tuple")
                return None
        found = implicit_from_constant(e.const, e.type, t)
        return found or implicit(e.type, t)

    def can_convert(self, e: BExpr, t: Type) -> bool:
        return self.classify(e, t) is not None

    def try_convert(self, e: BExpr, t: Type) -> BExpr | None:
        """Converted, or None without a word."""
        if isinstance(e, bd.BTypeRef | bd.BNamespace):
            return None
        c = self.classify(e, t)
        return None if c is None else self.apply(e, c, t)

    def convert(self, e: BExpr, t: Type, where: n.Node | BExpr) -> BExpr:
        """Converted implicitly; reports when that cannot be."""
        if isinstance(e, bd.BTypeRef):
            return self.error(where, "CS0119", f"'{e.of.name}' is a type, which is not valid in the given context")
        c = self.classify(e, t)
        if c is not None:
            return self.apply(e, c, t)
        if isinstance(e, bd.BUnboundLambda):
            if is_delegate(t):
                self.report_lambda(e, t)
                return self.broken(where)
            return self.error(
                where,
                "CS1660",
                f"Cannot convert lambda expression to type '{t.name}' because it is not a delegate type",
            )
        if isinstance(e, bd.BMethodGroup):
            return self.error(
                where,
                "CS0428",
                f"Cannot convert method group '{e.name}' to non-delegate type '{t.name}'. Did you intend to invoke the "
                "method?",
            )
        if e.type is NULL:
            return self.error(
                where, "CS0037", f"Cannot convert null to '{t.name}' because it is a non-nullable value type"
            )
        if (
            e.const is not MISSING
            and keyword(e.type) in INTEGRAL
            and keyword(t) in INTEGRAL
            and keyword(e.type) == "int"
        ):
            return self.error(where, "CS0031", f"Constant value '{e.const}' cannot be converted to a '{t.name}'")
        if explicit(e.type, t) is not None:
            return self.error(
                where,
                "CS0266",
                f"Cannot implicitly convert type '{e.type.name}' to '{t.name}'. An explicit conversion exists (are you "
                "missing a cast?)",
            )
        return self.error(where, "CS0029", f"Cannot implicitly convert type '{e.type.name}' to '{t.name}'")

    def cast(self, e: BExpr, t: Type, where: n.Node) -> BExpr:
        """Converted explicitly."""
        c = self.classify(e, t)
        if c is None and not isinstance(e, bd.BUnboundLambda | bd.BMethodGroup | bd.BLocalFunctionRef):
            c = explicit(e.type, t)
        if c is None:
            if isinstance(e, bd.BUnboundLambda | bd.BMethodGroup | bd.BLocalFunctionRef) or e.type is NULL:
                return self.convert(e, t, where)
            return self.error(where, "CS0030", f"Cannot convert type '{e.type.name}' to '{t.name}'")
        return self.apply(e, c, t, explicit_=True)

    def apply(self, e: BExpr, c: Conversion, t: Type, *, explicit_: bool = False) -> BExpr:
        kind = c.kind
        if kind == "error":
            return bd.BError(ERROR, e.start, e.end) if e.type is ERROR else e
        if kind == "identity":
            if e.type is t:
                return e
            return bd.BConvert(t, e.start, e.end, c, e, const=e.const, nullable=e.nullable)
        if kind == "lambda":
            assert isinstance(e, bd.BUnboundLambda)
            made = self.try_lambda(e, [p.type for p in delegate_signature(t).params], t)
            assert made is not None
            self.commit_lambda(made)
            return made
        if kind == "method_group":
            made_group = self._delegate_from(e, t)
            assert made_group is not None
            return made_group
        if kind == "default":
            if isinstance(e, bd.BThrow):
                return bd.BThrow(t, e.start, e.end, e.value)
            return bd.BDefault(t, e.start, e.end, nullable=is_reference(t))
        if kind == "null":
            return bd.BConst(t, e.start, e.end, const=None, nullable=True)
        if kind == "tuple" and isinstance(e, bd.BTuple):
            values = [self.convert(v, x, v) for v, x in zip(e.values, t.elements, strict=True)]  # type: ignore[attr-defined]
            return bd.BTuple(t, e.start, e.end, values)
        if kind == "constant":
            return bd.BConst(t, e.start, e.end, const=e.const)
        const = MISSING
        if kind == "numeric" and e.const is not MISSING:
            try:
                const = fold_convert(e.const, e.type, t, checked=self.checked is not False)
            except OverflowError:
                if self.checked is not False and not isinstance(e.const, float):
                    return self.error(
                        e,
                        "CS0221",
                        f"Constant value '{e.const}' cannot be converted to a '{t.name}' (use 'unchecked' syntax to "
                        "override)",
                    )
        nullable = False
        if kind in ("reference", "cast"):
            nullable = e.nullable
        elif kind in ("wrap", "lift"):
            nullable = kind == "lift"
        elif kind == "user" and c.method is not None:
            nullable = c.method.decl.nullable or (is_reference(t) and e.nullable)
        return bd.BConvert(t, e.start, e.end, c, e, self.checked is True, const=const, nullable=nullable)

    # --- delegates

    def try_lambda(self, e: bd.BUnboundLambda, inputs: list[Type], target: Type | None) -> bd.BLambda | None:
        """The lambda bound with these parameter types, or None when that does not work.

        `target` is the delegate type when it is known; without it the body's own type is the result.
        """
        made, _ = self._lambda(e, inputs, target)
        return made

    def report_lambda(self, e: bd.BUnboundLambda, target: Type) -> None:
        """Report what is wrong with a lambda for that delegate type."""
        shape = delegate_signature(target)
        if len(e.node.params) != len(shape.params):
            self.error(e, "CS1593", f"Delegate '{target.name}' does not take {len(e.node.params)} arguments")
            return
        made, problems = self._lambda(e, [p.type for p in shape.params], target)
        self.problems.extend(problems)
        if made is None and not problems:
            self.error(
                e,
                "CS1662",
                "Cannot convert lambda expression to intended delegate type because some of the "
                "return types in the block are not implicitly convertible to the delegate return type",
            )

    def _lambda(
        self, e: bd.BUnboundLambda, inputs: list[Type], target: Type | None
    ) -> tuple[bd.BLambda | None, list[Problem]]:
        # the same lambda in another binding of the function around it sees other variables
        self._contexts.setdefault(id(self.fn), self.fn)
        key = (id(e.node), tuple(inputs), target, id(self.fn))
        if key not in self._lambdas:
            self._lambdas[key] = self._bind_lambda(e, inputs, target)
        return self._lambdas[key]

    def _bind_lambda(
        self, e: bd.BUnboundLambda, inputs: list[Type], target: Type | None
    ) -> tuple[bd.BLambda | None, list[Problem]]:
        from apimpy.csharp.statements import bind_body

        node = e.node
        if len(node.params) != len(inputs) or any(t is ERROR for t in inputs):
            return None, []
        result = delegate_signature(target).result if target is not None else None
        if result is not None and _open(result):
            result = None
        outer = self.fn
        self.fn = FunctionContext(outer.depth + 1, result, is_lambda=True)
        self.effects.loops = True
        try:
            with self.speculation() as problems, self.scope():
                params = []
                for p, t in zip(node.params, inputs, strict=True):
                    if p.type is not None:
                        declared = self.type(p.type)
                        if declared is not t and declared is not ERROR:
                            return None, list(problems)
                    params.append(self.declare(p, p.name, t))
                body: BExpr | bd.BStmt
                if isinstance(node.body, n.Block):
                    body = bind_body(self, node.body)
                    values = [r for r in self.fn.returns if r.type is not ERROR]
                    if result is None:
                        found = VOID
                        if values:
                            best = common_type([v.type for v in values if v.type is not NULL])
                            if best is None:
                                return None, list(problems)
                            found = best
                            self._convert_returns(body, best)
                        result = found
                else:
                    value = self.value(node.body)
                    if result is None:
                        if isinstance(value, bd.BUnboundLambda | bd.BMethodGroup) or value.type is NULL:
                            return None, list(problems)
                        result = value.type
                    elif result is not VOID:
                        value = self.convert(value, result, node.body)
                    elif not _is_statement(value) and value.type is not ERROR:
                        self.error(
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
            self.fn = outer

    def _convert_returns(self, body: bd.BStmt, t: Type) -> None:
        from apimpy.csharp.statements import returns_of

        for r in returns_of(body):
            if r.value is not None:
                r.value = self.convert(r.value, t, r.value)

    def commit_lambda(self, made: bd.BLambda) -> None:
        """A speculatively bound lambda became part of the tree."""
        self.effects.loops = True

    def method_for(self, group: bd.BMethodGroup, inputs: list[Type]) -> Method | None:
        """The method of a group that takes these parameter types."""
        args = [
            Arg(n.Argument(group.start, group.end, None), bd.BTemp(t, group.start, group.end, 0), None, "")
            for t in inputs
        ]
        chosen = resolve(
            self, n.Node(group.start, group.end), group.name, group.methods, args, group.type_args, quiet=True
        )
        return chosen.method if chosen is not None else None

    def _delegate_from(self, e: BExpr, t: Type) -> bd.BLambda | None:
        """A lambda that calls the method (or local function) of the group."""
        shape = delegate_signature(t)
        locals_ = []
        for i, p in enumerate(shape.params):
            self.ids += 1
            locals_.append(Local(f"a{i}", p.type, self.fn.depth + 1, id=self.ids))
        values: list[BExpr] = [bd.BLocal(x.type, e.start, e.end, x, nullable=is_reference(x.type)) for x in locals_]
        body: BExpr
        if isinstance(e, bd.BLocalFunctionRef):
            if len(e.symbol.params) != len(values):
                return None
            converted = [self.try_convert(v, p[1]) for v, p in zip(values, e.symbol.params, strict=True)]
            if any(v is None for v in converted):
                return None
            body = bd.BLocalCall(e.symbol.result, e.start, e.end, e.symbol, [v for v in converted if v is not None], [])
        else:
            assert isinstance(e, bd.BMethodGroup)
            from apimpy.csharp.calls import apply

            args = [Arg(n.Argument(e.start, e.end, None), v, None, "") for v in values]
            chosen = resolve(self, n.Node(e.start, e.end), e.name, e.methods, args, e.type_args, quiet=True)
            if chosen is None:
                return None
            m = chosen.method
            given, _ = apply(self, n.Node(e.start, e.end), chosen, args)
            body = bd.BCall(m.result, e.start, e.end, m, None if m.static else e.receiver, given, [])
        if shape.result is not VOID:
            converted_body = self.try_convert(body, shape.result)
            if converted_body is None:
                return None
            body = converted_body
        self.effects.loops = True
        return bd.BLambda(t, e.start, e.end, tuple(locals_), body, shape.result)

    # --- arguments

    def arguments(self, nodes: tuple[n.Argument, ...]) -> list[Arg]:
        out = []
        for a in nodes:
            if a.mode == "out declaration":
                out.append(Arg(a, None, a.name, a.mode))
                continue
            assert a.value is not None
            if a.mode == "out" and isinstance(a.value, n.Name) and a.value.name == "_" and self.find("_") is None:
                out.append(Arg(a, None, a.name, "out"))
                continue
            out.append(Arg(a, self.value(a.value), a.name, a.mode))
        return out

    def out_target(self, a: Arg, t: Type) -> BExpr | None:
        """Where an out argument goes; declares the variable of `out var x`."""
        if a.mode == "out declaration":
            name, declared = a.node.declared, a.node.type
            assert name is not None
            assert declared is not None
            if name == "_":
                return None
            kind = t if declared.is_var else self.type(declared)
            local = self.declare(a.node, name, kind)
            return bd.BLocal(kind, a.node.start, a.node.end, local)
        if a.value is None:
            return None
        if isinstance(a.value, bd.BLocal):
            self.use(a.value.local, assign=True)
            return a.value
        return self.unsupported(a.node, "an out argument that is not a local variable")

    def best_common(self, values: list[BExpr]) -> Type | None:
        """The best common type of several expressions."""
        types = []
        for v in values:
            if (
                v.type not in (NULL, ERROR)
                and not isinstance(v, bd.BUnboundLambda | bd.BMethodGroup)
                and v.type not in types
            ):
                types.append(v.type)
        for t in types:
            if all(self.can_convert(v, t) for v in values):
                return t
        return None


def _open(t: Type) -> bool:
    from apimpy.csharp.types import ArrayType, TypeParam

    if isinstance(t, TypeParam):
        return True
    if isinstance(t, ArrayType):
        return _open(t.element)
    return isinstance(t, Named) and any(_open(a) for a in t.args)


def _is_statement(e: BExpr) -> bool:
    """May stand as a statement of its own."""
    if isinstance(e, bd.BConditionalAccess):
        return _is_statement(e.rest)
    return isinstance(
        e, bd.BCall | bd.BLocalCall | bd.BInvoke | bd.BAssign | bd.BCompound | bd.BNew | bd.BInit | bd.BThrow
    )


is_statement = _is_statement
