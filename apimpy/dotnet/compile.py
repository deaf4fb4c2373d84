"""One expression, from text to function: the front door of the language.

    compile_island(source, map, block=False, expected="bool", sink=sink, options=CompileOptions()) -> CompiledExpression

Problems go to the sink at their place in the policy file; with any error there is no function (None).
`CompiledExpression.call(context, rt)` gives the boxed C# value; it raises `ClrError` for what C# would throw and
`BudgetExceeded` when a budget runs out, and nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from apimpy.csharp import bound as bd
from apimpy.csharp.bind import bind
from apimpy.csharp.emit import emit
from apimpy.csharp.known import NUMERIC, keyword, strip_nullable
from apimpy.csharp.lookup import is_subtype
from apimpy.csharp.parser import Problem, parse
from apimpy.csharp.types import ERROR, NULL, ArrayType, Named, Type
from apimpy.diagnostics import Severity, Sink
from apimpy.dotnet import ops
from apimpy.dotnet.exceptions import BudgetExceeded, ClrError
from apimpy.dotnet.universe import DotNet, universe
from apimpy.record import Record
from apimpy.source import SourceMap

__all__ = ["CompileOptions", "CompiledExpression", "Expected", "compile_island"]

Expected = str
"""`text`, `bool`, `int`, `number`, `any` (set-variable), `bytes-or-text` (set-body) or `object` (no check)."""

MAX_SOURCE = 256 * 1024


class CompileOptions(Record, frozen=True, eq=True):
    any_type: bool = False
    """Do not enforce the platform's list of types and members."""
    placeholders: bool = True
    """`{{name}}` outside strings is a named value without a value (lint), not C#."""


class CompiledExpression(Record, frozen=True):
    """An expression ready to run."""

    text: str
    type: Type
    """The static type before boxing; object when several returns differ."""
    fn: Callable[[Any, Any], Any]
    reads_request_body: bool
    reads_response_body: bool
    tree: ast.Module

    def call(self, context: Any, rt: Any) -> Any:
        """The boxed value.  ClrError, BudgetExceeded."""
        try:
            return self.fn(context, rt)
        except (ClrError, BudgetExceeded):
            raise
        except RecursionError:
            raise BudgetExceeded("the expression nests calls too deeply") from None
        except MemoryError:
            raise BudgetExceeded("the expression needs too much memory") from None
        except Exception as error:
            raise ClrError(f"Internal error in the evaluation: {type(error).__name__}: {error}") from error


def compile_island(
    source: str,
    map: SourceMap,
    block: bool,
    expected: Expected,
    sink: Sink,
    options: CompileOptions = CompileOptions(),  # noqa: B008  frozen
) -> CompiledExpression | None:
    """Compile the text between the brackets of `@( )` or `@{ }`."""
    if len(source) > MAX_SOURCE:
        sink.report("EXP009", f"Expression is longer than {MAX_SOURCE} characters", map.span(0, len(source)))
        return None
    world = library()
    try:
        tree, problems = parse(source, block=block, placeholders=options.placeholders)
        if tree is None or problems:
            _report(problems, map, sink)
            return None
        found = bind(tree, world, any_type=options.any_type)
        static = result_type(found.outcomes)
        if found.problems:
            _report(found.problems, map, sink)
            return None
        if found.unknown:
            return None
        if static is ERROR or not _allowed(static, expected):
            if static is not ERROR:
                sink.report(
                    "EXP003", f"Expression return type '{static.full_name}' is not allowed", map.span(0, len(source))
                )
            return None
        file = map.pieces[0].file

        def position(offset: int) -> tuple[int, int]:
            line, column = file.line_col(map.span(offset, offset).start)
            return line, column - 1

        fn, code = emit(found.root, world, "expression", file.name, position, budget=found.effects.loops)
    except RecursionError:
        sink.report("EXP009", "Expression is nested too deeply", map.span(0, len(source)))
        return None
    return CompiledExpression(source, static, fn, found.effects.request_body, found.effects.response_body, code)


def library() -> DotNet:
    """The universe with the run-time helpers generated code calls."""
    world = universe()
    world.ops = ops
    return world


def result_type(outcomes: list[bd.BExpr]) -> Type:
    """The static type of what an expression returns."""
    found: Type | None = None
    for e in outcomes:
        if e.type is NULL:
            continue
        if found is None or found is e.type:
            found = e.type
        elif is_subtype(e.type, found):
            continue
        elif is_subtype(found, e.type):
            found = e.type
        else:
            return universe().named("System.Object")
    if found is not None:
        return found
    return NULL  # only nulls, or nothing but throws


def _report(problems: list[Problem], map: SourceMap, sink: Sink) -> None:
    for p in problems:
        message, _, help_text = p.message.partition("\0")
        severity = Severity.WARNING if p.code == "EXP006" else None
        sink.report(p.code, message, map.span(p.start, p.end), severity=severity, help=help_text or None)


# --- what an attribute takes (platform list of return types)

_SCALARS = NUMERIC | {"bool", "string"}
_NAMED_RESULTS = frozenset(
    {"System.Guid", "System.DateTime", "System.TimeSpan", "System.DateTimeOffset", "System.Uri"}
    | {"Apim.IResponse", "Apim.Jwt"}
)


def _allowed(t: Type, expected: Expected) -> bool:
    if expected == "object" or t is NULL:
        return True
    plain = strip_nullable(t)
    word = keyword(plain)
    if expected == "bool":
        return word == "bool"
    if expected == "int":
        return word in NUMERIC - {"float", "double", "decimal"} or word == "string" or _is_token(plain)
    if expected == "number":
        return word in NUMERIC or word == "string" or _is_token(plain)
    if word in _SCALARS or (isinstance(plain, Named) and plain.decl.full_name in _NAMED_RESULTS) or _is_token(plain):
        return True
    if isinstance(plain, Named) and plain.decl.kind == "enum":
        return True
    if isinstance(plain, ArrayType) and keyword(plain.element) in ("byte", "sbyte"):
        return True
    # set-variable stores any object in practice; only a bare object is refused everywhere
    return expected == "any" and word != "object"


def _is_token(t: Type) -> bool:
    token = universe().declaration("Newtonsoft.Json.Linq.JToken", 0)
    return token is not None and is_subtype(t, token.of())
