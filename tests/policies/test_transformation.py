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


@pytest.mark.parametrize(
    ("value", "expected"),
    [("5", "5"), ("true", "true"), ("@(5)", 5), ("@(None)", None), ("@([1, 2])", [1, 2]), ("", "")],
)
async def test_set_variable(h, kit, value, expected):
    ex = await h.run(kit.policies(inbound=f'<set-variable name="N" value="{value}" />'))
    assert ex.variables == {"N": expected}


def header(action, *values, name="X-A"):
    inner = "".join(f"<value>{v}</value>" for v in values)
    return f'<set-header name="{name}" exists-action="{action}">{inner}</set-header>'


@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [
        (header("override", "n"), [], ["n"]),
        (header("override", "n"), ["o", "p"], ["n"]),
        (header("override", "@('n')"), ["o"], ["n"]),
        (header("override", "@(None)"), ["o"], [""]),
        (header("override", " n "), ["o"], ["n"]),
        (header("override", "n", "m"), ["o"], ["n, m"]),
        (header("skip", "n"), ["o"], ["o"]),
        (header("skip", "n"), [], ["n"]),
        (header("append", "n"), ["o"], ["o, n"]),
        (header("append", "n"), [], ["n"]),
        (header("delete"), ["o", "p"], []),
        (header("delete", "n"), ["o"], []),
        (header("@('Append')", "n"), ["o"], ["o, n"]),
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


@pytest.mark.parametrize("name", ["Set-Cookie", "WWW-Authenticate", "Retry-After"])
async def test_headers_that_keep_separate_lines(h, kit, name):
    ex = await h.run(kit.policies(outbound=header("override", "a", "b", name=name)))
    assert ex.response.headers.getall(name) == ["a", "b"]


@pytest.mark.parametrize("name", ["Content-Length", "connection", "Keep-Alive", "transfer-encoding", "@('Connection')"])
async def test_the_gateways_own_headers_stay(h, kit, name):
    ex = await h.run(kit.policies(outbound=header("override", "7", name=name)))
    assert "7" not in ex.response.headers.values()


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


@pytest.mark.parametrize(
    ("policy", "host"), [("", None), (header("override", "other.test", name="host"), "other.test")]
)
async def test_host(h, kit, policy, host):
    await h.run(kit.policies(inbound=policy), headers=[("Host", "gw.test")])
    assert h.transport.sent[0].headers.get("Host") == host


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


async def test_set_body_of_the_response(h, kit):
    ex = await h.run(kit.policies(outbound="<set-body>@(ex.response.body.data + b'!')</set-body>"))
    assert ex.response.body.wire() == b"hello!"


async def test_unsupported_policy_names_itself(h, kit):
    ex = await h.run(kit.policies(inbound="<get-authorization-context />"))
    assert (ex.last_error.source, ex.last_error.reason) == ("get-authorization-context", "PolicyNotSupported")
    assert "get-authorization-context" in ex.last_error.message


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


async def test_set_status_before_forwarding_has_no_lasting_effect(h, kit):
    ex = await h.run(kit.policies(inbound='<set-status code="404" />'))
    assert ex.response.status == 200
    ex = await h.run(kit.policies(inbound='<set-status code="404" />', backend=""))
    assert ex.response.status == 404


async def test_return_response_builds_a_fresh_response(h, kit):
    ex = await h.run(
        kit.policies(
            outbound='<return-response><set-status code="202" /><set-header name="A"><value>1</value></set-header>'
            "<set-body>@(ex.response.body.data)</set-body></return-response>"
        )
    )
    assert (ex.response.status, ex.response.body.wire()) == (202, b"hello")
    assert dict(ex.response.headers) == {"A": "1"}


async def test_return_response_from_a_variable(h, kit):
    ex = h.exchange()
    ex.variables["r"] = Response(201, "Made", kit.CIMultiDict({"B": "2"}), Body(b"stored"))
    inner = '<set-header name="A"><value>1</value></set-header>'
    text = f'<return-response response-variable-name="r">{inner}</return-response>'
    await h.run(kit.policies(inbound=text), ex=ex)
    assert (ex.response.status, ex.response.reason, ex.response.body.wire()) == (201, "Made", b"stored")
    assert dict(ex.response.headers) == {"B": "2", "A": "1"}
    assert dict(ex.variables["r"].headers) == {"B": "2"}


async def test_return_response_without_the_variable(h, kit):
    ex = await h.run(kit.policies(inbound='<return-response response-variable-name="r" />'))
    assert (ex.response.status, ex.last_error.source) == (500, "return-response")


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
        ("@('/a b?q=ü')", "@(False)", "c=d", "/base/a%20b?q=%C3%BC"),
    ],
)
async def test_rewrite_uri(h, kit, template, copy, query, expected):
    ex = h.exchange(url=f"http://gw.test/get?{query}", matched_parameters={"id": "7/8", "b": "b"})
    ex.operation = Operation("get", "Get", "GET", "/get?a={b}")
    await h.run(kit.policies(inbound=f'<rewrite-uri template="{template}" copy-unmatched-params="{copy}" />'), ex=ex)
    assert h.transport.sent[0].url.target == expected
    assert ex.request.original_url.path == "/get"


async def test_rewrite_uri_with_an_unknown_parameter(h, kit):
    ex = await h.run(kit.policies(inbound='<rewrite-uri template="/{nope}" />'))
    assert ex.response.status == 500
    assert "original URL template" in ex.last_error.message


async def test_the_last_rewrite_wins_and_starts_from_the_callers_query(h, kit):
    await h.run(kit.policies(inbound='<rewrite-uri template="/x?p=1" /><rewrite-uri template="/y" />'))
    assert h.transport.sent[0].url.target == "/base/y?a=1"
