"""`apimpy lint` and `apimpy serve --check` on gateway files and folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from apimpy.cli.lint import lint_command
from apimpy.cli.serve import serve_command

BAD = "<policies><inbound><nope /></inbound></policies>"
FILE = """version: 1
named_values: {n: {env: NOWHERE_AT_ALL}}
apis: [{id: a, path: a, subscription_required: false, policy: p.xml}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gateway.yaml").write_text(FILE)
    (tmp_path / "p.xml").write_text("<policies />")
    (tmp_path / "unused.xml").write_text(BAD)
    return tmp_path


def lint(*words: str) -> tuple[int, list[str], int]:
    result = CliRunner().invoke(lint_command, [*words, "--format", "json"])
    shown = json.loads(result.stdout)
    return result.exit_code, [d["code"] for d in shown["diagnostics"]], shown["summary"]["files"]


@pytest.mark.parametrize("name", ["", "gateway.yaml"])
def test_a_whole(folder: Path, name: str) -> None:
    """The folder and the file are the same; only documents that the file names are read; secrets may be missing."""
    assert lint(str(folder / name)) == (0, ["CFG011"], 2)
    (folder / "p.xml").write_text(BAD)
    assert lint(str(folder / name)) == (1, ["CFG011", "POL001"], 2)
    assert lint(str(folder / name), str(folder / "unused.xml")) == (1, ["CFG011", "POL001", "POL001"], 3)


def test_named_values_of_the_command_line(folder: Path) -> None:
    assert lint(str(folder), "--named-value", "other=x") == (0, ["CFG011"], 2)


def test_a_folder_of_documents(folder: Path) -> None:
    """Without a configuration a folder means its documents."""
    (folder / "gateway.yaml").unlink()
    assert lint(str(folder)) == (1, ["POL001"], 2)


def test_an_apiops_folder() -> None:
    example = Path(__file__).resolve().parents[2] / "examples" / "apiops"
    code, codes, files = lint(str(example))
    assert (code, sorted(codes), files) == (0, ["CFG011", "CFG023", "EXP010", *["SEC017"] * 3], 8)


@pytest.mark.parametrize(("text", "code", "says"), [(FILE, 1, "CFG011"), ("version: 1\n", 0, "")])
def test_serve_check(folder: Path, text: str, code: int, says: str) -> None:
    """What is a warning to lint is an error here."""
    (folder / "gateway.yaml").write_text(text)
    result = CliRunner().invoke(serve_command, [str(folder), "--check"])
    assert (result.exit_code, says in result.stderr, result.stdout) == (code, True, "")
