"""json-to-xml and xml-to-json: when they convert, and what comes out."""

import pytest

from apimpy.policies._json_xml import XmlOptions, to_xml
from apimpy.policies._xml_json import to_json

NIL = 'xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
SOAP = (
    '{"s:Envelope":{"xmlns:s":"http://schemas.xmlsoap.org/soap/envelope/","xmlns:v1":"http://example/core/v1",'
    '"s:Header":{},"s:Body":{"v1:QueryList":{"#attrs":{"queryName":"test"},"v1:QueryItem":{"name":"dummy"}}}}}'
)
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:v1="http://example/core/v1"><s:Header />'
    '<s:Body><v1:QueryList queryName="test"><v1:QueryItem><name>dummy</name></v1:QueryItem></v1:QueryList></s:Body>'
    "</s:Envelope>"
)
COLON = XmlOptions(False, ":", "xmlns", "#attrs")
UNDERSCORE = XmlOptions(namespace_prefix="xmlns")


@pytest.mark.step("json-to-xml 3")
@pytest.mark.parametrize(
    ("text", "xml"),
    [
        (
            (
                '{"firstName":"John","isAlive":true,"age":25,"phones":[{"t":"home"},{"t":"mobile"}],"children":[],'
                '"spouse":null}'
            ),
            (
                "<Document><firstName>John</firstName><isAlive>True</isAlive><age>25</age><phones><t>home</t></phones>"
                f"<phones><t>mobile</t></phones><children /><spouse {NIL} /></Document>"
            ),
        ),
        # what becomes the root
        ('{"a":{"b":1}}', "<a><b>1</b></a>"),
        ('{"a":{}}', "<a />"),
        ('{"a":1}', "<Document><a>1</a></Document>"),
        ('{"a":[1,2]}', "<Document><a>1</a><a>2</a></Document>"),
        ('{"a":{},"b":{}}', "<Document><a /><b /></Document>"),
        ("[1,[2],{}]", "<Document><Array>1</Array><Array><Array>2</Array></Array><Array /></Document>"),
        ("[]", "<Document />"),
        ("{}", "<Document />"),
        ('"x"', "<Document>x</Document>"),
        ("null", f"<Document {NIL} />"),
        # values
        (
            '{"a":{"b":false,"c":"","d":[null,[]],"e":[[1],2]}}',
            f"<a><b>False</b><c /><d {NIL} /><d /><e><Array>1</Array></e><e>2</e></a>",
        ),
        (
            '{"a":{"n":[0,-7,1.50,1e3,12345678901234567890]}}',
            "<a><n>0</n><n>-7</n><n>1.5</n><n>1000</n><n>12345678901234567890</n></a>",
        ),
        ('{"a":{"t":"<&>\\"\\r\\n é"}}', '<a><t>&lt;&amp;&gt;"&#xD;\n é</t></a>'),
        # names that are none of XML
        (
            '{"a b":{"1":1,"x:y":2,"$":3,"é":4,"_x0041_":5,"":6,"a-b.c_d":7,"_xyz":8,"\\ud83d\\ude00":9}}',
            (
                "<a_x0020_b><_x0031_>1</_x0031_><x_x003A_y>2</x_x003A_y><_x0024_>3</_x0024_><é>4</é>"
                "<_x005F_x0041_>5</_x005F_x0041_><_>6</_><a-b.c_d>7</a-b.c_d><_xyz>8</_xyz><_x0001F600_>9</_x0001F600_></a_x0020_b>"
            ),
        ),
    ],
)
def test_json_to_xml_text(text, xml):
    assert to_xml(text, XmlOptions()) == xml


@pytest.mark.step("json-to-xml 4 5 6")
@pytest.mark.parametrize(
    ("text", "options", "xml"),
    [
        (SOAP, COLON, ENVELOPE),
        ('{"a":{"xmlns":"urn:d","b":1}}', COLON, '<a xmlns="urn:d"><b>1</b></a>'),
        ('{"p_a":{"xmlns_p":"u","p_b":1,"q_c":2}}', UNDERSCORE, '<p:a xmlns:p="u"><p:b>1</p:b><q_c>2</q_c></p:a>'),
        # undeclared: the encoded name as it stands; without namespace-prefix there are no namespaces at all
        ('{"p:a":{"b":1}}', COLON, "<p_x003A_a><b>1</b></p_x003A_a>"),
        ('{"p_a":{"xmlns_p":"urn:p"}}', XmlOptions(), "<p_a><xmlns_p>urn:p</xmlns_p></p_a>"),
        ('{"a":{"xmlns:p":{"x":1}}}', COLON, "<a><xmlns_x003A_p><x>1</x></xmlns_x003A_p></a>"),
        ('{"a":{"ns-p":"urn:p","p-b":1}}', XmlOptions(True, "-", "ns"), '<a xmlns:p="urn:p"><p:b>1</p:b></a>'),
        # each item of an array declares for itself
        ('{"r":{"p:a":[{"xmlns:p":"urn:p"},1]}}', COLON, '<r><p:a xmlns:p="urn:p" /><p_x003A_a>1</p_x003A_a></r>'),
        # attributes
        (
            '{"a":{"#attrs":{"x":1,"y":true,"z":null,"q":"<\\"\\n"},"b":2}}',
            COLON,
            '<a x="1" y="True" z="" q="&lt;&quot;&#xA;"><b>2</b></a>',
        ),
        ('{"a":{"#attrs":{"x":1}}}', COLON, '<a x="1" />'),
        ('{"a":{"#attrs":5}}', COLON, "<a><_x0023_attrs>5</_x0023_attrs></a>"),
        ('{"#attrs":{"x":1},"b":2}', COLON, '<Document x="1"><b>2</b></Document>'),
        ('{"a":{"#attrs":{"p:x":1},"xmlns:p":"urn:p"}}', COLON, '<a xmlns:p="urn:p" p:x="1" />'),
        ('{"a":{"#attrs":{"x":1}}}', XmlOptions(), "<a><_x0023_attrs><x>1</x></_x0023_attrs></a>"),
        # dates
        ('{"a":{"d":"2020-01-02T03:04:05Z"}}', XmlOptions(), "<a><d>2020-01-02T03:04:05.0000000Z</d></a>"),
        ('{"a":{"d":"2020-01-02T03:04:05Z"}}', XmlOptions(False), "<a><d>2020-01-02T03:04:05Z</d></a>"),
        ('{"a":{"d":"2020-01-02T03:04:05"}}', XmlOptions(), "<a><d>2020-01-02T03:04:05.0000000</d></a>"),
        ('{"a":{"d":"2020-01-02"}}', XmlOptions(), "<a><d>2020-01-02</d></a>"),
    ],
)
def test_json_to_xml_options(text, options, xml):
    assert to_xml(text, options) == xml


@pytest.mark.parametrize(
    "text", ["", "{", "{'a':1}", "1 2", "NaN", "[" * 300 + "]" * 300, "[" * 100_000, '"\\u0001"', '"\\ud800"']
)
def test_json_that_cannot_be_xml(text):
    with pytest.raises(ValueError):
        to_xml(text, XmlOptions())


DIRECT = [
    (
        (
            '<?xml version="1.0"?>'
            '<soap:Envelope xmlns="http://x/" xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">\n '
            "<soap:Body><GetOrders><Customer>1234567</Customer></GetOrders></soap:Body></soap:Envelope>"
        ),
        (
            '{"version":"1.0","soap$Envelope":{"@xmlns":"http://x/",'
            '"@xmlns$soap":"http://schemas.xmlsoap.org/soap/envelope/",'
            '"soap$Body":{"GetOrders":{"Customer":"1234567"}}}}'
        ),
    ),
    ("<a/>", '{"a":null}'),
    ("<a></a>", '{"a":null}'),
    ("<a> x </a>", '{"a":" x "}'),
    ("<a>1</a>", '{"a":"1"}'),  # scalars stay strings
    ("<a b='1'>x</a>", '{"a":{"@b":"1","#text":"x"}}'),
    ("<a b='1'/>", '{"a":{"@b":"1"}}'),
    ("<a>x<b/>y</a>", '{"a":{"#text":["x","y"],"b":null}}'),
    ("<a><b>1</b><c/><b>2</b></a>", '{"a":{"b":["1","2"],"c":null}}'),
    ("<a><b>1</b></a>", '{"a":{"b":"1"}}'),
    ("<a><!-- c --><?p i?><b><![CDATA[<x>]]>&amp;</b></a>", '{"a":{"b":"<x>&"}}'),
    ("<a xmlns:p='u' p:b='1'><p:c/></a>", '{"a":{"@xmlns$p":"u","@p$b":"1","p$c":null}}'),
    ('<a>é"</a>', '{"a":"é\\""}'),
]
FRIENDLY = [
    (
        '<?xml version="1.0"?><s:a xmlns="u" xmlns:s="v" s:id="1"><s:b>x</s:b></s:a>',
        '{"a":{"id":"1","b":"x"}}',  # no prefixes, no declarations, no version
    ),
    ("<a b='1'>x</a>", '{"a":{"b":"1","value":"x"}}'),
    ("<a b='1'><b>2</b></a>", '{"a":{"@b":"1","b":"2"}}'),  # a clash keeps the @
    ("<a value='1'>x</a>", '{"a":{"value":"1","#text":"x"}}'),
    ("<a/>", '{"a":null}'),
    ("<a xmlns='u'>x</a>", '{"a":"x"}'),
    ("<a><b/><b>1</b></a>", '{"a":{"b":[null,"1"]}}'),
]
ARRAYS = [
    ("<a><b>1</b><c><d/></c></a>", '{"a":{"b":["1"],"c":[{"d":[null]}]}}'),
    ("<a x='1'>t</a>", '{"a":{"@x":"1","#text":"t"}}'),
]


@pytest.mark.step("xml-to-json 2 3 4")
@pytest.mark.parametrize(
    ("xml", "kind", "arrays", "text"),
    [(x, "direct", False, t) for x, t in DIRECT]
    + [(x, "javascript-friendly", False, t) for x, t in FRIENDLY]
    + [(x, "direct", True, t) for x, t in ARRAYS],
)
def test_xml_to_json_text(xml, kind, arrays, text):
    assert to_json(xml, kind, always_array=arrays) == text


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "x",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<p:a/>",
        "<a p:b='1'/>",
        "<!DOCTYPE a><a/>",
        "<a b='1' b='2'/>",
        "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
        "<a>&e;</a>",
        "<a>\udcff</a>",
        "<a>" * 300 + "</a>" * 300,
    ],
)
def test_what_is_no_xml(xml):
    with pytest.raises(ValueError):
        to_json(xml, "direct", always_array=False)


def to_xml_policy(apply="always", consider="false", **more):
    extra = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in more.items())
    return f'<json-to-xml apply="{apply}" consider-accept-header="{consider}"{extra} />'


def to_json_policy(apply="always", consider="false", kind="direct", **more):
    extra = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in more.items())
    return f'<xml-to-json kind="{kind}" apply="{apply}" consider-accept-header="{consider}"{extra} />'


XML = {"Content-Type": "text/xml"}
ATTRIBUTES = {"attribute_block_name": "#attrs"}


@pytest.mark.step("json-to-xml 1 2 7")
@pytest.mark.parametrize(
    ("policy", "accept", "content", "converts"),
    [
        (to_xml_policy(), None, "text/plain", True),  # always: try regardless
        (to_xml_policy("content-type-json"), None, "text/plain", False),
        (to_xml_policy("content-type-json"), None, "application/problem+json; charset=utf-8", True),
        (to_xml_policy("@('content-type-json')"), None, "text/json", True),
        (to_xml_policy(consider="true"), None, "application/json", False),
        (to_xml_policy(consider="true"), "*/*", "application/json", False),  # does not count
        (to_xml_policy(consider="true"), "text/html, application/xml;q=0.9", "application/json", True),
        (to_xml_policy(consider="true"), "application/xml;q=0.0", "application/json", False),
        (to_xml_policy(consider="@(True)"), "TEXT/XML", "application/json", True),
        (to_xml_policy(consider="true"), "application/atom+xml", "application/json", True),
        ('<json-to-xml apply="always" />', "application/json", "application/json", False),  # true by default
    ],
)
async def test_json_to_xml_applies(h, kit, policy, accept, content, converts):
    headers = {} if accept is None else {"Accept": accept}
    h.transport.answers = [lambda r: kit.reply(body=b'{"a":{"b":1}}', headers={"Content-Type": content})]
    ex = await h.run(kit.policies(outbound=policy), headers=headers)
    assert (ex.response.body.wire() == b"<a><b>1</b></a>") is converts
    assert ex.response.headers["Content-Type"] == ("application/xml; charset=utf-8" if converts else content)
    # in inbound the Accept test is the same
    await h.run(
        kit.policies(inbound=policy), method="POST", body=b'{"a":{"b":1}}', headers={**headers, "Content-Type": content}
    )
    assert (h.transport.bodies[-1] == b"<a><b>1</b></a>") is converts


@pytest.mark.step("xml-to-json 1 5")
@pytest.mark.parametrize(
    ("policy", "accept", "content", "converts"),
    [
        (to_json_policy(), None, "text/plain", True),
        (to_json_policy("content-type-xml"), None, "text/plain", False),
        (to_json_policy("content-type-xml"), None, "application/soap+xml", True),
        (to_json_policy(consider="true"), "application/json", "text/xml", True),
        (to_json_policy(consider="true"), "*/*", "text/xml", False),
        ('<xml-to-json kind="direct" apply="always" />', None, "text/xml", False),
    ],
)
async def test_xml_to_json_applies(h, kit, policy, accept, content, converts):
    h.transport.answers = [kit.reply(body=b"<a/>", headers={"Content-Type": content})]
    ex = await h.run(kit.policies(outbound=policy), headers={} if accept is None else {"Accept": accept})
    assert (ex.response.body.wire() == b'{"a":null}') is converts
    assert ex.response.headers["Content-Type"] == ("application/json; charset=utf-8" if converts else content)


@pytest.mark.step("json-to-xml 4 5 6", "xml-to-json 3 4")
@pytest.mark.parametrize(
    ("policy", "body", "expected"),
    [
        (to_xml_policy(namespace_prefix="@('xmlns')", namespace_separator="@(':')", **ATTRIBUTES), SOAP, ENVELOPE),
        (to_xml_policy(parse_date="false"), '{"a":{"d":"2020-01-02T03:04:05Z"}}', "<a><d>2020-01-02T03:04:05Z</d></a>"),
        (to_xml_policy(), "", ""),  # nothing stays nothing
        (to_json_policy(always_array_child_elements="@(True)"), "<a><b/></a>", '{"a":{"b":[null]}}'),
        (to_json_policy(kind="@('JavaScript-friendly')"), "<a b='1'/>", '{"a":{"b":"1"}}'),
        (to_json_policy(), "", ""),
    ],
)
async def test_options_reach_the_converter(h, kit, policy, body, expected):
    await h.run(kit.policies(inbound=policy), method="POST", body=body.encode())
    assert h.transport.bodies[-1].decode() == expected


async def test_the_charset_of_the_body_is_read(h, kit):
    xml = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")
    h.transport.answers = [kit.reply(body=xml, headers=XML)]
    ex = await h.run(kit.policies(outbound=to_json_policy()))
    assert ex.response.body.wire().decode() == '{"version":"1.0","a":"é"}'


@pytest.mark.step("json-to-xml 7", "xml-to-json 5")
@pytest.mark.parametrize(
    ("policy", "body", "source", "reason"),
    [
        (to_xml_policy(), b"{", "json-to-xml", "InvalidJson"),
        (to_json_policy(), b"<a>", "xml-to-json", "InvalidXml"),
        (to_xml_policy(namespace_separator="@('ab')"), b"{}", "json-to-xml", "ExpressionValueValidationFailure"),
        (to_json_policy(kind="@('other')"), b"<a/>", "xml-to-json", "ExpressionValueValidationFailure"),
    ],
)
@pytest.mark.parametrize("section", ["inbound", "outbound"])
async def test_failures(h, kit, section, policy, body, source, reason):
    h.transport.answers = [kit.reply(body=body)]
    ex = await h.run(kit.policies(**{section: policy}), method="POST", body=body)
    assert (ex.last_error.source, ex.last_error.reason, ex.last_error.section) == (source, reason, section)
    assert (ex.response.status, b"Internal server error" in ex.response.body.wire()) == (500, True)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("<json-to-xml />", "POL004"),
        ('<json-to-xml apply="content-type-xml" />', "POL005"),
        ('<json-to-xml apply="always" parse-date="@(True)" />', "POL009"),
        ('<json-to-xml apply="always" namespace-separator="::" />', "POL005"),
        ('<xml-to-json apply="always" />', "POL004"),
        ('<xml-to-json kind="direct" apply="content-type-json" />', "POL005"),
    ],
)
def test_found_at_load(h, kit, policy, code):
    assert h.compile(kit.policies(inbound=policy)) is None
    assert h.codes() == [code]
