"""cors and cross-domain: what is answered before the policies, and what is added to responses."""

import pytest

from apimpy.policies.cors import preflight_method, same_origin
from apimpy.runtime.exchange import Operation
from apimpy.runtime.ports import ConnectFailed

ORIGIN = "https://app.test"
MARK = '<set-variable name="ran" value="yes" />'


def cors(origins=(ORIGIN,), methods=None, headers=("*",), expose=(), age=None, credentials=None, terminate=None):
    attributes = "" if credentials is None else f' allow-credentials="{credentials}"'
    attributes += "" if terminate is None else f' terminate-unmatched-request="{terminate}"'
    parts = f"<allowed-origins>{''.join(f'<origin>{o}</origin>' for o in origins)}</allowed-origins>"
    if methods is not None:
        max_age = "" if age is None else f' preflight-result-max-age="{age}"'
        parts += f"<allowed-methods{max_age}>{''.join(f'<method>{m}</method>' for m in methods)}</allowed-methods>"
    if headers is not None:
        parts += f"<allowed-headers>{''.join(f'<header>{x}</header>' for x in headers)}</allowed-headers>"
    if expose:
        parts += f"<expose-headers>{''.join(f'<header>{x}</header>' for x in expose)}</expose-headers>"
    return f"<cors{attributes}>{parts}</cors>"


def asking(method="GET", origin=ORIGIN, wanted=None):
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return headers if wanted is None else {**headers, "Access-Control-Request-Headers": wanted}


async def preflight(h, kit, inbound, **question):
    return await h.run(kit.policies(inbound=inbound), method="OPTIONS", headers=asking(**question))


def scopes(kit, *policies):
    """A document for each; a section holds one cors at most."""
    names = ("product", "api")[-len(policies) :]
    return [(name, kit.policies(inbound="<base />" + text)) for name, text in zip(names, policies, strict=True)]


def shown(response):
    """The CORS headers, without their common prefix."""
    return {k.removeprefix("Access-Control-"): v for k, v in response.headers.items() if k != "Content-Type"}


# --- preflight --------------------------------------------------------------------------------------------------------


@pytest.mark.step("cors 6 7 8")
@pytest.mark.parametrize(
    ("policy", "question", "headers"),
    [
        # 6: without allowed-methods GET and POST; 7: no Max-Age then
        (cors(), {}, {"Allow-Origin": ORIGIN, "Allow-Methods": "GET,POST", "Vary": "Origin"}),
        (cors(), {"method": "PUT"}, None),
        # 7: `*` without credentials stays `*`, and nothing varies
        (cors(["*"]), {}, {"Allow-Origin": "*", "Allow-Methods": "GET,POST"}),
        (
            cors(["*"], credentials="true"),
            {},
            {"Allow-Origin": ORIGIN, "Allow-Credentials": "true", "Allow-Methods": "GET,POST", "Vary": "Origin"},
        ),
        (cors(credentials="false"), {}, {"Allow-Origin": ORIGIN, "Allow-Methods": "GET,POST", "Vary": "Origin"}),
        # 7: configured verbs, or for `*` the requested one; Max-Age with its default
        (
            cors(methods=["PUT", "delete"]),
            {"method": "DELETE"},
            {"Allow-Origin": ORIGIN, "Allow-Methods": "PUT,delete", "Max-Age": "0", "Vary": "Origin"},
        ),
        (
            cors(methods=["*"], age=300),
            {"method": "PURGE"},
            {"Allow-Origin": ORIGIN, "Allow-Methods": "PURGE", "Max-Age": "300", "Vary": "Origin"},
        ),
        (cors(methods=["PUT"]), {"method": "GET"}, None),
        # 6 and 7: headers by name, safelisted ones always, `*` echoes what was asked
        (
            cors(headers=["X-A", "X-B"]),
            {"wanted": "x-a, content-type,Accept"},
            {"Allow-Origin": ORIGIN, "Allow-Methods": "GET,POST", "Allow-Headers": "X-A,X-B", "Vary": "Origin"},
        ),
        (cors(headers=["X-A"]), {"wanted": "x-a, x-c"}, None),
        (
            cors(),
            {"wanted": "x-a, x-c"},
            {"Allow-Origin": ORIGIN, "Allow-Methods": "GET,POST", "Allow-Headers": "x-a, x-c", "Vary": "Origin"},
        ),
        # without allowed-headers: the safelisted ones
        (
            cors(headers=None),
            {"wanted": "accept"},
            {"Allow-Origin": ORIGIN, "Allow-Methods": "GET,POST", "Vary": "Origin"},
        ),
        (cors(headers=None), {"wanted": "accept, x-c"}, None),
        # 8: no match of the origin
        (cors(), {"origin": "https://evil.test"}, None),
        (
            cors(["@('https://app.' + 'test')"]),
            {},
            {"Allow-Origin": ORIGIN, "Allow-Methods": "GET,POST", "Vary": "Origin"},
        ),
    ],
)
async def test_preflight(h, kit, policy, question, headers):
    ex = await preflight(h, kit, policy + MARK, **question)
    assert (ex.response.status, ex.response.body.wire(), ex.variables) == (200, b"", {})
    assert shown(ex.response) == (headers or {})
    assert not h.transport.sent


@pytest.mark.step("cors 3 4")
async def test_only_cors_policies_see_a_preflight(h, kit):
    """Policies before the first cors policy do not run, those of broader scopes count."""
    failing = '<set-variable name="x" value="@(boom())" />'
    broad = kit.policies(inbound=cors(), backend="<forward-request />", outbound="", on_error="")
    program = [("global", broad), ("api", kit.policies(inbound=f"{failing}<base />"))]
    ex = await h.run(*program, method="OPTIONS", headers=asking())
    assert (ex.last_error, ex.response.headers["Access-Control-Allow-Origin"]) == (None, ORIGIN)


@pytest.mark.step("cors 8 11")
@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [
        (cors(["https://b.test"]), cors(), None),  # terminate is true by default
        (cors(["https://b.test"], terminate="true"), cors(), None),
        (cors(["https://b.test"], terminate="false"), cors(), ORIGIN),
        (cors(["https://b.test"], terminate="@(False)"), cors(), ORIGIN),
        (cors(methods=["PUT"], terminate="false"), cors(), ORIGIN),
        (cors(["https://b.test"], terminate="false"), cors(["https://c.test"], terminate="false"), None),  # none left
    ],
)
async def test_the_next_policy_is_tried(h, kit, first, second, allowed):
    ex = await h.run(*scopes(kit, first + MARK, second), method="OPTIONS", headers=asking())
    assert (ex.response.status, ex.variables) == (200, {})
    assert ex.response.headers.get("Access-Control-Allow-Origin") == allowed


@pytest.mark.step("cors 2")
async def test_an_operation_of_its_own_for_options_runs_normally(h, kit):
    ex = h.exchange("OPTIONS", headers=asking())
    ex.operation = Operation("o", "o", "OPTIONS", "/*")
    await h.run(kit.policies(inbound=cors() + MARK), ex=ex)
    assert (ex.variables, len(h.transport.sent)) == ({"ran": "yes"}, 1)
    assert ex.response.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.step("cors 2")
@pytest.mark.parametrize("missing", ["Origin", "Access-Control-Request-Method"])
async def test_options_that_is_no_preflight_goes_on(h, kit, missing):
    headers = asking()
    del headers[missing]
    ex = await h.run(kit.policies(inbound=cors() + MARK), method="OPTIONS", headers=headers)
    assert (ex.variables, len(h.transport.sent)) == ({"ran": "yes"}, 1)


@pytest.mark.step("cors 2")
def test_preflight_method(h):
    assert preflight_method(h.exchange("OPTIONS", headers=asking("PUT")).request) == "PUT"
    assert preflight_method(h.exchange("GET", headers=asking("PUT")).request) is None


async def test_a_failing_expression_of_a_preflight(h, kit):
    ex = await preflight(h, kit, cors(["@(boom())"]))
    assert (ex.last_error.source, ex.last_error.scope, ex.response.status) == ("cors", "api", 500)


# --- other requests ---------------------------------------------------------------------------------------------------


@pytest.mark.step("cors 1")
async def test_without_origin_no_effect(h, kit):
    ex = await h.run(kit.policies(inbound=cors(["https://b.test"])))
    assert (len(h.transport.sent), shown(ex.response)) == (1, {})


@pytest.mark.step("cors 4 9 10")
@pytest.mark.parametrize(
    ("policy", "headers"),
    [
        ([cors()], {"Allow-Origin": ORIGIN}),
        ([cors(["*"])], {"Allow-Origin": "*"}),
        ([cors(["*"], credentials="true")], {"Allow-Origin": ORIGIN, "Allow-Credentials": "true"}),
        ([cors(expose=["X-A", "X-B"])], {"Allow-Origin": ORIGIN, "Expose-Headers": "X-A,X-B"}),
        ([cors(["https://b.test"], terminate="false")], {}),  # 10: continues, adds nothing
        ([cors(["https://b.test"], terminate="false"), cors()], {"Allow-Origin": ORIGIN}),
        ([cors(), cors(["*"], credentials="true")], {"Allow-Origin": ORIGIN}),  # 4: the first applies
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_headers_of_the_response(h, kit, policy, headers, method):
    ex = await h.run(*scopes(kit, *policy), method=method, headers={"Origin": ORIGIN})
    assert shown(ex.response) == headers
    assert len(h.transport.sent) == 1


@pytest.mark.step("cors 9")
async def test_headers_of_the_backend_are_replaced(h, kit):
    theirs = [("Access-Control-Allow-Origin", "*"), ("access-control-allow-origin", "x")]
    h.transport.answers = [kit.reply(headers=theirs)]
    ex = await h.run(kit.policies(inbound=cors()), headers={"Origin": ORIGIN})
    assert ex.response.headers.getall("Access-Control-Allow-Origin") == [ORIGIN]


async def test_outbound_may_still_change_them(h, kit):
    outbound = '<set-header name="Access-Control-Allow-Origin"><value>x</value></set-header>'
    ex = await h.run(kit.policies(inbound=cors(), outbound=outbound), headers={"Origin": ORIGIN})
    assert ex.response.headers.getall("Access-Control-Allow-Origin") == ["x"]


FAILING = '<set-variable name="x" value="@(boom())" />'


@pytest.mark.step("cors 9", "common 4", "return-response 4")
@pytest.mark.parametrize(
    ("parts", "answer", "status"),
    [
        ({"inbound": FAILING}, None, 500),
        ({"inbound": "<return-response />"}, None, 200),
        ({"inbound": "<mock-response status-code='203' />"}, None, 203),
        ({}, ConnectFailed("x"), 500),
        ({"outbound": FAILING}, None, 500),
        ({"outbound": "<return-response />"}, None, 200),
        ({"inbound": "<ip-filter action='forbid'><address>10.0.0.9</address></ip-filter>"}, None, 403),
    ],
)
async def test_whatever_response_results_has_them(h, kit, parts, answer, status):
    if answer is not None:
        h.transport.answers = [answer]
    parts["inbound"] = cors() + parts.get("inbound", "")
    ex = await h.run(kit.policies(**parts), headers={"Origin": ORIGIN})
    assert ex.response.status == status
    assert ex.response.headers.getall("Access-Control-Allow-Origin") == [ORIGIN]


@pytest.mark.step("cors 10 11")
@pytest.mark.parametrize("terminate", [None, "true"])
async def test_an_unknown_origin_gets_an_empty_200(h, kit, terminate):
    policy = cors(["https://b.test"], terminate=terminate) + MARK
    ex = await h.run(kit.policies(inbound=policy, outbound=MARK), method="POST", headers={"Origin": ORIGIN})
    assert (ex.response.status, ex.response.body.wire(), dict(ex.response.headers)) == (200, b"", {})
    assert not ex.variables
    assert not h.transport.sent


@pytest.mark.step("cors 4")
async def test_inside_a_container_nothing_happens(h, kit):
    inbound = f'<choose><when condition="true">{cors(["https://b.test"])}</when></choose>'
    await h.run(kit.policies(inbound=inbound), headers={"Origin": ORIGIN})
    assert (len(h.transport.sent), h.codes()) == (1, ["POL016"])


@pytest.mark.step("cors 12")
@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        (cors(), []),
        (cors(["*"], credentials="true"), []),  # the rule open-credentials of lint says what there is to say
        (cors(headers=None), []),
        (cors(headers=[]), ["POL007"]),
        ("<cors><allowed-headers><header>*</header></allowed-headers></cors>", ["POL007"]),
        (cors([]), ["POL007"]),
        (cors(methods=[]), ["POL007"]),
        (cors(headers=["@('a')"]), ["POL009"]),
    ],
)
def test_found_at_load(h, kit, policy, codes):
    h.compile(kit.policies(inbound=policy))
    assert h.codes() == codes


@pytest.mark.step("cors 5")
@pytest.mark.parametrize(
    ("allowed", "origin", "same"),
    [
        ("https://a.test", "https://a.test", True),
        ("https://A.test/", "HTTPS://a.TEST", True),
        ("https://a.test:443", "https://a.test", True),
        ("http://a.test", "http://a.test:80", True),
        ("http://a.test", "https://a.test", False),
        ("https://a.test:8443", "https://a.test", False),
        ("https://a.test", "https://a.test.evil", False),
        ("https://a.test/path", "https://a.test", False),
        ("http://[::1]:5000", "http://[::1]:5000", True),
        ("a.test", "https://a.test", False),
        ("null", "null", True),
    ],
)
def test_same_origin(allowed, origin, same):
    assert same_origin(allowed, origin) is same


# --- cross-domain -----------------------------------------------------------------------------------------------------

FLASH = (
    "<cross-domain><cross-domain-policy>"
    '<allow-http-request-headers-from domain="*" headers="*" /><site-control permitted-cross-domain-policies="all" />'
    "</cross-domain-policy></cross-domain>"
)


@pytest.mark.step("cross-domain 1", "common 5")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_crossdomain_xml_is_answered(h, kit, method):
    ex = await h.run(kit.policies(inbound=FAILING + FLASH), method=method, url="https://gw.test/crossdomain.xml?x")
    assert (ex.response.status, dict(ex.response.headers)) == (200, {"Content-Type": "text/x-cross-domain-policy"})
    assert ex.response.body.wire().decode() == FLASH.removeprefix("<cross-domain>").removesuffix("</cross-domain>")
    assert not h.transport.sent


@pytest.mark.step("cross-domain 2")
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/crossdomain.xml"), ("POST", "/crossdomain.xml"), ("GET", "/")]
)
async def test_other_requests_pass(h, kit, method, path):
    await h.run(kit.policies(inbound=FLASH), method=method, url=f"https://gw.test{path}")
    assert len(h.transport.sent) == 1


async def test_an_empty_policy_file(h, kit):
    inbound = "<cross-domain><cross-domain-policy /></cross-domain>"
    ex = await h.run(kit.policies(inbound=inbound), url="https://gw.test/crossdomain.xml")
    assert ex.response.body.wire() == b"<cross-domain-policy />"


def test_a_policy_file_is_needed(h, kit):
    assert h.compile(kit.policies(inbound="<cross-domain />")) is None
