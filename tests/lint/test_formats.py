"""Every format, against a file that is read like any other change.

    REGENERATE=1 python -m pytest tests/lint/test_formats.py

writes the files anew.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest
from linting import lint

from apimpy import __version__
from apimpy.diagnostics import Severity, Sink
from apimpy.lint.formats import FORMATS, Findings, render
from apimpy.source import SourceFile

HERE = Path(__file__).parent
DOCUMENT = """<policies>
  <inbound>
    <base />
    <azure-openai-token-limit counter-key="a" tokens-per-minute="500" estimate-prompt-tokens="true" />
    <set-header name="é漢" exists-acton="skip"><value>@(foo + 1)</value></set-header>
    <set-variable name="x" value="@{
      return context.Request.Headerz;
    }" />
\t<set-header name="api-key"><value>7f3c9a51d0e84b6f</value></set-header>
    <set-header name="X" exists-action="100%, or: more"><value>1</value></set-header>
    <validate-jwt header-name="A"><openid-config url="https://a.test/openid" /></validate-jwt>
  </inbound>
  <backend><base /></backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>
"""
VARIANTS = {name: (name, {}) for name in FORMATS} | {
    "text-source": ("text", {"source": True}),
    "text-colour": ("text", {"source": True, "colour": True}),
}


def findings(**how) -> Findings:
    """The findings of the document, one in another file, and one at no place at all."""
    found = lint(DOCUMENT, name="policies/the api.xml")
    sink = Sink()
    sink.report("DOC001", "cannot read gone.xml:\nno such file", SourceFile("gone.xml", "").span(0))
    files = ("gone.xml", "policies/good.xml", "policies/the api.xml")
    return Findings((*sink, *found), files, 3, Severity.ERROR, **how)


@pytest.mark.parametrize("name", VARIANTS)
def test_golden(name: str) -> None:
    """What is written is what is in the file."""
    format_, how = VARIANTS[name]
    text = render(format_, findings(**how)).replace(f'"version": "{__version__}"', '"version": "VERSION"')
    path = HERE / "golden" / f"{name}.txt"
    if os.environ.get("REGENERATE"):
        path.write_text(text, "utf-8", newline="\n")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_found(name: str) -> None:
    """Without findings a format is empty, or a whole document that says so."""
    text = render(name, Findings((), ("a.xml",), 1))
    assert (text == "") is (name in ("text", "github", "azure"))


def test_sarif_is_valid() -> None:
    """The schema of SARIF 2.1.0 (descriptions left out) accepts it, with findings and without."""
    schema = json.loads((HERE / "sarif-2.1.0.json").read_text("utf-8"))
    for case in (findings(), Findings(())):
        log = json.loads(render("sarif", case))
        jsonschema.validate(log, schema)
        rules = log["runs"][0]["tool"]["driver"]["rules"]
        for result in log["runs"][0]["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert all(re.fullmatch(r"https://\S+\.md", rule["helpUri"]) for rule in rules)


def test_the_schema_refuses() -> None:
    """The copy of the schema still says no: to a level that does not exist, and to a region that begins at 0."""
    schema = json.loads((HERE / "sarif-2.1.0.json").read_text("utf-8"))
    for path, value in ((("level",), "fatal"), (("locations", 0, "physicalLocation", "region", "startLine"), 0)):
        log = json.loads(render("sarif", findings()))
        at = log["runs"][0]["results"][0]
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(log, schema)


def test_junit_is_xml() -> None:
    """A case for every file; the counts fit; what XML cannot say is replaced."""
    sink = Sink()
    sink.report("DOC002", "a \x01 and a \uffff", SourceFile("a.xml", "x").span(0, 1))
    root = ET.fromstring(render("junit", Findings(tuple(sink), ("a.xml", "b.xml"), 2)))
    cases = root.findall("testsuite/testcase")
    assert [(c.get("name"), c.find("failure") is not None) for c in cases] == [("a.xml", True), ("b.xml", False)]
    assert (root.get("tests"), root.get("failures")) == ("2", "1")


def test_junit_fails_from_the_fail_level_on() -> None:
    """What is below it is output of the case."""
    for level, failures in ((Severity.ERROR, "0"), (Severity.WARNING, "1")):
        sink = Sink()
        sink.report("POL018", "not yet", SourceFile("a.xml", "x").span(0, 1))
        root = ET.fromstring(render("junit", Findings(tuple(sink), ("a.xml",), 1, level)))
        assert root.get("failures") == failures


def test_names_are_relative_to_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipelines show findings at files of the repository: below the current folder no path is absolute."""
    monkeypatch.chdir(tmp_path)
    for name, shown in (("./a/../b.xml", "b.xml"), (str(tmp_path / "c.xml"), "c.xml"), ("/else/where d.xml", None)):
        sink = Sink()
        sink.report("DOC002", "x", SourceFile(name, "x").span(0, 1))
        log = json.loads(render("sarif", Findings(tuple(sink))))
        place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == (shown or "file:///else/where%20d.xml")
        assert f"file={shown or name}," in render("github", Findings(tuple(sink)))
