"""A gateway file, served: routing, versions, revisions, products, keys, preflight, predefined errors.  Real sockets."""
# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from gateway_file import FIELDS, ask, context, write
from yarl import URL

ROOT = Path(__file__).resolve().parents[2]

# --- operations -------------------------------------------------------------------------------------------------------

OPERATIONS = """
apis:
  - id: a
    path: shop/v1
    subscription_required: false
    service_url: http://backend.test/base
    policy: answer.xml
    operations:
      - {id: all, method: GET, url_template: /*}
      - {id: one, method: GET, url_template: "/orders/{id}"}
      - {id: mine, method: GET, url_template: /orders/mine}
      - {id: json, method: get, url_template: "/orders/{id}.json"}
      - {id: open, method: GET, url_template: "/orders/mine?state=open"}
      - {id: state, method: GET, url_template: "/orders/mine?state={which}&page={page}"}
      - {id: deep, method: POST, url_template: "/a/{x}/b/{*rest}"}
      - {id: head, method: HEAD, url_template: /orders/mine}
      - {id: any, method: "*", url_template: /any}
      - {id: put, method: PUT, url_template: /any}
      - {id: root, method: GET, url_template: /}
  - {id: short, path: shop, subscription_required: false, policy: answer.xml}
  - {id: bare, path: bare, subscription_required: false, policy: answer.xml, operations: []}
"""


@pytest.fixture
async def operations(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> str:
    return str((await configured(write(tmp_path, OPERATIONS))).url)


async def test_operations(operations: str) -> None:
    """Precedence, parameters, methods; None: 404."""
    table: list[tuple[str, str, str | None, str]] = [
        ("GET", "/shop/v1/orders/mine", "mine", ""),
        ("GET", "/SHOP/V1/Orders/MINE/", "mine", ""),
        ("GET", "/shop/v1/orders/mine?state=open", "open", ""),
        ("GET", "/shop/v1/orders/mine?STATE=open", "open", ""),
        ("GET", "/shop/v1/orders/mine?state=open&page=2", "state", "page=2&which=open"),
        ("GET", "/shop/v1/orders/mine?state=shut&page=%202", "state", "page= 2&which=shut"),
        ("GET", "/shop/v1/orders/mine?state=shut", "mine", ""),
        ("GET", "/shop/v1/orders/7", "one", "id=7"),
        ("GET", "/shop/v1/orders/a%2Fb%20c", "one", "id=a/b c"),
        ("GET", "/shop/v1/orders/7.json", "json", "id=7"),
        ("GET", "/shop/v1/orders/7/x", "all", "*=orders/7/x"),
        ("GET", "/shop/v1/orders", "all", "*=orders"),
        ("GET", "/shop/v1", "root", ""),
        ("GET", "/shop/v1/", "root", ""),
        ("POST", "/shop/v1/a/1/b/c/d", "deep", "rest=c/d&x=1"),
        ("POST", "/shop/v1/a/1/b", "deep", "rest=&x=1"),
        ("HEAD", "/shop/v1/orders/mine", "head", ""),
        ("PUT", "/shop/v1/any", "any", ""),
        ("OPTIONS", "/shop/v1/any", "any", ""),
        ("HEAD", "/shop/v1/orders/7", None, ""),
        ("OPTIONS", "/shop/v1/orders/7", None, ""),
        ("POST", "/shop/v1/orders/7", None, ""),
        ("DELETE", "/shop/v1", None, ""),
        ("GET", "/shop/v10/x", "any", "*=v10/x"),
        ("GET", "/shopping", None, ""),
        ("GET", "/bare", None, ""),
        ("GET", "/", None, ""),
    ]
    for method, target, operation, parameters in table:
        got = await context(operations + target, method)
        if operation is None:
            assert got == 404, (method, target)
        else:
            assert isinstance(got, dict), (method, target, got)
            assert (got["operation"], got["parameters"]) == (operation, parameters), (method, target)


async def test_urls(operations: str) -> None:
    """`OriginalUrl` is what was sent, `Url` what would go to the backend."""
    for target, url in [
        ("/shop/v1/orders/7", "/base/orders/7"),
        ("/shop/v1/orders/7/", "/base/orders/7/"),
        ("/shop/v1", "/base"),
        ("/shop/v1/", "/base/"),
    ]:
        got = await context(operations + target)
        assert isinstance(got, dict)
        assert (got["original"], got["url"]) == (target, url)


# --- versions and revisions -------------------------------------------------------------------------------------------

VERSIONS = """
version_sets:
  seg: {scheme: segment}
  head: {scheme: header, name: X-Version}
  query: {scheme: query, name: api-version}
apis:
""" + "\n".join(
    f"  - {{subscription_required: false, policy: answer.xml, {rest}}}"
    for rest in [
        "id: seg, path: seg, version_set: seg",
        "id: seg-v1, path: seg, version_set: seg, version: v1",
        "id: seg-v2, path: seg, version_set: seg, version: v2",
        "id: seg-v2, path: seg, version_set: seg, version: v2, revision: 2, current: false",
        "id: only, path: only, version_set: seg, version: v1",
        "id: head, path: head",
        "id: head-v2, path: head, version_set: head, version: 2.0",
        "id: needs, path: needs, version_set: head, version: V1",
        "id: query, path: query",
        "id: query-1, path: query, version_set: query, version: 2024-01-01",
        "id: rev, path: rev, revision: 1, current: false",
        "id: rev, path: rev, revision: 2",
        "id: rev, path: rev, revision: 3, current: false, online: false",
        "id: root, path: '', revision: 4",
    ]
)


async def test_versions_and_revisions(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    url = (await configured(write(tmp_path, VERSIONS))).url
    table: list[tuple[str, dict[str, str], str | None]] = [
        ("/seg/x", {}, "seg|-|1|True|x"),
        ("/seg/v1/x", {}, "seg-v1|v1|1|True|x"),
        ("/seg/V1", {}, "seg-v1|v1|1|True|"),
        ("/seg/v2/x", {}, "seg-v2|v2|1|True|x"),
        ("/seg/v2;rev=2/x", {}, "seg-v2|v2|2|False|x"),
        ("/seg/v2;rev=2", {}, "seg-v2|v2|2|False|"),
        ("/seg/v2;rev=3/x", {}, None),
        ("/seg;rev=1/x", {}, "seg|-|1|True|x"),
        ("/seg/v3/x", {}, "seg|-|1|True|v3/x"),
        ("/only/v1/x", {}, "only|v1|1|True|x"),
        ("/only/x", {}, None),
        ("/only/v2/x", {}, None),
        ("/head/x", {}, "head|-|1|True|x"),
        ("/head/x", {"x-version": "2.0"}, "head-v2|2.0|1|True|x"),
        ("/head/x", {"X-Version": "3"}, None),
        ("/needs/x", {"X-Version": "v1"}, "needs|V1|1|True|x"),
        ("/needs/x", {}, None),
        ("/query/x", {}, "query|-|1|True|x"),
        ("/query/x?API-Version=2024-01-01", {}, "query-1|2024-01-01|1|True|x"),
        ("/query/x?api-version=2023-01-01", {}, None),
        ("/rev/x", {}, "rev|-|2|True|x"),
        ("/rev;rev=1/x", {}, "rev|-|1|False|x"),
        ("/REV;REV=1", {}, "rev|-|1|False|"),
        ("/rev;rev=2/x", {}, "rev|-|2|True|x"),
        ("/rev;rev=3/x", {}, None),
        ("/rev;rev=/x", {}, None),
        ("/rev;other/x", {}, "root|-|4|True|rev;other/x"),
        ("/;rev=4/x", {}, "root|-|4|True|x"),
        ("/;rev=5/x", {}, None),
        ("/else", {}, "root|-|4|True|else"),
    ]
    for target, headers, expected in table:
        got = await context(url + target, headers=headers)
        shown = (
            "|".join([*(got[f] for f in FIELDS[:4]), got["parameters"].removeprefix("*=")])
            if isinstance(got, dict)
            else None
        )
        assert shown == expected, (target, headers)
        assert isinstance(got, dict) or got == 404


# --- keys -------------------------------------------------------------------------------------------------------------

KEYS = """
apis:
  - {id: keyed, path: keyed, policy: answer.xml}
  - {id: free, path: free, subscription_required: false, policy: answer.xml}
  - {id: keyed-open, path: keyed-open, policy: answer.xml}
  - {id: free-open, path: free-open, subscription_required: false, policy: answer.xml}
  - {id: own, path: own, policy: answer.xml, subscription_key: {header: api-key, query: key}}
  - {id: other, path: other, policy: answer.xml}
products:
  - {id: closed, name: Closed, apis: [keyed, free, keyed-open, own], state: NotPublished}
  - {id: open, name: Open, apis: [keyed-open, free-open], subscription_required: false}
groups: [{id: staff, name: Staff}]
users: [{id: ann, email: ann@x, groups: [staff, developers]}]
subscriptions:
  - {id: product, product: closed, user: ann, keys: {primary: p-1, secondary: p-2}}
  - {id: open, product: open, keys: o-1}
  - {id: api, api: keyed, keys: a-1}
  - {id: apis, scope: all-apis, keys: s-1}
  - {id: master, scope: all-access, keys: m-1}
  - {id: ended, product: closed, end: 2020-01-01, keys: e-1}
  - {id: lasting, product: closed, end: 2990-01-01, keys: l-1}
""" + "\n".join(
    f"  - {{id: {state}, product: closed, state: {state}, keys: x-{state}}}"
    for state in ("suspended", "submitted", "rejected", "cancelled", "expired")
)  # fmt: skip
NAME = "Ocp-Apim-Subscription-Key"
TRUTH: list[tuple[str, str | None, str]] = [
    ("keyed", None, "SubscriptionKeyNotFound"),
    ("keyed", "p-1", "Closed product ann@x/Staff+Developers"),
    ("keyed", "p-2", "Closed product ann@x/Staff+Developers"),
    ("keyed", "P-1", "SubscriptionKeyInvalid"),
    ("keyed", "o-1", "SubscriptionKeyInvalid"),
    ("keyed", "a-1", "- api -"),
    ("keyed", "s-1", "- apis -"),
    ("keyed", "m-1", "- master -"),
    ("keyed", "nope", "SubscriptionKeyInvalid"),
    ("keyed", "e-1", "SubscriptionKeyInvalid"),
    ("keyed", "l-1", "Closed lasting -"),
    *(("keyed", f"x-{s}", "SubscriptionKeyInvalid") for s in ("suspended", "submitted", "rejected", "cancelled", "expired")),
    ("free", None, "- - -"),
    ("free", "p-1", "Closed product ann@x/Staff+Developers"),
    ("free", "nope", "SubscriptionKeyInvalid"),
    ("free", "a-1", "SubscriptionKeyInvalid"),
    ("keyed-open", None, "Open - -"),
    ("keyed-open", "p-1", "Closed product ann@x/Staff+Developers"),
    ("keyed-open", "o-1", "Open open -"),
    ("keyed-open", "nope", "SubscriptionKeyInvalid"),
    ("free-open", None, "Open - -"),
    ("free-open", "p-1", "SubscriptionKeyInvalid"),
    ("other", "p-1", "SubscriptionKeyInvalid"),
    ("other", "a-1", "SubscriptionKeyInvalid"),
    ("other", "s-1", "- apis -"),
    ("other", "m-1", "- master -"),
]  # fmt: skip


async def test_truth_table_of_keys(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    """With and without a key, by header and by query: the subscription, product and user, or the reason."""
    running = await configured(write(tmp_path, KEYS))
    reasons = {"SubscriptionKeyNotFound": "missing", "SubscriptionKeyInvalid": "invalid"}
    for api, key, expected in TRUTH:
        for target, headers in (
            (f"/{api}/x", {} if key is None else {NAME: key}),
            (f"/{api}/x" + ("" if key is None else f"?Subscription-Key={key}"), {}),
        ):
            status, got, body = await ask(running.url + target, headers=headers)
            if expected in reasons:
                assert status == 401, (api, key)
                assert reasons[expected] in json.loads(body)["message"], (api, key)
            else:
                seen = dict(zip(FIELDS, got["X-Context"].split("|"), strict=True))
                assert f"{seen['product']} {seen['subscription']} {seen['user']}" == expected, (api, key)


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/own/x", {"api-key": "p-1"}, 200),
        ("/own/x?key=p-1", {}, 200),
        ("/own/x", {NAME: "p-1"}, 401),
        ("/own/x?subscription-key=p-1", {}, 401),
        ("/own/x?key=p-1", {"api-key": "nope"}, 401),
        ("/keyed/x?subscription-key=p%2D1", {}, 200),
    ],
)
async def test_names_of_the_key(
    tmp_path: Path, configured: Callable[..., Awaitable[Any]], target: str, headers: dict[str, str], status: int
) -> None:
    """The header goes before the query."""
    assert (await ask((await configured(write(tmp_path, KEYS))).url + target, headers=headers))[0] == status


# --- predefined errors ------------------------------------------------------------------------------------------------


async def test_predefined_errors_byte_for_byte(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    url = (await configured(write(tmp_path, KEYS))).url
    missing = (
        b'{ "statusCode": 401, "message": "Access denied due to missing subscription key. '
        b'Make sure to include subscription key when making requests to an API." }'
    )
    invalid = (
        b'{ "statusCode": 401, "message": "Access denied due to invalid subscription key. '
        b'Make sure to provide a valid key for an active subscription." }'
    )
    assert len(missing) == 152
    for target, headers, status, body, name in [
        ("/keyed", {}, 401, missing, NAME),
        ("/keyed/x", {NAME: "nope"}, 401, invalid, NAME),
        ("/own/x", {}, 401, missing, "api-key"),
        ("/nowhere", {}, 404, b'{ "statusCode": 404, "message": "Resource not found" }', None),
    ]:
        got = await ask(url + target, headers=headers)
        assert (got[0], got[1]["Content-Type"], got[2]) == (status, "application/json", body)
        path = target.strip("/").partition("/")[0]
        challenge = f'AzureApiManagementKey realm="{url}/{path}",name="{name}",type="header"' if name else None
        assert got[1].get("WWW-Authenticate") == challenge
        assert got[1].get("Vary") == ("Origin" if name else None)


# --- scopes -----------------------------------------------------------------------------------------------------------

SCOPES = """
policy: global.xml
apis:
  - id: a
    path: a
    service_url: $BACKEND/base
    policy: api.xml
    operations:
      - {id: plain, method: GET, url_template: /plain}
      - {id: special, method: GET, url_template: "/special/{id}", policy: operation.xml}
  - {id: b, path: b, service_url: $BACKEND, subscription_required: false}
products:
  - {id: p, apis: [a, b], policy: product.xml}
  - {id: q, apis: [a]}
subscriptions:
  - {id: p, product: p, keys: key-p}
  - {id: q, product: q, keys: key-q}
  - {id: m, scope: all-access, keys: key-m}
"""


@pytest.mark.step("base 4", "forward-request 2")
async def test_effective_policies(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    """Product policies run in their product's context only; on-error after a refused key has no product."""
    running = await configured(write(tmp_path, SCOPES))
    for target, key, trail, errors, at in [
        ("/a/plain?x=1", "key-p", "global,product,api", None, "/base/plain?x=1"),
        ("/a/plain", "key-q", "global,api", None, "/base/plain"),
        ("/a/plain?subscription-key=key-q", None, "global,api", None, "/base/plain?subscription-key=key-q"),
        ("/a/plain", "key-m", "global,api", None, "/base/plain"),
        ("/a/special/7/", "key-p", "global,product,api,operation", None, "/base/special/7/"),
        ("/a/special/7", "key-m", "global,api,operation", None, "/base/special/7"),
        ("/b", None, "global", None, "/"),
        ("/b/x", "key-p", "global,product", None, "/x"),
        ("/a/plain", None, None, "global:{0},api:{0}", None),
        ("/a/special/7", None, None, "global:{0},api:{0},operation:{0}", None),
        ("/a/none", "key-p", None, "global:OperationNotFound", None),
        ("/none", None, None, "global:OperationNotFound", None),
    ]:
        running.seen.clear()
        status, headers, _ = await ask(running.url + target, headers={NAME: key} if key else {})
        if trail is None:
            assert errors is not None
            shown = ",".join(headers.getall("X-Errors")).replace(", ", ",")
            assert shown == errors.format("SubscriptionKeyNotFound"), target
            assert running.seen == []
        else:
            ((line, sent, _),) = running.seen
            assert (status, line) == (200, f"GET {at}")
            assert ",".join(sent.getall("X-Trail")).replace(", ", ",") == trail, target
            assert sent.get(NAME) == key, "the key is forwarded unless a policy removes it"


async def test_programs_and_steps_are_shared(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    """One program for each distinct chain of documents."""
    apis = "apis:\n" + "".join(
        f"  - {{id: a{n}, path: a{n}, policy: api.xml, operations: [{{id: x, method: GET, url_template: /x}}, "
        f"{{id: y, method: GET, url_template: /y}}]}}\n"
        for n in range(3)
    )
    running = await configured(write(tmp_path, "policy: global.xml\n" + apis))
    router = running.gateway.configuration.router
    programs = {id(o.program) for path in router._paths for o in path.original.current.route.operations}
    assert len(programs) == 1


# --- backends, descriptions, options ----------------------------------------------------------------------------------

BACKENDS = """
named_values: {key: {secret: true, env: KEY}, host: $BACKEND}
backends:
  one: {url: "{{host}}/one", credentials: {header: {x-key: ["{{key}}"], x-two: [a, b]}, query: {code: ["a b"], z: "1"}, authorization: {scheme: Basic, parameter: abc}}}
  plain: {properties: {url: $BACKEND/plain}}
  pool: {pool: {services: [{id: one}]}}
apis:
  - {id: a, path: a, subscription_required: false, policy: choose.xml}
"""
CHOOSE = (
    '<policies><inbound><base /><set-backend-service backend-id="@(context.Request.OriginalUrl.Query["b"][0])" />'
    '<set-header name="X-Sees"><value>@(context.Request.Headers.ContainsKey("x-key").ToString())</value></set-header>'
    "</inbound></policies>"
)


@pytest.mark.step("set-backend-service 1 4")
async def test_backends_by_id(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    running = await configured(write(tmp_path, BACKENDS, choose=CHOOSE), environ={"KEY": "s3cr3t"})
    assert (await ask(running.url + "/a/x?b=one", headers={"X-Key": "mine", "Authorization": "mine"}))[0] == 200
    assert (await ask(running.url + "/a/x?b=plain"))[0] == 200
    assert (await ask(running.url + "/a/x?b=pool"))[0] == 200
    assert (await ask(running.url + "/a/x?b=none"))[0] == 500
    (line, headers, _), (plain, untouched, _), (pooled, _, _) = running.seen
    assert pooled.startswith("GET /one/x?b=pool&")
    assert (line, plain) == ("GET /one/x?b=one&code=a%20b&z=1", "GET /plain/x?b=plain")
    assert headers.getall("x-key") == ["s3cr3t"]
    assert headers.getall("x-two") == ["a", "b"]
    assert headers["Authorization"] == "Basic abc"
    assert untouched.get("x-key") is None
    assert running.diagnostics == []


async def test_credentials_do_not_follow_to_another_host(
    tmp_path: Path, configured: Callable[..., Awaitable[Any]], backend: Any
) -> None:
    from aiohttp import web

    running: Any = None

    async def away(request: Any) -> web.StreamResponse:
        assert request.headers["x-key"] == "s3cr3t"
        return web.Response(status=307, headers={"Location": running.backend + "/elsewhere"})

    (tmp_path / "follow.xml").write_text(
        '<policies><inbound><set-backend-service backend-id="one" /></inbound>'
        '<backend><forward-request follow-redirects="true" /></backend></policies>'
    )
    text = (
        f"backends: {{one: {{url: {await backend(away)}, credentials: {{header: {{x-key: [s3cr3t]}}}}}}}}\n"
        "apis: [{id: a, path: a, subscription_required: false, policy: follow.xml}]"
    )
    running = await configured(write(tmp_path, text))
    assert (await ask(running.url + "/a"))[0] == 200
    ((line, headers, _),) = running.seen
    assert (line, headers.get("x-key")) == ("GET /elsewhere", None)


async def test_descriptions_and_mocks(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    """Operations of an OpenAPI file, one of them with a policy of its own."""
    (tmp_path / "api.json").write_text(
        json.dumps(
            {
                "openapi": "3.1.0",
                "paths": {
                    "/things/{id}": {
                        "get": {
                            "operationId": "getThing",
                            "responses": {"200": {"content": {"application/json": {"example": {"id": 1}}}}},
                        },
                        "delete": {"operationId": "drop"},
                    },
                    "/find": {
                        "get": {
                            "operationId": "find",
                            "parameters": [{"name": "q", "in": "query", "required": True}],
                        }
                    },
                },
            }
        )
    )
    text = (
        "apis: [{id: a, path: a, openapi: api.json, subscription_required: false, service_url: $BACKEND,"
        " operations: [{id: getthing, policy: mock.xml}, {id: more, method: GET, url_template: /more}]}]"
    )
    mock = '<policies><inbound><base /><mock-response status-code="200" /></inbound></policies>'
    running = await configured(write(tmp_path, text, mock=mock))
    assert (await ask(running.url + "/a/things/7"))[2] == b'{"id":1}'
    table = [("DELETE", "/a/things/7", 200), ("PUT", "/a/things/7", 404), ("GET", "/a/find?q=1", 200)]
    for method, target, status in [*table, ("GET", "/a/find", 404), ("GET", "/a/more", 200)]:
        assert (await ask(running.url + target, method))[0] == status, target
    assert [row[0] for row in running.seen] == ["DELETE /things/7", "GET /find?q=1", "GET /more"]


async def test_what_a_gateway_is(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    """Deployment and options of the file; the command line goes before."""
    text = "gateway: {kind: self-hosted, region: west}\noptions: {rate_algorithm: sliding, timeout_status: 504}\n"
    path = write(tmp_path, text)
    services = (await configured(path)).gateway.services
    assert (services.deployment.region, services.deployment.is_managed) == ("west", False)
    assert (services.options.rate_algorithm, services.options.timeout_status) == ("sliding", 504)
    services = (await configured(path, given=frozenset({"timeout_status"}))).gateway.services
    assert (services.options.rate_algorithm, services.options.timeout_status) == ("sliding", 500)


async def test_flags_add_to_a_file(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "f.xml").write_text(
        "<fragment><set-header name='X-F'><value>{{n}}</value></set-header></fragment>"
    )
    policy = "<policies><inbound><base /><include-fragment fragment-id='f' /></inbound></policies>"
    text = "named_values: {n: old}\napis: [{id: a, path: a, service_url: $BACKEND, policy: p.xml}]"
    running = await configured(
        write(tmp_path, text, p=policy),
        named_values=(("n", "new"),),
        fragments=tmp_path / "more",
        subscriptions=(("red", "k"),),
    )
    assert (await ask(running.url + "/a", headers={NAME: "k"}))[0] == 200
    assert running.seen[0][1]["X-F"] == "new"


# --- the example ------------------------------------------------------------------------------------------------------

TEAM = {"RED_KEY": "red-secret", "BLUE_KEY": "blue-secret", "OPENAI_KEY": "sk"}


@pytest.mark.parametrize(
    ("method", "target", "headers", "status", "shows"),
    [
        ("GET", "/ai/v1/models", {}, 401, {"X-Contact": "platform@example.org"}),
        ("GET", "/ai/v1/models", {"api-key": "red-secret"}, 200, {"X-Product": "Team"}),
        ("POST", "/ai/v1/chat/completions", {"api-key": "blue-secret"}, 200, {"X-Product": "Team"}),
        ("GET", "/ai/v1/models", {"api-key": "old-secret"}, 401, {}),
        ("GET", "/status", {}, 200, {}),
        ("GET", "/status", {"X-Api-Version": "v2"}, 200, {}),
        ("GET", "/nothing", {}, 404, {"X-Contact": "platform@example.org"}),
    ],
)
async def test_the_example(
    configured: Callable[..., Awaitable[Any]],
    backend: Any,
    method: str,
    target: str,
    headers: dict[str, str],
    status: int,
    shows: dict[str, str],
) -> None:
    """`examples/gateways/team`, with the requests of its README."""
    from aiohttp import web

    from apimpy.runtime.message import Url

    calls: list[tuple[Any, Any]] = []

    async def model(request: Any) -> web.StreamResponse:
        calls.append((request.headers.copy(), await request.read()))
        return web.json_response({"usage": {"total_tokens": 3}})

    url = Url.parse(await backend(model))
    path = ROOT / "examples" / "gateways" / "team" / "gateway.yaml"
    running = await configured(path, environ=TEAM, fill=False, backend=url)
    assert running.diagnostics == []
    address = URL(running.url + target)
    body = {"model": "m", "max_tokens": 9000} if method == "POST" else None
    async with aiohttp.ClientSession() as session:
        answer = await session.request(method, address, headers=headers, json=body)
        async with answer:
            text = await answer.text()
            assert (answer.status, {k: answer.headers.get(k) for k in shows}) == (status, shows), text
    if target == "/status":
        assert json.loads(text)["version"] == headers.get("X-Api-Version", "v1")
    for sent, data in calls:
        assert sent["X-Caller"] in ("Red team", "Blue team")
        assert "api-key" not in sent
        if data:
            assert json.loads(data)["max_tokens"] == 512
