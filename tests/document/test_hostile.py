"""No input makes the reader raise, and it agrees with a strict parser where there is nothing to mask."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from apimpy.diagnostics import Sink
from apimpy.document.reader import load, read
from apimpy.source import SourceFile

SAMPLE = """<policies>
  <inbound>
    <base />
    <!-- a comment with @(an expression) -->
    <set-variable name="x" value="@(context.Request.Headers.GetValueOrDefault("X", "a < b"))" />
    <set-body>@{ // quote ' and "
      return $"{1 + 1}" + @"a""b";
    }</set-body>
    <set-header name='y' exists-action="skip"><value><![CDATA[@(1)]]></value></set-header>
    <a v="{{name}} &amp; &lt; &#65;">text &gt; text</a>
  </inbound>
</policies>
"""
_PIECES = [
    "<",
    ">",
    "/",
    "=",
    '"',
    "'",
    "@(",
    "@{",
    ")",
    "}",
    "{{",
    "}}",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&",
    ";",
    "&lt;",
    "&#1;",
    "&#xD800;",
    "<?",
    "?>",
    "<!DOCTYPE",
    "<policies>",
    "</policies>",
    "a",
    " ",
    "\n",
    "\r",
    '$"',
    "//",
    "/*",
    "\ud800",
    "\U0001f600",
    "\0",
    "policies",
]
FAST = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def survive(text):
    sink = Sink()
    doc = read(SourceFile("p.xml", text), sink, named_values={"name": "@(1"})
    for d in sink:
        assert 0 <= d.span.start <= d.span.end <= len(text)
        assert str(d)
    if doc is not None:
        for e in doc.root.walk():
            assert 0 <= e.span.start <= e.span.end <= len(text)
    return doc, sink


@FAST
@given(st.text(max_size=200))
def test_random_text(text):
    survive(text)


@FAST
@given(st.lists(st.sampled_from(_PIECES), max_size=40))
def test_random_markup(pieces):
    survive("".join(pieces))
    survive("<policies>" + "".join(pieces))


@FAST
@given(st.integers(0, len(SAMPLE)), st.integers(0, 30), st.sampled_from([*_PIECES, ""]))
def test_mutations(at, cut, new):
    survive(SAMPLE[:at] + new + SAMPLE[at + cut :])


@FAST
@given(st.binary(max_size=100))
def test_random_bytes(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "random.xml"
    path.write_bytes(data)
    load(path, Sink())


names = st.sampled_from(["a", "b", "set-header", "x:y"])
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)


@st.composite
def trees(draw, depth=3):
    e = etree.Element(draw(names).replace("x:y", "{urn:x}y"))
    for name in draw(st.lists(st.sampled_from(["v", "w"]), unique=True)):
        e.set(name, draw(texts))
    e.text = draw(texts)
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        c = draw(trees(depth=depth - 1))
        c.tail = draw(texts)
        e.append(c)
    return e


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(trees())
def test_agrees_with_a_strict_parser(tree):
    text = "<policies>" + etree.tostring(tree, encoding="unicode") + "</policies>"
    if "@" in text:
        return
    doc, _ = survive(text)
    assert doc.well_formed
    stack = [(doc.root.children[0], tree)]
    while stack:
        mine, theirs = stack.pop()
        assert mine.name.rpartition(":")[2] == etree.QName(theirs).localname
        given_ = {a.name: a.value.value for a in mine.attributes if not a.name.startswith("xmlns")}
        assert given_ == dict(theirs.attrib)
        runs = "".join(n.value for n in mine.nodes if hasattr(n, "value") and not hasattr(n, "nodes"))
        assert runs == (theirs.text or "") + "".join(c.tail or "" for c in theirs)
        assert len(mine.children) == len(theirs)
        stack.extend(zip(mine.children, theirs, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "<policies>" + "<a v='@(\"" * 5000,
        "<policies><a>" + "@(" * 50000,
        "<policies>" + "<" * 100000,
        "<policies " + "a" * 200000,
        "<policies>" + "&" * 100000 + "</policies>",
        "<policies>" + "<!DOCTYPE" * 20000,
        "<policies v='" + "{{" * 60000 + "'/>",
        "<policies v='" + "@@(" * 60000 + "'/>",
        "<policies>" + "@{{a}}" * 20000 + "</policies>",
        "<a>" * 60000,
    ],
)
def test_large_hostile_documents_do_not_hang(text):
    """Anything worse than linear would take minutes of the processor."""
    start = time.process_time()
    survive(text)
    assert time.process_time() - start < 30
