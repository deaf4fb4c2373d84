"""Tracing a running gateway: credentials, headers, what a trace holds, what it must not hold.  Real sockets."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from apimpy.gateway.admin import admin_application
from apimpy.gateway.debug import PAGE

GATEWAY = """
version: 1
named_values:
  upstream-key: {secret: true, value: "s3cr3t-upstream"}
  greeting: hello
fragments: {tag: tag.xml}
backends:
  main: {url: "$BACKEND/base", credentials: {header: {X-Backend-Key: [cr3dential]}}}
apis:
  - {id: echo, path: echo, service_url: $BACKEND, subscription_required: false, policy: echo.xml}
  - {id: other, path: other, service_url: $BACKEND, subscription_required: false, policy: plain.xml}
subscriptions:
  - {id: red, scope: all-access, keys: {primary: key-of-red}, allow_tracing: true}
  - {id: blue, scope: all-access, keys: {primary: key-of-blue}}
"""
DOCUMENTS = {
    "tag.xml": '<fragment><set-header name="X-Tag"><value>{{greeting}}</value></set-header></fragment>',
    "plain.xml": "<policies><inbound><base /></inbound></policies>",
    "echo.xml": """<policies>
  <inbound>
    <base />
    <include-fragment fragment-id="tag" />
    <set-header name="X-Key" exists-action="override"><value>{{upstream-key}}</value></set-header>
    <set-variable name="secret" value="@("key: {{upstream-key}}")" />
    <choose>
      <when condition="@(context.Request.Headers.ContainsKey("X-Fail"))">
        <set-variable id="boom" name="n" value="@(int.Parse(context.Request.Headers.GetValueOrDefault("X-Fail","")))" />
      </when>
      <when condition="@(context.Request.Headers.ContainsKey("X-Refuse"))">
        <return-response><set-status code="403" reason="No" /></return-response>
      </when>
      <otherwise>
        <trace source="tests" severity="information"><message>here</message><metadata name="m" value="1" /></trace>
      </otherwise>
    </choose>
    <wait for="all">
      <send-request response-variable-name="a"><set-url>$BACKEND/a</set-url><set-method>GET</set-method></send-request>
      <send-request response-variable-name="b"><set-url>$BACKEND/b</set-url><set-method>GET</set-method></send-request>
    </wait>
    <set-backend-service backend-id="main" />
  </inbound>
  <backend>
    <retry condition="@(!context.Tracing)" count="1" interval="0"><forward-request /></retry>
  </backend>
  <outbound><base /><set-status code="202" reason="Taken" /></outbound>
  <on-error>
    <base />
    <set-header name="X-Source"><value>@(context.LastError.Source)</value></set-header>
  </on-error>
</policies>""",
}
Admin = aiohttp.ClientSession


@pytest.fixture
async def traced(configured: Callable[..., Awaitable[Any]], tmp_path: Path) -> AsyncIterator[tuple[Any, str, Admin]]:
    """The gateway, the URL of its admin listener, and a client session."""
    for name, text in DOCUMENTS.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "gateway.yaml").write_text(GATEWAY)
    gateway = await configured(tmp_path / "gateway.yaml")
    application = admin_application(gateway.gateway, lambda: True)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    admin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    gateway.gateway.tracing.location = f"{admin}/_trace/"
    async with aiohttp.ClientSession() as session:
        yield gateway, admin, session
    await runner.cleanup()


async def credentials(session: Admin, admin: str, **body: Any) -> str:
    path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/x/gateways/managed"
    async with session.post(f"{admin}{path}/listDebugCredentials?api-version=2024-05-01", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["token"]


async def trace_of(session: Admin, admin: str, id: str) -> dict[str, Any]:
    async with asyncio.timeout(5):  # the trace is kept when the connection has been dealt with
        while True:
            async with session.post(f"{admin}/gateways/managed/listTrace", json={"traceId": id}) as answer:
                if answer.status == 200:
                    return await answer.json()
            await asyncio.sleep(0.01)


async def ask(traced: tuple[Any, str, Admin], path: str = "/echo/x", **headers: str) -> dict[str, Any]:
    """Send a request with a debug token for the API `echo`; its trace."""
    gateway, admin, session = traced
    token = await credentials(session, admin, apiId="/apis/echo", credentialsExpireAfter="PT5M")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with session.get(gateway.url + path, headers={"Apim-Debug-Authorization": token, **sent}) as answer:
        return await trace_of(session, admin, answer.headers["Apim-Trace-Id"])


def steps(trace: dict[str, Any], section: str) -> list[str]:
    return [entry["source"] for entry in trace["traceEntries"].get(section, ()) if "duration" in entry]


async def test_the_platforms_way(traced: tuple[Any, str, Admin]) -> None:
    trace = await ask(traced)
    assert trace["serviceName"] == "apimpy"
    assert re.fullmatch(r"[0-9a-f]{32}", trace["traceId"])
    assert list(trace["traceEntries"]) == ["inbound", "backend", "outbound"]
    for entry in (e for entries in trace["traceEntries"].values() for e in entries):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", entry["timestamp"])
        assert re.fullmatch(r"\d\d:\d\d:\d\d(\.\d{7})?", entry["elapsed"])
    first, second = trace["traceEntries"]["inbound"][:2]
    assert first["source"] == second["source"] == "api-inspector"
    assert first["data"]["request"]["method"] == "GET"
    assert first["data"]["request"]["url"].endswith("/echo/x")
    configuration = second["data"]["configuration"]
    assert configuration["api"]["from"] == "/echo"
    assert configuration["operation"] == {"method": "*", "uriTemplate": "/*"}
    last = trace["traceEntries"]["outbound"][-1]
    assert (last["source"], last["data"]["message"]) == (
        "transfer-response",
        "Response has been sent to the caller in full",
    )


async def test_every_step_with_its_place(traced: tuple[Any, str, Admin]) -> None:
    trace = await ask(traced)
    inbound = [e for e in trace["traceEntries"]["inbound"] if "duration" in e]
    rows = [(e["source"], e["scope"], e["path"], Path(e["file"]).name, e["line"]) for e in inbound]
    assert rows[:5] == [
        ("set-header", "api", "set-header[1]", "tag.xml", 1),
        ("set-header", "api", "set-header[2]", "echo.xml", 5),
        ("set-variable", "api", "set-variable[1]", "echo.xml", 6),
        ("trace", "api", "choose[1]\\otherwise[1]\\trace[1]", "echo.xml", 15),
        ("choose", "api", "choose[1]", "echo.xml", 7),
    ]
    assert sorted(rows[5:7]) == [  # they run side by side
        ("send-request", "api", "wait[1]\\send-request[1]", "echo.xml", 19),
        ("send-request", "api", "wait[1]\\send-request[2]", "echo.xml", 20),
    ]
    assert rows[7:] == [
        ("wait", "api", "wait[1]", "echo.xml", 18),
        ("set-backend-service", "api", "set-backend-service[1]", "echo.xml", 22),
    ]
    assert steps(trace, "backend") == ["forward-request", "retry"]
    assert steps(trace, "outbound") == ["set-status"]


async def test_what_each_step_did(traced: tuple[Any, str, Admin]) -> None:
    trace = await ask(traced)
    inbound, backend = trace["traceEntries"]["inbound"], trace["traceEntries"]["backend"]
    data = [(e["source"], e["data"]) for e in inbound if e["data"]]
    assert ("set-header", {"message": "Request header 'X-Tag' was set to 'hello'"}) in data
    condition = {
        "message": "Expression was successfully evaluated.",
        "attribute": "condition",
        "expression": '@(context.Request.Headers.ContainsKey("X-Fail"))',
        "value": False,
    }
    assert ("choose", condition) in data
    said = {"source": "tests", "severity": "information", "message": "here", "metadata": {"m": "1"}}
    assert ("trace", {"trace": said}) in data
    for number, name in enumerate("ab", 1):  # side by side, and still each its own
        path = f"wait[1]\\send-request[{number}]"
        own = [e["data"] for e in inbound if e.get("path") == path]
        assert own[0]["request"]["url"].endswith(f"/{name}")
        assert own[1]["response"]["status"] == {"code": 200, "reason": "OK"}
        assert own[2] == {
            "message": "Context variable was successfully set.",
            "name": name,
            "value": "Response 200 OK",
        }
    calls = [e["data"] for e in backend if e["source"] == "forward-request"]
    assert calls[0]["message"] == "Request is being forwarded to the backend service. Timeout set to 300 seconds"
    assert calls[0]["request"]["url"].endswith("/base/x")
    assert calls[1]["response"]["status"]["code"] == 200
    assert trace["traceEntries"]["outbound"][0]["data"]["message"] == [
        "Response status code was set to 202",
        "Response status reason was set to 'Taken'",
    ]


async def test_a_failing_expression(traced: tuple[Any, str, Admin]) -> None:
    trace = await ask(traced, X_Fail="seven")
    failed, default, _, handler = trace["traceEntries"]["on-error"]
    assert failed["source"] == "set-variable"
    assert failed["policyId"] == "boom"
    assert failed["data"]["messages"][:2] == [None, "Expression evaluation failed."]
    assert failed["data"]["messages"][2] == "Input string was not in a correct format."
    assert default["data"]["reason"] == "ExpressionValueEvaluationFailure"
    assert (default["data"]["section"], default["data"]["path"]) == ("inbound", "choose[1]\\when[1]\\set-variable[1]")
    assert default["data"]["response"]["status"]["code"] == 500
    assert handler["data"]["message"] == "Response header 'X-Source' was set to 'set-variable'"
    inbound = trace["traceEntries"]["inbound"]
    assert [e["source"] for e in inbound if "error" in e["data"]] == ["set-variable"], "only the step that failed"
    assert "backend" not in trace["traceEntries"]


async def test_a_return_response(traced: tuple[Any, str, Admin]) -> None:
    trace = await ask(traced, X_Refuse="1")
    assert steps(trace, "inbound")[-2:] == ["return-response", "choose"]
    entry = [e for e in trace["traceEntries"]["inbound"] if e["source"] == "return-response"][-1]
    assert entry["data"]["response"]["status"] == {"code": 403, "reason": "No"}


async def test_secrets_are_nowhere(traced: tuple[Any, str, Admin]) -> None:
    _, admin, session = traced
    trace = await ask(traced, "/echo/x?subscription-key=key-of-red", Authorization="Bearer abc.def")
    text = json.dumps(trace)
    async with session.get(f"{admin}/_trace/{trace['traceId']}?documents") as answer:
        text += await answer.text()
    for secret in ("s3cr3t-upstream", "cr3dential", "key-of-red", "abc.def", "sig="):
        assert secret not in text, secret
    assert "key: ****" in text


@pytest.mark.parametrize(
    ("api", "path", "header"),
    [
        ("/apis/echo", "/other/x", "Apim-Debug-Authorization-WrongAPI"),
        ("echo", "/nowhere", "Apim-Debug-Authorization-WrongAPI"),
    ],
)
async def test_a_token_is_for_one_api(traced: tuple[Any, str, Admin], api: str, path: str, header: str) -> None:
    gateway, admin, session = traced
    token = await credentials(session, admin, apiId=api)
    async with session.get(gateway.url + path, headers={"Apim-Debug-Authorization": token}) as answer:
        assert answer.headers[header] == "true"
        assert "Apim-Trace-Id" not in answer.headers


async def test_a_token_expires(traced: tuple[Any, str, Admin], monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, admin, session = traced
    token = await credentials(session, admin, apiId="/apis/echo", credentialsExpireAfter="PT10M")
    clock = gateway.gateway.services.clock
    monkeypatch.setattr(gateway.gateway.tracing, "_clock", type("Later", (), {"now": lambda self: clock.now() + 601})())
    async with session.get(gateway.url + "/echo", headers={"Apim-Debug-Authorization": token}) as answer:
        assert answer.headers["Apim-Debug-Authorization-Expired"] == "true"
        assert "Apim-Trace-Id" not in answer.headers


@pytest.mark.parametrize("change", [lambda t: "aid=echo&exp=99999999999&sig=0", lambda t: t[:-1] + "é", lambda t: "x"])
async def test_a_forged_token(traced: tuple[Any, str, Admin], change: Callable[[str], str]) -> None:
    gateway, admin, session = traced
    token = change(await credentials(session, admin, apiId="/apis/echo"))
    async with session.get(gateway.url + "/echo", headers={"Apim-Debug-Authorization": token}) as answer:
        assert answer.status == 202
        assert "Apim-Trace-Id" not in answer.headers


async def test_the_token_never_reaches_the_backend(traced: tuple[Any, str, Admin]) -> None:
    await ask(traced)
    assert all("Apim-Debug-Authorization" not in headers for _, headers, _ in traced[0].seen)


@pytest.mark.parametrize(("key", "is_traced"), [("key-of-red", True), ("key-of-blue", False), (None, False)])
async def test_the_older_way(traced: tuple[Any, str, Admin], key: str | None, is_traced: bool) -> None:
    gateway, _, session = traced
    headers = {"Ocp-Apim-Trace": "true"} | ({"Ocp-Apim-Subscription-Key": key} if key else {})
    async with session.get(gateway.url + "/echo", headers=headers) as answer:
        location = answer.headers.get("Ocp-Apim-Trace-Location")
    assert (location is not None) == is_traced
    if location is not None:
        async with session.get(location) as answer:
            assert (await answer.json())["traceEntries"]["inbound"]


async def test_no_operation(traced: tuple[Any, str, Admin]) -> None:
    gateway, admin, session = traced
    token = await credentials(session, admin)
    async with session.get(gateway.url + "/nowhere", headers={"Apim-Debug-Authorization": token}) as answer:
        assert answer.status == 404
        trace = await trace_of(session, admin, answer.headers["Apim-Trace-Id"])
    (entry,) = (e for e in trace["traceEntries"]["backend"] if e["source"] == "configuration")
    assert entry["data"]["message"].startswith("Unable to identify Api or Operation for this request.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"credentialsExpireAfter": "PT61M"}', "at most an hour"),
        (b'{"credentialsExpireAfter": "soon"}', "at most an hour"),
        (b'{"credentialsExpireAfter": 5}', "at most an hour"),
        (b'{"apiId": "/"}', "apiId"),
        (b'{"apiId": 5}', "apiId"),
        (b'{"purposes": ["other"]}', "purposes"),
        (b"[]", "object"),
        (b"{", "not JSON"),
    ],
)
async def test_credentials_that_cannot_be(traced: tuple[Any, str, Admin], body: bytes, said: str) -> None:
    _, admin, session = traced
    async with session.post(admin + "/listDebugCredentials", data=body) as answer:
        assert answer.status == 400
        assert said in await answer.text()


async def test_traces_that_are_not_there(traced: tuple[Any, str, Admin]) -> None:
    _, admin, session = traced
    for path in ("/_trace/0", "/_trace/0?documents", "/page/nothing.js", "/page/..%2Fadmin.py", "/page/traces.txt"):
        async with session.get(admin + path) as answer:
            assert answer.status == 404
    async with session.post(admin + "/listTrace", json={}) as answer:
        assert answer.status == 404


async def test_only_the_latest_are_kept(traced: tuple[Any, str, Admin]) -> None:
    gateway, admin, session = traced
    tracing = gateway.gateway.tracing
    tracing.everything, tracing._kept = True, 3
    for number in range(5):
        async with session.get(f"{gateway.url}/other/{number}") as answer:
            await answer.read()
    async with session.get(f"{admin}/_trace") as answer:
        urls = [row["url"].rpartition("/")[2] for row in await answer.json()]
    assert urls == ["4", "3", "2"]


async def test_other_requests_are_not_traced(traced: tuple[Any, str, Admin]) -> None:
    gateway, _, session = traced
    async with session.get(gateway.url + "/echo", headers={"Ocp-Apim-Trace": "true"}) as answer:
        assert "Apim-Trace-Id" not in answer.headers
    assert gateway.gateway.tracing.latest() == []


def test_the_pages_files_are_there() -> None:
    assert {path.name for path in PAGE.iterdir()} == {"traces.html", "traces.js", "traces.css"}
