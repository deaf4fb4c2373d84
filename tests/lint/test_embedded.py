"""Policies inside Bicep, JSON and Terraform: found, read as they are meant, told about where they stand."""

from __future__ import annotations

import json

import pytest

from apimpy.diagnostics import Sink
from apimpy.lint.check import check_text
from apimpy.lint.edits import apply
from apimpy.lint.embedded import blocks
from apimpy.source import SourceFile

XML = """<policies>
  <inbound>
    <base />
    <set-header name="x"><value>@(context.Request.Headers.GetValueOrDefault("a", "\\t"))</value></set-header>
    <nope />
  </inbound>
</policies>"""
TERRAFORM = XML.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def findings(name: str, text: str, **options) -> list[tuple[str, int, str]]:
    """Code, line and the text of the outer file, of every finding."""
    sink = Sink()
    check_text(SourceFile(name, text), sink, **options)
    return [(d.code, d.span.line_col[0], d.span.text) for d in sink]


def texts(name: str, text: str) -> list[str]:
    return [b.file.text for b in blocks(SourceFile(name, text))]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.bicep", f"var p = '''\n{XML}\n'''\n", 6),
        ("a.bicep", f"var p = '''{XML}'''\n", 5),
        ("a.bicep", "var p = '" + XML.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "\\'") + "'", 1),
        ("a.bicep", f"// it's\n/* it's */\nvar p = '''\n{XML}'''\n", 8),
        ("a.json", json.dumps({"properties": {"format": "rawxml", "value": XML}}), 1),
        ("a.json", json.dumps({"value": XML}).replace("<", "\\u003c").replace(">", "\\u003E"), 1),
        ("a.tf", f"xml_content = <<XML\n{XML}\nXML\n", 6),
        ("a.tf", f"xml_content = <<-XML\n    {XML}\n  XML\n", 6),
        ("a.tf", f'# "\n// "\nxml_content = "{TERRAFORM}"\n', 3),
        ("A.TF", f"xml_content = <<XML\r\n{XML}\r\nXML", 6),
    ],
)
def test_found_where_it_stands(name: str, text: str, line: int) -> None:
    """The text is the document, and a problem in it is one of the outer file."""
    (held,) = texts(name, text)
    assert held.strip() == XML
    assert findings(name, text) == [("POL001", line, "nope")]


INSERTED = XML.replace("<nope />", '<set-backend-service base-url="{}" />')


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.bicep", "var p = '" + INSERTED.format("${url}/v1").replace("\\", "\\\\").replace("\n", "\\n") + "'"),
        ("a.bicep", "var p = '" + INSERTED.format("${f('x')}").replace("\\", "\\\\").replace("\n", "\\n") + "'"),
        ("a.bicep", "var p = $'''\n" + INSERTED.format("${url}") + "'''"),
        ("a.tf", "p = <<XML\n" + INSERTED.format("${var.url}/v1") + "\nXML\n"),
        ("a.tf", "p = <<XML\n" + INSERTED.format('${lookup(var.m, "a")}') + "\nXML\n"),
    ],
)
def test_what_is_put_in_is_not_known(name: str, text: str) -> None:
    """An insertion is a named value nobody has: nothing is said about it, whatever values are given."""
    (held,) = texts(name, text)
    assert "{{inserted}}" in held
    assert findings(name, text) == []
    assert findings(name, text, named_values={"other": "x"}) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.bicep", f"var p = format('''\n{XML}''', x)"),
        ("a.bicep", f"var p = '''\n{XML}'''\nvar q = replace(p, '__A__', x)"),
        ("a.bicep", f"/*\n'''\n{XML}'''\n*/"),
        ("a.bicep", "var p = loadTextContent('policy.xml')"),
        ("a.tf", f"p = <<XML\n%{{ if a }}{XML}%{{ endif }}\nXML\n"),
        ("a.json", json.dumps({"value": "[concat('" + XML + "')]"})),
        ("a.json", json.dumps({"text": "see <policies> and </policies>"})),
        ("a.json", "{"),
    ],
)
def test_what_is_no_document_is_left_alone(name: str, text: str) -> None:
    """Templates that something fills in, remarks, expressions of ARM."""
    assert texts(name, text) == findings(name, text) == []


def test_several_and_what_is_escaped_for_terraform() -> None:
    """Every block has its own place; a doubled mark is a single one."""
    text = f"a = <<XML\n{XML.replace('<nope />', '<!-- $${a} %%{b} -->')}\nXML\nb = <<XML\n{XML}\nXML\n"
    first, second = texts("a.tf", text)
    assert ("<!-- ${a} %{b} -->" in first, second.strip()) == (True, XML)
    assert findings("a.tf", text) == [("POL001", 15, "nope")]


def test_corrections_are_made_in_place_where_nothing_is_escaped() -> None:
    """In a verbatim block they are, elsewhere they would have to be escaped again."""
    policy = '<policies><inbound><base /><set-header name="a" exists-action="delete"><value>b</value></set-header>'
    policy += "</inbound></policies>"
    for name, text, fixable in (
        ("a.bicep", f"var p = '''\n{policy}'''\n", True),
        ("a.json", json.dumps({"value": policy}), False),
    ):
        sink, file = Sink(), SourceFile(name, text)
        check_text(file, sink)
        assert [d.code for d in sink] == ["STY010"]
        changed, count = apply(file, sink)
        assert (count == 1, changed == text.replace("<value>b</value>", "")) == (fixable, fixable)


def test_a_folder_means_them_as_well(tmp_path) -> None:
    """Files that hold no policy are not counted; folders of others are passed over."""
    from apimpy.lint.files import found_in

    (tmp_path / "node_modules").mkdir()
    held = json.dumps({"value": XML})
    for name, text in (
        ("a.xml", XML),
        ("b.json", held),
        ("c.json", "{}"),
        ("d.bicep", f"var p = '''{XML}'''"),
        ("e.txt", XML),
        ("f.tf", "a = 1"),
        ("node_modules/g.json", held),
    ):
        (tmp_path / name).write_text(text)
    assert [p.removeprefix(f"{tmp_path}/") for p in found_in(str(tmp_path))] == ["a.xml", "b.json", "d.bicep"]
