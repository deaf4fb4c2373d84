"""Backends of a gateway file over sockets: pools, circuit breakers, sessions, credentials, TLS, proxies."""
# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

POLICY = """<policies>
  <inbound><base /><set-backend-service backend-id="@(context.Request.Headers.GetValueOrDefault("X-Backend","pool"))" /></inbound>
  <backend>
    <retry condition="@(context.Response == null || context.Response.StatusCode == 429 || context.Response.StatusCode >= 500)" count="{retries}" interval="0">
      <forward-request timeout="5" buffer-request-body="true" />
    </retry>
  </backend>
  <outbound><base />
    <set-header name="X-Url" exists-action="override"><value>@(context.Request.Url.ToString())</value></set-header>
    <set-header name="X-Kind" exists-action="override"><value>@(context.Backend.Id + " " + context.Backend.Type)</value></set-header>
  </outbound>
  <on-error><base />
    <set-header name="X-Reason" exists-action="override"><value>@(context.LastError.Source + " " + context.LastError.Reason + " " + context.LastError.Message)</value></set-header>
  </on-error>
</policies>"""
BREAKER = "circuitBreaker: {rules: [{name: busy, failureCondition: {count: 1, interval: PT1M, statusCodeRanges: [{min: 429, max: 429}], errorReasons: [Server errors]}, tripDuration: PT1M, acceptRetryAfter: true}]}"
FILE = """
backends:
  one: {{url: {one}/v1, {breaker}}}
  two: {{url: {two}, {breaker}}}
  lone: {{url: {one}/v1, {breaker}}}
  pool: {{pool: {{services: [{{id: /backends/one, priority: 1}}, {{id: two, priority: 2}}]}}}}
  even: {{pool: {{services: [{{id: one}}, {{id: two}}]}}}}
  sticky: {{pool: {{services: [{{id: one}}, {{id: two}}], sessionAffinity: {{sessionId: {{source: Cookie, name: SessionId}}}}}}}}
apis: [{{id: a, path: a, subscription_required: false, policy: policy.xml}}]
"""


@dataclass
class Stub:
    """A backend that answers as it is told: a status, or a status and Retry-After; then 200."""

    name: str
    url: str = ""
    plan: list[tuple[int, str | None]] = field(default_factory=list)
    seen: list[web.BaseRequest] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        self.seen.append(request)
        status, after = self.plan.pop(0) if self.plan else (200, None)
        headers = {"X-From": self.name} | ({"Retry-After": after} if after else {})
        return web.Response(status=status, headers=headers, text=self.name)


@pytest.fixture
async def stubs() -> AsyncIterator[tuple[Stub, Stub]]:
    async with AsyncExitStack() as stack:
        made = (Stub("one"), Stub("two"))
        for stub in made:
            runner = web.ServerRunner(web.Server(stub.handle), shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made


class Moved:
    """The gateway's clock, some seconds later."""

    def __init__(self, real: Any) -> None:
        self._real, self.ahead = real, 0.0

    def now(self) -> float:
        return self._real.now() + self.ahead

    def monotonic(self) -> float:
        return self._real.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


Start = Callable[..., Awaitable[tuple[str, Any, Moved]]]


@pytest.fixture
def start(tmp_path: Path, stubs: tuple[Stub, Stub], configured: Any) -> Start:
    async def run(*, retries: int = 2, text: str = FILE) -> tuple[str, Any, Moved]:
        (tmp_path / "policy.xml").write_text(POLICY.format(retries=retries))
        filled = text.format(one=stubs[0].url, two=stubs[1].url, breaker=BREAKER)
        (tmp_path / "gateway.yaml").write_text("version: 1\n" + filled)
        running = await configured(tmp_path / "gateway.yaml")
        assert running.diagnostics == []
        clock = Moved(running.gateway.services.clock)
        running.gateway.services.clock = clock
        return running.url + "/a/x?q=1", running.gateway, clock

    return run


async def ask(url: str, backend: str = "pool", **headers: str) -> tuple[int, Any, str]:
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.post(url, data=b"body", headers={"X-Backend": backend, **headers}) as answer,
    ):
        return answer.status, answer.headers, await answer.text()


@pytest.mark.step("forward-request 12")
async def test_the_worked_example(start: Start, stubs: tuple[Stub, Stub]) -> None:
    """Priorities 1 and 2, one 429 opens: calls move on unseen, until nobody is left, and come back."""
    one, two = stubs
    url, _, clock = await start()
    for _ in range(5):
        assert (await ask(url))[2] == "one"
    one.plan = [(429, "30")]
    assert (await ask(url))[2] == "two", "the sixth is answered by the second"
    for _ in range(4):
        assert (await ask(url))[2] == "two"
    assert len(one.seen) == 6
    two.plan = [(429, "20")]
    status, headers, body = await ask(url)
    assert (status, body) == (503, '{ "statusCode": 503, "message": "Service Unavailable" }')
    assert headers["Content-Type"] == "application/json"
    assert headers["Retry-After"] in ("20", "19")
    assert headers["X-Reason"] == "forward-request BackendPoolUnavailable Service Unavailable"
    clock.ahead = 20.5
    assert (await ask(url))[2] == "two", "its Retry-After is over first"
    clock.ahead = 31
    assert (await ask(url))[2] == "one", "traffic is back at the preferred one"


async def test_a_single_backend_left_alone(start: Start, stubs: tuple[Stub, Stub]) -> None:
    stubs[0].plan = [(429, None)]
    url, gateway, clock = await start(retries=1)
    status, headers, body = await ask(url, "lone")
    assert (status, headers["Retry-After"]) == (503, "60")
    assert headers["X-Reason"] == "forward-request BackendUnavailable Service Unavailable"
    assert json.loads(body) == {"statusCode": 503, "message": "Service Unavailable"}
    assert len(stubs[0].seen) == 1
    assert (await ask(url, "one"))[2] == "one", "an entity with the same URL is another entity"
    shown = {row["id"]: row for row in gateway.services.backends.states(clock.now())}
    assert shown["lone"]["breaker"]["state"] == "open"
    assert 'apimpy_backend_open{backend="lone"} 1.0' in gateway.metrics.render().decode()
    assert 'apimpy_backend_attempts_total{backend="one"} 1.0' in gateway.metrics.render().decode()


async def test_attempts_used_up_are_no_error(start: Start, stubs: tuple[Stub, Stub]) -> None:
    stubs[0].plan = [(429, "9")]
    url, _, _ = await start(text=FILE.replace("count: 1", "count: 9"), retries=1)
    stubs[0].plan = [(503, None), (500, None)]
    status, headers, _ = await ask(url)
    assert (status, headers["X-From"]) == (500, "one")
    assert "X-Reason" not in headers


@pytest.mark.parametrize("status", [500, 503])
async def test_server_errors_beside_a_range_do_not_trip(start: Start, stubs: tuple[Stub, Stub], status: int) -> None:
    stubs[0].plan = [(status, None)]
    url, _, _ = await start()
    assert (await ask(url))[2] == "one", "the retry asks the same member again"
    assert len(stubs[0].seen) == 2


async def test_transport_failures_do_not_trip_unless_named(start: Start, stubs: tuple[Stub, Stub]) -> None:
    gone = FILE.replace("url: {one}/v1", "url: http://127.0.0.1:9")
    url, gateway, clock = await start(text=gone)
    status, headers, _ = await ask(url)
    assert (status, headers["X-Reason"].split()[1]) == (500, "BackendConnectionFailure")
    named = gone.replace(
        "{breaker}",
        "circuitBreaker: {{rules: [{{failureCondition: {{count: 1, errorReasons: [backendconnectionfailure]}}, tripDuration: PT5S}}]}}",
    )
    url, gateway, clock = await start(text=named)
    assert (await ask(url))[2] == "two"
    assert gateway.services.backends.states(clock.now())[0]["breaker"]["state"] == "open"


async def test_what_expressions_see(start: Start, stubs: tuple[Stub, Stub]) -> None:
    url, _, _ = await start()
    _, headers, _ = await ask(url)
    assert headers["X-Kind"] == "pool Pool"
    assert headers["X-Url"] == f"{stubs[0].url}/v1/x?q=1"


async def test_turns(start: Start) -> None:
    url, _, _ = await start()
    assert [(await ask(url, "even"))[2] for _ in range(6)] == ["one", "two"] * 3


async def test_a_session(start: Start, stubs: tuple[Stub, Stub]) -> None:
    one = stubs[0]
    url, _, _ = await start()
    _, headers, first = await ask(url, "sticky")
    assert first == "one"
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert cookie.startswith("SessionId=")
    for _ in range(3):
        _, headers, member = await ask(url, "sticky", Cookie=f"a=1; {cookie}")
        assert (member, headers.get("Set-Cookie")) == ("one", None)
    assert one.seen[-1].headers["Cookie"] == "a=1", "the cookie is the gateway's"
    one.plan = [(429, "60")]
    _, headers, member = await ask(url, "sticky", Cookie=cookie)
    assert member == "two"
    moved = headers["Set-Cookie"].partition(";")[0]
    assert moved != cookie
    assert (await ask(url, "sticky", Cookie=moved))[2] == "two"
    _, headers, _ = await ask(url, "sticky", Cookie="SessionId=forged")
    assert "Set-Cookie" in headers


async def test_state_survives_a_reload(start: Start, stubs: tuple[Stub, Stub], tmp_path: Path) -> None:
    from apimpy.gateway.config import ServeConfig
    from apimpy.gateway.load import load_configuration
    from apimpy.gateway.reload import Reloader
    from apimpy.runtime.services import Options

    stubs[0].plan = [(429, None)]
    url, gateway, _ = await start()
    assert (await ask(url))[2] == "two"
    config = ServeConfig(tmp_path / "gateway.yaml")
    reloader = Reloader(gateway, lambda: load_configuration(config, {}), None, lambda new: Options())
    assert (await reloader.reload()).ok
    assert (await ask(url))[2] == "two"
    assert len(stubs[0].seen) == 1


async def test_a_service_url_is_an_entity(start: Start, stubs: tuple[Stub, Stub], tmp_path: Path) -> None:
    """The credentials of an entity whose URL is that of the API, a managed identity before everything else."""
    text = """
backends:
  one: {{url: {one}/v1, credentials: {{header: {{x-key: [k], Authorization: [mine]}}, query: {{q: ["2"]}}, authorization: {{scheme: Basic, parameter: abc}}, managedIdentity: {{resource: "https://r", clientId: c}}}}}}
managed_identity: {{kind: static, token: {{value: tok}}}}
apis: [{{id: a, path: a, service_url: {one}/v1/deep, subscription_required: false, policy: plain.xml}}]
"""
    (tmp_path / "plain.xml").write_text("<policies><inbound><base /></inbound></policies>")
    url, _, _ = await start(text=text)
    assert (await ask(url))[0] == 200
    (request,) = stubs[0].seen
    assert (request.raw_path, request.headers["x-key"]) == ("/v1/deep/x?q=2", "k")
    assert request.headers.getall("Authorization") == ["Bearer tok"]


async def test_a_cut_stream_counts_when_it_is_named(start: Start, stubs: tuple[Stub, Stub], backend: Any) -> None:
    async def cut(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        out = web.StreamResponse(headers={"Content-Length": "1000"})
        await out.prepare(request)
        await out.write(b"begun")
        await asyncio.sleep(0.05)
        assert request.transport is not None
        request.transport.abort()
        return out

    named = "circuitBreaker: {rules: [{failureCondition: {count: 1, errorReasons: [BackendConnectionFailure]}, tripDuration: PT5S}]}"
    text = FILE.replace("{one}/v1", await backend(cut)).replace(
        "{breaker}", named.replace("{", "{{").replace("}", "}}")
    )
    url, _, _ = await start(text=text, retries=1)
    with pytest.raises(aiohttp.ClientError):
        await ask(url)
    assert (await ask(url))[2] == "two"
