"""The canonical layout: what each thing looks like afterwards, what is never touched, and that nothing is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_documents import documents

from apimpy.csharp.lexer import tokenize
from apimpy.diagnostics import Sink
from apimpy.document.layout import Style, layout
from apimpy.document.model import Element, Island
from apimpy.document.reader import read
from apimpy.document.writer import inner_xml
from apimpy.policies import catalogue
from apimpy.policy.shape import shape_of
from apimpy.source import SourceFile

CATALOGUE = catalogue()


USUAL = Style()


def laid_out(text: str, style: Style = USUAL, sink: Sink | None = None) -> str | None:
    """The canonical text; laying it out again must change nothing."""
    found = layout(SourceFile("p.xml", text), Sink() if sink is None else sink, _shape, style)
    if found is not None:
        assert layout(SourceFile("p.xml", found), Sink(), _shape, style) == found
    return found


def _shape(document: Any) -> Any:
    return shape_of(document, CATALOGUE)


def inside(text: str) -> str:
    """What a fragment holds after the layout, without the indentation of the fragment."""
    found = laid_out(f"<fragment>{text}</fragment>")
    assert found is not None
    assert found.startswith("<fragment>")
    return found.removeprefix("<fragment>").removesuffix("</fragment>\n").replace("\n    ", "\n").strip("\n")


LONG = "x" * 60

# what stands in a fragment, and how
TAGS = [
    ("<base/>", "<base />"),
    ("<base></base>", "<base />"),
    ("<base  \n />", "<base />"),
    ("<base>\n\n</base>", "<base />"),
    ("<set-method\n></set-method >", "<set-method></set-method>"),
    ("<set-variable  name = 'a'\n value=\"b\"/>", "<set-variable name='a' value=\"b\" />"),
    ('<set-variable name="a" value=" two\n  lines " />', '<set-variable name="a" value=" two\n  lines " />'),
    ('<set-variable name="a &#65;&quot;" value="&gt;" />', '<set-variable name="a &#65;&quot;" value="&gt;" />'),
    (
        f'<set-variable name="{LONG}" value="{LONG}" />',
        f'<set-variable name="{LONG}"\n    value="{LONG}" />',
    ),
    (f'<set-variable name="{LONG * 2}" />', f'<set-variable name="{LONG * 2}" />'),
    (
        '<set-header name="a"\n exists-action="skip"><value>1</value></set-header>',
        '<set-header name="a" exists-action="skip">\n    <value>1</value>\n</set-header>',
    ),
    (
        '<set-header name="a"><value>1</value><value>2</value></set-header>',
        '<set-header name="a">\n    <value>1</value>\n    <value>2</value>\n</set-header>',
    ),
    # an expression of several lines is measured by its first and its last
    (
        '<set-variable name="a"   value="@{\n  return 1;\n}"   id="b" />',
        '<set-variable name="a" value="@{\n  return 1;\n}" id="b" />',
    ),
    (
        '<set-variable name="@(1\n+ 2)" value="@(1\n+ 2)" />',
        '<set-variable name="@(1\n+ 2)"\n    value="@(1\n+ 2)" />',
    ),
    (
        '<set-variable name="a" value="@{\n  return 1; /* ' + LONG + LONG + ' */ }" id="b" />',
        '<set-variable name="a"\n    value="@{\n  return 1; /* ' + LONG + LONG + ' */ }"\n    id="b" />',
    ),
]

BLOCKS = [
    ("<base/><base/>", "<base />\n<base />"),
    ("\n\n\n<base/>\n\n\n\n<base/>\n\n", "<base />\n\n<base />"),
    ("<base/>\n  \t\n<base/>", "<base />\n\n<base />"),
    (
        "<choose><when condition='@(true)'><base/></when><otherwise/></choose>",
        "<choose>\n    <when condition='@(true)'>\n        <base />\n    </when>\n    <otherwise />\n</choose>",
    ),
    (
        "<trace source='a'><message>b</message><metadata name='c' value='d'/></trace>",
        "<trace source='a'>\n    <message>b</message>\n    <metadata name='c' value='d' />\n</trace>",
    ),
    (  # a policy that does not run yet
        "<validate-content><content type='a'/></validate-content>",
        "<validate-content>\n    <content type='a' />\n</validate-content>",
    ),
    (  # another spelling of a child element
        "<llm-content-safety><block-lists><id>a</id></block-lists></llm-content-safety>",
        "<llm-content-safety>\n    <block-lists>\n        <id>a</id>\n    </block-lists>\n</llm-content-safety>",
    ),
]

COMMENTS = [
    ("<!-- a --><base/>", "<!-- a -->\n<base />"),
    ("<base/><!-- a -->\n<base/>", "<base /> <!-- a -->\n<base />"),
    ("<base/>     <!-- a -->\n\n<base/>", "<base /> <!-- a -->\n\n<base />"),
    ("<base/><!-- a --><base/>", "<base />\n<!-- a -->\n<base />"),
    ("<base/>\n<!-- a -->", "<base />\n<!-- a -->"),
    ("\n<!-- a\n  b -->\n<!--c-->", "<!-- a\n  b -->\n<!--c-->"),
    ("<choose> <!-- a -->\n<otherwise/></choose>", "<choose> <!-- a -->\n    <otherwise />\n</choose>"),
    ("<choose><!-- a --></choose>", "<choose>\n    <!-- a -->\n</choose>"),
    ("<base><!-- a --></base>", "<base>\n    <!-- a -->\n</base>"),
    ("<base/>\n\n<!-- a -->\n\n<base/>", "<base />\n\n<!-- a -->\n\n<base />"),
]

EXPRESSIONS = [
    ("<set-method>\n @(a)\n</set-method>", "<set-method>@(a)</set-method>"),
    ("<set-method> @(a) </set-method>", "<set-method>@(a)</set-method>"),
    (f"<set-method>@({LONG + LONG})</set-method>", f"<set-method>@({LONG + LONG})</set-method>"),
    (f"<set-method>\n@({LONG + LONG})</set-method>", f"<set-method>\n    @({LONG + LONG})\n</set-method>"),
    ("<set-body>@{\n return 1;\n }</set-body>", "<set-body>@{\n return 1;\n }</set-body>"),
    ("<set-body> @{\n return 1;\n } </set-body>", "<set-body>@{\n return 1;\n }</set-body>"),
    (
        "<set-body>\n\n  @{\n  return 1;\n  }\n\n   </set-body>",
        "<set-body>\n  @{\n  return 1;\n  }\n</set-body>",
    ),
    ("<set-body>@{\n return 1;\n }\n</set-body>", "<set-body>@{\n return 1;\n }\n</set-body>"),
    ("<set-method>@(a  &&b)</set-method>", "<set-method>@(a  &&b)</set-method>"),
    ("<set-method>@(a  &amp;&amp;b)</set-method>", "<set-method>@(a  &amp;&amp;b)</set-method>"),
    # escaped here and bare there
    ("<set-method>@(a && b &lt; c)</set-method>", "<set-method>@(a && b < c)</set-method>"),
    ("<set-method>@(a &amp;&amp; b > c)</set-method>", "<set-method>@(a &amp;&amp; b &gt; c)</set-method>"),
]


@pytest.mark.parametrize(("text", "expected"), [*TAGS, *BLOCKS, *COMMENTS, *EXPRESSIONS])
def test_layout(text: str, expected: str) -> None:
    """The canonical layout of what a fragment holds."""
    assert inside(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<set-method> GET </set-method>",
        "<set-method>\nGET\n</set-method>",
        '<set-header name="a">\n    <value>  </value>\n    <value></value>\n    <value />\n</set-header>',
        "<set-method><!-- a -->GET</set-method>",
        "<set-method><!-- a --></set-method>",
        "<set-method><!-- a --> @(b) </set-method>",
        "<set-method> <![CDATA[ @(b) ]]> </set-method>",
        "<set-body> </set-body>",
        '<set-body>\n{\n  "a":   1 }\n\n\n</set-body>',
        "<set-body><a>  <b/>\n\n\n</a>  <c x = '1' /></set-body>",
        "<set-body>\n <value> x </value> </set-body>",
        '<set-body template="liquid">  {{ body.a  }}\n\n\n</set-body>',
        "<set-body template='Liquid'> @(a) </set-body>",
        "<xsl-transform>\n  <xsl:transform version='1.0' xmlns:xsl='u'><a> </a></xsl:transform></xsl-transform>",
        "<cross-domain>\n    <cross-domain-policy> <a/>  </cross-domain-policy>\n</cross-domain>",
        "<nobody-knows>\n <a/><b>  </b></nobody-knows>",
        "<choose>stray <otherwise/></choose>",
        "<choose><?pi?><otherwise/></choose>",
        "<choose><![CDATA[ ]]><otherwise/></choose>",
        "<choose>&#32;<otherwise/></choose>",
        "<choose>\u00a0<otherwise/></choose>",
    ],
)
def test_left_alone(text: str) -> None:
    """White space that may mean something, and text, stay as they are."""
    assert inside(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<policies/>", "<policies />\n"),
        ("\n\n<policies/>\n\n", "<policies />\n"),
        ("<?xml version='1.0'?><policies/>", "<?xml version='1.0'?>\n<policies />\n"),
        ("<!-- a -->\n\n\n<!-- b --><policies/>", "<!-- a -->\n\n<!-- b -->\n<policies />\n"),
        ("<policies/><!-- a -->", "<policies /> <!-- a -->\n"),
        ("<policies/>\n\n<!-- a -->\n<?b?>", "<policies />\n\n<!-- a -->\n<?b?>\n"),
        ("<fragment>\r\n<base/>\r<base/></fragment>", "<fragment>\n    <base />\n    <base />\n</fragment>\n"),
        (
            "<policies><inbound/>\r\n\r\n<backend/></policies>",
            "<policies>\n    <inbound />\n\n    <backend />\n</policies>\n",
        ),
        (
            "<http-data-source><http-request><set-url/><set-body> </set-body></http-request></http-data-source>",
            """<http-data-source>
    <http-request>
        <set-url />
        <set-body> </set-body>
    </http-request>
</http-data-source>
""",
        ),
    ],
)
def test_documents(text: str, expected: str) -> None:
    """Line ends, and what stands around the root."""
    assert laid_out(text) == expected


NESTED = "<policies><inbound><choose><when condition='@(1)'><base/></when></choose></inbound></policies>"


def test_indent() -> None:
    """`indent` spaces a level; attributes on lines of their own hang by four columns all the same."""
    found = laid_out(
        f"<fragment><set-header name='{LONG}' exists-action='{LONG}'/></fragment>", Style(indent=2, width=80)
    )
    assert found == f"<fragment>\n  <set-header name='{LONG}'\n      exists-action='{LONG}' />\n</fragment>\n"
    assert (laid_out(NESTED, Style(indent=1)) or "").splitlines()[4] == "    <base />"


@pytest.mark.parametrize(
    ("width", "lines"),
    [(len("    <set-variable name='a' value='b' />"), 1), (len("    <set-variable name='a' value='b' />") - 1, 2)],
)
def test_width(width: int, lines: int) -> None:
    """A tag as long as the width still fits."""
    found = laid_out("<fragment><set-variable name='a' value='b'/></fragment>", Style(width=width)) or ""
    assert found.count("\n") == 2 + lines


# what stands in the inbound section of two columns a level, and in four columns with expressions moved
MOVED = [
    (
        "    <set-body>@{\n      return 1;\n    }</set-body>",
        "        <set-body>@{\n          return 1;\n        }</set-body>",
    ),
    (
        "    <set-body>\n      @{\n        return 1;\n      }\n    </set-body>",
        "        <set-body>\n            @{\n              return 1;\n            }\n        </set-body>",
    ),
    (
        '    <set-variable name="a" value="@{\n      return 1;\n    }" />',
        '        <set-variable name="a" value="@{\n          return 1;\n        }" />',
    ),
    (  # what stands in strings stays, comments move, blank lines are nobody's
        '    <set-body>@{\n      /* a\n      b */\n      return @"x\n      y";\n\n    }</set-body>',
        '        <set-body>@{\n          /* a\n          b */\n          return @"x\n      y";\n\n        }</set-body>',
    ),
    (  # tabs at the beginning of a line become spaces
        "    <set-body>@{\n\t\treturn 1;\n\t}</set-body>",
        "        <set-body>@{\n            return 1;\n        }</set-body>",
    ),
    (  # no further than there is white space to take away
        "                <set-body>@{\n  return 1;\n}</set-body>",
        "        <set-body>@{\n  return 1;\n}</set-body>",
    ),
    (  # text that is no C# stays
        "    <set-body>@{\n      return 'abc;\n    }</set-body>",
        None,
    ),
]


@pytest.mark.parametrize(("text", "expected"), MOVED)
def test_expressions_move(text: str, expected: str | None) -> None:
    """With `expressions`, the lines of an expression move with its element."""
    found = laid_out(f"<policies>\n  <inbound>\n{text}\n  </inbound>\n</policies>", Style(expressions=True))
    if expected is None:
        assert found is None or text.split("\n")[1] in found
    else:
        assert found == f"<policies>\n    <inbound>\n{expected}\n    </inbound>\n</policies>\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "DOC002"),
        ("text", "DOC002"),
        ("<policies>", "DOC002"),
        ("<policies><a></policies>", "DOC002"),
        ("<policies a='@(x'/>", "DOC003"),
        ("<!DOCTYPE a><policies/>", "DOC005"),
        ("<project/>", "DOC006"),
        ("<policies>" + "<choose>" * 200 + "</choose>" * 200 + "</policies>", "DOC004"),
        ("<policies><inbound>" + "<base/>" * 30_000 + "</inbound></policies>", "DOC004"),  # with its indentation
    ],
)
def test_refused(text: str, code: str) -> None:
    """A text that is no well-formed policy document has no layout, and the sink says why."""
    sink = Sink()
    assert laid_out(text, sink=sink) is None
    assert code in [d.code for d in sink]


def test_other_problems_are_for_lint() -> None:
    """A document that reads is laid out whatever else is wrong with it; nothing is reported."""
    sink = Sink()
    assert laid_out('<policies><inbound><x y="@(a) b"/></inbound></policies>', sink=sink) is not None
    assert list(sink) == []


# --- properties -------------------------------------------------------------------------------------------------------


def told(text: str, *, tokens: bool) -> list[Any]:
    """What a document says to who binds it: names, attributes, values, inline XML; line ends do not count."""
    document = read(SourceFile("p.xml", text), Sink())
    assert document is not None
    return [_one(e, tokens) for e in document.root.walk()]


def _one(e: Element, tokens: bool) -> Any:
    attributes = [(a.name, _code(a.value, tokens)) for a in e.attributes]
    value = None if e.value is None else _code(e.value, tokens)
    inline = inner_xml(e) if e.name in ("set-body", "xsl-transform", "nobody-knows") and e.children else None
    return e.name, attributes, value, inline, [c.name for c in e.children]


def _code(value: Any, tokens: bool) -> Any:
    if not isinstance(value, Island):
        return value.value
    return (value.block, [t.text for t in tokenize(value.source)[0]] if tokens else value.source)


def comments(text: str) -> list[str]:
    """All comments, however they are ordered; an expression may hold what looks like one."""
    return sorted(re.findall(r"<!--.*?-->", text.replace("\r\n", "\n"), re.DOTALL))


STYLES = st.builds(Style, st.integers(1, 8), st.integers(20, 120), st.booleans())


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), STYLES)
def test_nothing_changes_but_the_layout(text: str, style: Style) -> None:
    """Laid out once, it stays; it says the same, and has the same comments."""
    found = laid_out(text, style)
    assert found is not None
    assert told(found, tokens=style.expressions) == told(text, tokens=style.expressions)
    assert comments(found) == comments(text)
    assert "\r" not in found
    assert found.endswith("\n")
