"""Gateways that share a Redis, as real processes: one limit, one cache, and a Redis that comes and goes."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp
import pytest
import redis_server
from processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICY = """
<policies>
  <inbound>
    <base />
    <rate-limit-by-key calls="30" renewal-period="300" counter-key="everybody" />
    <cache-lookup-value key="first" variable-name="first" default-value="nothing" />
    <cache-store-value key="first" value="@(context.Request.Headers.GetValueOrDefault("x", "-"))" duration="60" />
    <return-response>
      <set-body>@((string)context.Variables["first"])</set-body>
    </return-response>
  </inbound>
  <backend><base /></backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>
"""
METRIC = re.compile(r"^(apimpy_store_\w+) (\d+)", re.MULTILINE)


@pytest.fixture
def server() -> Iterator[redis_server.Server]:
    made = redis_server.Server(redis_server.binary(), durable=True, tcp=True)
    yield made
    made.close()


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "policy.xml"
    path.write_text(POLICY)
    return str(path)


def words(policy: str, url: str) -> list[str]:
    ports = ["--port", "0", "--admin-port", "0"]
    options = ["--option", "rate_algorithm=sliding", "--option", "store_timeout=2000"]
    return [policy, "--mock", "--redis", url, "--access-log", "off", *options, *ports]


async def statuses(session: aiohttp.ClientSession, urls: list[str], count: int) -> list[int]:
    async def one(url: str) -> int:
        async with session.get(f"{url}/v1/models") as answer:
            return answer.status

    return await asyncio.gather(*(one(urls[n % len(urls)]) for n in range(count)))


async def metrics(session: aiohttp.ClientSession, url: str) -> dict[str, int]:
    async with session.get(f"{url}/metrics") as answer:
        return {name: int(value) for name, value in METRIC.findall(await answer.text())}


async def until_up(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(20):
        while not (await metrics(session, url))["apimpy_store_up"]:
            await asyncio.sleep(0.02)


async def test_two_gateways_have_one_limit_and_one_cache(server: redis_server.Server, policy: str) -> None:
    """And a Redis that is killed and comes back has forgotten nothing."""
    server.start()
    command = words(policy, server.url)
    async with (
        running("serve", *command) as first,
        running("serve", *command) as second,
        aiohttp.ClientSession() as session,
    ):
        gateways, admins = [first.urls[0], second.urls[0]], [first.urls[-1], second.urls[-1]]
        texts = []
        for n in range(3):
            async with session.get(f"{gateways[n % 2]}/v1/models", headers={"x": str(n)}) as answer:
                texts.append(await answer.text())
        assert texts == ["nothing", "0", "1"]
        assert (await statuses(session, gateways, 17)) == [200] * 17
        server.kill()
        server.start()
        for url in admins:
            await until_up(session, url)
        got = await statuses(session, gateways, 40)
        assert (got.count(200), got.count(429)) == (10, 30)
        for gateway in (first, second):
            assert (await gateway.stop())[0] == 0


async def test_a_redis_that_is_not_there(server: redis_server.Server, policy: str) -> None:
    """The gateway starts and says so; nobody is limited until Redis comes, and then everybody is."""
    async with running("serve", *words(policy, server.url)) as gateway, aiohttp.ClientSession() as session:
        address, admin = gateway.urls[0], gateway.urls[-1]
        assert (await statuses(session, [address], 40)).count(200) == 40
        shown = await metrics(session, admin)
        assert (shown["apimpy_store_up"], shown["apimpy_store_charges_waiting"]) == (0, 0)
        server.start()
        await until_up(session, admin)
        assert (await statuses(session, [address], 40)).count(200) == 30
        code, _, err = await gateway.stop()
    assert code == 0
    assert "starting without Redis" in err
    assert err.count("Redis is away") == 1
    assert "Redis answers again" in err


async def test_a_gateway_file_names_it(server: redis_server.Server, policy: str, tmp_path: Path) -> None:
    server.start()
    path = tmp_path / "gateway.yaml"
    options = "options: {rate_algorithm: sliding, store_timeout: 2000}"
    text = f"version: 1\nredis: {server.url}\npolicy: policy.xml\n{options}\n"
    path.write_text(f"{text}apis: [{{id: a, path: v1, subscription_required: false}}]\n")
    ports = ["--mock", "--port", "0", "--admin-port", "0", "--access-log", "off"]
    async with running("serve", str(path), *ports) as gateway, aiohttp.ClientSession() as session:
        assert (await metrics(session, gateway.urls[-1]))["apimpy_store_up"] == 1
        assert (await statuses(session, gateway.urls[:1], 40)).count(429) == 10


async def test_a_breaker_that_all_share(server: redis_server.Server, tmp_path: Path) -> None:
    """What one gateway has found out, the other need not; without the option it finds out for itself."""
    server.start()
    async with running("mock", "--port", "0", "--fault", "status=503") as broken, aiohttp.ClientSession() as session:
        for shared, asked in (("true", 2), ("false", 4)):
            path = tmp_path / f"{shared}.yaml"
            path.write_text(f"""
version: 1
redis: {server.url}
options: {{shared_breakers: {shared}, store_timeout: 2000}}
backends:
  b:
    url: {broken.urls[0]}
    circuitBreaker:
      rules:
        - {{name: r, tripDuration: PT1H,
           failureCondition: {{count: 2, interval: PT1H, statusCodeRanges: [{{min: 503, max: 503}}]}}}}
apis: [{{id: a, path: v1, service_url: "{broken.urls[0]}", subscription_required: false}}]
""")
            words = [str(path), "--port", "0", "--admin-port", "0", "--access-log", "off"]
            async with running("serve", *words) as first, running("serve", *words) as second:
                await statuses(session, first.urls[:1], 5)
                await asyncio.sleep(0.6)  # two looks at the breakers
                await statuses(session, second.urls[:1], 5)
                rows = []
                for gateway in (first, second):
                    async with session.get(f"{gateway.urls[-1]}/backends") as answer:
                        rows += [row for row in (await answer.json())["backends"] if row["id"] == "b"]
            assert sum(row["attempts"] for row in rows) >= asked
            assert [row["breaker"]["state"] for row in rows] == ["open", "open"]
            assert sum(row["breaker"]["trips"] for row in rows) == asked / 2
            assert (rows[1]["attempts"] == 0) == (shared == "true")
