"""APIs as MCP servers: the `mcp` package's client calls operations as tools, through every policy on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

mcp = pytest.importorskip("mcp", reason="the MCP package is the client of these tests")

from mcp.client.session import ClientSession  # noqa: E402
from mcp.client.streamable_http import streamable_http_client  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # what other people's packages deprecate is theirs

PETS = {
    "openapi": "3.0.3",
    "info": {"title": "pets", "version": "1"},
    "paths": {
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {"operationId": "getPet", "summary": "One pet", "parameters": [{"name": "full", "in": "query"}]},
            "put": {
                "operationId": "putPet",
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/x-pet"}}}},
            },
        },
        "/pets/secret": {"get": {"operationId": "secret"}},
    },
    "x-pet": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
}  # fmt: skip
GATEWAY = """
version: 1
policy: global.xml
apis:
  - id: pets
    path: shop
    service_url: $BACKEND/inner
    openapi: pets.json
    policy: pets.xml
    subscription_required: %(inner)s
  - id: tools
    name: Pet tools
    path: tools
    type: mcp
    subscription_required: false
    policy: tools.xml
    mcp_tools:
      - {name: get_pet, operation: pets/getpet, description: Looks a pet up}
      - {name: put_pet, operation: /apis/pets/operations/putpet}
    operations:
      - {id: mcp, method: "*", url_template: /mcp}
      - {id: about, method: GET, url_template: /.well-known/about, policy: about.xml}
subscriptions: [{id: s, api: pets, keys: key-of-pets}]
"""
FORWARD = "<backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error>"


def document(inbound: str, rest: str = FORWARD) -> str:
    return f"<policies><inbound>{'' if 'forward' in rest else '<base />'}{inbound}</inbound>{rest}</policies>"


def files(folder: Path, *, inner: str = "false", tools: str = "", pets: str = "") -> Path:
    everywhere = "<backend><forward-request /></backend><outbound /><on-error />"
    (folder / "global.xml").write_text(document("", everywhere))
    (folder / "pets.json").write_text(json.dumps(PETS))
    (folder / "pets.xml").write_text(document(pets))
    (folder / "tools.xml").write_text(document(tools))
    about = "<return-response><set-body>about</set-body></return-response>"
    (folder / "about.xml").write_text(document(about))
    path = folder / "gateway.yaml"
    path.write_text(GATEWAY % {"inner": inner})
    return path


def call(method: str, **parameters: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": parameters}


async def post(url: str, body: Any, **headers: str) -> tuple[int, Any, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **{n.replace("_", "-"): v for n, v in headers.items()}}
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=sent) as got:
        text = await got.text()
        return got.status, got.headers, json.loads(text) if got.content_type == "application/json" else text


async def test_a_real_client(configured: Any, tmp_path: Path) -> None:
    """Lists the tools, calls them; the backend sees requests of the API, the policies of both APIs run."""
    hello = '<set-header name="X-Pets" exists-action="override"><value>@(context.Operation.Id)</value></set-header>'
    running = await configured(files(tmp_path, pets=hello))
    async with (
        streamable_http_client(f"{running.url}/tools/mcp") as (read, write, *_),
        ClientSession(read, write) as session,
    ):
        began = await session.initialize()
        assert began.server_info.name == "Pet tools"
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert {name: tool.description for name, tool in tools.items()} == {
            "get_pet": "Looks a pet up",
            "put_pet": "putPet",
        }
        assert tools["put_pet"].input_schema["required"] == ["id", "name"]
        got = await session.call_tool("get_pet", {"id": 5, "full": True})
        assert (got.is_error, got.content[0].text) == (False, "echo")
        await session.call_tool("put_pet", {"id": 6, "name": "Tom"})
    lines = [(line, headers["X-Pets"], body) for line, headers, body in running.seen]
    assert lines == [
        ("GET /inner/pets/5?full=true", "getpet", b""),
        ("PUT /inner/pets/6", "putpet", b'{"name":"Tom"}'),
    ]


@pytest.mark.parametrize("path", ["/tools/mcp", "/tools/mcp/"])
async def test_the_endpoint(configured: Any, tmp_path: Path, path: str) -> None:
    running = await configured(files(tmp_path))
    url = running.url + path
    status, headers, body = await post(url, call("tools/list"), Mcp_Session_Id="abc")
    assert (status, headers["Content-Type"], headers["Mcp-Session-Id"]) == (200, "application/json", "abc")
    assert (body["jsonrpc"], body["id"], len(body["result"]["tools"])) == ("2.0", 7, 2)
    status, headers, body = await post(url, call("ping"), Accept="text/event-stream")
    assert (headers["Content-Type"], body) == (
        "text/event-stream",
        'event: message\ndata: {"jsonrpc":"2.0","id":7,"result":{}}\n\n',
    )
    async with aiohttp.ClientSession() as session:
        for method in ("GET", "DELETE"):
            async with session.request(method, url) as got:
                assert (got.status, got.headers["Allow"]) == (405, "POST")
        async with session.get(f"{running.url}/tools/.well-known/about") as got:
            assert await got.text() == "about"
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert (await post(url, notification))[0] == 202
    status, _, body = await post(url, [call("ping"), notification, {"jsonrpc": "2.0", "id": 1, "result": {}}])
    assert (status, body) == (200, [{"jsonrpc": "2.0", "id": 7, "result": {}}])
    assert (await post(url, {**call("ping"), "params": None}))[2]["result"] == {}


@pytest.mark.parametrize(
    ("sent", "status", "code", "text"),
    [
        (b"{", 400, -32700, "Parse error"),
        (b"[]", 400, -32600, "Invalid Request"),
        ({"id": 7, "method": "ping"}, 400, -32600, "Invalid Request"),
        ({"jsonrpc": "2.0", "id": 7}, 400, -32600, "Invalid Request"),
        ({**call("ping"), "id": None}, 400, -32600, "Invalid Request"),
        ({**call("ping"), "id": [[1]]}, 400, -32600, "Invalid Request"),
        (call("tools/call", name="get_pet", arguments={"id": "secret"}), 200, -32602, "these arguments do not lead"),
        (call("tools/call", name="get_pet", arguments={"id": ".."}), 200, -32602, "id is no part of a path"),
        (call("resources/list"), 200, -32601, "Method not found: resources/list"),
        ({**call("ping"), "params": []}, 200, -32602, "params is an object"),
        (call("tools/call", name="nothing"), 200, -32602, "Unknown tool: nothing"),
        (call("tools/call", name="get_pet", arguments=[1]), 200, -32602, "arguments is an object"),
        (call("tools/call", name="get_pet"), 200, -32602, "get_pet needs id"),
    ],
)
async def test_what_is_no_call(configured: Any, tmp_path: Path, sent: Any, status: int, code: int, text: str) -> None:
    running = await configured(files(tmp_path))
    got, _, body = await post(f"{running.url}/tools/mcp", sent)
    assert (got, body["error"]["code"]) == (status, code)
    assert body["error"]["message"].startswith(text)
    assert running.seen == []


async def test_versions(configured: Any, tmp_path: Path) -> None:
    """One that is known is spoken, else the newest."""
    url = (await configured(files(tmp_path))).url + "/tools/mcp"
    for asked, spoken in (("2025-03-26", "2025-03-26"), ("1999-01-01", "2025-11-25")):
        body = (await post(url, call("initialize", protocolVersion=asked)))[2]
        assert body["result"] == {
            "protocolVersion": spoken,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "Pet tools", "version": "1"},
        }


USE = call("tools/call", name="get_pet", arguments={"id": 1})


async def test_what_the_caller_sent_stays_outside(configured: Any, tmp_path: Path) -> None:
    """Only what policies set goes on, the same value included."""
    same = '<value>@(context.Request.Headers.GetValueOrDefault("Authorization"))</value>'
    keep = f'<set-header name="Authorization" exists-action="override">{same}</set-header>'
    add = '<set-header name="X-Added" exists-action="append"><value>1</value></set-header>'
    for tools, seen in (("", (None, None)), (keep + add, ("Bearer mine", "1"))):
        folder = tmp_path / str(len(tools))
        folder.mkdir()
        running = await configured(files(folder, tools=tools))
        await post(f"{running.url}/tools/mcp", USE, Authorization="Bearer mine", Cookie="c=1", X_Other="2")
        [(_, headers, _)] = running.seen
        assert (headers.get("Authorization"), headers.get("X-Added")) == seen
        assert not {"Cookie", "X-Other", "Content-Type"} & set(headers)


async def test_what_policies_set_goes_before_arguments(configured: Any, tmp_path: Path) -> None:
    set_ = '<set-header name="X-User" exists-action="override"><value>ann</value></set-header>'
    for tools, seen in (("", "mallory"), (set_, "ann")):
        folder = tmp_path / str(len(tools))
        folder.mkdir()
        path = files(folder, tools=tools)
        pets = json.loads((folder / "pets.json").read_text())
        pets["paths"]["/pets/{id}"]["get"]["parameters"] = [{"name": "X-User", "in": "header"}]
        (folder / "pets.json").write_text(json.dumps(pets))
        running = await configured(path)
        use = call("tools/call", name="get_pet", arguments={"id": 1, "X-User": "mallory"})
        await post(f"{running.url}/tools/mcp", use)
        assert running.seen[0][1]["X-User"] == seen


async def test_a_tool_that_takes_too_long(configured: Any, tmp_path: Path) -> None:
    slow = '<retry condition="@(true)" count="1" interval="5"><set-variable name="a" value="b" /></retry>'
    path = files(tmp_path, pets=slow)
    rest = '<backend><forward-request timeout-ms="50" /></backend><outbound /><on-error />'
    (tmp_path / "tools.xml").write_text(document("", rest))
    running = await configured(path)
    assert (await post(f"{running.url}/tools/mcp", USE))[0] == 500
    assert running.gateway.metrics.requests.in_flight == 0


async def test_keys_of_the_inner_api(configured: Any, tmp_path: Path) -> None:
    """A tool of an API that wants a key fails as a tool, until a policy sets the key."""
    key = (
        '<set-header name="Ocp-Apim-Subscription-Key" exists-action="override"><value>key-of-pets</value></set-header>'
    )
    for tools, failed in (("", True), (key, False)):
        folder = tmp_path / str(len(tools))
        folder.mkdir()
        running = await configured(files(folder, inner="true", tools=tools))
        result = (await post(f"{running.url}/tools/mcp", USE))[2]["result"]
        assert result["isError"] is failed
        assert ("401" in result["content"][0]["text"]) is failed


async def test_policies_of_the_server_come_first(configured: Any, tmp_path: Path) -> None:
    limit = '<rate-limit-by-key calls="2" renewal-period="60" counter-key="all" />'
    running = await configured(files(tmp_path, tools=limit))
    assert [(await post(f"{running.url}/tools/mcp", USE))[0] for _ in range(3)] == [200, 200, 429]
    assert len(running.seen) == 2


async def test_bodies_that_are_no_text(configured: Any, tmp_path: Path) -> None:
    body = '<set-body>@(Convert.FromBase64String("/9j/4A=="))</set-body>'
    for media, item in (
        ("image/jpeg", {"type": "image", "data": "/9j/4A==", "mimeType": "image/jpeg"}),
        ("x/y", {"type": "resource", "resource": {"uri": "response:body", "mimeType": "x/y", "blob": "/9j/4A=="}}),
    ):
        folder = tmp_path / media.replace("/", "-")
        folder.mkdir()
        head = f'<set-header name="Content-Type" exists-action="override"><value>{media}</value></set-header>'
        running = await configured(files(folder, pets=f"<return-response>{head}{body}</return-response>"))
        result = (await post(f"{running.url}/tools/mcp", USE))[2]["result"]
        assert result == {"content": [item], "isError": False}


@pytest.mark.parametrize("path", ["/remote", "/remote/mcp", "/remote/"])
async def test_a_server_behind_the_gateway(configured: Any, tmp_path: Path, path: str) -> None:
    """The path of the API is the server's endpoint, with `/mcp` or without."""
    file = tmp_path / "gateway.yaml"
    file.write_text("""
version: 1
backends: {there: {url: $BACKEND/deep/mcp, credentials: {header: {x-key: [secret]}}}}
apis: [{id: remote, path: remote, type: mcp, backend: there, subscription_required: false}]
""")
    running = await configured(file)
    assert (await post(running.url + path, call("tools/list")))[0] == 200
    [(line, headers, body)] = running.seen
    assert (line.removesuffix("/"), headers["x-key"]) == ("POST /deep/mcp", "secret")
    assert json.loads(body)["method"] == "tools/list"


@pytest.mark.parametrize(
    ("api", "code", "text"),
    [
        ("type: mcp", "CFG006", "it has tools, or a backend that is an MCP server"),
        ("type: mcp, backend: b, mcp_tools: [{name: a, operation: pets/any}]", "CFG006", "it has tools, or a backend"),
        ("type: mcp, backend: c", "CFG008", "'c'"),
        ("type: mcp, backend: pool", "CFG007", "is no pool"),
        ("type: mcp, mcp_tools: [{name: a, operation: pats/any}]", "CFG008", "'pats'"),
        ("type: mcp, mcp_tools: [{name: a, operation: pets/ony}]", "CFG008", "has no operation 'ony'"),
        ("type: mcp, mcp_tools: [{name: a, operation: any}]", "CFG007", "API/OPERATION"),
        ("type: mcp, mcp_tools: [{name: a, operation: m/mcp}]", "CFG007", "no operation of an API over HTTP"),
        (
            "type: mcp, mcp_tools: [{name: a, operation: pets/any}, {name: a, operation: pets/any}]",
            "CFG009",
            "two tools",
        ),
        ("type: soap", "CFG007", "soap"),
    ],
)
def test_what_is_refused_at_load(tmp_path: Path, api: str, code: str, text: str) -> None:
    from apimpy.gateway.config import ServeConfig
    from apimpy.gateway.load import load_configuration

    file = tmp_path / "gateway.yaml"
    file.write_text(f"""
version: 1
backends: {{b: {{url: "http://b/"}}, pool: {{pool: {{services: [{{id: b}}]}}}}}}
apis: [{{id: pets, path: pets, service_url: "http://b"}}, {{id: m, path: m, {api}}}]
""")
    loaded = load_configuration(ServeConfig(file), {})
    assert loaded.assembled is None
    assert any(d.code == code and text in d.message for d in loaded.diagnostics), loaded.diagnostics


async def test_a_service_folder_has_them_too(configured: Any, tmp_path: Path) -> None:
    """As ARM and the APIOps tools write them."""
    apis = tmp_path / "apis"
    for name, properties in {
        "pets": {"path": "shop", "displayName": "Pets", "subscriptionRequired": False, "serviceUrl": "$BACKEND"},
        "tools": {
            "path": "tools",
            "displayName": "Pet tools",
            "subscriptionRequired": False,
            "type": "mcp",
            "mcpTools": [{"name": "get_pet", "operationId": "/subscriptions/x/apis/pets/operations/getpet"}],
        },
        "remote": {
            "path": "remote",
            "displayName": "Remote",
            "subscriptionRequired": False,
            "type": "mcp",
            "backendId": "there",
            "mcpProperties": {"transportType": "streamable"},
        },
    }.items():
        (apis / name).mkdir(parents=True)
        (apis / name / "apiInformation.json").write_text(json.dumps({"properties": properties}))
    (apis / "pets" / "specification.json").write_text(json.dumps(PETS))
    (tmp_path / "backends" / "there").mkdir(parents=True)
    there = {"properties": {"url": "$BACKEND/there", "protocol": "http"}}
    (tmp_path / "backends" / "there" / "backendInformation.json").write_text(json.dumps(there))
    running = await configured(tmp_path)
    assert running.diagnostics == []
    listed = (await post(f"{running.url}/tools/mcp", call("tools/list")))[2]
    assert [tool["name"] for tool in listed["result"]["tools"]] == ["get_pet"]
    assert (await post(f"{running.url}/tools/mcp", USE))[2]["result"]["content"][0]["text"] == "echo"
    assert (await post(f"{running.url}/remote", call("tools/list")))[0] == 200
    assert [line for line, _, _ in running.seen] == ["GET /pets/1", "POST /there"]
