"""Sugar → core: rewrites what C# has and Python (or a simpler C#) has not, before anything is emitted.

    a ?? b, a?.b        a null test with the value held in a temporary
    "x" + y + $"{z:N2}" one concatenation of pieces
    using (…) body      declarations, then try body finally Dispose
    x is null           a comparison

`expression` and `statement` rewrite the top of a node and leave everything below for later: the emitter calls them on
the way down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.csharp.known import keyword
from apimpy.csharp.types import MISSING, NULL, VOID

if TYPE_CHECKING:
    from apimpy.csharp.bound import BExpr, BStmt

__all__ = ["expression", "statement"]


def expression(e: BExpr) -> BExpr:
    """The node, or the core node that means the same."""
    if isinstance(e, bd.BCoalesce):
        return bd.BNullTest(e.type, e.start, e.end, e.left, e.temp, e.value, e.right, nullable=e.nullable)
    if isinstance(e, bd.BConditionalAccess):
        absent = bd.BConst(NULL, e.start, e.end, const=None, nullable=True)
        return bd.BNullTest(e.type, e.start, e.end, e.target, e.temp, e.rest, absent, nullable=True)
    if isinstance(e, bd.BInterpolated):
        parts: list[bd.Piece] = [p if isinstance(p, str) else bd.PieceValue(*p) for p in e.parts]
        return bd.BConcat(e.type, e.start, e.end, parts)
    if isinstance(e, bd.BBinary) and _concatenates(e):
        pieces: list[bd.Piece] = []
        _flatten(e, pieces)
        return bd.BConcat(e.type, e.start, e.end, pieces)
    if isinstance(e, bd.BIsConst) and _null(e.value):
        null = bd.BConst(NULL, e.start, e.end, const=None, nullable=True)
        return bd.BBinary(e.type, e.start, e.end, "==", e.operand, null, e.operand.type)
    return e


def _null(e: BExpr) -> bool:
    return e.const is None or (isinstance(e, bd.BConvert) and e.operand.const is None)


def _concatenates(e: BExpr) -> bool:
    return isinstance(e, bd.BBinary) and e.op == "+" and e.const is MISSING and keyword(e.on) == "string"


def _flatten(e: BExpr, out: list[bd.Piece]) -> None:
    if isinstance(e, bd.BBinary) and _concatenates(e):
        _flatten(e.left, out)
        _flatten(e.right, out)
    else:
        out.append(bd.PieceValue(e, None, None))


def statement(s: BStmt) -> BStmt:
    """The node, or core statements that mean the same."""
    if isinstance(s, bd.BUsing):
        return _using(s)
    return s


def _using(s: bd.BUsing) -> BStmt:
    """Nested try/finally, so that what was opened first is closed last, whatever fails."""
    body: BStmt = s.body
    if s.value is not None:
        local = bd.Local("resource", s.value.type, 0, id=-s.start - 1)
        return _closing(bd.BDeclare(s.start, s.start, local, s.value), body)
    for declaration in reversed(s.locals):
        body = _closing(declaration, body)
    return body


def _closing(declaration: bd.BDeclare, body: BStmt) -> BStmt:
    local = declaration.local
    start, end = declaration.start, declaration.end
    close = bd.BDispose(VOID, start, end, bd.BLocal(local.type, start, end, local))
    block = body if isinstance(body, bd.BBlock) else bd.BBlock(body.start, body.end, [body])
    final = bd.BBlock(start, end, [bd.BExprStmt(start, end, close)])
    return bd.BBlock(start, body.end, [declaration, bd.BTry(start, body.end, block, [], final)])
