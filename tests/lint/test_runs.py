"""`apimpy lint` as a command: corrections, baseline, settings of a project, many files, the cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from apimpy.cli.lint import lint_command
from apimpy.lint.cache import FOLDER

ROOT = Path(__file__).parents[2]
OLD = """<policies>
  <inbound>
    <base />
    <azure-openai-token-limit counter-key="a" tokens-per-minute="5" estimate-prompt-tokens="true">
    </azure-openai-token-limit>
  </inbound>
  <outbound><base /></outbound>
</policies>
"""
NEW = OLD.replace("azure-openai-token-limit", "llm-token-limit")
BROKEN = OLD.replace('counter-key="a"', 'counter-kee="a"')


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.xml").write_text(OLD)
    return tmp_path


def run(*words: str) -> Result:
    result = CliRunner().invoke(lint_command, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def codes(result: Result) -> list[str]:
    return [d["code"] for d in json.loads(result.stdout)["diagnostics"]]


def test_fix(folder: Path) -> None:
    """Both tags are renamed, nothing else changes, and what is left is told."""
    result = run("--fix", "old.xml")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "old.xml: 1 corrected\n")
    assert (folder / "old.xml").read_text() == NEW
    assert run("--fix", "old.xml").stderr == ""


def test_diff(folder: Path) -> None:
    """The change is shown and not made; exit 1 says that there is one."""
    result = run("--diff", "old.xml")
    assert result.exit_code == 1
    changed = [line.split()[0] for line in result.stdout.splitlines() if line[0] in "+-"]
    assert changed == ["---", "+++", "-", "-", "+", "+"]
    assert "+    <llm-token-limit counter" in result.stdout
    assert (folder / "old.xml").read_text() == OLD
    (folder / "old.xml").write_text(NEW)
    assert (run("--diff", "old.xml").exit_code, run("--diff", "old.xml").stdout) == (0, "")


@pytest.mark.parametrize(
    ("head", "codec"),
    [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"", "utf-8")],
)
def test_fix_keeps_encoding_and_line_ends(folder: Path, head: bytes, codec: str) -> None:
    """Byte order mark, encoding and line ends stay as they are."""
    text = OLD.replace("\n", "\r\n").replace('"a"', '"é"')
    (folder / "old.xml").write_bytes(head + text.encode(codec))
    assert run("--fix", "old.xml").exit_code == 0
    fixed = text.replace("azure-openai-token-limit", "llm-token-limit")
    assert (folder / "old.xml").read_bytes() == head + fixed.encode(codec)


def test_unsafe_fixes_are_asked_for(folder: Path) -> None:
    """What may change a document's doing stays with --fix, and goes with --unsafe-fixes."""
    empty = OLD.replace("<base />\n    <azure", "<choose><when condition='@(1 > 2 == false)' /></choose>\n    <azure")
    (folder / "old.xml").write_text(empty)
    run("--fix", "old.xml")
    assert "<choose>" in (folder / "old.xml").read_text()
    run("--unsafe-fixes", "old.xml")
    assert "<choose>" not in (folder / "old.xml").read_text()


def test_baseline(folder: Path) -> None:
    """What is in it is not told again, wherever its line has moved to; what is new is; what is gone is counted."""
    (folder / "old.xml").write_text(BROKEN)
    (folder / "ci").mkdir()
    written = run("--baseline", "ci/known.json", "--write-baseline", "old.xml")
    assert (written.exit_code, written.stderr) == (0, "ci/known.json: 2 findings\n")
    rows = json.loads((folder / "ci" / "known.json").read_text())["findings"]
    assert [(r["file"], r["code"], r["count"]) for r in rows] == [("../old.xml", c, 1) for c in ("POL003", "POL004")]
    (folder / "old.xml").write_text("<!-- moved -->\n\n" + BROKEN)
    assert (run("--baseline", "ci/known.json", "old.xml").exit_code) == 0
    (folder / "old.xml").write_text(BROKEN.replace("<base />", '<base /><set-method x="1">GET</set-method>', 1))
    assert codes(run("--baseline", "ci/known.json", "--format", "json", "old.xml")) == ["POL003"]
    (folder / "old.xml").write_text(NEW)
    assert "2 of its findings are gone" in run("--baseline", "ci/known.json", "old.xml").stderr


def test_settings_of_the_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found above the current folder; flags come on top."""
    (folder / "pyproject.toml").write_text(
        '[tool.apimpy.lint]\nignore = ["PRT001"]\nfail-level = "info"\nexclude = ["made/**"]\n'
    )
    (folder / "made").mkdir()
    (folder / "made" / "a.xml").write_text(BROKEN)
    (folder / "below").mkdir()
    assert run("old.xml").exit_code == 0
    assert codes(run("--format", "json", ".")) == []
    assert codes(run("--format", "json", "made/a.xml")) == ["POL004", "POL003"]  # named, so it is wanted
    monkeypatch.chdir(folder / "below")
    assert run("../old.xml").exit_code == 0
    (folder / "other.toml").write_text("[lint]\n")
    assert run("--config", "../other.toml", "--fail-level", "info", "../old.xml").exit_code == 1
    assert run("--config", "../other.toml", "--fail-level", "info", "--ignore", "PRT", "../old.xml").exit_code == 0
    assert run("--config", "../other.toml", "--fail-level", "info", "--select", "security", "../old.xml").exit_code == 0


def test_wrong_settings_are_wrong_usage(folder: Path) -> None:
    """Exit 2, with the place of the mistake."""
    (folder / "apimpy.toml").write_text("[lint]\nignor = []\n")
    result = run("old.xml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{folder / 'apimpy.toml'}:2:1: error CFG004 there is no setting 'ignor'")


@pytest.mark.parametrize("jobs", [(), ("--jobs", "1"), ("--jobs", "3")])
def test_many_files(folder: Path, jobs: tuple[str, ...]) -> None:
    """Whatever the number of processes, the findings are the same, in the same order; a second run tells them too."""
    for n in range(40):
        (folder / f"f{n:02}.xml").write_text(BROKEN if n % 3 else NEW)
    (folder / "f07.xml").write_bytes(b"<policies>\xff</policies>")
    alone = [line for n in range(40) for line in run("--no-cache", f"f{n:02}.xml").stdout.splitlines()]
    (folder / "old.xml").unlink()
    first = run(*jobs, ".")
    assert [line.removeprefix("./") for line in first.stdout.splitlines()] == alone
    assert (folder / FOLDER / ".gitignore").read_text().endswith("*\n")
    assert run(*jobs, ".").stdout == first.stdout


def test_cache_notices_changes(folder: Path) -> None:
    """Another content, other options, other fragments, another version: checked anew."""
    for n in range(8):
        (folder / f"f{n}.xml").write_text(NEW)
    (folder / "fragments").mkdir()
    words = ("--format", "json", *(f"f{n}.xml" for n in range(8)))
    assert codes(run(*words)) == []
    cache = folder / FOLDER / "lint.json"
    before = cache.read_bytes()
    assert codes(run(*words)) == []
    assert cache.read_bytes() == before
    (folder / "f3.xml").write_text(OLD)
    assert codes(run(*words)) == ["PRT001"]
    assert codes(run("--ignore", "PRT", *words)) == []
    include = NEW.replace("<base />", '<include-fragment fragment-id="a" />', 1)
    (folder / "f3.xml").write_text(include)
    assert codes(run("--fragments", "fragments", *words)) == ["DOC008"]
    (folder / "fragments" / "a.xml").write_text("<fragment><set-method>GET</set-method></fragment>")
    assert codes(run("--fragments", "fragments", *words)) == []
    assert set(json.loads(before)) == set(json.loads(cache.read_bytes()))
    (folder / "f7.xml").unlink()
    run(*words[:-1], "old.xml")
    assert {Path(name).name for name in json.loads(cache.read_bytes())} == {"old.xml", *(f"f{n}.xml" for n in range(7))}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"x": 1}'])
def test_a_broken_cache_is_none(folder: Path, content: bytes) -> None:
    """Whatever stands in the file, the findings are right."""
    for n in range(8):
        (folder / f"f{n}.xml").write_text(OLD)
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "lint.json").write_bytes(content)
    assert codes(run("--format", "json", *(f"f{n}.xml" for n in range(8)))) == ["PRT001"] * 8


def test_few_files_leave_nothing_behind(folder: Path) -> None:
    """A run over one file keeps no results."""
    run("old.xml")
    assert sorted(p.name for p in folder.iterdir()) == ["old.xml"]


def test_whole_configurations_are_linted_too(folder: Path) -> None:
    """Rules and comments count for the documents of a gateway file, fragments included."""
    (folder / "policy.xml").write_text(OLD)
    (folder / "part.xml").write_text(
        "<fragment><!-- apimpy: ignore SEC003 sandbox -->\n"
        '<set-header name="api-key"><value>7f3c9a51d0e84b6f</value></set-header></fragment>'
    )
    (folder / "gateway.yaml").write_text(
        "version: 1\nfragments: {part: part.xml}\napis:\n"
        "  - {id: a, path: a, subscription_required: false, service_url: http://127.0.0.1:1, policy: policy.xml}\n"
    )
    assert codes(run("--format", "json", "gateway.yaml")) == ["PRT001"]
    assert run("--fix", "gateway.yaml").stderr.endswith("policy.xml: 1 corrected\n")
    assert (folder / "policy.xml").read_text() == NEW


@pytest.mark.parametrize(
    ("words", "carets", "colours"),
    [
        ((), False, False),
        (("--color", "always"), True, True),
        (("--show-source",), True, False),
        (("--color", "always", "--no-show-source"), False, True),
        (("--color", "never", "--show-source"), True, False),
    ],
)
def test_colours_and_carets(folder: Path, words: tuple[str, ...], carets: bool, colours: bool) -> None:
    """Where nobody looks there are neither, unless they are asked for."""
    text = run(*words, "old.xml").stdout
    assert ("^^^" in text, "\x1b[" in text) == (carets, colours)


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo terminal")
def test_progress_on_a_terminal(folder: Path) -> None:
    """A long run says how far it is where somebody looks, and wipes it out in the end."""
    import pty

    for n in range(120):
        (folder / f"f{n:03}.xml").write_text(OLD)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "apimpy", "lint", "--jobs", "1", "."]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
        assert process.communicate()[0].count(b"PRT001") == 121
    os.close(ours)
    assert b" of 121 files" in shown
    assert shown.endswith(b"\r\x1b[K")


def _read(terminal: int) -> bytes:
    """What comes next; a terminal whose other end is closed fails on Linux."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


GLOBAL = "<policies><inbound>{}</inbound><backend><forward-request /></backend><outbound /><on-error /></policies>"
API = (
    "<policies><inbound><base />{}</inbound><backend><base /></backend>"
    "<outbound><base /></outbound><on-error><base /></on-error></policies>"
)
SET = '<set-variable name="team" value="red" />'
MAYBE = f"<choose><when condition='@(context.Request.Method == \"GET\")'>{SET}</when></choose>"
READ = '<set-header name="x"><value>@((string)context.Variables["team"])</value></set-header>'
GATEWAY = """version: 1
policy: global.xml
apis:
  - {id: a, path: a, service_url: http://127.0.0.1:1, policy: api.xml}
products:
  - {id: p, apis: [a], policy: product.xml}
"""


@pytest.mark.parametrize(
    ("outer", "product", "own", "expected"),
    [
        (SET, "", READ, []),
        ("", "", READ, ["RUN003"]),
        ("", "", SET + READ, []),
        ("", SET, READ, []),  # a request may come without the product, and who knows what it then does
        (MAYBE, "", READ, []),
        (SET, "", "", ["STY001"]),
        ("", "", SET, ["STY001"]),
        ("", READ, SET, ["RUN003"]),  # a product stands around the API: it reads first
        ("<return-response />", "", READ, []),  # nothing gets here
    ],
)
def test_outer_documents_are_known(folder: Path, outer: str, product: str, own: str, expected: list[str]) -> None:
    """In a gateway file `<base />` is no secret: what outer documents set is set, what nobody sets is told."""
    (folder / "global.xml").write_text(GLOBAL.format(outer))
    (folder / "product.xml").write_text(API.format(product))
    (folder / "api.xml").write_text(API.format(own))
    (folder / "gateway.yaml").write_text(GATEWAY)
    found = [c for c in codes(run("--format", "json", "gateway.yaml")) if c[:3] == "RUN" or c == "STY001"]
    assert found == expected
