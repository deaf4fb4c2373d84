"""Core tree → Python function.

Expressions become Python expressions, statements Python statements; a chosen member is a call of its Python function,
bound by name in the function's globals: no attribute is ever looked up with a name the policy author wrote.  Static
types decide the operator: what Python does differently (32-bit wrap-around, truncating division, null, boxing) goes
through `universe.ops`.

Locals are `v<id>`, temporaries `t<id>`, everything else `g<n>`; `__builtins__` is empty.  A variable that a lambda
shares with the code around it (C# captures variables, not values) lives in a one-element list, its cell.
Every Python node carries the line and column of the policy file, so a traceback shows the policy.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp.emit import expressions, operators, statements
from apimpy.csharp.emit.writer import LOAD, Emitter, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.csharp.bound import BExpr

__all__ = ["emit"]

_EXPRESSIONS: dict[type, Callable[[Emitter, Any], ast.expr]] = {
    bd.BContext: expressions.context,
    bd.BLocal: expressions.local_expr,
    bd.BTemp: expressions.temp,
    bd.BProperty: expressions.property_,
    bd.BCall: expressions.call,
    bd.BLocalCall: expressions.local_call,
    bd.BInvoke: expressions.invoke,
    bd.BArrayIndex: expressions.array_index,
    bd.BItem: expressions.item,
    bd.BNew: expressions.new,
    bd.BInit: expressions.init,
    bd.BArrayNew: expressions.array_new,
    bd.BAnonymous: expressions.anonymous,
    bd.BTuple: expressions.tuple_,
    bd.BConditional: expressions.conditional,
    bd.BNullTest: expressions.null_test,
    bd.BConcat: operators.concat,
    bd.BNewLocal: expressions.local_expr,
    bd.BLet: expressions.let,
    bd.BDispose: expressions.dispose,
    bd.BLogical: expressions.logical,
    bd.BThrow: expressions.throw,
    bd.BTypeOf: expressions.type_of,
    bd.BDefault: expressions.default,
    bd.BIs: expressions.is_,
    bd.BIsConst: expressions.is_const,
    bd.BAs: expressions.as_,
    bd.BAssign: expressions.assign,
    bd.BCompound: expressions.compound,
    bd.BUnary: operators.unary,
    bd.BBinary: operators.binary,
    bd.BConvert: operators.convert,
    bd.BLambda: expressions.lambda_,
}
_STATEMENTS: dict[type, Callable[[Emitter, Any], list[ast.stmt]]] = {
    bd.BBlock: statements.block,
    bd.BDeclare: statements.declare_stmt,
    bd.BDeconstruct: statements.deconstruct,
    bd.BExprStmt: statements.expression,
    bd.BIf: statements.if_,
    bd.BWhile: statements.while_,
    bd.BFor: statements.for_,
    bd.BForeach: statements.foreach,
    bd.BReturn: statements.return_,
    bd.BBreak: statements.break_,
    bd.BContinue: statements.continue_,
    bd.BRethrow: statements.rethrow,
    bd.BTry: statements.try_,
    bd.BSwitch: statements.switch,
    bd.BGoto: statements.goto,
    bd.BLocalFunction: statements.local_function,
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
    """Compile a bound expression or block to `fn(context, rt)`; also the Python tree, for `explain`.

    The function guards itself: it raises what `ops.guarded` names and nothing else.  The tree is what is guarded.
    """
    e = Emitter(universe, position, _EXPRESSIONS, _STATEMENTS, budget=budget)
    if isinstance(root, bd.BBlock):
        body = e.body(root)
    else:
        value = e.expr(root)
        body = [*e.pre, ast.Return(value)]
    if e.uses_rt:  # loops, switches, regular expressions and what else counts steps or asks for sizes
        body.insert(0, ast.Expr(ast.Call(ast.Attribute(e.rt(), "begin", LOAD), [], [])))
    params = ast.arguments([], [ast.arg("context"), ast.arg("rt")], None, [], [], None, [])
    trees = []
    for content in (body, [guard(e, body)]):
        function = ast.FunctionDef(name, params, content, [], type_params=[])  # type: ignore[call-arg]
        function.lineno, function.col_offset = position(root.start)
        function.end_lineno, function.end_col_offset = position(root.end)
        trees.append(ast.fix_missing_locations(ast.Module([function], [])))
    plain, guarded = trees
    exec(compile(guarded, filename, "exec"), e.globals)  # noqa: S102  our own tree, nothing of it is user text
    return e.globals[name], plain


def guard(e: Emitter, body: list[ast.stmt]) -> ast.stmt:
    """The body in a `try`, which costs nothing until something is raised; a function around it would be a call more."""
    e.globals |= {"known": e.ops.guarded, "any": Exception, "defect": e.ops.defect}
    known = ast.ExceptHandler(load("known"), None, [ast.Raise()])
    translated = ast.Raise(ast.Call(load("defect"), [load("e")], []), None)
    return ast.Try(body, [known, ast.ExceptHandler(load("any"), "e", [translated])], [], [])
