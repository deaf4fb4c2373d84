"""`{{name}}` in literals, islands and templates."""

import pytest

from apimpy.diagnostics import Sink
from apimpy.document.model import Island, Text
from apimpy.document.reader import read
from apimpy.source import SourceFile

VALUES = {"a": "1", "q": 'x"y', "lt": "<&>", "expr": '@(context.X + "}")', "block": "@{ return 1; }", "ref": "{{a}}"}


def value(markup, values=VALUES):
    sink = Sink()
    doc = read(SourceFile("p.xml", f"<policies>{markup}</policies>"), sink, named_values=values)
    element = doc.root.children[0]
    return doc, element.get("v").value if element.attributes else element.value, sink


@pytest.mark.parametrize(
    ("markup", "kind", "text"),
    [
        ('<e v="{{a}}"/>', Text, "1"),
        ('<e v="x-{{ a }}-{{a}}"/>', Text, "x-1-1"),
        ('<e v="{{lt}}"/>', Text, "<&>"),
        ("<e>{{lt}}</e>", Text, "<&>"),
        ('<e v="{{ref}}"/>', Text, "{{a}}"),
        ('<e v="@("{{q}}")"/>', Island, '"x"y"'),
        ('<e v="@($"{{a}}{x}")"/>', Island, '$"1{x}"'),
        ('<e v="{{expr}}"/>', Island, 'context.X + "}"'),
        ("<e> {{expr}} </e>", Island, 'context.X + "}"'),
        ('<e v="{{block}}"/>', Island, " return 1; "),
        ('<e v="Bearer {{expr}}"/>', Text, 'Bearer @(context.X + "}")'),
        ('<e v="{{ body.x | Upcase }}"/>', Text, "{{ body.x | Upcase }}"),
    ],
)
def test_replaced(markup, kind, text):
    _, found, sink = value(markup)
    assert isinstance(found, kind)
    assert (found.source if kind is Island else found.value) == text
    assert not list(sink)


def test_the_map_points_at_the_reference():
    _, found, _ = value('<e v="@(f("{{a}}"))"/>')
    at = found.source.index("1")
    assert found.map.span(at, at + 1).text == "{{a}}"
    assert found.map.span(0, 1).text == "f"


def test_missing():
    doc, found, sink = value('<e v="{{b}}"/>')
    assert [(d.code, d.message, d.span.text) for d in sink] == [("DOC007", "Cannot find a property 'b'", "{{b}}")]
    assert found.value == "{{b}}"
    assert [(u.name, u.resolved) for u in doc.named_values] == [("b", False)]


def test_without_values_nothing_is_reported():
    doc, found, sink = value('<e v="{{b}} {{c}}"/>', None)
    assert found.value == "{{b}} {{c}}"
    assert [u.name for u in doc.named_values] == ["b", "c"]
    assert not list(sink)


def test_liquid_text():
    sink = Sink()
    doc = read(
        SourceFile("p.xml", '<policies><set-body template="liquid">{{a}} {{body}}</set-body></policies>'),
        sink,
        named_values=VALUES,
    )
    assert doc.root.children[0].value.value == "1 {{body}}"
    assert not list(sink)
