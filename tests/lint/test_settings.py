"""Settings: what they choose, and what is said about mistakes in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from linting import inbound, lint

from apimpy.cli.lint import _words
from apimpy.diagnostics import Sink
from apimpy.lint.settings import Settings, read_settings

if TYPE_CHECKING:
    from pathlib import Path

KEY = '<set-header name="api-key"><value>7f3c9a51d0e84b6f</value></set-header>'
OLD = '<azure-openai-token-limit counter-key="a" tokens-per-minute="5" estimate-prompt-tokens="true" />'
TEXT = inbound(f'{KEY}{OLD}<set-header name="A" x="1"><value>1</value></set-header>')
"""Findings: SEC003 (error), PRT001 (info), POL003 (error)."""


def read(folder: Path, text: str, name: str = "apimpy.toml") -> tuple[Settings, list[str]]:
    (folder / name).write_text(text)
    sink = Sink()
    found = read_settings(folder / name, sink, _words())
    return found, [f"{d.span.line_col[0]}:{d.span.line_col[1]} {d.code} {d.message}" for d in sink]


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ("", "POL003 PRT001 SEC003"),
        ('select = ["security"]', "POL003 SEC003"),
        ('select = ["SEC"]', "POL003 SEC003"),
        ('select = ["PRT001"]', "POL003 PRT001"),
        ('select = ["literal-secret"]', "POL003 SEC003"),
        ('ignore = ["SEC003", "portability"]', "POL003"),
        ('ignore = ["POL"]', "PRT001 SEC003"),
        ('ignore = ["policy"]', "PRT001 SEC003"),
        ('[lint.levels]\nSEC003 = "off"\nunknown-attribute = "info"', "POL003 PRT001"),
        ('[lint.per-file-ignores]\n"old/*.xml" = ["SEC003"]', "POL003 PRT001"),
        ('[lint.per-file-ignores]\n"old/**" = ["SEC", "PRT"]', "POL003"),
        ('[lint.per-file-ignores]\n"old" = ["SEC"]', "POL003 PRT001"),
        ('[lint.per-file-ignores]\n"**/policy.xml" = ["SEC"]', "POL003 PRT001"),
        ('[lint.per-file-ignores]\n"new/*.xml" = ["SEC003"]', "POL003 PRT001 SEC003"),
    ],
)
def test_choice(tmp_path: Path, settings: str, codes: str) -> None:
    """What is told under the settings."""
    (tmp_path / "old").mkdir()
    found, problems = read(tmp_path, f"[lint]\n{settings}\n")
    assert problems == []
    name = str(tmp_path / "old" / "policy.xml")
    assert sorted(d.code for d in lint(TEXT, found, name=name)) == codes.split()


def test_levels(tmp_path: Path) -> None:
    """A finding has the level that the project gives it."""
    found, _ = read(tmp_path, '[lint.levels]\nSEC003 = "info"\nazure-openai-policy = "error"\n')
    assert {d.code: str(d.severity) for d in lint(TEXT, found)} == {
        "SEC003": "info",
        "PRT001": "error",
        "POL003": "error",
    }


def test_everything_at_once(tmp_path: Path) -> None:
    """All keys, in a pyproject.toml among other tools."""
    text = """
[project]
name = "x"
[tool.other]
select = 5
[tool.apimpy.lint]
select = ["AIG", "security"]
ignore = ["SEC002", "CS0103"]
gateway = "v2"
fail-level = "warning"
exclude = ["generated/**"]
baseline = "known.json"
[tool.apimpy.lint.levels]
STY001 = "warning"
[tool.apimpy.lint.per-file-ignores]
"a.xml" = ["POL003"]
"""
    found, problems = read(tmp_path, text, "pyproject.toml")
    assert problems == []
    assert found == Settings(
        str(tmp_path),
        ("AIG", "security"),
        ("SEC002", "CS0103"),
        (("STY001", "warning"),),
        (("a.xml", ("POL003",)),),
        "v2",
        "warning",
        ("generated/**",),
        "known.json",
    )
    assert found.excludes(str(tmp_path / "generated" / "deep" / "a.xml"))
    assert not found.excludes(str(tmp_path / "a.xml"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[lint]\n\nselekt = []\n", "3:1 CFG004 there is no setting 'selekt'"),
        ("[lint]\n[lint.levls]\n", "2:1 CFG004 there is no setting 'levls'"),
        ('[lint]\nselect = "SEC"\n', "2:1 CFG005 'select' is a list of codes, names or categories"),
        ('[lint]\n  select = ["SEC999"]\n', "2:3 CFG007 there is no rule 'SEC999'"),
        ('[lint]\ngateway = "v3"\n', "2:1 CFG007 'gateway' is one of classic, v2"),
        ('[lint]\nfail-level = "loud"\n', "2:1 CFG007 'fail-level' is one of error, warning, info"),
        ("[lint]\nexclude = 1\n", "2:1 CFG005 'exclude' is a list of patterns"),
        ("[lint]\nbaseline = 1\n", "2:1 CFG005 'baseline' is a text"),
        ('[lint.levels]\nSEC001 = "loud"\n', "2:1 CFG007 the level of SEC001 is one of error, warning, info, off"),
        ('[lint.levels]\nnothing = "off"\n', "2:1 CFG007 there is no rule 'nothing'"),
        ('[lint]\nlevels.nothing = "off"\n', "2:1 CFG007 there is no rule 'nothing'"),
        ('[lint.per-file-ignores]\n"a.xml" = ["NO1"]\n', "2:1 CFG007 there is no rule 'NO1'"),
        ('[lint.per-file-ignores]\n"a.xml" = "SEC"\n', "2:1 CFG005 'a.xml' is a list of codes"),
        ("lint = 1\n", "1:1 CFG005 'lint' is a table"),
        ("[lnt]\n", "1:1 CFG004 there is no setting 'lnt'"),
        ("[lint]\nselect = [\n", "3:1 CFG002 not TOML"),
        ("[lint]\nselect = = 1\n", "2:10 CFG002 not TOML"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, problem: str) -> None:
    """A mistake is told with its line and column."""
    _, (found, *more) = read(tmp_path, text)
    assert found.startswith(problem)
    assert more == []


def test_a_neighbour_is_suggested(tmp_path: Path) -> None:
    """Misspelt keys and rules get help."""
    (tmp_path / "apimpy.toml").write_text('[lint]\nignor = []\nselect = ["literal-secrets"]\n')
    sink = Sink()
    read_settings(tmp_path / "apimpy.toml", sink, _words())
    assert [d.help for d in sink] == ["did you mean 'ignore'?", "did you mean 'literal-secret'?"]
