"""The semantic cache of gateways that share a Redis, as real processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
import redis_server
from mocks import Mock, mock_server
from processes import running, spawn

from apimpy.tokens.counter import TiktokenCounter

POLICY = """<policies>
  <inbound>
    <base />
    <llm-semantic-cache-lookup score-threshold="0.2" embeddings-backend-id="embed" embeddings-backend-auth="system-assigned">
      <vary-by>@(context.Request.Headers.GetValueOrDefault("X-Tenant", ""))</vary-by>
    </llm-semantic-cache-lookup>
  </inbound>
  <backend><base /></backend>
  <outbound>
    <base />
    <llm-semantic-cache-store duration="60" />
  </outbound>
  <on-error><base /></on-error>
</policies>"""  # noqa: E501
PLAIN = "<policies><inbound><base /></inbound><backend><base /></backend><outbound><base /></outbound></policies>"
FILE = """version: 1
redis: {redis}
options: {{semantic_cache_headers: true, store_timeout: {patience}}}
managed_identity: {{kind: static, token: {{value: identity-token}}}}
backends: {{embed: {{url: "{url}/openai/deployments/text-embedding-3-small/embeddings"}}}}
apis: [{{id: openai, path: openai, service_url: "{url}/openai", subscription_required: false, policy: policy.xml}}]
"""
PATH = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
HOW, LIKE = "How do I reset the password of my account?", "How do I reset my account password?"
OTHER = "What is the capital of France?"
PORTS = ["--port", "0", "--admin-port", "0", "--access-log", "off"]


@pytest.fixture
def start() -> Iterator[Callable[[redis_server.Binary], redis_server.Server]]:
    made: list[redis_server.Server] = []

    def started(binary: redis_server.Binary) -> redis_server.Server:
        made.append(redis_server.Server(binary))
        made[-1].start()
        return made[-1]

    yield started
    for server in made:
        server.close()


@pytest.fixture
async def mock() -> AsyncIterator[Mock]:
    """The model, and the embeddings endpoint."""
    async with mock_server(TiktokenCounter()) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path, mock: Mock) -> Callable[..., str]:
    def write(redis: str, policy: str = POLICY, patience: int = 5000) -> str:
        (tmp_path / "policy.xml").write_text(policy)
        (tmp_path / "gateway.yaml").write_text(FILE.format(redis=redis, url=mock.url, patience=patience))
        return str(tmp_path / "gateway.yaml")

    return write


async def ask(session: aiohttp.ClientSession, url: str, text: str, tenant: str = "A") -> tuple[str | None, bytes]:
    """Outcome and body."""
    sent = {"messages": [{"role": "user", "content": text}]}
    async with session.post(url + PATH, json=sent, headers={"X-Tenant": tenant}) as answer:
        assert answer.status == 200
        return answer.headers.get("X-Semantic-Cache"), await answer.read()


async def test_what_one_has_kept_another_finds(
    start: Callable[[redis_server.Binary], redis_server.Server], file: Callable[..., str]
) -> None:
    """Workers and gateways alike; a gateway that starts later as well.  Tenants are told apart by case too."""
    words = [file(start(redis_server.binary(query=True)).url), *PORTS]
    async with aiohttp.ClientSession() as session:
        async with (
            running("serve", *words, "--workers", "2") as first,
            running("serve", *words) as second,
        ):
            urls = [first.urls[-2], second.urls[-2]]
            outcome, body = await ask(session, urls[0], HOW)
            assert outcome == "miss"
            for n in range(8):
                assert await ask(session, urls[n % 2], (HOW, LIKE)[n // 4]) == ("hit", body)
            for tenant in ("a", "", "A,"):
                assert (await ask(session, urls[1], HOW, tenant))[0] == "miss", tenant
            assert (await ask(session, urls[1], OTHER))[0] == "miss"
            for gateway in (first, second):
                assert (await gateway.stop())[0] == 0
        async with running("serve", *words) as third:
            assert (await ask(session, third.urls[-2], LIKE)) == ("hit", body)
            assert (await ask(session, third.urls[-2], HOW, "a"))[0] == "hit"


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_redis_that_cannot_search(
    start: Callable[[redis_server.Binary], redis_server.Server], file: Callable[..., str], workers: str
) -> None:
    """An error at the start for a policy that needs it, said once; none for others."""
    url = start(redis_server.plain()).url
    process = await spawn("serve", file(url), *PORTS, "--workers", workers)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, out) == (2, b"")
    assert err.decode().splitlines()[-1] == (
        "apimpy serve: a semantic cache needs a Redis with the query engine: this one does not know FT.SEARCH"
    )
    assert err.count(b"query engine") == 1
    words = [file(url, PLAIN), *PORTS, "--workers", workers]
    async with running("serve", *words) as gateway, aiohttp.ClientSession() as session:
        assert (await ask(session, gateway.urls[-2], HOW))[0] is None
        file(url)
        async with session.post(f"{gateway.urls[-1]}/reload") as answer:
            assert answer.status == 422
            assert "query engine" in await answer.text()
        assert (await ask(session, gateway.urls[-2], HOW))[0] is None, "what was there goes on"


async def test_a_redis_that_goes(
    start: Callable[[redis_server.Binary], redis_server.Server], file: Callable[..., str]
) -> None:
    """Calls go to the model, and the cache is there again when Redis is."""
    server = start(redis_server.binary(query=True))
    async with running("serve", file(server.url, patience=1000), *PORTS) as gateway, aiohttp.ClientSession() as session:
        url = gateway.urls[-2]
        assert [(await ask(session, url, HOW))[0] for _ in range(2)] == ["miss", "hit"]
        server.kill()
        assert [(await ask(session, url, HOW))[0] for _ in range(2)] == ["error", "error"]
        server.start()
        async with asyncio.timeout(20):
            while (await ask(session, url, HOW))[0] == "error":
                pass
        assert (await ask(session, url, HOW))[0] == "hit"
