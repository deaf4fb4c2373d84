"""One expression, from text to function: the front door of the language.

    compile_island(source, map, block=False, expected="bool", sink=sink, options=CompileOptions()) -> CompiledExpression

Problems go to the sink at their place in the policy file; with any error there is no function (None).
`CompiledExpression.call(context, rt)` gives the boxed C# value; it raises `ClrError` for what C# would throw and
`BudgetExceeded` when a budget runs out, and nothing else.  What the compiler makes sees to that itself, so `call` is
the function and nothing around it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from apimpy.csharp import bound as bd
from apimpy.csharp.bind import bind
from apimpy.csharp.bind.advice import Note, notes
from apimpy.csharp.known import NUMERIC, keyword, strip_nullable
from apimpy.csharp.lookup import is_subtype
from apimpy.csharp.parser import Problem, parse
from apimpy.csharp.types import ERROR, NULL, ArrayType, Named, Type
from apimpy.diagnostics import Severity, Sink
from apimpy.dotnet import ops
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
    advice: bool = False
    """Look for what an author may want to hear about an expression that compiles."""
    check_only: bool = False
    """Keep the bound tree and make no function: what is compiled cannot run, not even with all named values known."""
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
    guards: bool = False
    """`fn` raises nothing that it may not."""
    notes: tuple[Note, ...] = ()
    """Advice about it, where it was asked for."""
    bound: bd.BExpr | bd.BBlock | None = None
    """What it means, where that was asked for (`check_only`)."""

    @property
    def call(self) -> Callable[[Any, Any], Any]:
        """Gives the boxed value.  ClrError, BudgetExceeded."""
        return self.fn if self.guards else partial(_guarded, self.fn)


def _guarded(fn: Callable[[Any, Any], Any], context: Any, rt: Any) -> Any:
    try:
        return fn(context, rt)
    except ops.guarded:
        raise
    except Exception as error:
        raise ops.defect(error)  # noqa: B904  it knows its cause


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
    done = _staged(source, block, options, _Place(map))
    if done.problems:
        _report(done.problems, map, sink)
        return None
    if done.fn is None or (done.static is ERROR and not options.check_only):
        return None
    if done.static is not ERROR and not _allowed(done.static, expected):
        where = map.span(0, len(source))
        sink.report("EXP003", f"Expression return type '{done.static.full_name}' is not allowed", where)
        return None
    return CompiledExpression(
        source,
        done.static,
        done.fn,
        done.request_body,
        done.response_body,
        guards=True,
        notes=done.notes,
        bound=done.bound,
    )


class _Place:
    """Where a text stands: equal places give equal positions, so they may share what was compiled for one."""

    __slots__ = ("key", "map")

    def __init__(self, map: SourceMap) -> None:
        self.map = map
        pieces = tuple((p.start, p.length, p.origin, p.origin_length) for p in map.pieces)
        file = map.pieces[0].file
        self.key = file.name, file.line_col(map.pieces[0].origin), pieces

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Place) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __call__(self, offset: int) -> tuple[int, int]:
        """Line and (Python's) column of an offset."""
        span = self.map.span(offset, offset)
        line, column = span.file.line_col(span.start)
        return line, column - 1


class _Staged(Record, frozen=True):
    """A text compiled as far as it goes."""

    problems: list[Problem]
    static: Type
    fn: Callable[[Any, Any], Any] | None = None
    request_body: bool = False
    response_body: bool = False
    notes: tuple[Note, ...] = ()
    bound: bd.BExpr | bd.BBlock | None = None


def _unmade(context: Any, rt: Any) -> Any:
    raise AssertionError("compiled for checking only")


@lru_cache(maxsize=4096)  # a reload compiles mostly what it had
def _staged(source: str, block: bool, options: CompileOptions, place: _Place) -> _Staged:
    world = library()
    try:
        tree, problems = parse(source, block=block, placeholders=options.placeholders)
        if tree is None or problems:
            return _Staged(problems, ERROR)
        found = bind(tree, world, any_type=options.any_type)
        static = result_type(found.outcomes)
        if found.problems or (found.unknown and not options.check_only):
            return _Staged(found.problems, static)
        heard = tuple(notes(found.root)) if options.advice and not found.unknown else ()
        bodies = found.effects.request_body, found.effects.response_body
        if options.check_only:
            return _Staged([], static, _unmade, *bodies, heard, found.root)
        from apimpy.csharp.emit import emit

        name = place.map.pieces[0].file.name
        fn, _ = emit(found.root, world, "expression", name, place, budget=found.effects.loops)
    except RecursionError:
        return _Staged([Problem("EXP009", "Expression is nested too deeply", 0, len(source))], ERROR)
    return _Staged([], static, fn, *bodies, heard)


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
