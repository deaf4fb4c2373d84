"""The two encodings: how an expression is spelled in each, and that there and back is the same text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree
from random_documents import documents

from apimpy.diagnostics import Sink
from apimpy.document.convert import Target, convert, one_spelling
from apimpy.document.essence import meaning
from apimpy.document.reader import is_xml, read
from apimpy.source import SourceFile


def converted(text: str, to: Target) -> str:
    sink = Sink()
    found = convert(SourceFile("p.xml", text), sink, to)
    assert found is not None, [str(d) for d in sink]
    return found


# the same expression in rawxml and in xml, each in its proper spelling
PAIRS = [
    ('<fragment a="@(x["k"])"/>', '<fragment a="@(x[&quot;k&quot;])"/>'),
    ("<fragment a='@(x[\"k\"])'/>", "<fragment a='@(x[\"k\"])'/>"),
    ("<fragment a='@(x == '\"')'/>", "<fragment a='@(x == &apos;\"&apos;)'/>"),
    ("<fragment a = ' @(a && b < c) ' />", "<fragment a = ' @(a &amp;&amp; b &lt; c) ' />"),
    ("<fragment>@(As<A>(\"a\", 'b'))</fragment>", "<fragment>@(As&lt;A&gt;(\"a\", 'b'))</fragment>"),
    ("<fragment>@{\n  // <\n  return 1;\n}</fragment>", "<fragment>@{\n  // &lt;\n  return 1;\n}</fragment>"),
    ("<fragment>\r\n @(a > b)\r\n</fragment>", "<fragment>\r\n @(a &gt; b)\r\n</fragment>"),
    ('<fragment>@("<!-- -->")</fragment>', '<fragment>@("&lt;!-- --&gt;")</fragment>'),
    ('<fragment>@("]]>")</fragment>', '<fragment>@("]]&gt;")</fragment>'),
    # C# that holds a reference
    ('<fragment>@("&amp;lt;")</fragment>', '<fragment>@("&amp;lt;")</fragment>'),
    ('<fragment>@("&amp;#10;")</fragment>', '<fragment>@("&amp;#10;")</fragment>'),
    ('<fragment>@("&amp;amp;lt;")</fragment>', '<fragment>@("&amp;amp;lt;")</fragment>'),
    ('<fragment>@("&lt")</fragment>', '<fragment>@("&amp;lt")</fragment>'),
    ('<fragment>@("&copy;")</fragment>', '<fragment>@("&amp;copy;")</fragment>'),
    # no character of XML, so no reference
    ('<fragment>@("&#1;")</fragment>', '<fragment>@("&amp;#1;")</fragment>'),
    ('<fragment>@("&&amp;gt;&")</fragment>', '<fragment>@("&amp;&amp;gt;&amp;")</fragment>'),
    # references to other characters stay
    ('<fragment a="@(@"&#10;&#xA0;")"/>', '<fragment a="@(@&quot;&#10;&#xA0;&quot;)"/>'),
    # what is no expression stays
    ('<fragment a="&lt; &gt; &#60; &apos;" b="a@(b&quot;)">&gt; ></fragment>', None),
    ("<fragment><![CDATA[ @(a < b) ]]></fragment>", None),
    ("<fragment><![CDATA[<a>@(&lt;)]]></fragment>", None),
    ('<!-- @(a < b) --><fragment><!-- @("&&") --><?a @(b<c)?></fragment><!-- & -->', None),
    ("<?xml version='1.0' encoding='utf-16'?><fragment>@(1)</fragment>", None),
    # inline XML and templates hold expressions as text
    (
        "<fragment><set-body><a b='@(c < 1)'>@(d && e)</a></set-body></fragment>",
        "<fragment><set-body><a b='@(c &lt; 1)'>@(d &amp;&amp; e)</a></set-body></fragment>",
    ),
]


@pytest.mark.parametrize(("raw", "xml"), PAIRS)
def test_both_ways(raw: str, xml: str | None) -> None:
    """Each encoding leads to the other, and to itself."""
    xml = raw if xml is None else xml
    assert converted(raw, "xml") == xml
    assert converted(xml, "rawxml") == raw
    assert converted(raw, "rawxml") == raw
    assert converted(xml, "xml") == xml


# spelled like neither; what each encoding makes of it
MIXED = [
    ("<fragment>@(a && b &lt; c)</fragment>", "@(a &amp;&amp; b &lt; c)", "@(a && b < c)"),
    ("<fragment>@(a &#38;&#x26; b > 1)</fragment>", "@(a &amp;&amp; b &gt; 1)", "@(a && b > 1)"),
    ("<fragment>@(&quot;a&apos;)</fragment>", "@(\"a')", None),
    ("<fragment>@(&quot;a&quot;)</fragment>", '@("a")', '@("a")'),
]


@pytest.mark.parametrize(("text", "xml", "raw"), MIXED)
def test_proper_spelling(text: str, xml: str, raw: str | None) -> None:
    """A document that is escaped here and bare there gets one spelling."""
    if raw is None:  # no C# string
        sink = Sink()
        assert convert(SourceFile("p.xml", text), sink, "xml") is None
        assert [d.code for d in sink] == ["DOC003"]
        return
    assert converted(text, "xml") == f"<fragment>{xml}</fragment>"
    assert converted(text, "rawxml") == f"<fragment>{raw}</fragment>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@(a > b)", "@(a > b)"),
        ("@(a &gt; b)", "@(a &gt; b)"),
        ("@(a &lt; b > c)", "@(a &lt; b &gt; c)"),
        ("@(a && b &gt; c)", "@(a && b > c)"),
    ],
)
def test_one_spelling(text: str, expected: str) -> None:
    """What is in one spelling stays; of the rest, what is XML becomes proper XML."""
    document = read(SourceFile("p.xml", f"<fragment>{text}</fragment>"), Sink())
    assert document is not None
    assert one_spelling(document) == f"<fragment>{expected}</fragment>"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "DOC002"),
        ("<policies>", "DOC002"),
        ('<policies a="@(x"/>', "DOC003"),
        ("<!DOCTYPE a><policies/>", "DOC005"),
        ("<project/>", "DOC006"),
        ('<policies a="@(x["k"]) and more"/>', "DOC009"),
        ("<policies>@('\x0b')</policies>", "DOC002"),
        ('<policies>@("' + "<" * 100_000 + '")</policies>', "DOC004"),  # with its escapes
    ],
)
def test_refused(text: str, code: str) -> None:
    """A document with errors is not converted, and the sink says why."""
    sink = Sink()
    assert convert(SourceFile("p.xml", text), sink, "xml") is None
    assert code in [d.code for d in sink]


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), st.sampled_from(["xml", "rawxml"]))
def test_there_and_back(text: str, to: Target) -> None:
    """`xml` is XML and means the same; there and back again is the same text."""
    sink = Sink()
    document = read(SourceFile("p.xml", text), sink)
    assert document is not None
    assume(not sink.errors)  # text after an expression
    first = converted(text, to)
    other = converted(first, "rawxml" if to == "xml" else "xml")
    assert converted(other, to) == first
    xml = first if to == "xml" else other
    assert is_xml(xml)
    again = read(SourceFile("p.xml", xml), Sink(), encoding="xml")
    assert again is not None
    assert meaning(again) == meaning(document)
    spelled = one_spelling(document)
    assert spelled in (converted(spelled, "xml"), converted(spelled, "rawxml"))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("&<>\"'ltgampquos;#x063 @()"), max_size=12))
def test_any_string(text: str) -> None:
    """Whatever a C# string holds, an XML parser finds it in the `xml` encoding, and `rawxml` leads back to it."""
    code = '@"' + text.replace('"', '""') + '"'
    written = "".join(f"&#{ord(c)};" if c in "&<>\"'" else c for c in code)
    xml = converted(f'<fragment a="@({written})"/>', "xml")
    assert etree.fromstring(xml).get("a") == f"@({code})"
    assert converted(converted(xml, "rawxml"), "xml") == xml
