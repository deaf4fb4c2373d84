"""The binder: gives every name, member, operator and conversion of a syntax tree its meaning and its type.

State of one expression lives here (scopes, problems, effects, the function being bound); what each kind of node means
is in the modules beside, as functions that take the binder.  Problems are collected
with the compiler's codes; the error type silences what would only follow from them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind import lambdas
from apimpy.csharp.bind.constants import fold_convert
from apimpy.csharp.bind.context import Effects, FunctionContext
from apimpy.csharp.bound import BExpr, BStmt, Conversion, Local, LocalFunctionSymbol
from apimpy.csharp.conversions import explicit, implicit, implicit_from_constant
from apimpy.csharp.known import INTEGRAL, keyword, known
from apimpy.csharp.lookup import delegate_signature, is_delegate, is_reference
from apimpy.csharp.parser import Problem
from apimpy.csharp.types import (
    ERROR,
    MISSING,
    NULL,
    VOID,
    ClrType,
    TupleType,
    Type,
    array_of,
    tuple_of,
)
from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Binder"]


class Binder:
    """Binds one expression or block."""

    def __init__(
        self,
        universe: Any,
        expressions: Mapping[type, Callable[[Binder, Any], BExpr]],
        statements: Mapping[type, Callable[[Binder, Any], BStmt]],
        *,
        any_type: bool = False,
    ) -> None:
        self._expressions, self._statements = expressions, statements
        self.universe = universe
        self.k = known()
        self.any_type = any_type
        self.problems: list[Problem] = []
        self.scopes: list[dict[str, Local | LocalFunctionSymbol]] = [{}]
        self.later: list[set[str]] = [set()]
        """For each scope, the variables that its statements declare further down."""
        self.type_scopes: list[dict[str, Type]] = []
        """Type parameters of the local functions around the current node."""
        self.fn = FunctionContext(0, None)
        self.checked: bool | None = None
        """True/False inside checked/unchecked; None: the default."""
        self.effects = Effects()
        self.unknown = False
        """A named value without a value occurs: nothing can run, but everything else is checked."""
        self.ids = 0
        self.lambdas: dict[lambdas.Key, tuple[bd.BLambda | None, list[Problem]]] = {}
        self.accesses: list[bd.BTemp] = []
        """Receivers of the conditional accesses around the current node."""
        self.outcomes: list[BExpr] = []
        """What the expression may return, before it is boxed."""
        self.temp_sources: list[tuple[bd.BTemp, BExpr]] = []
        """What the receivers of conditional accesses stand for."""

    # --- reporting

    def error(
        self, where: n.Node | BExpr, code: str, message: str, help: str | None = None, *, t: Type = ERROR
    ) -> BExpr:
        """Report a problem; `t` is the type of the expression where that is known all the same."""
        self.problems.append(Problem(code, message if help is None else f"{message}\0{help}", where.start, where.end))
        return bd.BError(t, where.start, where.end)

    def broken(self, where: n.Node | BExpr, t: Type = ERROR) -> BExpr:
        """Part of something already reported; `t` is its type where that is known all the same."""
        return bd.BError(t, where.start, where.end)

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
        self.later.append(set())
        try:
            yield
        finally:
            self.scopes.pop()
            self.later.pop()

    def find(self, name: str) -> Local | LocalFunctionSymbol | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def declare(self, where: n.Node, name: str, t: Type, *, const: Any = MISSING, readonly: bool = False) -> Local:
        """A new local in the innermost scope."""
        self.later[-1].discard(name)
        self.ids += 1
        local = Local(name, t, self.fn.depth, self.fn.loops > 0, const, readonly, id=self.ids)
        if name in self.scopes[-1]:
            self.error(where, "CS0128", f"A local variable or function named '{name}' is already defined in this scope")
        elif name == "context" or self.find(name) is not None or any(name in names for names in self.later[:-1]):
            self.error(
                where,
                "CS0136",
                f"A local or parameter named '{name}' cannot be declared in this scope because that name is used in an "
                "enclosing local scope to define a local or parameter",
            )
        self.scopes[-1][name] = local
        return local

    def hidden(self, name: str, t: Type) -> Local:
        """A variable of the binder's own, that no source text can name."""
        self.ids += 1
        return Local(f"{name}{self.ids}", t, self.fn.depth, id=self.ids)

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
            if found is not ERROR and not found.is_value:
                self.error(
                    n.Node(node.end - 1, node.end),
                    "CS8370",
                    "Feature 'nullable reference types' is not available in C# 7.3. Please use language version 8.0 or "
                    "greater.",
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
        for types in reversed(self.type_scopes):
            if full in types:
                return types[full]
        found = self.universe.find(full, len(args))
        if found is not None and self.clash(node, full, len(args)) is not None:
            return ERROR
        if found is None and len(names) > 1:
            found = self.universe.nested(names, len(args))
        if found is None:
            self.unknown_type(node, full, len(args))
            return ERROR
        bound = tuple(self.type(a) for a in args)
        if any(a is ERROR for a in bound):
            return ERROR
        return found.of(*bound)  # type: ignore[no-any-return]

    def clash(self, where: n.Node, name: str, arity: int) -> BExpr | None:
        """Reports a name that two of the implicit usings bring."""
        names = self.universe.ambiguous(name, arity)
        if not names:
            return None
        message = f"'{name}' is an ambiguous reference between '{names[0]}' and '{names[1]}'"
        return self.error(where, "CS0104", message)

    def unknown_type(self, where: n.Node, name: str, arity: int) -> BExpr:
        shown = name + (f"<{',' * (arity - 1)}>" if arity else "")
        for other in range(5):
            decl = self.universe.find(name, other)
            if decl is not None:
                params = ", ".join(p.name for p in decl.params)
                return (
                    self.error(
                        where, "CS0305", f"Using the generic type '{name}<{params}>' requires {other} type arguments"
                    )
                    if other
                    else self.error(
                        where, "CS0308", f"The non-generic type '{name}' cannot be used with type arguments"
                    )
                )
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
            f"The type or namespace name '{shown}' could not be found (are you missing a using directive or an "
            "assembly "
            "reference?)",
            f"did you mean '{near}'?" if near else None,
        )

    def check_allowed(self, owner: ClrType, member: str, where: n.Node | BExpr) -> None:
        """The platform's list of types and members that policy expressions may use."""
        if self.any_type or owner.allows(member) or owner.namespace == "Apim":
            return
        if owner.kind == "delegate" or owner.full_name == "System.Object":
            return  # calling what a lambda made, and what every object has, is not on the list and not refused
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
        return self._expressions[type(node)](self, node)

    def statement(self, node: n.Stmt) -> BStmt:
        return self._statements[type(node)](self, node)

    def value(self, node: n.Expr, *, throws: bool = False) -> BExpr:
        """The meaning of an expression that must be a value (or can become one).

        `throws`: a throw expression may stand here (branches of `?:`, the right of `??`, a lambda's body).
        """
        e = self.bind(node)
        if isinstance(e, bd.BThrow) and not throws:
            at = n.Node(node.start, node.start + len("throw"))
            return self.error(at, "CS8115", "A throw expression is not allowed in this context.")
        if isinstance(e, bd.BTypeRef):
            if isinstance(node, n.PredefinedName):
                return self.error(node, "CS1525", f"Invalid expression term '{node.name}'")
            return self.error(node, "CS0119", f"'{e.of.name}' is a type, which is not valid in the given context")
        if isinstance(e, bd.BNamespace):
            return self.error(node, "CS0118", f"'{e.name}' is a namespace but is used like a variable")
        return e

    def natural(self, node: n.Expr, where: n.Node) -> BExpr:
        """A value with a type of its own (`var x = …`); `where` is the declarator."""
        e = self.value(node)
        if isinstance(e, bd.BMethodGroup | bd.BLocalFunctionRef):
            return self.error(where, "CS0815", "Cannot assign method group to an implicitly-typed variable")
        if isinstance(e, bd.BUnboundLambda):
            return self.error(where, "CS0815", "Cannot assign lambda expression to an implicitly-typed variable")
        if e.type is NULL:
            return self.error(where, "CS0815", "Cannot assign <null> to an implicitly-typed variable")
        if e.type is VOID:
            return self.error(where, "CS0815", "Cannot assign void to an implicitly-typed variable")
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
            return Conversion("method_group") if is_delegate(t) and self.delegate_from(e, t) is not None else None
        if isinstance(e, bd.BDefault) and e.type is NULL:
            return Conversion("default")
        if isinstance(e, bd.BThrow):
            return Conversion("default")
        if isinstance(e, bd.BTuple):
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
        if isinstance(e, bd.BTuple) and isinstance(t, TupleType) and len(e.values) == len(t.elements):
            values = [self.convert(v, x, v) for v, x in zip(e.values, t.elements, strict=True)]
            return bd.BTuple(t, e.start, e.end, values)
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
                e.at,
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
        if isinstance(where, n.Literal) and where.kind == "double" and keyword(t) in ("float", "decimal"):
            suffix = "F" if keyword(t) == "float" else "M"
            return self.error(
                where,
                "CS0664",
                f"Literal of type double cannot be implicitly converted to type '{t.name}'; use an '{suffix}' "
                "suffix to "
                "create a literal of this type",
            )
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
        return self.apply(e, c, t, where)

    def apply(self, e: BExpr, c: Conversion, t: Type, where: n.Node | BExpr | None = None) -> BExpr:
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
            self.effects.loops = True
            return made
        if kind == "method_group":
            made_group = self.delegate_from(e, t)
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
        if kind == "numeric" and keyword(t) == "decimal" and isinstance(e.const, float) and not abs(e.const) < 2**96:
            return self.error(where or e, "CS0031", f"Constant value '{e.const}' cannot be converted to a 'decimal'")
        if kind == "numeric" and e.const is not MISSING:
            try:
                const = fold_convert(e.const, e.type, t, checked=self.checked is not False)
            except OverflowError:
                if self.checked is not False:
                    return self.error(
                        where or e,
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

    speculate = lambdas.speculate
    try_lambda = lambdas.try_lambda
    report_lambda = lambdas.report_lambda
    method_for = lambdas.method_for
    delegate_from = lambdas.delegate_from
