"""set-body with template="liquid": what templates see, DotLiquid's differences, budgets, problems at load."""

import json
import subprocess
import sys

import pytest

from apimpy.document.reader import read
from apimpy.dotnet.json_net.tree import wrap
from apimpy.pipeline.compile import compile_document
from apimpy.policies import catalogue
from apimpy.source import SourceFile

JSON = {"Content-Type": "application/json"}
XML = {"Content-Type": "text/xml"}
ORDER = json.dumps(
    {
        "id": 7,
        "name": "ann lee",
        "price": 1.50,
        "paid": True,
        "note": None,
        "empty": "",
        "at": "2012-03-21T05:40Z",
        "old": "/Date(1198908717056)/",
        "tags": ["b", "a", "b"],
        "lines": [{"sku": "x", "qty": 2}, {"sku": "y", "qty": 5}],
        "none": [],
        "astral": "\U0001f600",
    }
)
SOAP = (
    '<s:Envelope xmlns:s="urn:s" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><s:Body><GetX id="9">'
    '<when>2020-01-02T03:04:05</when><item>1</item><item>2</item><gone i:nil="true"/><flat a="b">text</flat>'
    "</GetX></s:Body></s:Envelope>"
)


def body(template, **attributes):
    given = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    return f'<set-body template="liquid"{given}><![CDATA[{template}]]></set-body>'


@pytest.fixture
def render(h, kit):
    """The body that a template makes of a request."""

    async def run(template, data=ORDER, headers=JSON, before="", url="https://api.test/orders/7?q=1", **attributes):
        inbound = before + body(template, **attributes)
        ex = await h.run(kit.policies(inbound=inbound), method="POST", body=data.encode(), headers=headers)
        assert ex.last_error is None, ex.last_error
        return h.transport.bodies[-1].decode()

    return run


@pytest.fixture
def fails(h, kit):
    """The message of the failure a template ends with."""

    async def run(template, data=ORDER, headers=JSON):
        ex = await h.run(kit.policies(inbound=body(template)), method="POST", body=data.encode(), headers=headers)
        assert (ex.response.status, h.transport.sent) == (500, [])
        assert (ex.last_error.source, ex.last_error.reason) == ("set-body", "ExpressionValueEvaluationFailure")
        return ex.last_error.message

    return run


# --- 7, 15: filters ---------------------------------------------------------------------------------------------------

FILTERS = [
    ("-3.5 | Abs", "3.5"),
    ("'a' | Append: 'b'", "ab"),
    ("1 | AtLeast: 5", "5"),
    ("9 | AtMost: 5", "5"),
    ("body.name | Capitalize", "Ann Lee"),
    ("body.lines | Map: 'nope' | Compact | Size", "0"),
    ("1234.5 | Currency", "¤1,234.50"),
    ("1234.5 | Currency: 'en-US'", "$1,234.50"),
    ("-1234.5 | Currency: 'de-DE'", "-1.234,50 €"),
    ("body.at | Date: 'yyyy-MM-dd HH:mm'", "2012-03-21 05:40"),
    ("'2020-01-02' | Date: 'dd.MM.yyyy'", "02.01.2020"),
    ("'no date' | Date: 'yyyy'", "no date"),
    ("'now' | Date: 'yyyy'", "2023"),  # the clock of the services
    ("body.empty | Default: 'd'", "d"),
    ("7 | DividedBy: 2", "3"),  # 16: integer division
    ("-7 | DividedBy: 2", "-3"),
    ("7.0 | DividedBy: 2", "3.5"),
    ("'AbC' | Downcase", "abc"),
    ("'<a>&\"é' | Escape", "&lt;a&gt;&amp;&quot;&#233;"),
    ("body.tags | First", "b"),
    ("'<' | H", "&lt;"),
    ("body.tags | Join: '-'", "b-a-b"),
    ("body.tags | Last", "b"),
    ("'  a ' | Lstrip", "a "),
    ("body.lines | Map: 'sku' | Join", "x y"),
    ("5 | Minus: 7", "-2"),
    ("-7 | Modulo: 3", "-1"),
    ("'a\nb' | NewlineToBr", "a<br />\nb"),
    ("1 | Plus: 0.1 | Plus: 0.2", "1.3"),  # decimals, not doubles
    ("'a' | Plus: 'b'", "ab"),
    ("'b' | Prepend: 'a'", "ab"),
    ("'abab' | Remove: 'b'", "aa"),
    ("'abab' | RemoveFirst: 'b'", "aab"),
    ("'a.a' | Replace: '.', '-'", "a-a"),  # 16: plain text, no pattern
    ("'aa' | ReplaceFirst: 'a', 'b'", "ba"),
    ("2.5 | Round", "2"),
    ("2.345 | Round: 2", "2.34"),
    ("' a  ' | Rstrip", " a"),
    ("body.astral | Size", "2"),  # 16: as C# counts
    ("body.tags | Size", "3"),
    ("'abcdef' | Slice: 1, 3", "bcd"),
    ("'abcdef' | Slice: -2, 2", "ef"),
    ("body.tags | Sort | Join: ''", "abb"),
    ("body.lines | Sort: 'qty' | Map: 'sku' | First", "x"),
    ("'a,,b' | Split: ',' | Size", "2"),
    ("' a ' | Strip", "a"),
    ("'<p>x<!-- y --></p>' | StripHtml", "x"),
    ("'a\r\nb\n' | StripNewlines", "ab"),
    ("3 | Times: 4", "12"),
    ("'abcdefgh' | Truncate: 5", "ab..."),
    ("'a b c d' | TruncateWords: 2", "a b..."),
    ("body.tags | Uniq | Join: ''", "ba"),
    ("'é' | Upcase", "É"),
    ("'a%20b+c' | UrlDecode", "a b c"),
    ("'a b&' | UrlEncode", "a+b%26"),
    ("body.nope | Upcase", ""),  # null stays null
]


@pytest.mark.step("set-body 15 16")
@pytest.mark.parametrize(("expression", "expected"), FILTERS, ids=[e for e, _ in FILTERS])
async def test_15_filters(render, expression, expected):
    assert await render("{{ " + expression + " }}") == expected


@pytest.mark.step("set-body 15")
def test_15_every_filter_has_a_row():
    from apimpy.policies._liquid.filters import FILTERS as KNOWN

    assert [name for name in KNOWN if not any(f"| {name}" in e for e, _ in FILTERS)] == []


@pytest.mark.step("set-body 7")
def test_7_a_lower_case_filter_leaves_the_value(h, kit):
    from apimpy.policies._liquid.engine import parse

    template, (problem,) = parse("{{ 'a' | upcase }}")
    assert (problem.message.partition(":")[0], problem.start, problem.end) == ("There is no filter 'upcase'", 9, 15)
    assert template.render(h.exchange().rt, {}, 100) == "a"
    # lint: an error, with the name that was meant
    assert h.compile(kit.policies(inbound=body("{{ 'a' | upcase }}"))) is None
    assert [(d.code, "'Upcase'" in d.help) for d in h.sink] == [("POL005", True)]


# --- 8 to 11: the body ------------------------------------------------------------------------------------------------


@pytest.mark.step("set-body 8")
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (JSON, "7"),
        ({"Content-Type": "text/json; charset=utf-8"}, "7"),
        ({"Content-Type": "application/problem+json"}, "7"),
        ({"Content-Type": "text/plain"}, ""),  # a plain string has no members
        ({}, ""),
    ],
)
async def test_8_json_by_content_type(render, headers, expected):
    assert await render("{{ body.id }}", headers=headers) == expected


@pytest.mark.step("set-body 8")
@pytest.mark.parametrize("kind", ["application/xml", "text/xml", "application/soap+xml"])
async def test_8_xml_by_content_type(render, kind):
    assert await render("{{ body.a }}", "<a>1</a>", {"Content-Type": kind}) == "1"


@pytest.mark.step("set-body 8")
async def test_8_other_types_are_text(render):
    assert await render("[{{ body }}]", "plain", {}) == "[plain]"


async def test_8_set_header_first(render):
    before = '<set-header name="Content-Type" exists-action="override"><value>application/json</value></set-header>'
    assert await render("{{ body.id }}", headers={}, before=before) == "7"


async def test_8_the_response(h, kit):
    h.transport.answers = [kit.reply(body=b'{"a":1}', headers=JSON)]
    ex = await h.run(kit.policies(outbound=body("{{ body.a }}{{ context.Response.StatusCode }}")))
    assert ex.response.body.wire() == b"1200"


@pytest.mark.parametrize(("data", "headers"), [("{", JSON), ("<a>", XML), ("[" * 300 + "]" * 300, JSON)])
async def test_8_a_body_that_is_not_what_its_type_says(fails, data, headers):
    assert (await fails("{{ body }}", data, headers)).startswith("Liquid error: The body is")


@pytest.mark.step("set-body 9")
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ body.id }} {{ body.price }} {{ body.paid }}", "7 1.5 true"),
        ("{{ body.Name }}", "ann lee"),  # exactly, then ignoring case
        ("{{ body['name'] }}", "ann lee"),
        ("{{ body.lines[1].sku }}{{ body.lines.last.qty }}{{ body.lines.size }}", "y52"),
        ("{{ body.note }}{{ body.nope.deeper }}", ""),
        ("{% for line in body.lines %}{{ line.sku }}{% endfor %}", "xy"),
        ("{% for pair in body.lines[0] %}{{ pair.Key }}={{ pair.Value }};{% endfor %}", "sku=x;qty=2;"),
        ("{{ body.lines[0] }}", "[sku, x][qty, 2]"),
    ],
)
async def test_9_json_members(render, template, expected):
    assert await render(template) == expected


async def test_9_a_root_array(render):
    assert await render("{% for x in body %}{{ x }};{% endfor %}", "[1,2]") == "1;2;"


@pytest.mark.step("set-body 9")
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ body.envelope.body.getX.item[1] }}", "2"),  # local names, ignoring case, root first
        ("{{ body.Envelope.Body.GetX.item | Join: '+' }}", "1+2"),
        ("{{ body.envelope.body.getX['@id'] }}", "9"),
        ("{{ body.envelope.body.getX.flat['#text'] }}{{ body.envelope.body.getX.flat['@a'] }}", "textb"),
    ],
)
async def test_9_xml_members(render, template, expected):
    assert await render(template, SOAP, XML) == expected


@pytest.mark.step("set-body 10")
@pytest.mark.parametrize(("attributes", "expected"), [({}, "text"), ({"xsi_nil": "null"}, "null")])
async def test_10_xsi_nil(render, attributes, expected):
    template = "{% if body.envelope.body.getx.gone == nil %}null{% else %}text{% endif %}"
    assert await render(template, SOAP, XML, **attributes) == expected


@pytest.mark.step("set-body 11")
@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, "03/21/2012 05:40:00 12/29/2007 06:11:57"),
        ({"parse_date": "false"}, "2012-03-21T05:40Z /Date(1198908717056)/"),
    ],
)
async def test_11_dates(render, attributes, expected):
    assert await render("{{ body.at }} {{ body.old }}", **attributes) == expected


@pytest.mark.step("set-body 11")
async def test_11_dates_in_xml(render):
    assert await render("{{ body.envelope.body.getX.when }}", SOAP, XML) == "01/02/2020 03:04:05"


# --- 12, 13: context --------------------------------------------------------------------------------------------------


@pytest.mark.step("set-body 12")
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ context.Request.Method }} {{ context.Request.OriginalMethod }}", "POST POST"),
        ("{{ context.Request.HasBody }} {{ context.Request.IpAddress }}", "true 10.0.0.9"),
        ("{{ context.Request.Headers['content-type'] }}", "application/json"),
        (
            "{% for h in context.Request.Headers %}{{ h.Key }}: {{ h.Value }}{% endfor %}",
            "Content-Type: application/json",
        ),
        ("{{ context.Request.ClientCertificates.size }}{{ context.Response }}", "0"),
        ("{{ context.Request.MatchedParameters['nope'] }}{{ context.User.Id }}", ""),
    ],
)
async def test_12_context(render, template, expected):
    assert await render(template) == expected


@pytest.mark.step("set-body 12")
async def test_12_urls(h, kit):
    url = "{{ u.Scheme }} {{ u.Host }} {{ u.Port }} {{ u.Path }} {{ u.Query.q }} {{ u.Query['Q'] }} {{ u.QueryString }}"
    template = (
        "{% assign u = context.Request.Url %}" + url + " {{ u.ToString }} {{ context.Request.OriginalUrl.ToUri }}"
    )
    ex = h.exchange(method="POST")
    ex.request.url = type(ex.request.url).parse("https://api.test:444/a/b?q=x&q=y%20z")
    ex.request.original_url = ex.request.url
    ex.request.matched_parameters = {"id": "7"}
    text = str(ex.request.url)
    made = body(template + " {{ context.Request.MatchedParameters.id }}")
    await h.run(kit.policies(inbound=made), ex=ex)
    assert h.transport.bodies[-1].decode() == (f"https api.test 444 /a/b x,y z x,y z ?q=x&q=y%20z {text} {text} 7")


@pytest.mark.step("set-body 12 13")
@pytest.mark.parametrize(
    ("value", "template", "expected"),
    [
        ("@('{{ body.id }}')", "{{ context.Variables['v'] }}", "{{ body.id }}"),  # 13: never re-templated
        ("@('<a>&\"')", '{{ context.Variables["v"] }}', '<a>&"'),  # 13: never escaped
        ("@(5)", "{{ context.Variables.v | Plus: 1 }}", "6"),
        ("@(2.5)", "{{ context.Variables.v }}", "2.5"),
        ("@(True)", "{% if context.Variables.v %}yes{% endif %}", "yes"),
        ("@(None)", "[{{ context.Variables.v }}]", "[]"),
    ],
)
async def test_12_and_13_variables(render, value, template, expected):
    assert (
        await render(template, before=f"<set-variable name='v' value='{value.replace(chr(39), '&apos;')}' />")
        == expected
    )


async def test_12_objects_in_variables(h, kit):
    ex = h.exchange()
    ex.variables["v"] = wrap({"a": {"b": [1, "x"]}}, None)
    await h.run(kit.policies(inbound=body("{% assign v = context.Variables['v'] %}{{ v['a'].b | Join: '/' }}")), ex=ex)
    assert h.transport.bodies == [b"1/x"]


# --- 14: tags ---------------------------------------------------------------------------------------------------------


@pytest.mark.step("set-body 14")
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('[{% JSONArrayFor l in body.lines %}"{{ l.sku }}"{% endJSONArrayFor %}]', '["x","y"]'),
        ("[{% JSONArrayFor l in body.none %}x{% endJSONArrayFor %}]", "[]"),
        ("[{% JSONArrayFor i in (1..5) limit:2 offset:1 %}{{ i }}{% endJSONArrayFor %}]", "[2,3]"),
        ("[{% JSONArrayFor i in (1..5) %}{{ i }}{% if i == 2 %}{% break %}{% endif %}{% endJSONArrayFor %}]", "[1,2]"),
        ("{% assign a = body.id | Plus: 1 %}{{ a }}", "8"),
        ("{% capture c %}<{{ body.id }}>{% endcapture %}{{ c }}", "<7>"),
        ("{% case body.id %}{% when 6, 7 %}a{% when 8 %}b{% else %}c{% endcase %}", "a"),
        ("{% case body.id %}{% when 8 %}b{% else %}c{% endcase %}", "c"),
        ("a{% comment %}{{ x }}{% endcomment %}b", "ab"),
        ("{% for i in (1..3) %}{% cycle 'a', 'b' %}{% endfor %}", "aba"),
        ("{% for i in (1..4) reversed %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "431"),
        ("{% for i in body.none %}x{% else %}none{% endfor %}", "none"),
        ("{% for t in body.tags %}{{ forloop.index }}{{ forloop.Last }} {% endfor %}", "1false 2false 3true "),
        ("{% if body.id > 6 and body.paid %}a{% elsif true %}b{% else %}c{% endif %}", "a"),
        ("{% unless body.paid %}a{% else %}b{% endunless %}", "b"),
        ("{% for t in (1..3) %}{% ifchanged %}{{ body.id }}{% endifchanged %}{% endfor %}", "7"),
        ("{% increment n %}{% increment n %}{% decrement n %}", "011"),
        ("{% raw %}{{ body.id }}{% endraw %}", "{{ body.id }}"),
        ("{% tablerow i in (1..2) cols:2 %}{{ i }}{% endtablerow %}",
         '<tr class="row1">\n<td class="col1">1</td><td class="col2">2</td></tr>\n'),
        ("a {%- if true -%} b {%- endif -%} c", "abc"),
    ],
)  # fmt: skip
async def test_14_tags(render, template, expected):
    assert await render(template) == expected


@pytest.mark.step("set-body 14")
@pytest.mark.parametrize(
    "tag", ["{% include 'x' %}", "{% extends 'x' %}", "{% render 'x' %}", "{% block a %}{% endblock %}"]
)
def test_14_nothing_is_included(h, kit, tag):
    assert h.compile(kit.policies(inbound=body(tag))) is None
    assert h.codes() == ["POL005"]


# --- 16: differences from Shopify -------------------------------------------------------------------------------------


@pytest.mark.step("set-body 16")
@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("body.empty", True),  # an empty string is true
        ("body.note", False),
        ("body.nope", False),
        ("false", False),
        ("body.id == '7'", True),  # the right side becomes what the left one is
        ("'7' == body.id", True),
        ("body.paid == 'true'", True),
        ("body.id == 'x'", False),
        ("body.none == empty", True),
        ("body.empty == blank", True),
        ("body.tags != empty", True),
        ("body.tags contains 'a'", True),
        ("body.tags Contains 'c'", False),
        ("body.name startsWith 'ann'", True),
        ("body['name'] EndsWith 'lee'", True),
        ("body.lines[0] hasKey 'sku'", True),
        ("body.lines[0] hasValue 'x'", True),
        ("body.nope < 1", False),  # nothing is before or after null
        ("body.id <> 8", True),
        ("body.at < '2013-01-01'", True),
        ("'a' < 'B'", True),  # the order of words, not of codes
        ("false and false or true", False),  # from the right: false and (false or true)
        ("1.5 >= 1", True),
    ],
)
async def test_16_conditions(render, condition, holds):
    assert await render("{% if " + condition + " %}yes{% endif %}") == ("yes" if holds else "")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ 1 | DividedBy: 0 }}", "Attempted to divide by zero."),
        ("{{ 1.5 | Modulo: 0 }}", "Attempted to divide by zero."),
        ("{{ 'a' | Times: 2 }}", "Times needs numbers."),
        ("{{ 9223372036854775807 | Plus: 1 }}", "overflow"),
        ("{{ 'a' | Append }}", "The arguments of Append do not fit."),
        ("{{ body.at | Date: '%' }}", "Input string was not in a correct format."),
        ("{{ 1 | Currency: 'xx-XX' }}", "does not know the culture"),
        ("{% if body.id < 'x' %}{% endif %}", "cannot be compared"),
        ("{{ 'a' | Truncate: 'b' }}", "is no whole number"),
    ],
)
async def test_a_template_that_cannot_go_on(fails, template, message):
    text = await fails(template)
    assert text.startswith("Liquid error: ")
    assert message in text


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in (1..2000000) %}{% endfor %}",
        "{% for i in (1..900000000) reversed %}{% endfor %}",
        "{% for i in (1..2000) %}{% for j in (1..2000) %}x{% endfor %}{% endfor %}",
        "{{ (1..900000000) | Join: ',' }}",
        "{{ (1..900000000) }}",
        "{{ (1..900000000) | Slice: 0, 900000000 }}",
        "{{ 'a' | Append: (1..900000000) }}",
        "{% assign s = 'xxxxxxxxxx' %}{% for i in (1..60) %}{% assign s = s | Append: s %}{% endfor %}",
        "{% assign s = 'a' %}{% for i in (1..60) %}{% assign s = s | Replace: 'a', 'aaaaaaaaaa' %}{% endfor %}",
        "{% for i in (1..60) %}{% capture c %}{{ c }}{{ c }}xxxxxxxxxx{% endcapture %}{% endfor %}",
        "{% tablerow i in (1..2000000) %}{% endtablerow %}",
        "{% JSONArrayFor i in (1..2000000) %}{% endJSONArrayFor %}",
    ],
)
async def test_budgets(fails, template):
    assert "too expensive" in await fails(template)


async def test_output_is_bounded(h, kit):
    from dataclasses import replace

    h.services.options = replace(h.services.options, max_buffered_body=1000)
    ex = await h.run(kit.policies(inbound=body("{% for i in (1..2000) %}x{% endfor %}")), method="POST")
    assert "passes the limit of 1000 characters" in ex.last_error.message


# --- 17 to 19: where templates stand ----------------------------------------------------------------------------------


@pytest.mark.step("set-body 17", "return-response 7")
async def test_17_return_response_sees_no_body(h, kit):
    template = body("[{{ body.id }}{{ body }}] {{ context.Request.Method }}")
    inbound = f"<return-response><set-status code='200' />{template}</return-response>"
    ex = await h.run(kit.policies(inbound=inbound), method="POST", body=ORDER.encode(), headers=JSON)
    assert ex.response.body.wire() == b"[] POST"


@pytest.mark.parametrize(("mode", "expected"), [("copy", b"7"), ("new", b"")])
async def test_a_request_of_ones_own_sees_the_body_it_starts_from(h, kit, mode, expected):
    sent = f"<send-request mode='{mode}'><set-url>https://o.test/</set-url>{body('{{ body.id }}')}</send-request>"
    await h.run(kit.policies(inbound=sent), method="POST", body=ORDER.encode(), headers=JSON)
    assert h.transport.bodies == [expected, ORDER.encode()]


@pytest.mark.step("set-body 18")
async def test_18_named_values_come_first(h, kit):
    inner = '{{site}} {{ body.id }}<a b="{{site}}{{other}}">{{ body.site }}</a>'
    text = kit.policies(inbound=f'<set-body template="liquid">{inner}</set-body>')
    document = read(SourceFile("api.xml", text), h.sink, named_values={"site": "https://s.test"})
    program = compile_document([("api", document)], catalogue(), {}, h.sink, compiler=kit.fake_compile)
    assert h.codes() == []  # what is no named value is the template's own, in elements and attributes too
    ex = h.exchange(method="POST", body=b'{"id":1}', headers=JSON)
    await program.run(ex)
    assert h.transport.bodies == [b'https://s.test 1<a b="https://s.test"></a>']


@pytest.mark.step("set-body 19")
@pytest.mark.parametrize(
    ("template", "shown", "message"),
    [
        ("{% if x %}", "", "expected tag endif"),
        ("a\n  {{ body.x", "{{ body.x", "expected '}}'"),
        ("{% nope %}", "nope", "unexpected tag"),
        ("{% if x startsNot y %}{% endif %}", "startsNot", "unexpected"),
        ("{{ x | }}", "", "expected"),
        ("{{ &amp;lt; }}", "&amp;", "unexpected"),
    ],
)
def test_19_syntax_errors_at_load(h, kit, template, shown, message):
    text = kit.policies(inbound=f'<set-body template="liquid">é {template}</set-body>')
    assert h.compile(text) is None
    (found,) = list(h.sink)
    assert (found.code, found.span.text.startswith(shown), message in found.message) == ("POL005", True, True)


def test_19_the_place_inside_markup(h, kit):
    inner = "<order>\n  <id x='{{ body.id | nope }}'/>\n  <b>{{ 'a' | Upcase | downcase }}</b>\n</order>"
    assert h.compile(kit.policies(inbound=f'<set-body template="liquid">{inner}</set-body>')) is None
    assert sorted((d.span.text, d.span.line_col[0]) for d in h.sink) == [("downcase", 3), ("nope", 2)]


async def test_markup_around_tags(h, kit):
    """Between the brackets of Liquid entities are what they stand for, elsewhere they are written again."""
    inner = '<a b="&quot;&lt;{{ body[&quot;id&quot;] }}">{% if body.id &lt; 9 %}x &lt; &amp; "y"{% endif %}<c/></a>'
    inbound = f'<set-body template="Liquid">{inner}</set-body>'
    await h.run(kit.policies(inbound=inbound), method="POST", body=ORDER.encode(), headers=JSON)
    assert h.transport.bodies == [b'<a b="&quot;&lt;7">x &lt; &amp; "y"<c /></a>']


@pytest.mark.parametrize("code", ["@(x < 1 && y)", "@(x &lt; 1 &amp;&amp; y)"])
async def test_markup_that_looks_like_an_expression(h, kit, code):
    """It is text, however the file spells it, and it is written as XML."""
    inbound = f"<set-body template='liquid'><a b='{code}'>{code}</a></set-body>"
    await h.run(kit.policies(inbound=inbound), method="POST", body=ORDER.encode(), headers=JSON)
    written = b"@(x &lt; 1 &amp;&amp; y)"
    assert h.transport.bodies == [b'<a b="' + written + b'">' + written + b"</a>"]


async def test_the_value_element(h, kit):
    inbound = '<set-body template="liquid"><value>{{ body.id }}</value></set-body>'
    await h.run(kit.policies(inbound=inbound), method="POST", body=ORDER.encode(), headers=JSON)
    assert h.transport.bodies == [b"7"]


async def test_an_expression_is_no_template_yet(h, kit):
    ex = await h.run(kit.policies(inbound='<set-body template="liquid">@("x")</set-body>'))
    assert (h.codes(), ex.last_error.reason) == (["POL019"], "PolicyNotSupported")


def test_without_templates_nothing_is_imported():
    code = (
        "import sys\nfrom apimpy.cli.main import main\n"
        "try:\n    main(['lint', 'examples/policies/body-transform.xml'])\n"
        "except SystemExit as e:\n    assert not e.code\n"
        "assert 'apimpy.policies.set_body' in sys.modules\nassert 'liquid' not in sys.modules, 'imported'"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
