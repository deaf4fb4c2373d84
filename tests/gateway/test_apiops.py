"""An APIOps folder, served; and what is said about folders that are not right."""
# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from apimpy.configuration.apiops import read_folder, service_folder
from apimpy.configuration.assemble import check
from apimpy.configuration.model import GatewayFile
from apimpy.diagnostics import Severity, Sink

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "apiops"
ENVIRON = {"APIM_NV_MAIL_KEY": "m-1", "APIM_KEY_ACME": "acme-key", "APIM_KEY_ACME_SECONDARY": "acme-two"}
NAME = "Ocp-Apim-Subscription-Key"


async def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_the_example(tmp_path: Path, configured: Callable[..., Awaitable[Any]]) -> None:
    """APIs, a revision, a version, products, fragments, named values and a backend, over sockets."""
    folder = tmp_path / "service"
    shutil.copytree(EXAMPLE, folder)
    for path in folder.rglob("*.json"):
        path.write_text(path.read_text().replace("http://127.0.0.1:9001", "$BACKEND"))
    running = await configured(folder, environ=ENVIRON)
    assert running.diagnostics == []
    key = {NAME: "acme-key"}
    table: list[tuple[str, str, dict[str, str], int, str | None]] = [
        ("GET", "/orders/7", {}, 401, None),
        ("GET", "/orders/7", key, 200, "GET /orders-backend/v1/orders/7"),
        ("GET", "/orders/search?state=open", {NAME: "acme-two"}, 200, "GET /orders-backend/search?state=open"),
        ("GET", "/orders/search", key, 200, "GET /orders-backend/v1/orders/search"),
        ("POST", "/orders", key, 200, "POST /orders-backend"),
        ("DELETE", "/orders/7", key, 404, None),
        ("GET", "/catalogue/items", {}, 200, "GET /catalogue/v1/items"),
        ("GET", "/catalogue/items", key, 401, None),
        ("GET", "/catalogue/v2/items", {}, 200, "GET /stock/items?tenant=a%20b"),
        ("GET", "/catalogue/v3/items", {}, 404, None),
    ]
    for method, target, headers, status, line in table:
        running.seen.clear()
        got = await ask(running.url + target, method, **headers)
        assert (got[0], [row[0] for row in running.seen]) == (status, [line] if line else []), target
    await ask(running.url + "/orders/7", **key)
    assert running.seen[-1][1]["X-Partner"] == "acme"
    assert len(running.seen[-1][1]["X-Correlation-Id"]) == 36
    await ask(running.url + "/catalogue/v2/items")
    sent = running.seen[-1][1]
    assert (sent["x-stock-key"], sent["Authorization"]) == ("m-1", "Token t-1")
    status, _, body = await ask(running.url + "/orders;rev=2/", "POST", **key)
    assert (status, json.loads(body)) == (201, {"id": "8", "parent": None})


# --- reading ----------------------------------------------------------------------------------------------------------


def build(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def read(folder: Path, environ: dict[str, str] | None = None, **more: Any) -> tuple[GatewayFile, list[str]]:
    sink = Sink()
    model = read_folder(folder, sink, environ=environ or {}, **more)
    check(model, sink)
    shown = []
    for d in sink:
        if d.severity > Severity.INFO:
            line, column = d.span.line_col
            name = Path(d.span.file.name).resolve().relative_to(folder.resolve()).as_posix()
            shown.append(f"{d.code} {name}:{line}:{column}")
    return model, shown


def api(**more: Any) -> dict[str, Any]:
    return {"properties": {"path": "a", "serviceUrl": "http://a", **more}}


SPEC = "openapi: 3.0.0\npaths: {/x: {get: {operationId: Get_X}}}\n"
BASE: dict[str, Any] = {"apis/a/apiInformation.json": api(), "apis/a/specification.yaml": SPEC}
EMPTY = "<policies />"


def test_properties(tmp_path: Path) -> None:
    build(
        tmp_path,
        {
            **BASE,
            "apis/a/apiInformation.json": api(
                displayName="A",
                apiVersion="v1",
                apiVersionSetId="/apiVersionSets/vs",
                protocols=["https", "http"],
                subscriptionRequired="false",
                subscriptionKeyParameterNames={"header": "h", "query": "q"},
                whatever={"x": 1},
            ),
            "version sets/vs/versionSetInformation.json": {
                "properties": {"versioningScheme": "Query", "versionQueryName": "api-version"}
            },
            "products/p/productInformation.json": {"properties": {"displayName": "P", "subscriptionsLimit": "3"}},
            "products/p/apis/link1/productApiInformation.json": {"name": "link1", "properties": {"apiId": "/apis/a"}},
            "products/p/groups/x/productGroupInformation.json": {},
            "subscriptions/s/subscriptionInformation.json": {
                "properties": {"scope": "/subscriptions/1/service/s", "primaryKey": "k", "ownerId": "/users/7"}
            },
            "named values/nv/namedValueInformation.json": {"properties": {"displayName": "shown", "value": "v"}},
        },
    )
    model, problems = read(tmp_path)
    assert problems == []
    (a,) = model.apis
    assert (a.id, a.name, a.path, a.version, a.key_header, a.key_query) == ("a", "A", "a", "v1", "h", "q")
    assert (a.subscription_required, a.protocols) == (False, ("https", "http"))
    assert (model.version_sets[0].scheme, model.version_sets[0].name) == ("query", "api-version")
    (p,) = model.products
    assert ([r.id for r in p.apis], [r.id for r in p.groups], p.subscriptions_limit) == (["a"], ["x"], 3)
    (s,) = model.subscriptions
    assert (s.scope, s.user.id if s.user else None, model.users[0].id) == ("service", "7", "7")
    assert [v.name for v in model.named_values] == ["shown"]


@pytest.mark.parametrize(
    ("files", "problems"),
    [
        ({}, []),
        ({"apis/a/operations/get-x/policy.xml": EMPTY}, []),
        ({"apis/a/operations/Get_X/policy.xml": EMPTY}, []),
        ({"apis/a/operations/other/policy.xml": EMPTY}, ["CFG016 apis/a/operations/other/policy.xml:1:1"]),
        ({"apis/a/apiInformation.json": '{"properties": {"path": "a",}}'}, ["CFG002 apis/a/apiInformation.json:1:29"]),
        ({"apis/a/apiInformation.json": api(serviceUrl="x")}, ["CFG007 apis/a/apiInformation.json:1:44"]),
        ({"apis/a/specification.yaml": "openapi: ["}, ["CFG002 apis/a/specification.yaml:1:11"]),
        ({"apis/a/specification.yaml": "openapi: 9"}, ["CFG018 apis/a/specification.yaml:1:10"]),
        ({"apis/b/apiInformation.json": {"properties": {"path": "b"}}}, ["CFG022 apis/b/apiInformation.json:1:16"]),
        ({"apis/b/apiInformation.json": {"properties": {"path": "/A/"}}, "apis/b/specification.yaml": SPEC}, ["CFG014 apis/b/apiInformation.json:1:16"]),
        ({"apis/b/apiInformation.json": {"properties": {"path": "b", "type": "graphql"}}}, ["CFG015 apis/b:1:1"]),
        ({"apis/b/apiInformation.json": {"properties": {"path": "b", "type": "websocket", "serviceUrl": "wss://b/c"}}, "apis/b/operations/onHandshake/policy.xml": EMPTY}, []),
        ({"apis/a/Policy.xml": EMPTY}, ["CFG021 apis/a/Policy.xml:1:1"]),
        ({"apis/a/policy.xml": "<policies><inbound><nope /></inbound></policies>"}, ["POL001 apis/a/policy.xml:1:21"]),
        ({"workspaces/w/policy.xml": EMPTY}, ["CFG015 workspaces:1:1"]),
        ({"named values/n/namedValueInformation.json": {"properties": {"displayName": "n", "secret": True}}}, ["CFG011 named values/n/namedValueInformation.json:1:16"]),
        ({"named values/n/namedValueInformation.json": {"properties": {"keyVault": {}}}}, ["CFG011 named values/n/namedValueInformation.json:1:16"]),
        ({"products/p/productInformation.json": {}, "products/p/apis/b/productApiInformation.json": {}}, ["CFG008 products/p/apis/b/productApiInformation.json:1:1"]),
        ({"products/p/productInformation.json": {}, "products/p/apis.json": [{"name": "b"}]}, ["CFG008 products/p/apis.json:1:2"]),
        ({"subscriptions/s/subscriptionInformation.json": {"properties": {"scope": "/products/p", "primaryKey": "k"}}}, ["CFG008 subscriptions/s/subscriptionInformation.json:1:26"]),
        ({"subscriptions/s/subscriptionInformation.json": {"properties": {"scope": "/apis"}}}, ["CFG023 subscriptions/s/subscriptionInformation.json:1:16"]),
        ({"subscriptions/s/subscriptionInformation.json": {"properties": {"scope": "x", "primaryKey": "k"}}}, ["CFG007 subscriptions/s/subscriptionInformation.json:1:26"]),
        ({"apis/a/apiInformation.json": api(path="a/v1", apiVersion="v1", apiVersionSetId="/x/vs"), "version sets/vs/versionSetInformation.json": {}}, ["CFG020 apis/a/apiInformation.json:1:25"]),
        ({"apis/a/apiInformation.json": api(apiVersion="v1", apiVersionSetId="/x/vs")}, ["CFG008 apis/a/apiInformation.json:1:95"]),
        ({"version sets/vs/versionSetInformation.json": {"properties": {"versioningScheme": "Header"}}}, ["CFG006 version sets/vs/versionSetInformation.json:1:16"]),
        ({"policy fragments/f/policyFragmentInformation.json": {}}, ["CFG010 policy fragments/f/policyFragmentInformation.json:1:1"]),
        ({"policy fragments/f/policy.xml": "<fragment><nope /></fragment>"}, ["POL001 policy fragments/f/policy.xml:1:12"]),
        ({"backends/b/backendInformation.json": {"properties": {"url": "{{n}}"}}}, ["DOC007 backends/b/backendInformation.json:1:24"]),
    ],
)  # fmt: skip
def test_problems(tmp_path: Path, files: dict[str, Any], problems: list[str]) -> None:
    assert read(build(tmp_path, BASE | files))[1] == problems


@pytest.mark.parametrize(
    ("files", "revisions"),
    [
        ({"apis/a;rev=2/apiInformation.json": api(apiRevision="2")}, {"1": True, "2": False}),
        ({"apis/b;rev=2/apiInformation.json": api(path="b"), "apis/b;rev=10/apiInformation.json": api(path="b")}, {"2": False, "10": True}),
        ({"apis/b;rev=2/apiInformation.json": api(path="b", isCurrent=True), "apis/b;rev=3/apiInformation.json": api(path="b")}, {"2": True, "3": False}),
    ],
)  # fmt: skip
def test_current_revision(tmp_path: Path, files: dict[str, Any], revisions: dict[str, bool]) -> None:
    model, _ = read(build(tmp_path, BASE | files))
    id_ = "b" if any("/b;" in name for name in files) else "a"
    assert {a.revision: a.current for a in model.apis if a.id == id_} == revisions


def test_older_layouts(tmp_path: Path) -> None:
    """Snake case, collections under other names, and versions and revisions in folders."""
    build(
        tmp_path,
        {
            "apis/old/Original/1/api_information.json": api(path="old"),
            "apis/old/Original/1/openapispec.yaml": SPEC,
            "apis/old/v2/1/api_information.json": api(path="old", apiVersion="v2", apiVersionSetId="/x/vs"),
            "apis/old/v2/1/openapispec.yaml": SPEC,
            "apiVersionSets/vs/version_set_information.json": {"properties": {"versioningScheme": "Segment"}},
            "named_values/n/named_value_information.json": {"properties": {"displayName": "n", "value": "v"}},
            "policy_fragments/f/policy.xml": "<fragment />",
            "policyFragments/g/policyFragmentInformation.json": {"properties": {"value": "<fragment />"}},
            "products/p/product_information.json": {},
            "products/p/apis/old/product_api_information.json": {},
        },
    )
    model, problems = read(tmp_path)
    assert problems == []
    assert [(a.id, a.version) for a in model.apis] == [("old", None), ("old-v2", "v2")]
    assert [o.id for a in model.apis for o in a.operations] == ["get-x", "get-x"]
    assert sorted(model.fragments) == ["f", "g"]
    assert [v.name for v in model.named_values] == ["n"]


CONFIGURATION = """
namedValues:
  - {name: n, properties: {value: "{#WHICH#}"}}
  - {name: absent, properties: {value: x}}
apis:
  - name: a
    properties: {serviceUrl: http://prod, apiRevision: "9", subscriptionKeyParameterNames: {header: over}}
    policies: [{name: policy, properties: {format: rawxml, value: "<policies><inbound><nope /></inbound></policies>"}}]
    operations: [{name: get-x, policies: [{name: policy, properties: {format: rawxml}}]}, {name: gone}]
apimServiceName: x
"""


def test_environment(tmp_path: Path) -> None:
    """Deep merge, variables, policies replaced, entries without a target; the file may stand beside the folder."""
    folder = build(
        tmp_path / "service",
        {
            **BASE,
            "apis/a/apiInformation.json": api(subscriptionKeyParameterNames={"header": "h", "query": "q"}),
            "apis/a/policy.xml": EMPTY,
            "apis/a/operations/get-x/policy.xml": EMPTY,
            "named values/n/namedValueInformation.json": {"properties": {"displayName": "n", "value": "dev"}},
        },
    )
    (tmp_path / "configuration.prod.yaml").write_text(CONFIGURATION)
    sink = Sink()
    model = read_folder(folder, sink, environ={"WHICH": "prod"}, environment="prod")
    check(model, sink)
    (a,) = model.apis
    assert (a.service_url, a.revision, a.key_header, a.key_query) == ("http://prod", "1", "over", "q")
    assert [v.value.text for v in model.named_values if v.value] == ["prod"]
    assert [(d.code, d.span.line_col[0]) for d in sink] == [("CFG017", 4), ("CFG017", 9), ("POL001", 1)]
    sink = Sink()
    model = read_folder(folder, sink, environ={"WHICH": "prod"})
    assert ([d.code for d in sink], model.apis[0].service_url) == ([], "http://a")
    read_folder(folder, sink, environ={}, environment="prod")
    assert "CFG011" in [d.code for d in sink], "a variable that is not there"
    read_folder(folder, sink, environ={}, environment="nope")
    assert "CFG010" in [d.code for d in sink], "a file that is not there"


def test_env_file(tmp_path: Path) -> None:
    build(
        tmp_path,
        {
            **BASE,
            ".env": "# secrets\nexport APIM_NV_DB_KEY='x y'\nAPIM_KEY_S=k\n",
            "named values/db-key/namedValueInformation.json": {"properties": {"secret": True}},
            "subscriptions/s/subscriptionInformation.json": {"properties": {"scope": "/apis"}},
        },
    )
    model, problems = read(tmp_path)
    assert problems == []
    assert [v.value.text for v in model.named_values if v.value] == ["x y"]
    assert [s.primary.text for s in model.subscriptions if s.primary] == ["k"]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["apis/a/apiInformation.json"], ""),
        (["artifacts/apis/a/apiInformation.json"], "artifacts"),
        (["one/apis/a/policy.xml", "two/apis/a/policy.xml"], None),
        (["apis/a.xml", "products/x.xml"], None),
        (["policies/a.xml"], None),
    ],
)
def test_which_folder(tmp_path: Path, files: list[str], found: str | None) -> None:
    build(tmp_path, dict.fromkeys(files, "{}"))
    assert service_folder(tmp_path) == (None if found is None else tmp_path / found)
