"""forward-request, set-backend-service, retry, authentication-managed-identity."""

from types import SimpleNamespace

import pytest

from apimpy.backends.entity import Backend
from apimpy.backends.registry import Backends
from apimpy.policies._target import join_path
from apimpy.policies.retry import wait_before
from apimpy.runtime.message import Url
from apimpy.runtime.ports import ConnectFailed


@pytest.mark.parametrize(
    ("base", "path", "joined"),
    [
        ("/", "/a", "/a"),
        ("", "/a", "/a"),
        ("/b", "/a", "/b/a"),
        ("/b/", "/a", "/b/a"),
        ("/b", "a", "/b/a"),
        ("/b", "", "/b"),
        ("", "", "/"),
        ("/b", "/", "/b/"),
    ],
)
def test_join_path(base, path, joined):
    assert join_path(base, path) == joined


@pytest.mark.step("forward-request 2 3")
async def test_request_headers(h, kit):
    headers = [
        ("Host", "gw.test"),
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "5"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "h2c"),
        ("TE", "trailers"),
        ("Expect", "100-continue"),
        ("Accept", "a"),
        ("Accept", "b"),
        ("X-Forwarded-For", "1.1.1.1"),
        ("Ocp-Apim-Subscription-Key", "k"),
    ]
    ex = await h.run("<policies />", headers=headers)
    assert sorted(h.transport.sent[0].headers.items()) == [
        ("Accept", "a"),
        ("Accept", "b"),
        ("Ocp-Apim-Subscription-Key", "k"),
        ("X-Forwarded-For", "1.1.1.1"),
    ]
    assert "X-Hop" in ex.request.headers


@pytest.mark.step("forward-request 3")
async def test_response_headers_lose_hop_by_hop(h, kit):
    h.transport.answers = [kit.reply(headers=[("Connection", "X-Y"), ("X-Y", "1"), ("A", "1"), ("Keep-Alive", "1")])]
    ex = await h.run("<policies />")
    assert dict(ex.response.headers) == {"A": "1"}


@pytest.mark.step("forward-request 9")
async def test_bodies_stream_to_the_backend(h, kit):
    body = kit.Body(None, kit.Stream(b"a", b"b"), 2)
    ex = await h.run("<policies />", method="POST", body=body)
    assert h.transport.bodies == [b"ab"]
    assert ex.request.body.consumed


@pytest.mark.step("common 3")
async def test_a_consumed_body_is_not_forwarded(h, kit):
    ex = h.exchange(method="POST", body=b"abc")
    ex.request.body.read(preserve=False)
    await h.run("<policies />", ex=ex)
    assert h.transport.bodies == [b""]


@pytest.mark.step("forward-request 4")
@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [("", 300), ('timeout="5"', 5), ('timeout-ms="1500"', 1.5), ('timeout="@(2 + 3)"', 5), ('timeout="0"', None)],
)
async def test_timeouts(h, kit, attributes, seconds):
    await h.run(kit.policies(backend=f"<forward-request {attributes} />"))
    assert h.transport.timeouts == [seconds]


@pytest.mark.step("forward-request 11")
@pytest.mark.parametrize(("status", "failed"), [(399, False), (400, True), (599, True), (600, False)])
async def test_fail_on_error_status_code(h, kit, status, failed):
    h.transport.answers = [kit.reply(status, b"why", [("A", "1")])]
    ex = await h.run(kit.policies(backend='<forward-request fail-on-error-status-code="true" />'))
    assert (ex.response.status, ex.response.body.wire(), ex.response.headers["A"]) == (status, b"why", "1")
    assert (ex.last_error is not None) == failed
    if failed:
        assert (ex.last_error.source, ex.last_error.reason) == ("forward-request", "BackendErrorStatusCode")


@pytest.mark.step("forward-request 5")
async def test_no_backend(h, kit):
    ex = h.exchange()
    ex.service_url = None
    await h.run("<policies />", ex=ex)
    assert (ex.response.status, ex.last_error.reason) == (500, "BackendConnectionFailure")


@pytest.mark.step("forward-request 8")
@pytest.mark.parametrize(
    ("status", "method", "follows"),
    [(301, "GET", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"), (308, "GET", "GET")],
)
async def test_redirects(h, kit, status, method, follows):
    first, second = kit.reply(status, headers=[("Location", "/there?x=1")]), kit.reply(200, b"done")
    h.transport.answers = [first, second]
    ex = await h.run(kit.policies(backend='<forward-request follow-redirects="true" />'), method=method, body=b"b")
    assert [(r.method, str(r.url)) for r in h.transport.sent] == [
        (method, "http://backend.test/base/api/orders?a=1"),
        (follows, "http://backend.test/there?x=1"),
    ]
    assert h.transport.bodies[1] == (b"b" if follows == method else b"")
    assert ex.response.body.wire() == b"done"


@pytest.mark.step("forward-request 8")
async def test_redirects_are_returned_by_default_and_end(h, kit):
    h.transport.answers = [lambda r: kit.reply(302, headers=[("Location", "/again")])]
    ex = await h.run("<policies />")
    assert ex.response.status == 302
    ex = await h.run(kit.policies(backend='<forward-request follow-redirects="true" />'))
    assert len(h.transport.sent) == 1 + 51


async def test_credentials_do_not_follow_to_another_host(h, kit):
    h.transport.answers = [kit.reply(302, headers=[("Location", "http://evil.test/")]), kit.reply()]
    await h.run(
        kit.policies(backend='<forward-request follow-redirects="true" />'), headers=[("Authorization", "Bearer x")]
    )
    assert "Authorization" not in h.transport.sent[1].headers


@pytest.mark.step("forward-request 10")
@pytest.mark.parametrize(("mode", "chunks"), [("never", 3), ("platform", 2)])
async def test_coalescing_only_as_on_the_platform(h, kit, mode, chunks):
    h.options(sse_buffering=mode)
    h.transport.answers = [kit.reply(stream=kit.Stream(b"a" * 5000, b"b" * 5000, b"c"))]
    ex = await h.run("<policies />")
    assert len([c async for c in ex.response.body.stream]) == chunks


@pytest.mark.step("set-backend-service 1 2 4")
@pytest.mark.parametrize(
    ("inbound", "url"),
    [
        ('<set-backend-service base-url="http://one.test/x/" />', "http://one.test/x/api/orders?a=1"),
        ('<set-backend-service base-url="https://one.test:8443" />', "https://one.test:8443/api/orders?a=1"),
        ('<set-backend-service base-url="http://one.test?k=v" />', "http://one.test/api/orders?k=v&a=1"),
        ('<set-backend-service base-url="" />', "http://backend.test/base/api/orders?a=1"),
        ("<set-backend-service base-url=\"@('http://e.test')\" />", "http://e.test/api/orders?a=1"),
        ('<set-backend-service backend-id="b" />', "http://entity.test/v1/api/orders?a=1"),
        (
            '<set-backend-service backend-id="b" /><set-backend-service base-url="http://two.test" />',
            "http://two.test/api/orders?a=1",
        ),
        (
            '<rewrite-uri template="/new" /><set-backend-service base-url="http://one.test" />',
            "http://one.test/new?a=1",
        ),
    ],
)
async def test_set_backend_service(h, kit, inbound, url):
    h.services.backends = Backends({"b": Backend("b", Url.parse("http://entity.test/v1"), "north")})
    ex = await h.run(kit.policies(inbound=inbound))
    assert str(h.transport.sent[0].url) == url
    assert str(ex.request.url) == url


@pytest.mark.step("set-backend-service 2")
async def test_a_base_url_cannot_override_an_inherited_backend_id(h, kit):
    h.services.backends = Backends({"b": Backend("b", Url.parse("http://entity.test"))})
    broad = kit.policies(inbound='<set-backend-service backend-id="b" />', outbound="", on_error="")
    broad = broad.replace("<backend><base /></backend>", "<backend><forward-request /></backend>")
    narrow = kit.policies(inbound='<base /><set-backend-service base-url="http://mine.test" />')
    ex = await h.run(("global", broad), ("api", narrow))
    assert h.transport.sent[0].url.host == "entity.test"
    assert ex.backend.inherited
    assert ex.notes


@pytest.mark.step("set-backend-service 4")
@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ('backend-id="none"', "BackendNotFound"),
        ("base-url=\"@('ftp://x')\"", "ExpressionValueValidationFailure"),
    ],
)
async def test_set_backend_service_fails(h, kit, attributes, reason):
    ex = await h.run(kit.policies(inbound=f"<set-backend-service {attributes} />"))
    assert (ex.response.status, ex.last_error.reason) == (500, reason)


def retry(condition, inner="<forward-request />", **attributes):
    named = " ".join(f'{k.replace("_", "-")}="{v}"' for k, v in {"count": 3, "interval": 0, **attributes}.items())
    return f'<retry condition="{condition}" {named}>{inner}</retry>'


@pytest.mark.step("retry 1 4 5")
@pytest.mark.parametrize(
    ("answers", "condition", "status", "calls"),
    [
        ([200], "@(ex.response.status >= 500)", 200, 1),
        ([500, 503, 200], "@(ex.response.status >= 500)", 200, 3),
        ([500], "@(ex.response.status >= 500)", 500, 4),
        ([None, 200], "@(ex.response is None or ex.response.status >= 500)", 200, 2),
        ([None], "@(ex.response is None)", 500, 4),
        ([None, 200], "false", 500, 1),
        ([500], "@(boom())", 500, 1),
    ],
)
async def test_retry(h, kit, answers, condition, status, calls):
    h.transport.answers = [
        ConnectFailed("refused") if a is None else (lambda r, a=a: kit.reply(a, b"x")) for a in answers
    ]
    ex = await h.run(kit.policies(backend=retry(condition)))
    assert (ex.response.status, len(h.transport.sent)) == (status, calls)


@pytest.mark.step("retry 2 3")
@pytest.mark.parametrize(
    ("attributes", "slept"),
    [
        ({"interval": 5}, [5, 5, 5]),
        ({"interval": 5, "delta": 2}, [5, 7, 9]),
        ({"interval": 5, "max_interval": 3}, [3, 3, 3]),
        ({"interval": 5, "first_fast_retry": "true"}, [5, 5]),
        ({"interval": 0}, []),
        ({"interval": "@(2)", "count": "@('1')"}, [2]),
    ],
)
async def test_retry_waits(h, kit, attributes, slept):
    await h.run(kit.policies(backend=retry("@(True)", **attributes)))
    assert h.clock.slept == slept


@pytest.mark.step("retry 2")
def test_exponential_waits():
    waits = [wait_before(n, 10, 10, 100, SimpleNamespace(uniform=lambda a, b: (a + b) / 2)) for n in range(1, 7)]
    assert waits == [10, 20, 40, 80, 100, 100]


@pytest.mark.step("retry 7")
async def test_retry_ends_at_return_response(h, kit):
    ex = await h.run(kit.policies(backend=retry("true", "<return-response />")))
    assert (ex.response.status, h.transport.sent) == (200, [])


async def test_retry_as_a_loop(h, kit):
    inner = '<set-variable name="n" value="@(V.get(\'n\', 0) + 1)" />'
    ex = await h.run(kit.policies(inbound=retry("@(V['n'] < 3)", inner, count=50)))
    assert ex.variables["n"] == 3


@pytest.mark.step("retry 4 6")
async def test_retry_sees_an_error_response_of_other_failures(h, kit):
    inner = '<set-variable name="n" value="@(V.get(\'n\', 0) + 1)" /><set-variable name="x" value="@(boom())" />'
    ex = await h.run(kit.policies(inbound=retry("@(ex.response.status == 500)", inner, count=2)))
    assert ex.variables["n"] == 3
    assert ex.last_error.path == "retry[1]\\set-variable[2]"


@pytest.mark.step("retry 6", "forward-request 9")
@pytest.mark.parametrize(
    ("length", "buffer", "bodies", "reason"),
    [
        (2, "false", [b"ab", b"ab"], None),
        (None, "true", [b"ab", b"ab"], None),
        (None, "false", [b"ab"], "RequestBodyNotBuffered"),
        (3 << 20, "false", [b"ab"], "RequestBodyNotBuffered"),
    ],
)
async def test_resending_a_body(h, kit, length, buffer, bodies, reason):
    h.transport.answers = [kit.reply(500), kit.reply(200)]
    body = kit.Body(None, kit.Stream(b"a", b"b"), length)
    inner = f'<forward-request buffer-request-body="{buffer}" />'
    condition = "@(ex.response.status == 500 and len(ex.services.transport.sent) == 1)"
    ex = await h.run(kit.policies(backend=retry(condition, inner)), method="POST", body=body)
    assert h.transport.bodies == bodies
    assert (ex.last_error.reason if ex.last_error else None) == reason


async def test_retry_closes_the_answers_it_drops(h, kit):
    dropped, kept = kit.Stream(b"a"), kit.Stream(b"b")
    h.transport.answers = [kit.reply(500, stream=dropped), kit.reply(200, stream=kept)]
    await h.run(kit.policies(backend=retry("@(ex.response.status == 500)")))
    assert (dropped.closed, kept.closed) == (True, False)


async def test_condition_may_read_the_body(h, kit):
    h.transport.answers = [lambda r: kit.reply(200, stream=kit.Stream(b"no", b"pe")), kit.reply(200, b"ok")]
    ex = await h.run(kit.policies(backend=retry("@(ex.response.body.data == b'nope')")))
    assert ex.response.body.wire() == b"ok"


@pytest.mark.step("authentication-managed-identity 1 2 3")
@pytest.mark.parametrize(
    ("attributes", "header", "variables"),
    [
        ('resource="r"', "Bearer token-for-r-None", {}),
        ('resource="@(\'r\')" client-id="c"', "Bearer token-for-r-c", {}),
        ('resource="r" client-id="@(\'c\')"', "Bearer token-for-r-c", {}),
        ('resource="r" output-token-variable-name="t"', "old", {"t": "token-for-r-None"}),
        ('resource="fail" ignore-error="true"', "old", {}),
    ],
)
async def test_managed_identity(h, kit, attributes, header, variables):
    ex = await h.run(
        kit.policies(inbound=f"<authentication-managed-identity {attributes} />"), headers=[("Authorization", "old")]
    )
    assert h.transport.sent[0].headers["Authorization"] == header
    assert ex.variables == variables


@pytest.mark.step("authentication-managed-identity 3")
async def test_managed_identity_fails(h, kit):
    ex = await h.run(kit.policies(inbound='<authentication-managed-identity resource="fail" />'))
    assert (ex.response.status, ex.last_error.reason, ex.last_error.message) == (
        500,
        "ManagedIdentityTokenError",
        "no identity here",
    )
