"""What is derived from the declarations: the files are fresh, the schema and the snippets agree with the binder."""

import re

import pytest
from lxml import etree

from apimpy.diagnostics import Severity, Sink
from apimpy.document.reader import read
from apimpy.pipeline.check import check_document
from apimpy.policies import catalogue
from apimpy.reference.__main__ import ROOT, files, stale
from apimpy.reference.describe import describe
from apimpy.reference.pages import differences
from apimpy.reference.snippets import filled, skeleton
from apimpy.source import SourceFile

FILES = files()
POLICIES = {p.element: describe(p) for p in catalogue()}
SCHEMA = etree.XMLSchema(etree.fromstring(FILES["apimpy/schema/policies.xsd"].encode()))
SECTIONS = ("inbound", "backend", "outbound", "on-error")


def errors(markup):
    sink = Sink()
    document = read(SourceFile("p.xml", markup), sink)
    assert document is not None
    check_document(document, catalogue(), None, sink)
    return [d for d in sink if d.severity is Severity.ERROR]


@pytest.mark.parametrize("name", FILES)
def test_fresh(name):
    """`make gen` would write the same."""
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name], "stale: run `make gen`"


def test_no_page_is_left_of_a_policy_that_is_gone():
    assert stale() == []
    assert {f"docs/policies/{name}.md" for name in POLICIES} < set(FILES)


@pytest.mark.parametrize("name", [n for n, p in POLICIES.items() if set(p["sections"]) & set(SECTIONS)])
def test_a_snippet_is_a_policy_without_errors(name):
    """For the linter and for the schema."""
    section = next(s for s in SECTIONS if s in POLICIES[name]["sections"])
    body = filled(skeleton(POLICIES[name], POLICIES), "<set-method>GET</set-method>")
    document = f"<policies><{section}>{body}</{section}></policies>"
    assert [d.message for d in errors(document)] == []
    assert SCHEMA.validate(etree.fromstring(document)), SCHEMA.error_log


def test_places_of_a_snippet_are_numbered():
    lines = "\n".join(skeleton(POLICIES["check-header"], POLICIES))
    assert re.findall(r"\$\{(\d)", lines) == ["1", "2", "3", "4"]
    assert "${2:401}" in lines
    assert "${4|true,false|}" in lines


GOOD = """
<base />
<set-header name="a" exists-action="Skip" id="mine"><value>x</value><value>@(1)</value></set-header>
<set-header name="a" exists-action="@(context.Api.Id)" />
<set-header name="a" exists-action="{{how}}"><value>x</value></set-header>
<rate-limit calls="{{calls}}" renewal-period=" 60 "><api id="x" calls="1" renewal-period="1" /></rate-limit>
<set-body template="liquid"><order xmlns="urn:x">{{body.id}}</order></set-body>
<set-body>@{ return 1 &lt; 2; }</set-body>
<trace source="s">text</trace>
<choose><otherwise /><when condition="TRUE"><choose><when condition="true" /></choose></when></choose>
<retry condition="@(true)" count="3" interval="0"><include-fragment fragment-id="f" /></retry>
<wait for="any"><include-fragment fragment-id="f" /><cache-lookup-value key="a" variable-name="b" /></wait>
<cors><allowed-headers><header>*</header></allowed-headers><allowed-origins><origin>*</origin></allowed-origins></cors>
<xsl-transform><x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0" /></xsl-transform>
<llm-content-safety backend-id="b"><block-lists><id>x</id></block-lists></llm-content-safety>
<azure-openai-token-limit counter-key="k" tokens-per-minute="5" estimate-prompt-token="true" />
""".strip().splitlines()


@pytest.mark.parametrize("policy", GOOD)
def test_the_schema_accepts(policy):
    assert SCHEMA.validate(etree.fromstring(f"<policies><inbound>{policy}</inbound></policies>")), SCHEMA.error_log


BAD = """
<set-headr name="a" />
<set-header />
<set-header nam="a" name="b" />
<set-header name="a" exists-action="replace" />
<set-header name="a">text</set-header>
<set-variable name="" value="a" />
<rate-limit calls="many" renewal-period="60" />
<rate-limit calls="1" renewal-period="301" />
<retry condition="true" count="1" interval="1" />
<retry condition="true" count="1" interval="1"><base /></retry>
<choose />
<wait><set-method>GET</set-method></wait>
<cors><allowed-headers><header>*</header></allowed-headers></cors>
<forward-request />
<http-data-source />
<send-request><proxy url="u" /><proxy /></send-request>
<validate-jwt header-name="a"><audiences /></validate-jwt>
""".strip().splitlines()


@pytest.mark.parametrize("policy", BAD)
def test_the_schema_refuses_and_so_does_lint(policy):
    document = f"<policies><inbound>{policy}</inbound></policies>"
    assert not SCHEMA.validate(etree.fromstring(document))
    assert errors(document)


@pytest.mark.parametrize(
    ("document", "good"),
    [
        ("<policies><outbound /><inbound /></policies>", True),
        ("<policies><inbound /><inbound /></policies>", False),
        ("<fragment><set-method>GET</set-method></fragment>", True),
        ("<fragment><base /></fragment>", False),
        ('<policies><backend><forward-request timeout="5" /></backend></policies>', True),
    ],
)
def test_the_schema_knows_documents(document, good):
    assert SCHEMA.validate(etree.fromstring(document)) is good


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- `a` does (`tests/x.py::test_a`).", "`a` does."),
        ("- `a` does (*option* `b=c`; `tests/x.py::test_a`, `tests/x.py::test_b`).", "`a` does (*option* `b=c`)."),
        ("- `a` (that is all).\n  More (`tests/x.py::t`).", "`a` (that is all). More."),
    ],
)
def test_differences_are_shown_without_their_tests(line, expected):
    assert differences(f"# Title\n\nText\n\n{line}\n") == [expected]


def test_patterns_hold_only_escapes_that_xsd_knows():
    """libxml2 lets others pass, the parsers of editors do not."""
    patterns = re.findall(r'<xs:pattern value="([^"]*)"', FILES["apimpy/schema/policies.xsd"])
    escapes = {escape for text in patterns for escape in re.findall(r"\\(.)", text)}
    assert patterns
    assert escapes <= set(r"\|.-^?*+{}()[]nrtsS")
