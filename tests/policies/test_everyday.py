"""set-query-parameter, set-method, check-header, ip-filter, trace, jsonp, mock-response, authentication-basic."""

import json
import logging
from base64 import b64decode
from http import HTTPStatus

import pytest

from apimpy.policies._mock import sample
from apimpy.policies.ip_filter import number_of
from apimpy.policies.jsonp import is_callback
from apimpy.policies.set_query_parameter import edited
from apimpy.runtime.exchange import DeclaredResponse, Operation, Representation, TraceEntry
from apimpy.stores.counters import MemoryCounterStore


def body_of(message):
    return message.body.wire()


async def outcome(h, kit, **parts):
    """Status, reason and message after a run; request details by keyword `request`."""
    request = parts.pop("request", {})
    ex = await h.run(kit.policies(**parts), **request)
    error = ex.last_error
    return ex, (ex.response.status, error and error.reason, error and error.message)


def check(*values, name="X-Key", code="401", ignore="false", message="Not authorized"):
    inner = "".join(f"<value>{v}</value>" for v in values)
    return (
        f'<check-header name="{name}" failed-check-httpcode="{code}" failed-check-error-message="{message}" '
        f'ignore-case="{ignore}">{inner}</check-header>'
    )


# --- set-query-parameter ----------------------------------------------------------------------------------------------


@pytest.mark.step("set-query-parameter 1 2 3")
@pytest.mark.parametrize(
    ("query", "action", "values", "expected"),
    [
        ("", "override", ["1"], "p=1"),
        ("a=1", "override", ["1"], "a=1&p=1"),
        ("a=1&p=0&b=2", "override", ["1"], "a=1&p=1&b=2"),
        ("p=0&a=1&p=9&b=2", "override", ["1", "2"], "p=1&p=2&a=1&b=2"),
        ("p=0", "append", ["1"], "p=0&p=1"),
        ("", "append", ["1", "2"], "p=1&p=2"),
        ("p=0", "skip", ["1"], "p=0"),
        ("a", "skip", ["1"], "a&p=1"),
        ("a=1&p=0&p=2&b=%20", "delete", [], "a=1&b=%20"),
        ("a=1", "delete", ["x"], "a=1"),
        ("p", "delete", [], ""),
        ("P=0", "override", ["1"], "p=1"),  # names compare ignoring case
        ("%70=0", "skip", ["1"], "%70=0"),  # and decoded
        ("A=%7e+x", "append", ["1"], "A=%7e+x&p=1"),  # untouched ones keep their spelling
        ("", "override", ["a b&c=d/é+"], "p=a%20b%26c%3Dd%2F%C3%A9%2B"),
        ("p=1", "override", [], "p=1"),
    ],
)
def test_edited_query(query, action, values, expected):
    assert edited(query, "p", action, values) == expected


@pytest.mark.step("set-query-parameter 1")
@pytest.mark.parametrize(
    ("policy", "url"),
    [
        ('<set-query-parameter name="v"><value>2</value></set-query-parameter>', "?a=1&v=2"),
        ('<set-query-parameter name="$top"><value>@(5)</value></set-query-parameter>', "?a=1&$top=5"),
        ('<set-query-parameter name="@(\'A\')" exists-action="Delete" />', ""),
        (
            '<set-query-parameter name="a" exists-action="@(\'append\')"><value>x</value></set-query-parameter>',
            "?a=1&a=x",
        ),
    ],
)
@pytest.mark.parametrize("section", ["inbound", "backend"])
async def test_set_query_parameter_reaches_the_backend(h, kit, section, policy, url):
    parts = {"inbound": policy} if section == "inbound" else {}
    if section == "backend":
        parts["backend"] = f'<choose><when condition="true">{policy}<forward-request /></when></choose>'
    ex = await h.run(kit.policies(**parts))
    assert str(h.transport.sent[0].url) == f"http://backend.test/base/api/orders{url}"
    assert ex.request.original_url.query_string == "a=1"


@pytest.mark.step("ip-filter 5")
@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ('<set-query-parameter name="a" />', "POL007"),
        ('<set-query-parameter name="a" exists-action="drop"><value>1</value></set-query-parameter>', "POL005"),
        ("<set-query-parameter><value>1</value></set-query-parameter>", "POL004"),
        ("<set-method />", "POL005"),
        ("<set-method>GET it</set-method>", "POL005"),
        ('<find-and-replace from="a" />', "POL004"),
        ('<check-header name="a" failed-check-httpcode="401" failed-check-error-message="no" />', "POL004"),
        ('<ip-filter action="allow" />', "POL007"),
        ('<ip-filter action="deny"><address>1.1.1.1</address></ip-filter>', "POL005"),
        ('<ip-filter action="allow"><address>10.0.0.0/8</address></ip-filter>', "POL005"),
        ('<ip-filter action="allow"><address>here</address></ip-filter>', "POL005"),
        ('<ip-filter action="allow"><address-range from="1.1.1.9" to="1.1.1.1" /></ip-filter>', "POL005"),
        ('<ip-filter action="allow"><address-range from="::1" to="1.1.1.1" /></ip-filter>', "POL005"),
        (check(code="99"), "POL005"),
        (check(code="1000"), "POL005"),
        ('<mock-response status-code="99" />', "POL005"),
        ('<mock-response status-code="1000" />', "POL005"),
        ('<mock-response index="-1" />', "POL005"),
        ('<trace source="a" />', "POL007"),
        ('<trace source="a">text<message>m</message></trace>', "POL008"),
        ('<trace source="a" severity="loud"><message>m</message></trace>', "POL005"),
        ('<mock-response status-code="@(200)" />', "POL009"),
        ('<authentication-basic username="a" />', "POL004"),
    ],
)
def test_found_at_load(h, kit, policy, code):
    assert h.compile(kit.policies(inbound=policy)) is None
    assert code in h.codes()


def test_cidr_notation_is_told_apart(h, kit):
    h.compile(kit.policies(inbound='<ip-filter action="allow"><address>10.0.0.0/8</address></ip-filter>'))
    h.compile(kit.policies(inbound='<ip-filter action="allow"><address>10.0.0</address></ip-filter>'))
    assert sorted((d.span.text, "CIDR" in d.message) for d in h.sink) == [("10.0.0", False), ("10.0.0.0/8", True)]


def test_bounds_that_are_allowed(h, kit):
    for code in (100, 999):
        policy = f'<mock-response status-code="{code}" index="0" />{check(code=code)}'
        assert h.compile(kit.policies(inbound=policy)) is not None


# --- set-method -------------------------------------------------------------------------------------------------------


@pytest.mark.step("set-method 1")
@pytest.mark.parametrize("verb", [" post ", "Post", "@('post')", "@(' POST ')"])
async def test_set_method_is_trimmed_and_upper_case(h, kit, verb):
    ex = await h.run(kit.policies(inbound=f"<set-method>{verb}</set-method>"))
    assert (h.transport.sent[0].method, ex.request.method) == ("POST", "POST")


async def test_set_method_that_is_none_fails(h, kit):
    _, found = await outcome(h, kit, inbound="<set-method>@('GET /')</set-method>")
    assert found[:2] == (500, "ExpressionValueValidationFailure")


@pytest.mark.step("set-method 2")
async def test_set_method_in_outbound_changes_only_the_context(h, kit):
    ex = await h.run(kit.policies(outbound="<set-method>PUT</set-method>"))
    assert (h.transport.sent[0].method, ex.request.method, ex.response.status) == ("GET", "PUT", 200)


# --- check-header -----------------------------------------------------------------------------------------------------


NOT_FOUND = "Header X-Key was not found in the request. Access denied."


@pytest.mark.step("check-header 1 2 3 5")
@pytest.mark.parametrize(
    ("policy", "headers", "reason", "message"),
    [
        (check(), [], "HeaderNotFound", NOT_FOUND),
        (check(), [("x-key", "")], None, None),  # presence is enough, names ignore case
        (check("a", "b"), [("X-Key", "b")], None, None),
        (
            check("a"),
            [("X-Key", "A")],
            "HeaderValueNotAllowed",
            "Header X-Key value of A is not allowed. Access denied.",
        ),
        (check("aé", ignore="true"), [("X-Key", "AÉ")], None, None),
        (check("a"), [("X-Key", "z"), ("X-Key", "a")], None, None),  # each line
        (check("z,a"), [("X-Key", "z"), ("X-Key", "a")], None, None),  # the lines joined
        (
            check("q"),
            [("X-Key", "z"), ("X-Key", "a")],
            "HeaderValueNotAllowed",
            "Header X-Key value of z,a is not allowed. Access denied.",
        ),
        (check("@('a')", name="@('X-' + 'Key')", ignore="@(True)"), [("X-Key", "A")], None, None),
        (check(name="@('X-' + 'Key')"), [], "HeaderNotFound", NOT_FOUND),
    ],
)
async def test_check_header(h, kit, policy, headers, reason, message):
    ex, found = await outcome(h, kit, inbound=policy, request={"headers": headers})
    assert found == (401 if reason else 200, reason, message)
    if reason:
        assert ex.last_error.source == "check-header"
        assert body_of(ex.response) == b'{ "statusCode": 401, "message": "Not authorized" }'
        assert ex.response.headers["Content-Type"] == "application/json"
        assert not h.transport.sent


@pytest.mark.step("check-header 4")
async def test_check_header_status_and_message_are_computed(h, kit):
    policy = check(code="@(400 + 3)", message="@('say &quot;' + 'please')".replace("&quot;", ""))
    ex, found = await outcome(h, kit, inbound=policy)
    assert (found[0], body_of(ex.response)) == (403, b'{ "statusCode": 403, "message": "say please" }')


# --- ip-filter --------------------------------------------------------------------------------------------------------


def ips(action, *entries):
    inner = "".join(
        f'<address-range from="{e[0]}" to="{e[1]}" />' if isinstance(e, tuple) else f"<address>{e}</address>"
        for e in entries
    )
    return f'<ip-filter action="{action}">{inner}</ip-filter>'


REFUSED = "Caller IP address 10.0.0.9 is not allowed. Access denied."


@pytest.mark.step("ip-filter 1 2 3 4")
@pytest.mark.parametrize(
    ("policy", "caller", "reason", "message"),
    [
        (ips("allow", "10.0.0.9"), "10.0.0.9", None, None),
        (ips("allow", "10.0.0.8"), "10.0.0.9", "CallerIpNotAllowed", REFUSED),
        (ips("allow", ("10.0.0.9", "10.0.0.10")), "10.0.0.9", None, None),  # both ends inclusive
        (ips("allow", ("10.0.0.1", "10.0.0.9")), "10.0.0.9", None, None),
        (ips("allow", ("9.0.0.1", "10.0.0.10")), "10.0.0.9", None, None),  # compared as numbers
        (ips("allow", ("::", "ffff::")), "10.0.0.9", "CallerIpNotAllowed", REFUSED),  # within one family
        (ips("allow", "10.0.0.9"), "::ffff:10.0.0.9", None, None),  # IPv4-mapped is unwrapped
        (ips("allow", "::ffff:a00:9"), "10.0.0.9", None, None),
        (ips("allow", "2001:DB8::1"), "2001:db8:0::1", None, None),
        (ips("forbid", "10.0.0.9"), "10.0.0.9", "CallerIpBlocked", "Caller IP address is blocked. Access denied."),
        (ips("forbid", "10.0.0.8"), "10.0.0.9", None, None),
        (ips("@('Allow')", "@('10.0.0.9')"), "10.0.0.9", None, None),
        (ips("allow", ("@('10.0.0.1')", "10.0.0.8")), "10.0.0.9", "CallerIpNotAllowed", REFUSED),
        (ips("allow", ("10.0.0.1", "@('10.0.0.9')")), "10.0.0.9", None, None),
        (ips("allow", ("@('10.0.0.9')", "10.0.0.10")), "10.0.0.9", None, None),
        (ips("allow", ("10.0.0.1", "@('10.0.0.8')")), "10.0.0.9", "CallerIpNotAllowed", REFUSED),
        (ips("allow", ("@('10.0.0.10')", "10.0.0.1")), "10.0.0.9", "CallerIpNotAllowed", REFUSED),
        (
            ips("forbid", "10.0.0.9"),
            "somewhere",
            "FailedToParseCallerIP",
            "Failed to establish IP address for the caller. Access denied.",
        ),
        (
            ips("forbid", "@('nowhere')"),
            "10.0.0.9",
            "ExpressionValueValidationFailure",
            "Expression value is invalid. The address field is no IP address.",
        ),
    ],
)
async def test_ip_filter(h, kit, policy, caller, reason, message):
    ex = h.exchange()
    ex.request.ip_address = caller
    await h.run(kit.policies(inbound=policy), ex=ex)
    error = ex.last_error
    assert (error and error.reason, error and error.message) == (reason, message)
    if (reason and "Ip" in reason) or reason == "FailedToParseCallerIP":
        assert (error.source, ex.response.status, ex.response.reason) == ("ip-filter", 403, "Forbidden")
        assert body_of(ex.response) == b'{ "statusCode": 403, "message": "Forbidden" }'


@pytest.mark.step("ip-filter 5", "common 7")
async def test_every_filter_of_the_scopes_runs(h, kit):
    broad = kit.policies(inbound=ips("forbid", "10.0.0.9"), backend="<forward-request />", outbound="", on_error="")
    ex = await h.run(("global", broad), ("api", kit.policies(inbound=ips("allow", "10.0.0.9") + "<base />")))
    assert (ex.last_error.reason, ex.last_error.scope) == ("CallerIpBlocked", "global")


@pytest.mark.parametrize(
    ("text", "number"), [("1.2.3.4", (4, 0x01020304)), ("::1", (6, 1)), ("1.2.3", None), ("", None)]
)
def test_number_of(text, number):
    assert number_of(text) == number


# --- authentication-basic ---------------------------------------------------------------------------------------------


@pytest.mark.step("authentication-basic 1")
@pytest.mark.parametrize(("user", "password"), [("u", "p"), ("@('u')", "@('p')")])
async def test_authentication_basic_replaces_the_header(h, kit, user, password):
    policy = f'<authentication-basic username="{user}" password="{password}" />'
    await h.run(kit.policies(inbound=policy), headers={"authorization": "Bearer x"})
    assert h.transport.sent[0].headers.getall("Authorization") == ["Basic dTpw"]


@pytest.mark.step("authentication-basic 1 2")
async def test_authentication_basic_is_utf8_and_a_later_set_header_wins(h, kit):
    basic = '<authentication-basic username="jürgen" password="€:" />'
    await h.run(kit.policies(inbound=basic))
    assert b64decode(h.transport.sent[0].headers["Authorization"][6:]).decode() == "jürgen:€:"
    await h.run(kit.policies(inbound=basic + '<set-header name="Authorization"><value>mine</value></set-header>'))
    assert h.transport.sent[1].headers["Authorization"] == "mine"


# --- trace ------------------------------------------------------------------------------------------------------------


@pytest.mark.step("trace 1 2")
@pytest.mark.parametrize(
    ("severity", "level"),
    [("", logging.DEBUG), ("verbose", logging.DEBUG), ("Information", logging.INFO), ("error", logging.ERROR)],
)
@pytest.mark.parametrize("section", ["inbound", "backend", "outbound"])
async def test_trace(h, kit, caplog, severity, level, section):
    attribute = f'severity="{severity}"' if severity else ""
    meta = '<metadata name="k" value="@(1 + 1)" />'
    policy = f'<trace source="me" {attribute}><message>@("a" + "b")</message>{meta}</trace>'
    with caplog.at_level(logging.DEBUG, "apimpy.trace"):
        ex = await h.run(kit.policies(**{section: policy}))
    assert ex.traces == [TraceEntry("me", severity.lower() or "verbose", "ab", (("k", "2"),))]
    assert [(r.levelno, "ab" in r.getMessage()) for r in caplog.records] == [(level, True)]


async def test_trace_with_its_message_as_text(h, kit):
    ex = await h.run(kit.policies(inbound='<trace source="me"> @("a" + "b") </trace>'))
    assert ([entry.message for entry in ex.traces], h.codes()) == (["ab"], ["POL020"])


@pytest.mark.parametrize(
    "policy",
    [
        '<ip-filter action="allow"><address>{{office}}</address></ip-filter>',
        "<set-method>{{verb}}</set-method>",
        '<set-header name="X-{{name}}"><value>1</value></set-header>',
        '<set-status code="{{code}}" />',
        '<limit-concurrency key="k" max-count="{{most}}"><set-method>GET</set-method></limit-concurrency>',
    ],
)
def test_named_values_that_are_not_known_are_no_errors(h, kit, policy):
    h.compile(kit.policies(inbound=policy))
    assert h.codes() == []


@pytest.mark.step("trace 2 3")
async def test_trace_below_the_level_is_not_logged(h, kit, caplog):
    with caplog.at_level(logging.ERROR, "apimpy.trace"):
        ex = await h.run(kit.policies(inbound='<trace source="me" severity="information"><message>m</message></trace>'))
    assert (len(ex.traces), caplog.records) == (1, [])


@pytest.mark.step("trace 3")
async def test_trace_with_a_throwing_message_fails(h, kit):
    _, found = await outcome(h, kit, inbound='<trace source="me"><message>@(boom())</message></trace>')
    assert found[:2] == (500, "ExpressionValueEvaluationFailure")


# --- mock-response ----------------------------------------------------------------------------------------------------


JSON_OK = Representation("application/json", (b'{"n":1}', b'{"n":2}'))
XML_OK = Representation("text/xml", (), {"type": "string"})
DECLARED = (DeclaredResponse(200, (JSON_OK, XML_OK)), DeclaredResponse(404, (Representation("text/plain"),)))


@pytest.mark.step("mock-response 1 2 3 4 5")
@pytest.mark.parametrize(
    ("attributes", "declared", "status", "content_type", "body"),
    [
        ("", (), 200, None, b""),
        ('status-code="201" content-type="application/json"', (), 201, "application/json", b""),
        ("", DECLARED, 200, "application/json", b'{"n":1}'),  # the first one declared
        ('content-type="Text/XML"', DECLARED, 200, "text/xml", b'"string"'),  # that media type, a sample of the schema
        ('index="1"', DECLARED, 200, "application/json", b'{"n":2}'),
        ('index="7"', DECLARED, 200, "application/json", b'{"n":1}'),  # out of range: the normal choice
        ('status-code="404"', DECLARED, 404, "text/plain", b""),  # neither example nor schema
        ('status-code="418"', DECLARED, 418, None, b""),  # undeclared
    ],
)
async def test_mock_response(h, kit, attributes, declared, status, content_type, body):
    ex = h.exchange()
    ex.operation = Operation("o", "o", "GET", "/", declared)
    late = '<set-header name="X"><value>1</value></set-header>'
    await h.run(kit.policies(inbound=f"<mock-response {attributes} />{late}", outbound=late), ex=ex)
    response = ex.response
    assert (response.status, response.headers.get("Content-Type"), body_of(response)) == (status, content_type, body)
    assert set(response.headers) <= {"Content-Type"}
    assert response.reason == HTTPStatus(status).phrase
    assert not h.transport.sent  # the pipeline ended


@pytest.mark.step("mock-response 4", "common 4 5")
@pytest.mark.parametrize("section", ["inbound", "outbound", "on_error"])
async def test_mock_response_ends_the_request(h, kit, section):
    """Wherever it stands; headers that were promised are there."""
    h.services.counters = MemoryCounterStore()
    limit = '<rate-limit-by-key calls="9" renewal-period="9" counter-key="k" remaining-calls-header-name="Left" />'
    late = '<set-header name="X"><value>1</value></set-header>'
    parts = {"inbound": limit, "outbound": late, "on_error": late}
    if section == "on_error":
        parts["inbound"] += '<set-variable name="x" value="@(boom())" />'
    mock = '<mock-response status-code="404" />'
    parts[section] = parts[section] + mock if section == "inbound" else mock + late
    ex = await h.run(kit.policies(**parts))
    assert (ex.response.status, dict(ex.response.headers), body_of(ex.response)) == (404, {"Left": "8"}, b"")


@pytest.mark.step("mock-response 3")
@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, 0),
        ({"type": "number", "default": 1.5}, 1.5),
        ({"type": "boolean"}, False),
        ({"enum": ["b", "a"]}, "b"),
        ({"type": "array", "items": {"type": "string"}}, ["string"]),
        ({"type": ["null", "integer"]}, 0),
        ({"properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {}}}}, {"a": "string", "b": [None]}),
        ({"allOf": [{"properties": {"a": {"type": "integer"}}}], "properties": {"b": {"const": 1}}}, {"a": 0, "b": 1}),
        ({"oneOf": [{"type": "boolean"}, {"type": "string"}]}, False),
        (True, None),
    ],
)
def test_sample_of_a_schema(schema, expected):
    assert sample(schema) == expected


def test_sample_of_a_schema_that_holds_itself_ends():
    schema = {"type": "array"}
    schema["items"] = schema
    assert json.dumps(sample(schema)).startswith("[[")


# --- jsonp ------------------------------------------------------------------------------------------------------------

JSONP = '<jsonp callback-parameter-name="cb" />'
JSON = {"Content-Type": "application/json"}


@pytest.mark.step("jsonp 1 3")
@pytest.mark.parametrize(
    ("query", "headers", "body", "expected", "content_type"),
    [
        ("", JSON, b'{"a":1}', b'{"a":1}', "application/json"),  # parameter absent: unchanged
        ("cb=f", JSON, b'{"a":1}', b'f({"a":1});', "application/javascript; charset=utf-8"),
        ("CB=a.b", JSON, b"[]", b"a.b([]);", "application/javascript; charset=utf-8"),
        ("cb=f", {"Content-Type": "application/hal+json"}, b"1", b"f(1);", "application/javascript; charset=utf-8"),
        ("cb=f", {"Content-Type": "text/html"}, b"<p>", b"<p>", "text/html"),  # no JSON: unchanged
        ("cb=f", {"Content-Type": "application/json; charset=latin1"}, b'"\xe9"', 'f("é");'.encode(), None),
        ("cb=f", JSON, b"", b"", "application/json"),
    ],
)
async def test_jsonp(h, kit, query, headers, body, expected, content_type):
    h.transport.answers = [kit.reply(body=body, headers=headers)]
    ex = await h.run(kit.policies(outbound=JSONP), url=f"https://gw.test/api?{query}")
    assert body_of(ex.response) == expected
    assert content_type in (None, ex.response.headers["Content-Type"])


@pytest.mark.step("jsonp 3")
async def test_jsonp_of_a_stream(h, kit):
    h.transport.answers = [kit.reply(headers=JSON, stream=kit.Stream(b"[1,", b"2]"))]
    ex = await h.run(kit.policies(outbound=JSONP), url="https://gw.test/api?cb=f")
    assert body_of(ex.response) == b"f([1,2]);"


async def test_jsonp_leaves_streams_alone_without_a_callback(h, kit):
    h.transport.answers = [kit.reply(headers=JSON, stream=kit.Stream(b"{}"))]
    ex = await h.run(kit.policies(outbound=JSONP))
    assert ex.response.body.stream is not None


@pytest.mark.step("jsonp 2")
async def test_jsonp_with_a_wrong_callback(h, kit):
    h.transport.answers = [kit.reply(body=b"<p>")]
    ex, found = await outcome(h, kit, outbound=JSONP, request={"url": "https://gw.test/?cb=alert(1)"})
    message = "Value of callback parameter cb is not a valid JavaScript identifier."
    assert found == (400, "CallbackParameterInvalid", message)
    assert (ex.last_error.source, ex.last_error.section) == ("jsonp", "outbound")
    assert body_of(ex.response) == b'{ "statusCode": 400, "message": "%s" }' % message.encode()


@pytest.mark.step("jsonp 2")
@pytest.mark.parametrize(
    ("text", "good"),
    [
        *((text, True) for text in ("f", "$", "_a$1.b.c", "é", "a.new")),
        *((text, False) for text in ("", "1a", "a..b", "a-b", "a b", "f(", "function", "a;b")),
    ],
)
def test_is_callback(text, good):
    assert is_callback(text) is good
