"""`apimpy explain`: which expressions of a document it finds, every stage of them, and how it ends."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from apimpy.cli.main import cli

POLICY = """<policies>
  <inbound>
    <set-variable name="n" value="@(1 + 2)" />
    <choose>
      <when condition="@(context.User?.Id == "a")"><set-header name="@("x" + 1)"><value>@(2)</value></set-header></when>
    </choose>
    <set-body>@{
      var total = 0;
      foreach (var g in context.User.Groups.Where(g => g.Name != "x"))
      {
        total += g.Id.Length;
      }
      return total.ToString();
    }</set-body>
    <set-variable name="wrong" value="@(context.Request.Methd + 1)" />
    <set-variable name="broken" value="@(1 +)" />
    <set-variable name="named" value="@({{limit}} + 1)" />
    <set-variable name="entities" value="@(1 &lt; 2 &amp;&amp; true)" />
    <set-variable name="denied" value="@(System.Environment.NewLine)" />
  </inbound>
</policies>
"""

Explain = Callable[..., Result]


@pytest.fixture
def explain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explain:
    """`explain("3", "--stage", …)`: the command on POLICY, with stdout and stderr apart."""
    (tmp_path / "policy.xml").write_text(POLICY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(place: str, *words: str) -> Result:
        return CliRunner().invoke(cli, ["explain", f"policy.xml:{place}", *words], catch_exceptions=False)

    return run


def ok(result: Result) -> list[str]:
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.splitlines()


@pytest.mark.parametrize(
    ("place", "heads"),
    [
        ("3", ["# policy.xml:3:35  value of <set-variable>"]),
        (
            "5",
            [
                "# policy.xml:5:24  condition of <when>",
                "# policy.xml:5:70  name of <set-header>",
                "# policy.xml:5:89  <value>",
            ],
        ),
        ("5:24", ["# policy.xml:5:24  condition of <when>"]),
        ("5:70", ["# policy.xml:5:70  name of <set-header>"]),
        ("5:92", ["# policy.xml:5:89  <value>"]),
        ("7", ["# policy.xml:7:15  <set-body>"]),
        ("9", ["# policy.xml:7:15  <set-body>"]),
        ("11:1", ["# policy.xml:7:15  <set-body>"]),
        ("14", ["# policy.xml:7:15  <set-body>"]),
    ],
)
def test_finds(explain: Explain, place: str, heads: list[str]) -> None:
    """Every expression that touches the line, or the one at the column."""
    assert [line for line in ok(explain(place)) if line.startswith("# policy")] == heads


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("1", "no expression on line 1 of policy.xml; there are expressions on: 3, 5, 7, 15, 16, 17, 18, 19"),
        ("99", "no expression on line 99 of policy.xml; there are expressions on: 3, 5, 7"),
        ("5:3", "no expression at policy.xml:5:3; on this line expressions begin at column 24, 70, 89"),
        ("9:1", None),
        ("x", "policy.xml:x: give the place as FILE:LINE or FILE:LINE:COLUMN"),
        ("0", "no expression on line 0"),
    ],
)
def test_finds_nothing(explain: Explain, place: str, complaint: str | None) -> None:
    """No expression there: exit 2, and where there are some."""
    done = explain(place)
    if complaint is None:
        assert done.exit_code == 0
    else:
        assert (done.exit_code, done.stdout) == (2, "")
        assert complaint in done.stderr


@pytest.mark.parametrize(
    ("text", "code", "complaint"),
    [
        (None, 2, "no such file"),
        ("<policies><inbound /></policies>", 2, "has no expressions"),
        ("", 1, "DOC002"),
        ('<policies>\n<inbound><set-body>@("a</set-body></inbound></policies>', 2, "DOC003"),
    ],
)
def test_document(tmp_path: Path, text: str | None, code: int, complaint: str) -> None:
    """A file that cannot be read or has nothing to show."""
    path = tmp_path / "other.xml"
    if text is not None:
        path.write_text(text)
    done = CliRunner().invoke(cli, ["explain", f"{path}:1"], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (code, "")
    assert complaint in done.stderr


def test_tokens(explain: Explain) -> None:
    """Position, kind, text and decoded value of every token."""
    assert ok(explain("3", "--stage", "tokens"))[1:] == [
        "3:37-38  NUMBER      1  int 1",
        "3:39-40  PLUS_MINUS  +",
        "3:41-42  NUMBER      2  int 2",
    ]


def test_tokens_of_decoded_text(explain: Explain) -> None:
    """Entities are undone; positions are those of the file."""
    assert "18:46-50  LT      <" in ok(explain("18", "--stage", "tokens"))


def test_ast(explain: Explain) -> None:
    """Node classes, fields and positions, indented."""
    assert ok(explain("5:24", "--stage", "ast"))[1:] == [
        "Binary [5:26-49] op='=='",
        "  left: ConditionalAccess [5:26-42]",
        "    target: Member [5:26-38] name=User",
        "      target: Name [5:26-33] name='context'",
        "    rest: Member [5:38-42] name=Id",
        "      target: Access [5:38-38]",
        "  right: Literal [5:46-49] kind='string' value='a'",
    ]


def test_bound(explain: Explain) -> None:
    """Static types, the chosen members' signatures, conversions and constants."""
    lines = ok(explain("7", "--stage", "bound"))
    text = "\n".join(lines)
    assert "BCall [9:25-70] : IEnumerable<IGroup> System.Linq.Enumerable.Where<IGroup>(" in text
    assert "BProperty [11:18-29] : int System.String.Length" in text
    assert "System.Int32.ToString()" in text
    assert "conversion=reference" in text
    assert lines[-1] == "# returns string"
    assert "= 3" in ok(explain("3", "--stage", "bound"))[2]


def test_core(explain: Explain) -> None:
    """Sugar is gone all the way down; constants are folded."""
    text = explain("5:24", "--stage", "bound").stdout
    assert "BConditionalAccess" in text
    core = "\n".join(ok(explain("5:24", "--stage", "core")))
    assert "BConditionalAccess" not in core
    assert "BNullTest" in core
    assert ok(explain("3", "--stage", "core"))[1:] == [
        "BConvert [3:37-42] : object conversion=box",
        "  operand: BConst [3:37-42] : int = 3",
    ]


def test_python(explain: Explain) -> None:
    """The generated function is Python, and the legend says what its names are."""
    lines = ok(explain("7"))
    text = "\n".join(lines)
    ast.parse(text)
    assert lines[1] == "def expression(context, rt):"
    assert " = Apim.IUser.Groups" in text
    assert " = System.Linq.Enumerable.Where<IGroup>(this IEnumerable<IGroup>, Func<IGroup, bool>)" in text
    assert " = int total" in text
    assert " = System.Int32.ToString()" in text
    globals_used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name) and node.id[0] == "g"}
    legend = {line.split()[1] for line in lines if line.startswith("# g")}
    assert globals_used == {name for name in legend if name in globals_used}
    assert not globals_used - legend


def test_attributes_in_the_legend(explain: Explain) -> None:
    """Members that are plain attributes of the Python objects are named too."""
    lines = ok(explain("5:24"))
    assert "# .user = Apim.IProxyRequestContext.User" in lines
    assert "# .id   = Apim.IUser.Id" in lines


@pytest.mark.parametrize(
    ("place", "stage", "code", "shown", "complaint"),
    [
        ("15", "ast", 0, "name=Methd", ""),
        ("15", "bound", 1, "BError", "error CS1061"),
        ("15", "core", 1, "", "CS1061"),
        ("15", "python", 1, "", "did you mean 'Method'?"),
        ("16", "tokens", 1, "PLUS_MINUS", "CS1525"),
        ("16", "ast", 1, "", "16:45: error CS1525"),
        ("17", "ast", 0, "Placeholder", ""),
        ("17", "bound", 0, "returns", ""),
        ("17", "core", 1, "", "info EXP008"),
        ("17", "python", 1, "", "info EXP008"),
        ("19", "python", 1, "", "EXP001"),
    ],
)
def test_problems(explain: Explain, place: str, stage: str, code: int, shown: str, complaint: str) -> None:
    """A stage is shown as far as it goes; the rest is said as lint says it."""
    done = explain(place, "--stage", stage)
    assert (done.exit_code, complaint in done.stderr) == (code, True)
    assert shown in done.stdout
    if not complaint:
        assert done.stderr == ""


def test_options(explain: Explain) -> None:
    """Named values are replaced on request, and the list of types need not hold."""
    assert "return 6" in explain("17", "--named-value", "limit=5").stdout
    assert explain("19", "--any-type").exit_code == 0


def test_process(apimpy: Any, tmp_path: Path) -> None:
    """The same as a real process."""
    (tmp_path / "policy.xml").write_text(POLICY)
    done = apimpy("explain", "policy.xml:3", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "# policy.xml:3:35  value of <set-variable>\ndef expression(context, rt):\n    return 3\n"
    assert apimpy("explain", "--help").returncode == 0
    assert "--stage" in apimpy("explain", "policy.xml:3", "--stage", "nonsense", cwd=tmp_path).stderr
