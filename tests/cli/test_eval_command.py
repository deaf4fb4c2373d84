"""`apimpy eval` as a process: one expression, many rows, contexts, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CONTEXT = {
    "request": {"method": "POST", "url": "https://example.org/a?b=c", "headers": {"X-Id": ["1", "2"]}, "body": "{}"},
    "variables": {"n": {"type": "int", "value": 41}},
}


@pytest.mark.parametrize(
    ("words", "stdout"),
    [
        (("@(1 + 1)",), "2\n"),
        ((" @(1 + 1)\n",), "2\n"),
        (("@{ return 7 / 2; }",), "3\n"),
        (("@(null)",), "\n"),
        (("@(true)",), "True\n"),
        (('@("é😀")',), "é😀\n"),
        (("@(1.10m)",), "1.10\n"),
        (("@(new { a = 1 })",), '{"a": 1}\n'),
        (("--named-value", "n=20", "--named-value", "m=1", "@({{n}} * 2 + {{m}})"), "41\n"),
        (("--named-value", "s=it's", '@("{{s}}")'), "it's\n"),
        (("--any-type", "@(new System.Random(1) != null)"), "True\n"),
    ],
)
def test_text(inside: Any, words: tuple[str, ...], stdout: str) -> None:
    """The text that a policy would put in place of the expression."""
    done = inside("eval", *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, stdout, "")


@pytest.mark.parametrize(
    ("expression", "stderr"),
    [
        ("@(1 +)", "expression:1:6: error CS1525 Invalid expression term ')'\n"),
        ("@(foo)", "expression:1:3: error CS0103 The name 'foo' does not exist in the current context\n"),
        (
            "@{\n  var x = 1;\n  return y;\n}",
            "expression:3:10: error CS0103 The name 'y' does not exist in the current context (did you mean 'x'?)\n",
        ),
        ("1 + 1", "expression:1:1: error DOC003 Expected an expression: @( … ) or @{ … }\n"),
        ("@(1", "expression:1:1: error DOC003 Expected an expression: @( … ) or @{ … }\n"),
        ('@("a"[5])', "System.IndexOutOfRangeException: Index was outside the bounds of the array.\n"),
        ("@(new int[0].First())", "System.InvalidOperationException: Sequence contains no elements\n"),
        ("@{ while (true) { } }", "BudgetExceeded: the expression took more than 1000000 steps\n"),
    ],
)
def test_failure(inside: Any, expression: str, stderr: str) -> None:
    """Exit 1: where the expression is wrong, or which exception ended it."""
    done = inside("eval", expression)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", stderr)


@pytest.mark.parametrize(
    ("expression", "row", "code"),
    [
        ("@(1L)", {"ok": True, "type": "System.Int64", "value": 1, "text": "1"}, 0),
        (
            "@(foo)",
            {
                "ok": False,
                "phase": "compile",
                "exception": None,
                "codes": ["CS0103"],
                "error": "The name 'foo' does not exist in the current context",
            },
            1,
        ),
        (
            '@(int.Parse("x"))',
            {"ok": False, "phase": "run", "exception": "System.FormatException", "codes": []},
            1,
        ),
    ],
)
def test_json(inside: Any, expression: str, row: dict[str, Any], code: int) -> None:
    """`--format json`: the row of the conformance cases, without an id."""
    done = inside("eval", "--format", "json", expression)
    got = json.loads(done.stdout)
    assert {k: got[k] for k in row} == row
    assert "id" not in got
    assert done.returncode == code


def test_context(inside: Any, tmp_path: Path) -> None:
    """`--context` is a fixture file; without one every member of context is null or empty."""
    (tmp_path / "context.json").write_text(json.dumps(CONTEXT))
    expression = '@(context.Request.Method + (int)context.Variables["n"] + context.Request.Headers["X-Id"].Length)'
    assert inside("eval", "--context", tmp_path / "context.json", expression).stdout == "POST412\n"
    assert inside("eval", "@(context.Variables.Count)").stdout == "0\n"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "context.json: No such file or directory"),
        ("{", "context.json: not JSON"),
        ("[1]", "context.json: a fixture is a JSON object"),
        ('{"request": 5}', "a part of the wrong shape"),
        ('{"request": {"url": "nowhere"}}', "the context fixture cannot be used: not an absolute http or https URL"),
        ('{"variables": {"a": {"type": "odd", "value": 1}}}', "a variable of type 'odd' is not possible"),
        ('{"variables": {"a": {"type": "int", "value": "x"}}}', "the context fixture cannot be used"),
        ('{"timestamp": "yesterday"}', "the context fixture cannot be used"),
    ],
)
def test_bad_context(inside: Any, tmp_path: Path, content: str | None, complaint: str) -> None:
    """A context that cannot be read is wrong usage, not our bug: exit 2."""
    if content is not None:
        (tmp_path / "context.json").write_text(content)
    done = inside("eval", "--context", "context.json", "@(1)", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr


@pytest.mark.parametrize(
    ("expression", "code", "stdout", "stderr"),
    [
        ('@("é😀" + 1)', 0, "é😀1\n", ""),
        ("@(foo)", 1, "", "expression:1:3: error CS0103 The name 'foo' does not exist in the current context\n"),
        ('@("a"[5])', 1, "", "System.IndexOutOfRangeException: Index was outside the bounds of the array.\n"),
    ],
)
def test_process(apimpy: Any, expression: str, code: int, stdout: str, stderr: str) -> None:
    """The same as a real process."""
    done = apimpy("eval", expression)
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout, stderr)


ROWS = [
    {"id": "a", "expr": "@(1 + 1)"},
    {"id": "b", "expr": "@(context.Request.Method)", "fixture": "post"},
    {"id": "c", "expr": "@(foo)", "theme": "other members are ignored"},
    {"id": "d", "expr": '@(int.Parse("x"))'},
    {"id": 5, "expr": '@("\\ud83d")'},
    {"expr": "@({{n}})"},
    {"id": "f", "expr": "@(new System.Random(1) != null)"},
]


@pytest.mark.parametrize("stdin", [False, True])
def test_rows(apimpy: Any, tmp_path: Path, stdin: bool) -> None:
    """`--jsonl`: one answer a line, in order, whatever became of it; exit 0."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "post.json").write_text(json.dumps(CONTEXT))
    text = "\n\n".join(json.dumps(row) for row in ROWS)
    (tmp_path / "rows.jsonl").write_text(text)
    words = ("eval", "--jsonl", "-" if stdin else "rows.jsonl", "--fixtures", "fixtures", "--named-value", "n=3")
    done = apimpy(*words, cwd=tmp_path, stdin=text if stdin else None)
    assert (done.returncode, done.stderr) == (0, "")
    got = [json.loads(line) for line in done.stdout.splitlines()]
    assert got[0] == {"id": "a", "ok": True, "type": "System.Int32", "value": 2, "text": "2"}
    assert got[1] == {"id": "b", "ok": True, "type": "System.String", "value": "POST", "text": "POST"}
    assert got[2]["id"] == "c"
    assert (got[2]["ok"], got[2]["phase"], got[2]["codes"]) == (False, "compile", ["CS0103"])
    assert (got[3]["id"], got[3]["phase"], got[3]["exception"]) == ("d", "run", "System.FormatException")
    assert got[4] == {"id": 5, "ok": True, "type": "System.String", "value": "\ufffd", "text": "\ufffd"}
    assert (got[5]["value"], got[6]["value"]) == (3, True)


def test_rows_enforce_the_list(inside: Any, tmp_path: Path) -> None:
    """What policies may not use is refused, unless --any-type."""
    rows = '{"id": 1, "expr": "@(new System.Text.UTF8Encoding(true).GetPreamble().Length)"}\n'
    refused = json.loads(inside("eval", "--jsonl", "-", stdin=rows).stdout)
    allowed = json.loads(inside("eval", "--jsonl", "-", "--any-type", stdin=rows).stdout)
    assert (refused["phase"], refused["codes"]) == ("compile", ["EXP001"])
    assert refused["error"].startswith("Usage of type 'System.Text.UTF8Encoding' is not supported within expressions")
    assert allowed["value"] == 3


@pytest.mark.parametrize(
    ("rows", "words", "complaint"),
    [
        ('{"id": 1}', (), "rows.jsonl:1: not a row with 'expr'"),
        ('{"id": 1, "expr": 5}', (), "rows.jsonl:1: not a row with 'expr'"),
        ("[]", (), "rows.jsonl:1: not a row with 'expr'"),
        ('{"expr": "@(1)"}\nnonsense', (), "rows.jsonl:2: not a row with 'expr'"),
        ('{"expr": "@(1)", "fixture": "post"}', (), "rows.jsonl:1: fixture 'post' needs --fixtures DIR"),
        ('{"expr": "@(1)", "fixture": "post"}', ("--fixtures", "."), "post.json: No such file"),
        ('{"expr": "@(1)", "fixture": "odd"}', ("--fixtures", "."), "rows.jsonl:1: the context fixture"),
        (b"\xff", (), "rows.jsonl: not UTF-8 text"),
        (None, (), "rows.jsonl: No such file"),
        ('{"expr": "@(1)"}', ("@(2)",), "--jsonl brings its own expressions"),
    ],
)
def test_bad_rows(
    inside: Any, tmp_path: Path, rows: str | bytes | None, words: tuple[str, ...], complaint: str
) -> None:
    """A file that is not what `--jsonl` takes: exit 2, with file and line."""
    (tmp_path / "odd.json").write_text('{"request": 5}')
    if rows is not None:
        (tmp_path / "rows.jsonl").write_bytes(rows if isinstance(rows, bytes) else rows.encode())
    done = inside("eval", "--jsonl", "rows.jsonl", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert complaint in done.stderr


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--named-value", "x", "@(1)"), "--named-value takes NAME=VALUE, not 'x'"),
        (("--context", ".", "@(1)"), "is a directory"),
        (("--format", "yaml", "@(1)"), "'yaml' is not one of"),
        (("@(1)", "@(2)"), "unexpected extra argument"),
        (("--nonsense",), "No such option"),
    ],
)
def test_wrong_usage(inside: Any, words: tuple[str, ...], complaint: str) -> None:
    """Exit 2 with the reason on stderr."""
    done = inside("eval", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
