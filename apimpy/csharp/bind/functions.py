"""Local functions: declared for their whole block, bound where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import nodes as n
from apimpy.csharp.bind.context import FunctionContext
from apimpy.csharp.bind.flow import ends
from apimpy.csharp.bound import BStmt, LocalFunctionSymbol
from apimpy.csharp.types import ERROR, MISSING, VOID

if TYPE_CHECKING:
    from apimpy.csharp.bind.binder import Binder


def declare_functions(b: Binder, body: tuple[n.Stmt, ...]) -> None:
    """Local functions are known in the whole block."""
    for s in body:
        if isinstance(s, n.LocalFunction):
            if s.type_params:
                b.unsupported(s, "generic local functions")
            params = []
            for p in s.params:
                default: Any = MISSING
                t = b.type(p.type) if p.type is not None else ERROR
                if p.default is not None:
                    default = b.convert(b.value(p.default), t, p.default).const
                params.append((p.name, t, p.mode, default))
            b.ids += 1
            symbol = LocalFunctionSymbol(s.name, tuple(params), b.type(s.result), b.fn.depth, b.ids)
            if s.name in b.scopes[-1]:
                b.error(s, "CS0128", f"A local variable or function named '{s.name}' is already defined in this scope")
            b.scopes[-1][s.name] = symbol


def local_function(b: Binder, node: n.LocalFunction) -> BStmt:
    symbol = b.find(node.name)
    assert isinstance(symbol, LocalFunctionSymbol)
    outer = b.fn
    b.fn = FunctionContext(outer.depth + 1, symbol.result)
    b.effects.loops = True
    try:
        with b.scope():
            params = [b.declare(p, p.name, t) for p, (_, t, _, _) in zip(node.params, symbol.params, strict=True)]
            for local, p in zip(params, node.params, strict=True):
                if p.mode in ("out", "ref"):
                    local.assigned_captured = False
            if isinstance(node.body, n.Block):
                body = b.statement(node.body)
                if symbol.result is not VOID and not ends(body) and not b.problems:
                    at = n.Node(node.result.end + 1, node.result.end + 1 + len(node.name))
                    shown = ", ".join(t.name for _, t, _, _ in symbol.params)
                    b.error(at, "CS0161", f"'{node.name}({shown})': not all code paths return a value")
            else:
                value = b.value(node.body)
                at = node.body
                s: BStmt
                if symbol.result is VOID:
                    s = bd.BExprStmt(at.start, at.end, value)
                else:
                    s = bd.BReturn(at.start, at.end, b.convert(value, symbol.result, at))
                body = s
    finally:
        b.fn = outer
    block = body if isinstance(body, bd.BBlock) else bd.BBlock(body.start, body.end, [body])
    return bd.BLocalFunction(node.start, node.end, symbol, params, block)
