"""Generated Python: deterministic, without builtins, counted where it loops, at the lines of the policy."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

import apimpy
from apimpy.csharp.bind import bind
from apimpy.csharp.emit import emit
from apimpy.csharp.parser import parse
from apimpy.diagnostics import Sink
from apimpy.dotnet.compile import CompiledExpression, CompileOptions, compile_island, library
from apimpy.dotnet.exceptions import BudgetExceeded, ClrError
from apimpy.runtime.fixture import load_fixture
from apimpy.source import SourceFile, SourceMap

ROOT = Path(apimpy.__file__).parents[1]


def compiled(text: str, *, before: str = "") -> CompiledExpression:
    """Compile `@(…)` or `@{…}` standing after `before` in a file."""
    file, sink = SourceFile("policy.xml", before + text), Sink()
    source = text[2:-1]
    map = SourceMap.identity(file, len(before) + 2, len(source))
    options = CompileOptions(any_type=True, placeholders=False)
    made = compile_island(source, map, text[1] == "{", "object", sink, options)
    assert made is not None, [str(d) for d in sink]
    return made


def emitted(text: str) -> tuple[Any, ast.Module]:
    """The function and the Python tree, made anew."""
    file = SourceFile("policy.xml", text)
    tree, problems = parse(text[2:-1], block=text[1] == "{")
    assert tree is not None
    assert problems == []
    found = bind(tree, library(), any_type=True)
    assert found.problems == []

    def place(offset: int) -> tuple[int, int]:
        line, column = file.line_col(offset + 2)
        return line, column - 1

    return emit(found.root, library(), "expression", "policy.xml", place, budget=found.effects.loops)


def run(made: CompiledExpression, fixture: dict[str, Any] | None = None) -> Any:
    exchange = load_fixture(fixture or {})
    exchange.rt.begin()
    return made.call(exchange, exchange.rt)


EXPRESSIONS = [
    "@(1 + 2 * context.Variables.Count)",
    '@(context.Request.Headers.GetValueOrDefault("X", "none").Length > 3)',
    "@{ var n = 0; for (int i = 0; i < 3; i++) { n += i; } return n; }",
    '@{ var l = new List<Func<int>>(); foreach (var x in "abc") { l.Add(() => x); } return l.Sum(f => f()); }',
    '@(new[] { "b", "a" }.OrderBy(x => x).Select(x => new { x, n = x.Length }).First().ToString())',
    '@{ try { return int.Parse("x"); } catch (FormatException e) when (e.Message != "") { return -1; } finally { } }',
    '@{ switch ("a") { case "a": goto case "b"; case "b": return 1; default: return 2; } }',
    "@(from x in Enumerable.Range(0, 9) where x % 2 == 0 group x by x % 3 into g orderby g.Key select g.Count())",
    '@($"{1,5:x2}{"a"}" + (1, "b").Item2)',
    "@{ int F(int n) { return n < 2 ? n : F(n - 1) + F(n - 2); } return F(9); }",
]


def source_of(text: str) -> str:
    return ast.unparse(emitted(text)[1])


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_deterministic(text: str) -> None:
    """Compiling twice gives the same Python."""
    assert source_of(text) == source_of(text)


def test_deterministic_between_processes() -> None:
    """No order of a set, no address gets into the generated code."""
    code = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('emitting', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "print(*map(module.source_of, module.EXPRESSIONS), sep='\\0', end='')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, __file__],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split("\0") == [source_of(text) for text in EXPRESSIONS]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_no_builtins(text: str) -> None:
    """The function's globals hold what the expression needs, and no builtins."""
    function, tree = emitted(text)
    assert function.__globals__["__builtins__"] == {}
    assert set(function.__code__.co_names) <= set(function.__globals__) | attributes(tree)
    assert run(compiled(text)) is not None


def attributes(tree: ast.Module) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def names(text: str) -> set[str]:
    tree = emitted(text)[1]
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | attributes(tree)


@pytest.mark.parametrize(
    "text",
    [
        "@{ while (context.Variables.Count == 0) { break; } return 1; }",
        "@{ do { } while (context.Variables.Count > 0); return 1; }",
        "@{ for (int i = 0; i < 3; i++) { } return 1; }",
        "@{ foreach (var c in new[] { 1 }) { } return 1; }",
        "@{ int F(int n) { return n == 0 ? 0 : F(n - 1); } return F(3); }",
        "@{ int i = 0; switch (i) { case 0: goto case 1; case 1: break; } return 1; }",
    ],
)
def test_loops_are_counted(text: str) -> None:
    """Whatever can run for long charges steps."""
    made = compiled(text)
    exchange = load_fixture({})
    exchange.rt.begin()
    before = exchange.rt.steps
    assert made.call(exchange, exchange.rt) == 1 or text.endswith("F(3); }")
    assert exchange.rt.steps < before
    exchange.rt.limits = type(exchange.rt.limits)(steps=0)
    exchange.rt.begin()
    with pytest.raises(BudgetExceeded):
        made.call(exchange, exchange.rt)


def test_straight_code_is_not_counted() -> None:
    """An expression without loops pays nothing for the budget."""
    assert "tick" not in names("@(context.Variables.Count + 1)")


def test_names_of_the_author_do_not_appear() -> None:
    """Variables are numbered: whatever the author calls them."""
    text = "@{ var rt = 1; var __builtins__ = 2; var lambda = 3; int F(int g0) { return g0; } return F(rt); }"
    assert not names(text) & {"__builtins__", "lambda", "F"}
    assert run(compiled(text)) == 1


@pytest.mark.parametrize(
    ("before", "text", "line"),
    [
        ("", '@(int.Parse("x"))', 1),
        ("<policies>\n  <inbound>\n    ", '@(int.Parse("x"))', 3),
        ("\n", '@{\n  var a = 1;\n\n  return int.Parse("x" + a);\n}', 5),
        ("\n", '@{\n  foreach (var x in "a") {\n    int.Parse("x");\n  }\n  return 1;\n}', 4),
    ],
)
def test_traceback_shows_the_policy(before: str, text: str, line: int) -> None:
    """The frame of a failing expression has the policy's file name and line."""
    with pytest.raises(ClrError) as caught:
        run(compiled(text, before=before))
    frames = [f for f in traceback.extract_tb(caught.value.__traceback__) if f.filename == "policy.xml"]
    assert [f.lineno for f in frames][-1] == line


LISTED = "@{{ var l = new List<Func<int>>(); {} return l.Sum(f => f()); }}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # what a lambda captures is the variable
        ("@{ int n = 1; Func<int> f = () => n; n = 2; return f(); }", 2),
        ("@{ int n = 1; Action f = () => { n = 5; }; f(); return n; }", 5),
        (LISTED.format("for (int i = 0; i < 3; i++) { l.Add(() => i); }"), 9),
        (LISTED.format("foreach (var i in new[] { 0, 1, 2 }) { l.Add(() => i); }"), 3),
        (LISTED.format("for (int i = 0; i < 3; i++) { var j = i; l.Add(() => j); }"), 3),
        # everything is evaluated once, from left to right
        ("@{ int n = 0; int F() { n++; return n; } var a = F() * 10 + F(); return a; }", 12),
        ("@{ int n = 0; int F() { n++; return n; } var a = new int[5]; a[F()] += 7; return a[1] * 10 + n; }", 71),
        ("@{ int n = 0; string F() { n++; return null; } var s = F() ?? F() ?? \"x\"; return n; }", 2),
        ("@{ int n = 0; bool F() { n++; return true; } var b = F() || F(); return n; }", 1),
        ("@{ int n = 0; string F() { n++; return \"abc\"; } var l = F()?.Length; return n * 10 + l; }", 13),
        ("@{ int i = 1; i = i++ + ++i; return i; }", 4),
        ("@{ int i = 5; return i-- - --i; }", 2),
        ("@{ var a = new[] { 1, 2 }; int i = 0; a[i++] = i; return a[0]; }", 1),
    ],
)  # fmt: skip
def test_evaluation(text: str, value: Any) -> None:
    """Captures, order, and single evaluation."""
    assert run(compiled(text)) == value


def test_call_raises_nothing_else() -> None:
    """A defect behind an expression becomes an exception of C#, with its cause."""
    made = compiled("@(1)")
    broken = CompiledExpression("1", made.type, lambda context, rt: {}["x"], False, False)
    with pytest.raises(ClrError) as caught:
        run(broken)
    assert isinstance(caught.value.__cause__, KeyError)
