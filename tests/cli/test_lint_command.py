"""`apimpy lint` as a process: what it prints, where it points, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import apimpy as apimpy_package

ROOT = Path(apimpy_package.__file__).parents[1]

POLICY = """<policies>
  <inbound>
    <base />
    {0}
  </inbound>
  <backend>
    <base />
  </backend>
  <outbound>
    <base />
  </outbound>
  <on-error>
    <base />
  </on-error>
</policies>
"""


def inbound(policy: str) -> str:
    """A document whose fourth line is that policy, from column 5."""
    return POLICY.format(policy)


def variable(expression: str) -> str:
    """A document with an expression that begins, with its `@`, at column 35 of line 4."""
    return inbound(f'<set-variable name="x" value="{expression}" />')


# file, text, then the findings: code, severity, kind, line, column, end line, end column, words of the message
DOCUMENTS: list[tuple[str, str | bytes, list[tuple[Any, ...]]]] = [
    ("good", inbound('<set-header name="X"><value>@(context.RequestId.ToString())</value></set-header>'), []),
    ("fragment", '<fragment>\n  <set-header name="X"><value>1</value></set-header>\n</fragment>\n', []),
    (
        "empty",
        "",
        [("DOC002", "error", "service", 1, 1, 1, 1, "empty")],
    ),
    (
        "malformed",
        "<policies>\n  <inbound>\n    <base>\n  </inbound>\n</policies>\n",
        [("DOC002", "error", "service", 4, 3, 4, 13, "</inbound> closes <base> of line 3")],
    ),
    (
        "not_text",
        b"<policies>\xff</policies>",
        [("DOC001", "error", "service", 1, 11, 1, 11, "not UTF-8")],
    ),
    (
        "root",
        "<foo/>\n",
        [("DOC006", "error", "service", 1, 2, 1, 5, "not <foo>")],
    ),
    (
        "declared_type",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n' + inbound("<!-- -->"),
        [("DOC005", "error", "service", 1, 1, 1, None, "document type")],
    ),
    (
        "unknown_policy",
        inbound('<set-heder name="X"><value>1</value></set-heder>'),
        [("POL001", "error", "service", 4, 6, 4, 15, "There is no policy <set-heder>")],
    ),
    (
        "unknown_attribute",
        inbound('<set-header name="X" exists-acton="skip"><value>1</value></set-header>'),
        [("POL003", "error", "service", 4, 26, 4, 38, "The 'exists-acton' attribute is not declared.")],
    ),
    (
        "missing_attribute",
        inbound('<set-variable value="1" />'),
        [("POL004", "error", "service", 4, 6, 4, 18, "The required attribute 'name' is missing.")],
    ),
    (
        "wrong_value",
        inbound('<set-header name="X" exists-action="overide"><value>1</value></set-header>'),
        [("POL005", "error", "service", 4, 41, 4, 48, "'overide'")],
    ),
    (
        "wrong_section",
        inbound("<forward-request />"),
        [("POL002", "error", "service", 4, 6, 4, 21, "not allowed in the section inbound")],
    ),
    (
        "unsupported_policy",
        inbound('<get-authorization-context provider-id="p" authorization-id="a" context-variable-name="v" />'),
        [("POL018", "warning", "unsupported", 4, 6, 4, 31, "<get-authorization-context> is not supported yet")],
    ),
    (
        "open_expression",
        variable("@(1 + (2"),
        [("DOC003", "error", "service", 4, 35, None, None, 'missing a closing ")"')],
    ),
    (
        "text_after_expression",
        inbound('<set-header name="X"><value>@(1) tail</value></set-header>'),
        [("DOC009", "error", "service", 4, 37, 4, 42, "text after an expression")],
    ),
    (
        "expression_in_text",
        inbound('<set-header name="X"><value>Bearer @(1)</value></set-header>'),
        [("DOC010", "warning", "advice", 4, 40, None, None, "inside other text")],
    ),
    # C#: the offending token, in the file
    ("no_name", variable("@(1 + foo)"), [("CS0103", "error", "service", 4, 41, 4, 44, "'foo' does not exist")]),
    (
        "no_member",
        variable("@(context.Request.Headerz.Count)"),
        [("CS1061", "error", "service", 4, 53, 4, 60, "definition for 'Headerz'")],
    ),
    (
        "no_operator",
        variable("@(1 - &quot;x&quot;)"),
        [("CS0019", "error", "service", 4, 37, 4, 54, "Operator '-' cannot be applied")],
    ),
    ("no_operator_raw", variable('@(1 - "x")'), [("CS0019", "error", "service", 4, 37, 4, 44, "Operator '-'")]),
    ("no_operand", variable("@(1 +)"), [("CS1525", "error", "service", 4, 40, None, None, "expression term ')'")]),
    (
        "after_entity",
        variable("@(1 &lt; 2 ? foo : 3)"),
        [("CS0103", "error", "service", 4, 48, 4, 51, "'foo' does not exist")],
    ),
    (
        "after_wide_text",
        inbound('<set-variable name="é😀" value="@(&quot;😀&quot; + foo)" />'),
        [("CS0103", "error", "service", 4, 54, 4, 57, "'foo' does not exist")],
    ),
    (
        "in_block",
        variable("@{\n  var x = 1;\n  return y;\n}"),
        [("CS0103", "error", "service", 6, 10, 6, 11, "'y' does not exist")],
    ),
    (
        "in_block_crlf",
        variable("@{\r\n  var x = 1;\r\n  return y;\r\n}"),
        [("CS0103", "error", "service", 6, 10, 6, 11, "'y' does not exist")],
    ),
    (
        "in_cdata",
        inbound('<set-header name="X"><value><![CDATA[@(foo)]]></value></set-header>'),
        [("CS0103", "error", "service", 4, 44, 4, 47, "'foo' does not exist")],
    ),
    (
        "condition_type",
        inbound('<choose><when condition="@(context.Request.Method)"><return-response /></when></choose>'),
        [("EXP003", "error", "service", 4, 32, None, None, "'System.String' is not allowed")],
    ),
    (
        "unbraced",
        variable("@{ if (true) return 1; return 2; }"),
        [("EXP004", "error", "service", 4, 48, None, None, 'must be enclosed in "{" and "}"')],
    ),
    (
        "type_outside_the_list",
        variable("@(System.IO.File.ReadAllText(&quot;/etc/passwd&quot;))"),
        [("CS0234", "error", "service", 4, 37, 4, 51, "'File' does not exist in the namespace 'System.IO'")],
    ),
    (
        "two_findings",
        variable("@(foo)").replace(
            "  </outbound>", '<set-header name="Y"><value>@(bar)</value></set-header>\n</outbound>'
        ),
        [
            ("CS0103", "error", "service", 4, 37, 4, 40, "'foo'"),
            ("CS0103", "error", "service", 11, 31, 11, 34, "'bar'"),
        ],
    ),
    ("named_value", inbound('<set-header name="X"><value>{{team}}</value></set-header>'), []),
    ("named_value_in_expression", variable("@({{limit}} + 1)"), []),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policies")
    for name, text, _ in DOCUMENTS:
        data = text if isinstance(text, bytes) else text.encode()
        (path / f"{name}.xml").write_bytes(data)
    return path


@pytest.fixture(scope="module")
def report(apimpy: Any, folder: Path) -> dict[str, Any]:
    """All documents, linted by one process."""
    done = apimpy("lint", "--format", "json", folder)
    assert done.returncode == 1
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize(("name", "text", "expected"), DOCUMENTS, ids=[d[0] for d in DOCUMENTS])
def test_finding(
    report: dict[str, Any], folder: Path, name: str, text: str | bytes, expected: list[tuple[Any, ...]]
) -> None:
    """Code, severity, kind and both ends; columns are code points, the end is exclusive."""
    found = [d for d in report["diagnostics"] if d["file"] == str(folder / f"{name}.xml")]
    assert [d["code"] for d in found] == [e[0] for e in expected]
    for got, (code, severity, kind, line, column, end_line, end_column, words) in zip(found, expected, strict=True):
        assert (got["severity"], got["kind"], got["line"], got["column"]) == (severity, kind, line, column), code
        if end_line is not None:
            assert got["end_line"] == end_line
        if end_column is not None:
            assert got["end_column"] == end_column
        assert words in got["message"]


def test_json_shape(report: dict[str, Any]) -> None:
    """The published shape: these members, of these types, and a summary that counts them."""
    assert set(report) == {"diagnostics", "summary"}
    for d in report["diagnostics"]:
        assert set(d) == {
            *(
                "file",
                "line",
                "column",
                "end_line",
                "end_column",
                "code",
                "name",
                "severity",
                "kind",
                "message",
                "help",
            ),
            *("url", "fixable"),
        }
        assert d["url"].startswith("https://")
        assert type(d["fixable"]) is bool
        assert all(type(d[k]) is int and d[k] >= 1 for k in ("line", "column", "end_line", "end_column"))
        assert (d["line"], d["column"]) <= (d["end_line"], d["end_column"])
        assert all(type(d[k]) is str and d[k] for k in ("file", "code", "name", "message"))
        assert d["severity"] in ("error", "warning", "info")
        assert d["kind"] in ("service", "runtime", "advice", "unsupported")
        assert d["help"] is None or d["help"]
    errors = [d for d in report["diagnostics"] if d["severity"] == "error"]
    warnings = [d for d in report["diagnostics"] if d["severity"] == "warning"]
    assert report["summary"] == {"files": len(DOCUMENTS), "errors": len(errors), "warnings": len(warnings)}


def test_findings_are_sorted(report: dict[str, Any]) -> None:
    """By file, then by place."""
    places = [(d["file"], d["line"], d["column"]) for d in report["diagnostics"]]
    assert places == sorted(places)


def test_text_format(apimpy: Any, folder: Path) -> None:
    """One line a finding, `file:line:column: severity code message`, help below it."""
    done = apimpy("lint", "no_member.xml", "no_name.xml", cwd=folder)
    first, help, second = done.stdout.splitlines()
    assert first.startswith("no_member.xml:4:53: error CS1061 'IRequest' does not contain a definition for 'Headerz'")
    assert help == "    help: did you mean 'Headers'?"
    assert second == "no_name.xml:4:41: error CS0103 The name 'foo' does not exist in the current context"
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("good.xml",), 0),
        (("good.xml", "fragment.xml"), 0),
        (("unsupported_policy.xml",), 0),
        (("--fail-level", "warning", "unsupported_policy.xml"), 1),
        (("--fail-level", "info", "good.xml"), 0),
        (("good.xml", "malformed.xml"), 1),
        (("--format", "json", "good.xml"), 0),
        (("--format", "json", "not_text.xml"), 1),
    ],
)
def test_exit_code(apimpy: Any, folder: Path, words: tuple[str, ...], code: int) -> None:
    """0: nothing at or above the level; 1: findings."""
    done = apimpy("lint", *words, cwd=folder)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "Missing argument"),
        (("nowhere.xml",), "nowhere.xml: no such file or folder"),
        (("broken_link.xml",), "broken_link.xml: no such file or folder"),
        (("nothing",), "nothing: no *.xml files in this folder"),
        (("--format", "yaml", "good.xml"), "'yaml' is not one of"),
        (("--gateway", "v3", "good.xml"), "'v3' is not one of"),
        (("--select", "SEC9", "good.xml"), "--select: there is no rule 'SEC9'"),
        (("--write-baseline", "good.xml"), "--write-baseline needs --baseline FILE"),
        (("--baseline", "nowhere.json", "good.xml"), "nowhere.json: No such file"),
        (("--baseline", "good.xml", "good.xml"), "good.xml: not a baseline of apimpy lint"),
        (("--config", "nowhere.toml", "good.xml"), "nowhere.toml: no such file"),
        (("--fail-level", "loud", "good.xml"), "'loud' is not one of"),
        (("--named-value", "team", "good.xml"), "--named-value takes NAME=VALUE, not 'team'"),
        (("--fragments", "nowhere", "good.xml"), "nowhere: no such folder"),
        (("--nonsense", "good.xml"), "No such option"),
    ],
)
def test_wrong_usage(inside: Any, folder: Path, words: tuple[str, ...], complaint: str) -> None:
    """Exit 2 with the reason on stderr, nothing on stdout."""
    (folder / "nothing").mkdir(exist_ok=True)
    link = folder / "broken_link.xml"
    if not link.is_symlink():
        link.symlink_to("nothing/there")
    done = inside("lint", *words, cwd=folder)
    link.unlink()
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stdout == ""


INCLUDE = inbound('<include-fragment fragment-id="auth" />')


@pytest.mark.parametrize(
    ("fragment", "words", "expected"),
    [
        (None, (), ""),  # without a folder nobody knows which fragments there are
        (None, ("--fragments", "fragments"), "policy.xml:4:36: error DOC008 Policy fragment with id 'auth'"),
        ("<fragment><set-header name='X'><value>1</value></set-header></fragment>", ("--fragments", "fragments"), ""),
        (
            "<fragment>\n<set-heder name='X' /></fragment>",
            ("--fragments", "fragments"),
            "fragments/auth.xml:2:2: error POL001 There is no policy <set-heder>",
        ),
    ],
)
def test_fragments(inside: Any, tmp_path: Path, fragment: str | None, words: tuple[str, ...], expected: str) -> None:
    """A missing fragment is reported at its name, a broken one in its own file."""
    (tmp_path / "fragments").mkdir()
    (tmp_path / "policy.xml").write_text(INCLUDE)
    if fragment is not None:
        (tmp_path / "fragments" / "auth.xml").write_text(fragment)
    done = inside("lint", *words, "policy.xml", cwd=tmp_path)
    assert done.stdout.startswith(expected)
    assert done.returncode == (1 if expected else 0)
    assert bool(done.stdout) is bool(expected)


@pytest.mark.parametrize(
    ("policy", "words", "expected"),
    [
        ('<set-header name="X"><value>{{team}}</value></set-header>', (), ""),
        ('<set-header name="X"><value>{{team}}</value></set-header>', ("--named-value", "team=red"), ""),
        (
            '<set-header name="X"><value>{{team}}</value></set-header>',
            ("--named-value", "other=red"),
            "policy.xml:4:33: error DOC007 Cannot find a property 'team'",
        ),
        ('<set-variable name="x" value="@({{n}} + 1)" />', ("--named-value", "n=41"), ""),
        (
            '<set-variable name="x" value="@({{n}} + foo)" />',
            ("--named-value", "n=a_value_longer_than_its_name.Length"),
            "policy.xml:4:37: error CS0103 The name 'a_value_longer_than_its_name' does not exist",
        ),
        (
            '<set-variable name="x" value="@({{n}} + foo)" />',
            ("--named-value", "n=4100000"),
            "policy.xml:4:45: error CS0103 The name 'foo' does not exist",
        ),
    ],
)
def test_named_values(inside: Any, tmp_path: Path, policy: str, words: tuple[str, ...], expected: str) -> None:
    """Replaced as text before anything is compiled; places stay those of the file."""
    (tmp_path / "policy.xml").write_text(inbound(policy))
    done = inside("lint", *words, "policy.xml", cwd=tmp_path)
    assert done.stdout.startswith(expected)
    assert bool(done.stdout) is bool(expected)
    assert done.returncode == (1 if expected else 0)


def test_folder_is_searched_below(inside: Any, tmp_path: Path) -> None:
    """Every *.xml below a folder, in order; other files are left alone."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "deep.xml").write_text("<foo/>")
    (tmp_path / "a" / "top.xml").write_text("<bar/>")
    (tmp_path / "a" / "notes.txt").write_text("<baz/>")
    done = inside("lint", "a", cwd=tmp_path)
    files = [line.split(":")[0] for line in done.stdout.splitlines()]
    assert files == ["a/b/deep.xml", "a/top.xml"]


def test_encodings(inside: Any, tmp_path: Path) -> None:
    """The same document as `xml` and `rawxml`; a byte order mark is no text."""
    raw = variable('@(context.Request.Headers.GetValueOrDefault("A","") == "b" && 1 < 2 ? foo : 1)')
    escaped = raw.replace(
        '("A","") == "b" && 1 < 2', "(&quot;A&quot;,&quot;&quot;) == &quot;b&quot; &amp;&amp; 1 &lt; 2"
    )
    (tmp_path / "raw.xml").write_bytes(b"\xef\xbb\xbf" + raw.encode())
    (tmp_path / "escaped.xml").write_text(escaped)
    for words in (("raw.xml", "--encoding", "rawxml"), ("escaped.xml", "--encoding", "xml"), ("raw.xml",)):
        done = inside("lint", *words, cwd=tmp_path)
        (line,) = done.stdout.splitlines()
        assert "error CS0103 The name 'foo' does not exist" in line


LIGHT = """
import sys
from apimpy.cli.main import main
try:
    main(["lint", *sys.argv[1:]])
except SystemExit as end:
    status = end.code
heavy = {"aiohttp", "redis", "numpy", "tiktoken", "lark", "uvloop", "prometheus_client"} & set(sys.modules)
print(status or 0, sorted(heavy))
"""


def test_lint_is_light(tmp_path: Path) -> None:
    """Linting an AI policy imports nothing that only a gateway needs."""
    policy = (
        '<llm-token-limit counter-key="@(context.RequestId)" tokens-per-minute="5" estimate-prompt-tokens="true" />'
        '<set-variable name="x" value="@(Regex.IsMatch(&quot;a&quot;, &quot;b&quot;))" />'
    )
    (tmp_path / "policy.xml").write_text(inbound(policy))
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(tmp_path / "policy.xml")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stdout
