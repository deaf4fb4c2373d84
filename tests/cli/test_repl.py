"""The prompt of `apimpy eval`: answers, complaints, completion, and a session on a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import apimpy as apimpy_package
from apimpy.cli import repl
from apimpy.cli.repl import Answer, Session, answer, complete, history_file, is_complete
from apimpy.csharp import complete as completion
from apimpy.dotnet.compile import CompileOptions, library

ROOT = Path(apimpy_package.__file__).parents[1]

POST = {
    "request": {"method": "POST", "url": "https://api.example/x"},
    "variables": {"a": {"type": "string", "value": "red"}},
}


def session(**changes: Any) -> Session:
    values: dict[str, Any] = {
        "fixture": {},
        "context_name": None,
        "values": {},
        "options": CompileOptions(placeholders=False),
    }
    return Session(**{**values, **changes})


# --- answers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1 + 2", "3 : int"),
        ("@(1 + 2)", "3 : int"),
        ("  @( 1 + 2 )  ", "3 : int"),
        ("1 + 2;", "3 : int"),
        ("1 + 2 // three", "3 : int"),
        ("@{ return 5L; }", "5 : long"),
        ("@{\n  var x = 1;\n\n  return x + 1.5m;\n}", "2.5 : decimal"),
        ('"abc"', '"abc" : string'),
        ('"a\\"b\\n"', '"a\\"b\\n" : string'),
        ("'a'", "'a' : char"),
        ("true", "true : bool"),
        ("null", "null"),
        ("(string)null", "null : string"),
        ("(int?)5", "5 : int?"),
        ("1.0", "1 : double"),
        ("double.NaN", "NaN : double"),
        ("(object)5L", "5 : object {long}"),
        ('(object)"a"', '"a" : object {string}'),
        ("new[] {1, 2}", "[1, 2] : int[]"),
        ('new List<string> {"a"}.Select(x => x.Length)', "[1] : IEnumerable<int>"),
        ("JObject.Parse(\"{'a': 1}\")", '{"a":1} : JObject'),
        ('JObject.Parse("{\'a\': 1}")["a"]', "1 : JToken {JValue}"),
        ("StringComparison.Ordinal", "Ordinal : StringComparison"),
        ("new DateTime(2024, 2, 29)", "2024-02-29T00:00:00.0000000 : DateTime"),
        ("context.Request.Method", '"GET" : string'),
        ('"\\ud800"', '"\ufffd" : string'),
    ],
)
def test_answers(text: str, shown: str) -> None:
    """The value as C# might write it, and its static type; the run-time type where that says more."""
    assert answer(session(), text) == Answer((shown,))


@pytest.mark.parametrize(
    ("text", "first", "caret", "word"),
    [
        ('"abc".Lenght', '  "abc".Lenght', "        ^^^^^^", "error CS1061: 'string' does not contain"),
        ('@("abc".Lenght)', '  @("abc".Lenght)', "          ^^^^^^", "error CS1061: 'string' does not contain"),
        ("1 +", "  1 +", "     ^", "error CS1525: Invalid expression term ')'"),
        ("\tfoo", "  foo", "  ^^^", "error CS0103: The name 'foo' does not exist in the current context"),
        ("@{\n  return foo;\n}", "    return foo;", "           ^^^", "error CS0103: The name 'foo'"),
        ("@(1) + 2", "  @(1) + 2", "  ^^^^^^^^", "error DOC003: Expected an expression"),
        ("Environment.NewLine", "  Environment.NewLine", None, "error EXP001: Usage of type 'System.Environment'"),
        ("1 + context.User.Id.Length", "  1 + context.User.Id.Length", None, "System.NullReferenceException: Object"),
        ("new int[1][4]", "  new int[1][4]", "  ^^^^^^^^^^^^^", "System.IndexOutOfRangeException: Index was"),
        ('@{\n  int.Parse(\n    "x");\n  return 1;\n}', "    int.Parse(", "    ^", "System.FormatException: "),
        ("@{ while (true) {} return 1; }", None, None, "BudgetExceeded: the expression took more than"),
        ("@(1", "  @(1", None, "error DOC003"),
        ("", "  ", "  ^", "error CS1525"),
    ],
)
def test_complaints(text: str, first: str | None, caret: str | None, word: str) -> None:
    """The line, a caret under the column, then what the compiler or the run says."""
    found = answer(session(), text)
    assert not found.ok
    assert any(line.startswith(word) for line in found.lines), found.lines
    if first is not None:
        assert found.lines[0] == first
    if caret is not None:
        assert found.lines[1] == caret


def test_help_of_a_complaint() -> None:
    """A guess at what was meant follows the message."""
    assert answer(session(), '"abc".Lenght').lines[-1] == "  help: did you mean 'Length'?"


def test_options_hold() -> None:
    """Named values, `--any-type` and `--format json` are the session's."""
    assert answer(session(values={"n": "40"}), "{{n}} + 2").lines == ("42 : int",)
    free = session(options=CompileOptions(placeholders=False, any_type=True))
    assert answer(free, "Environment.NewLine").ok
    row = json.loads(answer(session(json=True), "1 + 2").lines[0])
    assert row == {"ok": True, "type": "System.Int32", "value": 3, "text": "3"}
    refused = answer(session(json=True), "foo")
    assert (refused.ok, json.loads(refused.lines[0])["codes"]) == (False, ["CS0103"])


def test_every_answer_has_a_fresh_exchange() -> None:
    """A body can be read by one line and again by the next."""
    s = session(fixture={"request": {"method": "POST", "body": "hello"}})
    for _ in range(2):
        assert answer(s, "context.Request.Body.As<string>()").lines == ('"hello" : string',)


# --- commands


def test_commands(tmp_path: Path) -> None:
    """`:type`, `:context`, `:help`, `:quit`, and words that are none of these."""
    path = tmp_path / "post.json"
    path.write_text(json.dumps(POST))
    s = session()
    assert answer(s, ":type 5L * 2") == Answer(("long",))
    assert answer(s, ':type context.Variables["nope"]') == Answer(("object",))
    assert answer(s, ":type foo").lines[-1].startswith("error CS0103")
    assert not answer(s, ":type").ok
    assert answer(s, ":context") == Answer(("context: an empty GET request",))
    assert answer(s, f":context {path}") == Answer((f"context: {path}",))
    assert answer(s, "context.Request.Method").lines == ('"POST" : string',)
    assert answer(s, 'context.Variables["a"]').lines == ('"red" : object {string}',)
    missing = answer(s, ":context nowhere.json")
    assert (missing.ok, missing.lines) == (False, ("nowhere.json: No such file or directory",))
    path.write_text('{"request": 5}')
    assert "wrong shape" in answer(s, f":context {path}").lines[0]
    assert answer(s, "context.Request.Method").lines == ('"POST" : string',)
    assert ":context FILE" in "\n".join(answer(s, ":help").lines)
    assert answer(s, ":quit") == Answer((), leave=True)
    assert answer(s, ":nonsense") == Answer(("There is no command :nonsense; :help lists them.",), ok=False)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("1 + 2", True),
        ("1 +", True),
        ("foo(", True),
        ("@(1 + 2)", True),
        ("@(1 +", False),
        ("@{", False),
        ("@{ return 1;", False),
        ("@{ return 1; }", True),
        ('@{ return "}', True),
        ('@{ return @"}', False),
        ('@{ return @"}\n"; }', True),
        ("@{ /* }", False),
        ("@{ // }\n", False),
        ("@{ return new { a = 1 }", False),
        ("@(1))", True),
        (":help", True),
        ("", True),
    ],
)
def test_is_complete(text: str, whole: bool) -> None:
    """Brackets decide, as C# reads them; text without `@` is one line."""
    assert is_complete(text) is whole


# --- completion


COMPLETIONS = [
    ("context.Request.He", False, ["Headers"]),
    ("context.Request.", False, ["Body", "Headers", "Method", "Url"]),
    ('"abc".Sub', False, ["Substring("]),
    ('"abc".sub', False, ["Substring("]),
    ('"abc".', False, ["Length", "Select(", "AsJwt("]),
    ("string.IsN", False, ["IsNullOrEmpty(", "IsNullOrWhiteSpace("]),
    ("StringComparison.Ord", False, ["Ordinal", "OrdinalIgnoreCase"]),
    ("System.Net.", False, ["IPAddress", "WebUtility"]),
    ("Newtonsoft.Json.Linq.JO", False, ["JObject"]),
    ("context.User?.Gr", False, ["Groups"]),
    ("context.User.Groups.Where(g => g.", False, ["Id", "Name"]),
    ("Enumerable.Range(0, 3).Select(x => new { Twice = x * 2 }).Where(p => p.Tw", False, ["Twice"]),
    ('context.Request.Method == "a" ? context.Api.Na', False, ["Name"]),
    ('$"a{context.RequestI', False, ["RequestId"]),
    ("(1, 2L).", False, ["Item1", "Item2"]),
    ("new List<string>().Sele", False, ["Select(", "SelectMany("]),
    ("((JObject)null).Proper", False, ["Properties(", "Property(", "PropertyValues("]),
    ("con", False, ["context"]),
    ("", False, ["context"]),
    ("JObj", False, ["JObject"]),
    ("var x = new JObject(); x.Propert", True, ["Properties(", "Property(", "PropertyValues("]),
    ("foreach (var g in context.User.Groups) { if (g.Na", True, ["Name"]),
    ("foreach (var g in context.User.Gro", True, ["Groups"]),
    ("for (var i = 0; i.Comp", True, ["CompareTo("]),
    ("try { context.Sub", True, ["Subscription"]),
    ("switch (context.Request.Met", True, ["Method"]),
    ("var total = 5; return tot", True, ["total"]),
    ("ret", True, ["return"]),
    ("return context.Request.Body.As<JOb", True, ["JObject"]),
]


@pytest.mark.parametrize(("text", "block", "some"), COMPLETIONS)
def test_completion(text: str, block: bool, some: list[str]) -> None:
    """Members of the static type of what stands before the dot; names in scope and types elsewhere."""
    names = completion.complete(text, block=block, universe=library()).names
    assert set(some) <= set(names)
    if len(text) and text[-1] not in ". ":
        assert list(names) == some


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("string.", ["Length", "Substring("]),
        ('"a".', ["IsNullOrEmpty(", "Empty", "Ancestors(", "op_Equality"]),
        ("DateTime.", ["ParseExact(", "TryParse(", "UnixEpoch"]),
        ("context.", ["context"]),
        ("System.", ["Environment", "Console", "Activator"]),
        ("Environ", ["Environment"]),
    ],
)
def test_completion_offers_what_is_allowed(text: str, absent: list[str]) -> None:
    """No static members on values or the reverse, nothing that the platform's list leaves out."""
    names = completion.complete(text, block=False, universe=library()).names
    assert not set(absent) & set(names)


@pytest.mark.parametrize("text", ['"a.', '$"a.', "'a", "// context.", "/* context.", "5", "foo.bar.", "null.", "1 + ."])
def test_nothing_to_complete(text: str) -> None:
    """Inside literals and comments, and after what means nothing."""
    assert completion.complete(text, block=False, universe=library()).names == ()


def test_completion_start() -> None:
    """Only the word at the cursor is replaced."""
    found = completion.complete("1 + context.Request.Me", block=False, universe=library())
    assert (found.start, found.names) == (20, ("Method",))


def test_completion_of_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, file names, and blocks over several lines."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "post-one.json").write_text("{}")
    (tmp_path / "fixtures" / "post-two.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    s = session()
    assert complete(s, ":c") == ["context"]
    assert complete(s, ":context fix") == ["fixtures/"]
    assert complete(s, ":context fixtures/po") == ["post-one.json", "post-two.json"]
    assert complete(s, ":context fixtures/post-t") == ["two.json"]
    assert complete(s, ":context nowhere/x") == []
    assert complete(s, ":type context.Request.Meth") == ["Method"]
    assert complete(s, "@(context.Request.Meth") == ["Method"]
    s.pending += ["@{", "  var text = context.Request.Method;"]
    assert complete(s, "  return text.Substr") == ["Substring("]
    assert complete(s, "  return te") == ["text"]


# --- lines that nobody types


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Answers on stdout, complaints on stderr; a block may span lines; `:quit` ends."""
    code = repl.run_lines(
        session(), ["1 + 2\n", "\n", "@{\n", "  return 4;\n", "}\n", "foo\n", "5\n", ":quit\n", "6\n"]
    )
    out, err = capsys.readouterr()
    assert (code, out) == (1, "3 : int\n4 : int\n5 : int\n")
    assert err.startswith("  foo\n  ^^^\nerror CS0103")


def test_process(apimpy: Any, tmp_path: Path) -> None:
    """`apimpy eval` with input from a pipe."""
    (tmp_path / "post.json").write_text(json.dumps(POST))
    done = apimpy("eval", "--context", "post.json", stdin='context.Request.Method\n"é😀"\n', cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, '"POST" : string\n"é😀" : string\n', "")
    done = apimpy("eval", "--format", "json", stdin="1\nfoo\n")
    assert [json.loads(line)["ok"] for line in done.stdout.splitlines()] == [True, False]
    assert done.returncode == 1
    assert apimpy("eval", stdin="").returncode == 0
    assert apimpy("eval", stdin="@{ return 1;").returncode == 1


def test_history_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The state folder of the XDG convention."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_file() == tmp_path / "apimpy" / "history"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert history_file() == tmp_path / ".local" / "state" / "apimpy" / "history"


# --- a terminal


# a session leader that opens a terminal owns it: only then does Ctrl-C reach the program
START = """
import os, sys
os.close(os.open(os.ttyname(0), os.O_RDWR))
from apimpy.cli.main import main
main(sys.argv[1:])
"""


class Terminal:
    """A program on a pseudo-terminal: `send` keys, `expect` what comes out."""

    def __init__(self, words: list[str], cwd: Path) -> None:
        import pty

        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "TERM": "dumb",
            "INPUTRC": "/dev/null",
            "XDG_STATE_HOME": str(cwd / "state"),
        }
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def send(self, text: str) -> None:
        os.write(self.master, text.encode())

    def interrupt(self) -> None:
        """Ctrl-C, until there is a new prompt: a signal just before Python waits for a key is seen at the next one."""
        for _ in range(10):
            self.send("\x03")
            if select.select([self.master], [], [], 2)[0]:
                break
        self.expect(r"\n> ")

    def expect(self, pattern: str, seconds: float = 30) -> str:
        """Everything up to and including the pattern."""
        end = time.monotonic() + seconds
        while not (m := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{pattern!r} did not come; there was {self.seen!r}"
            try:
                data = os.read(self.master, 4096)
            except OSError:  # the other side is closed
                data = b""
            assert data, f"{pattern!r} did not come before the end; there was {self.seen!r}"
            self.seen += data.decode()
        text, self.seen = self.seen[: m.end()], self.seen[m.end() :]
        return text


@contextlib.contextmanager
def terminal(words: list[str], cwd: Path) -> Iterator[Terminal]:
    t = Terminal(words, cwd)
    try:
        yield t
    finally:
        t.process.kill()
        t.process.wait()
        os.close(t.master)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_terminal(tmp_path: Path) -> None:
    """A session: answers, a block, completion, Ctrl-C, a fixture, Ctrl-D; the next one knows the history."""
    (tmp_path / "post.json").write_text(json.dumps(POST))
    with terminal(["eval"], tmp_path) as t:
        t.expect("Ctrl-D leaves.*\n> ")
        t.send("1 + 2\n")
        t.expect(r"\n3 : int\r\n> ")
        t.send("@{\n")
        t.expect(r"\n\. ")
        t.send("return 40 + 2;\n")
        t.expect(r"\n\. ")
        t.send("}\n")
        t.expect(r"\n42 : int\r\n> ")
        t.send("context.Request.Met\t\n")
        t.expect(r'Method\r\n"GET" : string\r\n> ')
        t.send("nonsense +")
        t.expect(r"nonsense \+")
        t.interrupt()
        t.send("@{ return\n")
        t.expect(r"\n\. ")
        t.interrupt()
        t.send("foo\n")
        t.expect(r"  foo\r\n  \^\^\^\r\nerror CS0103")
        t.expect("> ")
        t.send(":context post.json\n")
        t.expect(r"context: post\.json\r\n> ")
        t.send("context.Request.Method\n")
        t.expect(r'"POST" : string\r\n> ')
        t.send("\x04")
        assert t.process.wait(30) == 0
    history = (tmp_path / "state" / "apimpy" / "history").read_text()
    assert "1 + 2\n" in history
    with terminal(["eval"], tmp_path) as t:
        t.expect("\n> ")
        t.send("\x10\n")  # Ctrl-P: the line before
        t.expect(r'"GET" : string\r\n> ')
        t.send(":quit\n")
        assert t.process.wait(30) == 0
