"""xsl-transform: what comes out, what stylesheets may not do, and what is found at load."""

import pytest

XSL = 'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'
BODY = b"<in a='1'><x>5</x><x>6</x></in>"


def sheet(inner, more="", root="stylesheet"):
    return f'<xsl:{root} version="1.0" {XSL}{more}>{inner}</xsl:{root}>'


def rule(inner):
    return f'<xsl:template match="/">{inner}</xsl:template>'


def policy(stylesheet, parameters=""):
    return f"<xsl-transform>{parameters}{stylesheet}</xsl-transform>"


ENDLESS = '<xsl:template name="t"><xsl:call-template name="t" /></xsl:template>'
PLAIN = '<xsl:output omit-xml-declaration="yes" />'
COPY = '<xsl:template match="node()|@*"><xsl:copy><xsl:apply-templates select="@*|node()" /></xsl:copy></xsl:template>'


@pytest.mark.step("xsl-transform 1 3")
@pytest.mark.parametrize(
    ("stylesheet", "expected", "content_type"),
    [
        # output honours xsl:output; an XML result keeps the type of the message
        (sheet(PLAIN + COPY), b'<in a="1"><x>5</x><x>6</x></in>\n', "text/xml; charset=utf-8"),
        (sheet(PLAIN + COPY, root="transform"), b'<in a="1"><x>5</x><x>6</x></in>\n', "text/xml; charset=utf-8"),
        (
            sheet('<xsl:output encoding="iso-8859-1" />' + rule("<a>é</a>")),
            '<?xml version="1.0" encoding="iso-8859-1"?>\n<a>é</a>\n'.encode("latin-1"),
            "text/xml; charset=iso-8859-1",
        ),
        (
            sheet('<xsl:output method="text" />' + rule('<xsl:value-of select="sum(//x)" />')),
            b"11",
            "text/plain; charset=utf-8",
        ),
        (
            sheet('<xsl:output method="html" media-type="text/x-page" />' + rule("<p><br /></p>")),
            b"<p><br></p>\n",
            "text/x-page; charset=utf-8",
        ),
        (sheet(rule("<html><br /></html>")), b"<html><br></html>\n", "text/html; charset=utf-8"),
        (sheet(PLAIN + rule("")), b"", "text/xml; charset=utf-8"),
        (
            sheet(
                PLAIN + rule('<xsl:variable name="v"><a/><a/></xsl:variable><n c="{count(m:node-set($v)/a)}"/>'),
                ' xmlns:m="urn:schemas-microsoft-com:xslt" exclude-result-prefixes="m"',
            ),
            b'<n c="2"/>\n',
            "text/xml; charset=utf-8",
        ),
    ],
)
@pytest.mark.parametrize("section", ["inbound", "outbound"])
async def test_result(h, kit, section, stylesheet, expected, content_type):
    headers = {"Content-Type": "text/xml; charset=utf-8", "Content-Length": "9"}
    h.transport.answers = [kit.reply(body=BODY, headers=headers)]
    text = kit.policies(**{section: policy(stylesheet)})
    ex = await h.run(text, method="POST", body=BODY, headers=headers)
    if section == "inbound":
        assert (h.transport.bodies, h.transport.sent[0].headers["Content-Type"]) == ([expected], content_type)
    else:
        assert (ex.response.body.wire(), ex.response.headers["Content-Type"]) == (expected, content_type)
        assert "Content-Length" not in ex.response.headers


async def test_a_namespace_of_the_whole_document(h, kit):
    text = kit.policies(inbound="<xsl-transform><xsl:stylesheet version='1.0'>" + PLAIN + rule("<a/>"))
    text = text.replace("<policies>", f"<policies {XSL}>", 1).replace(
        "</xsl:template>", "</xsl:template></xsl:stylesheet></xsl-transform>", 1
    )
    await h.run(text, method="POST", body=BODY)
    assert h.transport.bodies == [b"<a/>\n"]


@pytest.mark.step("xsl-transform 1")
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ('<parameter name="p">text</parameter>', b"[text]"),
        ('<parameter name="p">@("it\'s " + V.get("n", "") + \'"so"\')</parameter>', b'[it\'s "so"]'),
        ('<parameter name="p"> @(5) </parameter>', b"[5]"),  # parameters are strings
        ('<parameter name="p">@(None)</parameter>', b"[]"),
        ('<parameter name="p" />', b"[]"),
        ('<parameter name="q">x</parameter>', b"[default]"),  # nobody asks for q
        ("", b"[default]"),
    ],
)
async def test_parameters(h, kit, parameters, expected):
    declared = "<xsl:output method='text'/><xsl:param name='p' select=\"'default'\"/>"
    stylesheet = sheet(declared + rule("[<xsl:value-of select='$p'/>]"))
    await h.run(kit.policies(inbound=policy(stylesheet, parameters)), method="POST", body=BODY)
    assert h.transport.bodies == [expected]


@pytest.mark.step("xsl-transform 1")
async def test_both_spellings_of_a_parameter(h, kit):
    stylesheet = sheet("<xsl:output method='text'/><xsl:param name='p'/>" + rule("<xsl:value-of select='$p'/>"))
    given = '<parameter parameter-name="p">v</parameter>'
    await h.run(kit.policies(inbound=policy(stylesheet, given)), method="POST", body=BODY)
    assert (h.transport.bodies, h.codes()) == ([b"v"], ["POL020"])


@pytest.mark.step("xsl-transform 4")
@pytest.mark.parametrize(
    ("stylesheet", "body", "message"),
    [
        (sheet(COPY), b"{}", "The body is not XML"),  # a body that is none is a 500
        (sheet(COPY), b"", "The body is not XML"),
        (sheet(COPY), b"<a>\xff</a>", "The body is not XML"),
        (sheet(COPY), b'<!DOCTYPE a [<!ENTITY e SYSTEM "/etc/hostname">]><a>&e;</a>', "a document type is not allowed"),
        (sheet(rule('<xsl:message terminate="yes">enough</xsl:message>')), BODY, "enough"),
        (sheet(rule('<xsl:call-template name="gone" />')), BODY, "gone"),
        (sheet(rule('<xsl:value-of select="$gone" />')), BODY, "The transformation failed"),
        (sheet(rule('<xsl:value-of select="f:x()" xmlns:f="urn:f" />')), BODY, "The transformation failed"),
        (sheet(ENDLESS + rule('<xsl:call-template name="t" />')), BODY, "The transformation failed"),
    ],
)
async def test_failures(h, kit, stylesheet, body, message):
    ex = await h.run(kit.policies(inbound=policy(stylesheet)), method="POST", body=body)
    assert (ex.response.status, ex.last_error.source, ex.last_error.reason) == (
        500,
        "xsl-transform",
        "XslTransformFailed",
    )
    assert message in ex.last_error.message
    assert h.transport.sent == []


@pytest.mark.step("xsl-transform 2")
@pytest.mark.parametrize(
    ("inner", "shown", "line", "message"),
    [
        (sheet("\n" + rule('\n<xsl:value-of select="a b c" />')), "xsl:value-of", 3, "'a b c'"),
        (sheet("\n" + rule("\n\n<xsl:nope />")), "xsl:nope", 4, "unknown xsl:nope"),
        (
            sheet("\n" + rule("<xsl:value-of select=\"document('/etc/passwd')\" />")),
            "document(",
            2,
            "document() is off",
        ),
        (sheet(rule("<a b=\"{document('x')}\" />")), "document", 1, "document() is off"),
        (sheet('\n<xsl:include href="http://x/" />'), "xsl:include", 2, "cannot load another"),
        (sheet('\n<xsl:import href="x" />'), "xsl:import", 2, "cannot load another"),
        (sheet('<m:script xmlns:m="urn:schemas-microsoft-com:xslt" />'), "m:script", 1, "scripts are off"),
        ("<root />", "root", 1, "a stylesheet is"),
    ],
)
def test_what_is_wrong_with_a_stylesheet(h, kit, inner, shown, line, message):
    assert h.compile(kit.policies(inbound=policy(inner))) is None
    (found,) = list(h.sink)
    assert (found.code, shown in found.span.text, found.span.line_col[0]) == ("POL005", True, line)
    assert message in found.message


def test_words_that_look_like_document(h, kit):
    inner = rule("<a b=\"document('x')\"><xsl:value-of select=\"concat('document(', my-document)\" /></a>")
    assert h.compile(kit.policies(inbound=policy(sheet(inner)))) is not None


@pytest.mark.step("xsl-transform 2")
async def test_nothing_is_written(h, kit, tmp_path):
    """Extensions that write files find no way out."""
    target = tmp_path / "x"
    inner = rule(f'<e:document href="{target}" xmlns:e="http://exslt.org/common">x</e:document>')
    more = ' xmlns:e="http://exslt.org/common" extension-element-prefixes="e"'
    await h.run(kit.policies(inbound=policy(sheet(inner, more))), method="POST", body=BODY)
    assert not target.exists()


@pytest.mark.parametrize(
    ("policies", "codes"),
    [
        ({"inbound": "<xsl-transform />"}, ["POL007"]),
        ({"inbound": policy(sheet(COPY) * 2)}, ["POL007"]),
        ({"inbound": policy(sheet(COPY), "<parameter>x</parameter>")}, ["POL004"]),
        ({"inbound": policy(sheet(COPY)) * 2}, []),
        ({"backend": policy(sheet(COPY))}, ["POL002"]),
        ({"on_error": policy(sheet(COPY))}, []),
        ({"inbound": "<xsl-transform>@(1)</xsl-transform>"}, ["POL009"]),
    ],
)
def test_declaration(h, kit, policies, codes):
    h.compile(kit.policies(**policies))
    assert [c for c in h.codes() if c != "POL012"] == codes
