"""set-variable, set-header, set-body, set-status, return-response, rewrite-uri."""

import pytest

from apimpy.policies import catalogue
from apimpy.runtime.exchange import Operation
from apimpy.runtime.message import Body, Response


def test_module_name_is_element_name():
    for policy in catalogue():
        assert policy.__module__.rpartition(".")[2] == policy.element.replace("-", "_")
        assert policy.__doc__
        assert policy.sections


@pytest.mark.step("set-variable 1 2")
@pytest.mark.parametrize(
    ("value", "expected"),
    [("5", "5"), ("true", "true"), ("@(5)", 5), ("@(None)", None), ("@([1, 2])", [1, 2]), ("", "")],
)
async def test_set_variable(h, kit, value, expected):
    ex = await h.run(kit.policies(inbound=f'<set-variable name="N" value="{value}" />'))
    assert ex.variables == {"N": expected}


@pytest.mark.step("set-variable 3")
async def test_names_of_variables(h, kit):
    policies = "".join(f'<set-variable name="{name}" value="{name}" />' for name in ("n", "N", "n "))
    ex = await h.run(kit.policies(inbound=policies))
    assert ex.variables == {"n": "n", "N": "N", "n ": "n "}
    assert h.compile(kit.policies(inbound='<set-variable name="@(1)" value="x" />')) is None


def header(action, *values, name="X-A"):
    inner = "".join(f"<value>{v}</value>" for v in values)
    return f'<set-header name="{name}" exists-action="{action}">{inner}</set-header>'


@pytest.mark.step("set-header 1 2 3 4 7")
@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [
        (header("override", "n"), [], ["n"]),
        (header("override", "n"), ["o", "p"], ["n"]),
        (header("override", "@('n')"), ["o"], ["n"]),
        (header("override", "@(None)"), ["o"], [""]),
        (header("override", " n "), ["o"], ["n"]),
        (header("override", ""), ["o"], [""]),
        (header("override", "n", "m"), ["o"], ["n, m"]),
        (header("skip", "n"), ["o"], ["o"]),
        (header("skip", "n"), [], ["n"]),
        (header("append", "n"), ["o"], ["o, n"]),
        (header("append", "n"), [], ["n"]),
        (header("delete"), ["o", "p"], []),
        (header("delete", "n"), ["o"], []),
        (header("@('Append')", "n"), ["o"], ["o, n"]),
        (header("@('override')"), ["o"], ["o"]),  # without a value nothing happens
        (header("@('append')"), [], []),
        (header("override", "n", name="x-a"), ["o"], ["n"]),
        (header("override", "n", name="@('x-a')"), ["o"], ["n"]),
        (header("override", "n") + header("override", "m"), ["o"], ["m"]),
    ],
)
async def test_set_header_on_both_messages(h, kit, policy, before, after):
    headers = [("X-A", v) for v in before]
    await h.run(kit.policies(inbound=policy), headers=headers)
    assert h.transport.sent[0].headers.getall("X-A", []) == after
    h.transport.answers = [lambda r: kit.reply(headers=headers)]
    ex = await h.run(kit.policies(outbound=policy))
    assert ex.response.headers.getall("X-A", []) == after


LINES = [
    *("User-Agent", "WWW-Authenticate", "Proxy-Authenticate", "Cookie", "Set-Cookie", "Warning", "Date", "Expires"),
    *("If-Modified-Since", "If-Unmodified-Since", "Last-Modified", "Retry-After"),
]


@pytest.mark.step("set-header 5")
@pytest.mark.parametrize("name", [*LINES, "set-cookie"])
async def test_headers_that_keep_separate_lines(h, kit, name):
    ex = await h.run(kit.policies(outbound=header("override", "a", "b", name=name) + header("append", "c", name=name)))
    assert ex.response.headers.getall(name) == ["a", "b", "c"]


@pytest.mark.step("set-header 2")
@pytest.mark.parametrize(("action", "sent"), [("override", "x-TRACE-id"), ("append", "X-Trace-ID")])
async def test_the_spelling_that_goes_out(h, kit, action, sent):
    """The policy's, unless it adds to what is there."""
    policy = header(action, "n", name="x-TRACE-id")
    ex = await h.run(kit.policies(inbound=policy, outbound=policy), headers=[("X-Trace-ID", "o")])
    assert [name for name in h.transport.sent[0].headers if name.lower() == "x-trace-id"] == [sent]
    assert list(ex.response.headers)[-1] == "x-TRACE-id"


@pytest.mark.step("set-header 6")
@pytest.mark.parametrize("name", ["Content-Length", "connection", "Keep-Alive", "transfer-encoding", "@('Connection')"])
async def test_the_gateways_own_headers_stay(h, kit, name):
    ex = await h.run(kit.policies(outbound=header("override", "7", name=name)))
    assert "7" not in ex.response.headers.values()
    assert [note.partition(" is the gateway's own")[1] != "" for note in ex.notes] == [True]


@pytest.mark.step("set-header 6")
@pytest.mark.parametrize("name", ["Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding"])
async def test_the_gateways_own_headers_are_not_deleted(h, kit, name):
    ex = h.exchange(headers=[(name, "x")])
    await h.run(kit.policies(inbound=header("delete", name=name)), ex=ex)
    assert ex.request.headers[name] == "x"


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (header("override", "@('a\\r\\nX-B: c')"), "not allowed in a header"),
        (header("append", "@('a\\0')"), "not allowed in a header"),
        (header("override", "a", name="@('')"), "The name field is required."),
        (header("override", "a", name="@('a b')"), "no header name"),
        (header("@('what')", "a"), "one of override"),
    ],
)
async def test_set_header_refuses(h, kit, policy, text):
    ex = await h.run(kit.policies(inbound=policy))
    assert (ex.response.status, ex.last_error.reason) == (500, "ExpressionValueValidationFailure")
    assert text in ex.last_error.message


@pytest.mark.step("forward-request 3")
@pytest.mark.parametrize(
    ("policy", "host"), [("", None), (header("override", "other.test", name="host"), "other.test")]
)
async def test_host(h, kit, policy, host):
    await h.run(kit.policies(inbound=policy), headers=[("Host", "gw.test")])
    assert h.transport.sent[0].headers.get("Host") == host


@pytest.mark.step("set-body 2 3 4 6")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<set-body>plain</set-body>", b"plain"),
        ("<set-body> plain </set-body>", b" plain "),
        ("<set-body>@('é')</set-body>", "é".encode()),
        ("<set-body> @(b'raw') </set-body>", b"raw"),
        ("<set-body>@(None)</set-body>", b""),
        ("<set-body />", b""),
        ('<set-body template="none">x</set-body>', b"x"),
        ("<set-body>@(ex.request.body.data[::-1])</set-body>", b"cba"),
        ("<set-body><a x='1'>t &lt; u<b/></a></set-body>", b'<a x="1">t &lt; u<b /></a>'),
        ("<set-body><value>@('v')</value></set-body>", b"v"),
        ('<set-body>{ "a": 1 }</set-body>', b'{ "a": 1 }'),
    ],
)
async def test_set_body_of_the_request(h, kit, content, expected):
    headers = [
        ("Content-Type", "text/plain; charset=iso-8859-1"),
        ("Content-Encoding", "gzip"),
        ("Content-Length", "3"),
    ]
    await h.run(kit.policies(inbound=content), method="POST", headers=headers, body=b"abc")
    assert h.transport.bodies == [expected]
    sent = h.transport.sent[0].headers
    assert sent["Content-Type"] == "text/plain; charset=utf-8"
    assert "Content-Encoding" not in sent
    assert "Content-Length" not in sent


@pytest.mark.step("set-body 4")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, None),
        ("text/plain", "text/plain"),
        ("text/plain;charset=latin1; q=1", "text/plain;charset=utf-8; q=1"),
        ('text/plain; Charset="utf-16"', "text/plain; Charset=utf-8"),
    ],
)
async def test_the_type_of_a_new_body(h, kit, before, after):
    h.transport.answers = [kit.reply(body=b"x", headers={} if before is None else {"Content-Type": before})]
    ex = await h.run(kit.policies(outbound="<set-body>é</set-body>"))
    assert (ex.response.body.wire(), ex.response.headers.get("Content-Type")) == ("é".encode(), after)


@pytest.mark.step("set-body 5")
async def test_set_body_where_there_was_none(h, kit):
    await h.run(kit.policies(inbound="<set-body>x</set-body>"))
    assert (h.transport.sent[0].method, h.transport.bodies) == ("GET", [b"x"])


@pytest.mark.step("set-body 3")
async def test_set_body_of_the_response(h, kit):
    ex = await h.run(kit.policies(outbound="<set-body>@(ex.response.body.data + b'!')</set-body>"))
    assert ex.response.body.wire() == b"hello!"


async def test_unsupported_policy_names_itself(h, kit):
    policy = '<get-authorization-context provider-id="p" authorization-id="a" context-variable-name="v" />'
    ex = await h.run(kit.policies(inbound=policy))
    assert (ex.last_error.source, ex.last_error.reason) == ("get-authorization-context", "PolicyNotSupported")
    assert "get-authorization-context" in ex.last_error.message


@pytest.mark.step("set-status 1 3")
@pytest.mark.parametrize(
    ("policy", "status", "reason"),
    [
        ('<set-status code="404" />', 404, "Not Found"),
        ('<set-status code="404" reason="Gone fishing" />', 404, "Gone fishing"),
        ('<set-status code="@(200 + 99)" />', 299, ""),
        ("<set-status code=\"@('201')\" />", 201, "Created"),
        ('<set-status code="@(99)" />', 500, "Internal Server Error"),
        ('<set-status code="200" reason="@(\'a\\nb\')" />', 500, "Internal Server Error"),
    ],
)
async def test_set_status(h, kit, policy, status, reason):
    ex = await h.run(kit.policies(outbound=policy))
    assert (ex.response.status, ex.response.reason) == (status, reason)


@pytest.mark.step("set-status 2")
async def test_set_status_before_forwarding_has_no_lasting_effect(h, kit):
    ex = await h.run(kit.policies(inbound='<set-status code="404" />'))
    assert ex.response.status == 200
    ex = await h.run(kit.policies(inbound='<set-status code="404" />', backend=""))
    assert ex.response.status == 404


@pytest.mark.step("return-response 1 2 6", "set-header 1")
async def test_return_response_builds_a_fresh_response(h, kit):
    ex = await h.run(
        kit.policies(
            outbound='<return-response><set-status code="202" /><set-header name="A"><value>1</value></set-header>'
            "<set-body>@(ex.response.body.data)</set-body></return-response>"
        )
    )
    assert (ex.response.status, ex.response.body.wire()) == (202, b"hello")
    assert dict(ex.response.headers) == {"A": "1"}


@pytest.mark.step("return-response 1 2")
async def test_return_response_from_a_variable(h, kit):
    ex = h.exchange()
    ex.variables["r"] = Response(201, "Made", kit.CIMultiDict({"B": "2"}), Body(b"stored"))
    inner = '<set-header name="A"><value>1</value></set-header>'
    text = f'<return-response response-variable-name="r">{inner}</return-response>'
    await h.run(kit.policies(inbound=text), ex=ex)
    assert (ex.response.status, ex.response.reason, ex.response.body.wire()) == (201, "Made", b"stored")
    assert dict(ex.response.headers) == {"B": "2", "A": "1"}
    assert dict(ex.variables["r"].headers) == {"B": "2"}


@pytest.mark.step("return-response 3")
@pytest.mark.parametrize(
    "before", ["", '<set-variable name="r" value="@(None)" />', '<set-variable name="r" value="x" />']
)
async def test_return_response_without_the_variable(h, kit, before):
    ex = await h.run(kit.policies(inbound=before + '<return-response response-variable-name="r" />'))
    assert (ex.response.status, ex.last_error.source) == (500, "return-response")


@pytest.mark.step("return-response 5")
@pytest.mark.parametrize(("preserve", "body"), [(True, b"stored"), (False, b"")])
async def test_return_response_after_its_body_was_read(h, kit, preserve, body):
    ex = h.exchange()
    ex.variables["r"] = Response(201, "Made", kit.CIMultiDict(), Body(b"stored"))
    read = f'<set-variable name="t" value="@(V["r"].body.read({preserve}).decode())" />'
    await h.run(kit.policies(inbound=read + '<return-response response-variable-name="r" />'), ex=ex)
    assert (ex.variables["t"], ex.response.status, ex.response.body.wire()) == ("stored", 201, body)


@pytest.mark.step("rewrite-uri 1 3 4 5")
@pytest.mark.parametrize(
    ("template", "copy", "query", "expected"),
    [
        ("/put", "true", "c=d", "/base/put?c=d"),
        ("/put", "false", "c=d", "/base/put"),
        ("keys", "true", "", "/base/keys"),
        ("/put?x=1", "true", "c=d&X=2", "/base/put?x=1&c=d"),
        ("/put", "true", "a=b&c=d", "/base/put?c=d"),
        ("/v/{id}/x", "true", "", "/base/v/7%2F8/x"),
        ("/v?i={ID}", "true", "", "/base/v?i=7%2F8"),
        ("@('/{id}')", "true", "", "/base/%7Bid%7D"),
        ("/all/{rest}", "true", "", "/base/all/x/y%20z"),  # the rest of a path keeps its slashes
        ("@('/a b?q=ü')", "@(False)", "c=d", "/base/a%20b?q=%C3%BC"),
    ],
)
async def test_rewrite_uri(h, kit, template, copy, query, expected):
    ex = h.exchange(url=f"http://gw.test/get?{query}", matched_parameters={"id": "7/8", "b": "b", "rest": "x/y z"})
    ex.operation = Operation("get", "Get", "GET", "/get/{id}/{*rest}?a={b}")
    await h.run(kit.policies(inbound=f'<rewrite-uri template="{template}" copy-unmatched-params="{copy}" />'), ex=ex)
    assert h.transport.sent[0].url.target == expected
    assert ex.request.original_url.path == "/get"


@pytest.mark.step("rewrite-uri 2")
async def test_rewrite_uri_with_an_unknown_parameter(h, kit):
    ex = await h.run(kit.policies(inbound='<rewrite-uri template="/{nope}" />'))
    assert ex.response.status == 500
    assert "original URL template" in ex.last_error.message


@pytest.mark.step("rewrite-uri 5")
async def test_the_last_rewrite_wins_and_starts_from_the_callers_query(h, kit):
    await h.run(kit.policies(inbound='<rewrite-uri template="/x?p=1" /><rewrite-uri template="/y" />'))
    assert h.transport.sent[0].url.target == "/base/y?a=1"
