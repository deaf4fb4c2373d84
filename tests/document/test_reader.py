"""Reading documents: values, islands, positions, problems."""

import pytest
from lxml import etree

from apimpy.diagnostics import Sink
from apimpy.document.model import Comment, Element, Island, Text
from apimpy.document.reader import MAX_POLICY, load, read
from apimpy.document.writer import inner_xml
from apimpy.source import SourceFile


def parse(text, **kw):
    sink = Sink()
    return read(SourceFile("p.xml", text), sink, **kw), sink


def attribute(markup, **kw):
    """The attribute `v` of the first element inside <policies>."""
    doc, sink = parse(f"<policies>{markup}</policies>", **kw)
    return doc.root.children[0].get("v").value, sink


@pytest.mark.parametrize(
    ("raw", "source"),
    [
        ('v="@(1 + 2)"', "1 + 2"),
        ('v=\'@("a" + "b")\'', '"a" + "b"'),
        ('v="@(f("a", ")"))"', 'f("a", ")")'),
        ('v="@(a < b && c > d)"', "a < b && c > d"),
        ('v="@(a &lt; b &amp;&amp; f(&quot;x&quot;))"', 'a < b && f("x")'),
        ('v="@(f(&quot;a&quot;, "b"))"', 'f("a", "b")'),
        ('v="@(x.As<JObject>()["k"])"', 'x.As<JObject>()["k"]'),
        ('v="  @(1)  "', "1"),
        ('v="@{ return "}"; }"', ' return "}"; '),
        ('v="@{ // a \' quote \n return 1; }"', " // a ' quote \n return 1; "),
        ('v="@{\r\n return 1;\r\n}"', "\n return 1;\n"),
        ('v="@(@"a""b\n")"', '@"a""b\n"'),
        ('v="@($"{d["k"]} {{")"', '$"{d["k"]} {{"'),
        ('v="@(\'"\')"', "'\"'"),
        ('v="@(f(&#40;&#x29;)&#41;"', "f(())"),
    ],
)
def test_attribute_islands(raw, source):
    value, sink = attribute(f"<a {raw} w='1' />")
    assert isinstance(value, Island)
    assert value.source == source
    assert not list(sink)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ('v="plain"', "plain"),
        ('v="a&amp;b &lt; &#x41;&#66;"', "a&b < AB"),
        ('v="a\tb\nc\r\nd"', "a b c d"),
        ('v="a@b.example"', "a@b.example"),
        ('v="@context.x"', "@context.x"),
        ('v="@@(x)"', "@(x)"),
        ('v="@@{x}"', "@{x}"),
        ('v="@{{name}}"', "@{{name}}"),
        ('v=""', ""),
    ],
)
def test_attribute_literals(raw, text):
    value, sink = attribute(f"<a {raw} />")
    assert isinstance(value, Text)
    assert value.value == text
    assert not list(sink)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("@(1)", "1"),
        ("\n  @{ return a < b; }\n ", " return a < b; "),
        ("<![CDATA[ @(a < b) ]]>", "a < b"),
        ("<![CDATA[@(x[y[0]])]]>", "x[y[0]]"),
        ("<!-- @(no) -->@(yes)<!-- no -->", "yes"),
        ('@(f("</v>"))', 'f("</v>")'),
        ("@(&quot;&amp;quot;&quot;)", '"&quot;"'),
    ],
)
def test_text_islands(content, expected):
    doc, sink = parse(f"<policies><v>{content}</v></policies>")
    value = doc.root.children[0].value
    assert isinstance(value, Island)
    assert value.source == expected
    assert not list(sink)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (" a ", " a "),
        ("a&amp;b<!-- c -->d", "a&bd"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("x<![CDATA[<b>&amp;]]>y", "x<b>&amp;y"),
        ("<![CDATA[@(a]]>", "@(a"),
        ("  ", None),
        ("<!-- @(x) -->", None),
    ],
)
def test_text_literals(content, expected):
    doc, _ = parse(f"<policies><v>{content}</v></policies>")
    value = doc.root.children[0].value
    assert (value.value if value else None) == expected


def test_positions():
    text = "<policies>\n  <inbound>\n    <a v=\"@(x)\"  w='1&amp;2'>t</a>\n  </inbound>\n</policies>"
    doc, _ = parse(text)
    a = doc.root.children[0].children[0]
    assert [s.text for s in (a.span, a.name_span, a.content_span)] == [
        "<a v=\"@(x)\"  w='1&amp;2'>t</a>",
        "a",
        "t",
    ]
    assert a.name_span.line_col == (3, 6)
    v, w = a.attributes
    assert [s.text for s in (v.span, v.name_span, v.value_span)] == ['v="@(x)"', "v", "@(x)"]
    assert v.value.span.text == "@(x)"
    assert v.value.map.span(0, 1).text == "x"
    assert w.value.map.span(1, 2).text == "&amp;"
    assert w.value.map.span(2, 3).text == "2"


def test_content_in_order():
    doc, _ = parse("<policies>a<!-- b --><c/>d</policies>")
    assert [type(n) for n in doc.root.nodes] == [Text, Comment, Element, Text]
    assert [e.name for e in doc.root.walk()] == ["policies", "c"]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("<policies><a></policies>", "DOC002", (1, 14)),
        ("<policies>\n<a></b></policies>", "DOC002", (2, 4)),
        ("<policies><a v='1' v='2'/></policies>", "DOC002", (1, 20)),
        ("<policies><a v='x<y'/></policies>", "DOC002", (1, 18)),
        ("<policies><a v='x&y'/></policies>", "DOC002", (1, 18)),
        ("<policies>a & b</policies>", "DOC002", (1, 13)),
        ("<policies><a v=1/></policies>", "DOC002", (1, 14)),
        ("<policies><a v='1/></policies>", "DOC002", (1, 14)),
        ("<policies><!-- a -- b --></policies>", "DOC002", (1, 18)),
        ("<policies><!-- a</policies>", "DOC002", (1, 11)),
        ("<policies/><policies/>", "DOC002", (1, 13)),
        ("<policies/>x", "DOC002", (1, 12)),
        ("<policies", "DOC002", (1, 2)),
        ("<policies><a v='@(1'/></policies>", "DOC003", (1, 17)),
        ("<policies><a>@{ if (x) </a></policies>", "DOC003", (1, 14)),
        ('<policies><a v="@("x\n")"/></policies>', "DOC003", (1, 17)),
        ('<policies><a>@{ "x\n" }</a></policies>', "DOC003", (1, 14)),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><policies/>", "DOC005", (1, 1)),
        ("<nothing/>", "DOC006", (1, 2)),
        ("<policies><a v='@(1) x'/></policies>", "DOC009", (1, 21)),
        ("<policies><a>@(1) x</a></policies>", "DOC009", (1, 18)),
        ("<policies><a v='Bearer @(1)'/></policies>", "DOC010", (1, 24)),
        ("<policies><a>say @{x}</a></policies>", "DOC010", (1, 18)),
        ("<policies>" + "<a>" * 200 + "</a>" * 200 + "</policies>", "DOC004", (1, 393)),
        ("<policies>" + " " * MAX_POLICY + "</policies>", "DOC004", (1, MAX_POLICY + 1)),
    ],
)
def test_problems(text, code, place):
    doc, sink = parse(text)
    found = [(d.code, d.span.line_col) for d in sink]
    assert (code, place) in found
    if code == "DOC002":
        assert not doc.well_formed


def test_entities_of_a_doctype_are_never_expanded():
    doc, sink = parse("<!DOCTYPE p [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><policies><a>&e;</a></policies>")
    assert {d.code for d in sink} == {"DOC005", "DOC002"}
    assert "root" not in doc.root.children[0].value.value


@pytest.mark.parametrize("text", ["", "   ", "plain", "<!-- c -->", "<", "</a>", "&", "\ufeff"])
def test_nothing_to_read(text):
    doc, sink = parse(text)
    assert doc is None
    assert sink.errors


def test_xml_declaration_is_ignored():
    doc, sink = parse('<?xml version="1.0" encoding="utf-16"?>\n<policies/>')
    assert doc.well_formed
    assert not list(sink)


def test_encoding_xml_keeps_to_the_quotes():
    _, sink = attribute('<a v="@(f("x"))" />', encoding="xml")
    assert "DOC003" in [d.code for d in sink]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("<policies/>".encode("utf-8-sig"), None),
        ("<policies/>".encode("utf-16"), None),
        (b"<policies>\xff</policies>", "DOC001"),
        (b"\xff\xfe<", "DOC001"),
    ],
)
def test_load(tmp_path, data, code):
    path, sink = tmp_path / "p.xml", Sink()
    path.write_bytes(data)
    doc = load(path, sink)
    assert [d.code for d in sink] == ([code] if code else [])
    assert (doc is None) == (code is not None)


def test_load_of_a_missing_file(tmp_path):
    sink = Sink()
    assert load(tmp_path / "none.xml", sink) is None
    assert [d.code for d in sink] == ["DOC001"]


@pytest.mark.parametrize(
    "content",
    [
        "<a x='1'>t&amp;<b/></a>",
        "<s:E xmlns:s='u'>x &lt; y</s:E>",
        "pre<a/>post",
        "<a><!-- c --></a>",
        "<a b='@(c &lt; 1)'>@(d &amp;&amp; e)<c>@{ return 1 &gt; 0; }</c></a>",
    ],
)
def test_inner_xml_means_the_same(content):
    doc, _ = parse(f"<policies><v>{content}</v></policies>")
    written = etree.fromstring(f"<v>{inner_xml(doc.root.children[0])}</v>")
    original = etree.fromstring(f"<v>{content}</v>")
    etree.strip_tags(original, etree.Comment)
    assert etree.tostring(written) == etree.tostring(original)
