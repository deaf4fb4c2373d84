"""Local functions: methods that are known in their whole block.

A call goes through the same overload resolution as any other.  A generic one is bound once for every list of type
arguments it is called with, so that generated code knows all its types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.arguments import Arg
from apimpy.csharp.bind.calls import apply, resolve
from apimpy.csharp.bind.context import FunctionContext
from apimpy.csharp.bind.flow import ends
from apimpy.csharp.bound import LocalFunctionSymbol
from apimpy.csharp.lookup import is_reference
from apimpy.csharp.types import ERROR, MISSING, VOID, Declaration, Method, Param, Type, TypeParam

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder
    from apimpy.csharp.bound import BExpr, BStmt


class LocalMethod(Method, frozen=True):
    """A local function's signature; the compiler's messages show it without a class."""

    @property
    def signature(self) -> str:
        args = ", ".join((p.mode + " " if p.mode else "") + p.type.name for p in self.params)
        return f"{self.name}({args})"


def _never(*_args: Any) -> Any:
    raise AssertionError("local functions are called by their Python names")


def declare_functions(b: Binder, body: tuple[n.Stmt, ...]) -> None:
    """Make the local functions of a block known in all of it."""
    for s in body:
        if isinstance(s, n.LocalFunction):
            if s.name in b.scopes[-1]:
                at = _name_at(s)
                b.error(at, "CS0128", f"A local variable or function named '{s.name}' is already defined in this scope")
            b.ids += 1
            generic = bd.Generic(s, b.fn, list(b.scopes), list(b.type_scopes)) if s.type_params else None
            b.scopes[-1][s.name] = LocalFunctionSymbol(_signature(b, s), b.fn.depth, b.ids, b.fn.loops > 0, generic)


def _signature(b: Binder, s: n.LocalFunction) -> Method:
    own = tuple(TypeParam(name) for name in s.type_params)
    params: list[Param] = []
    b.type_scopes.append({t.name: t for t in own})
    for i, p in enumerate(s.params):
        t = b.type(p.type) if p.type is not None else ERROR
        default: Any = MISSING
        if p.default is not None:
            default = b.convert(b.value(p.default), t, p.default).const
        elif p.mode == "" and any(x.optional for x in params):
            b.error(n.Node(p.end, p.end + 1), "CS1737", "Optional parameters must appear after all required parameters")
        if any(x.name == p.name for x in params):
            b.error(p, "CS0100", f"The parameter name '{p.name}' is a duplicate")
        if p.mode == "params" and i < len(s.params) - 1:
            b.error(p, "CS0231", "A params parameter must be the last parameter in a formal parameter list")
        params.append(Param(p.name, t, p.mode, default))
    result = b.type(s.result)
    b.type_scopes.pop()
    owner = b.universe.declaration("System.Object", 0)
    decl = Declaration("method", s.name)
    return LocalMethod(owner, s.name, own, tuple(params), result, True, False, _never, decl, own)


def _name_at(s: n.LocalFunction) -> n.Node:
    start = s.result.end + 1
    return n.Node(start, start + len(s.name))


def call_local(b: Binder, node: n.Node, target: bd.BLocalFunctionRef, args: list[Arg]) -> BExpr:
    symbol = target.symbol
    at = n.Node(target.start, target.end)
    c = resolve(b, at, symbol.name, [symbol.method], args, target.type_args)
    if c is None:
        return b.broken(node)
    b.effects.loops = True
    values, outs = apply(b, node, c, args)
    if symbol.generic is not None:
        symbol = _instance(b, symbol, symbol.generic, c.method)
    symbol.escapes = symbol.escapes or (b.fn.is_lambda and b.fn.depth > symbol.depth)
    return bd.BLocalCall(
        symbol.result, node.start, node.end, symbol, values, outs, nullable=is_reference(symbol.result)
    )


def local_function(b: Binder, node: n.LocalFunction) -> BStmt:
    symbol = b.find(node.name)
    assert isinstance(symbol, LocalFunctionSymbol)
    if symbol.generic is not None:
        return bd.BBlock(node.start, node.end, symbol.generic.bound)
    return _bind(b, node, symbol)


def _instance(b: Binder, symbol: LocalFunctionSymbol, generic: bd.Generic, method: Method) -> LocalFunctionSymbol:
    """The function for these type arguments; bound at its first call, where it was declared."""
    known = generic.instances.get(method.type_args)
    if known is not None:
        return known
    b.ids += 1
    made = generic.instances[method.type_args] = LocalFunctionSymbol(method, symbol.depth, b.ids, symbol.in_loop)
    types: dict[str, Type] = dict(zip(generic.node.type_params, method.type_args, strict=True))
    kept = b.scopes, b.later, b.type_scopes, b.fn
    b.scopes, b.later = list(generic.scopes), [set() for _ in generic.scopes]
    b.type_scopes, b.fn = [*generic.type_scopes, types], generic.fn
    try:
        generic.bound.append(_bind(b, generic.node, made))
    finally:
        b.scopes, b.later, b.type_scopes, b.fn = kept
    return made


def _bind(b: Binder, node: n.LocalFunction, symbol: LocalFunctionSymbol) -> bd.BLocalFunction:
    method, outer = symbol.method, b.fn
    b.fn = FunctionContext(symbol.depth + 1, method.result)
    b.effects.loops = True
    try:
        with b.scope():
            seen: set[str] = set()
            params = []
            for p, declared in zip(node.params, method.params, strict=True):
                if p.name not in seen:  # a duplicate was reported
                    params.append(b.declare(p, p.name, declared.type))
                seen.add(p.name)
            body: BStmt
            if isinstance(node.body, n.Block):
                body = b.statement(node.body)
                if method.result is not VOID and not ends(body) and not b.problems:
                    b.error(_name_at(node), "CS0161", f"'{method.signature}': not all code paths return a value")
            else:
                value = b.value(node.body)
                at = node.body
                if method.result is VOID:
                    body = bd.BExprStmt(at.start, at.end, value)
                else:
                    body = bd.BReturn(at.start, at.end, b.convert(value, method.result, at))
    finally:
        b.fn = outer
    block = body if isinstance(body, bd.BBlock) else bd.BBlock(body.start, body.end, [body])
    return bd.BLocalFunction(node.start, node.end, symbol, params, block)
