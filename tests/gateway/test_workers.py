"""`apimpy serve --workers N` as real processes: one port, one set of metrics, and workers that come and go."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
import redis_server
from click.testing import CliRunner
from processes import running

from apimpy.cli.serve import serve_command

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

EMPTY = "<policies><inbound><base/>{}</inbound><backend><forward-request/></backend><outbound/><on-error/></policies>"
LIMIT = '<rate-limit-by-key calls="30" renewal-period="300" counter-key="everybody" />'
PORTS = ["--port", "0", "--admin-port", "0", "--workers", "2"]


@pytest.fixture
def policy(tmp_path: Path) -> Callable[[str], str]:
    def write(inbound: str = "") -> str:
        path = tmp_path / "policy.xml"
        path.write_text(EMPTY.format(inbound))
        return str(path)

    return write


@pytest.fixture
def server() -> Iterator[redis_server.Server]:
    made = redis_server.Server(redis_server.binary(), tcp=True)
    made.start()
    yield made
    made.close()


async def statuses(session: aiohttp.ClientSession, url: str, count: int) -> list[int]:
    async def one() -> int:
        async with session.get(f"{url}/v1/models", headers={"Connection": "close"}) as answer:
            return answer.status

    return await asyncio.gather(*(one() for _ in range(count)))


async def text(session: aiohttp.ClientSession, url: str, method: str = "GET") -> tuple[int, str]:
    async with session.request(method, url) as answer:
        return answer.status, await answer.text()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.05)


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_one_limit_one_set_of_metrics(policy: Callable[[str], str], server: redis_server.Server) -> None:
    words = ["--mock", "--redis", server.url, "--option", "rate_algorithm=sliding", "--option", "store_timeout=2000"]
    async with running("serve", policy(LIMIT), *words, *PORTS) as gateway, aiohttp.ClientSession() as session:
        address, admin = gateway.urls[0], gateway.urls[-1]
        assert "2 workers" in gateway.line
        got = await statuses(session, address, 50)
        assert (got.count(200), got.count(429)) == (30, 20)
        assert (await text(session, f"{admin}/readyz")) == (200, "ready\n")
        assert (await text(session, f"{admin}/reload", "POST")) == (200, "reloaded\n")
        page = (await text(session, f"{admin}/metrics"))[1]
        counts = re.findall(r'^apimpy_requests_total\{.*status="(\d+)"\} (\S+)$', page, re.MULTILINE)
        assert sorted(counts) == [("200", "30.0"), ("429", "20.0")]
        assert 'apimpy_reloads_total{result="ok"} 2.0' in page
        assert "apimpy_store_up 1.0" in page
        assert page.count("# TYPE apimpy_requests_total") == 1
        code, out, err = await gateway.stop()
    assert (code, err.count("Traceback")) == (0, 0)
    assert len([json.loads(line) for line in out.splitlines()]) == 50


async def test_a_worker_that_died_has_a_successor(policy: Callable[[str], str]) -> None:
    async with running("serve", policy(""), "--mock", *PORTS) as gateway, aiohttp.ClientSession() as session:
        address, admin = gateway.urls[0], gateway.urls[-1]
        before = children(gateway.process.pid)
        assert len(before) == 3
        os.kill(before[-1], signal.SIGKILL)

        async def replaced() -> bool:
            now = children(gateway.process.pid)
            return len(now) == 3 and before[-1] not in now and (await text(session, f"{admin}/readyz"))[0] == 200

        await until(replaced)
        assert await statuses(session, address, 20) == [200] * 20
        _, _, err = await gateway.stop()
    assert "worker 1 ended; another begins" in err


async def test_workers_end_with_their_parent(policy: Callable[[str], str]) -> None:
    async with running("serve", policy(""), "--mock", *PORTS) as gateway, aiohttp.ClientSession() as session:
        workers = children(gateway.process.pid)
        gateway.process.kill()

        async def gone() -> bool:
            return not any(Path(f"/proc/{pid}/exe").exists() for pid in workers)

        await until(gone)
        with pytest.raises(aiohttp.ClientError):
            await statuses(session, gateway.urls[0], 1)


def test_state_needs_a_redis(policy: Callable[[str], str]) -> None:
    result = CliRunner().invoke(serve_command, [policy(LIMIT), "--mock", *PORTS])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--workers needs --redis: each process would keep its own state for rate-limit-by-key" in result.stderr


async def test_a_reload_cannot_bring_state_without_a_redis(policy: Callable[[str], str]) -> None:
    async with running("serve", policy(""), "--mock", *PORTS) as gateway, aiohttp.ClientSession() as session:
        policy(LIMIT)
        status, said = await text(session, f"{gateway.urls[-1]}/reload", "POST")
        assert (status, "--workers needs --redis" in said) == (422, True)
        assert await statuses(session, gateway.urls[0], 4) == [200] * 4


async def test_a_port_that_is_taken(policy: Callable[[str], str]) -> None:
    async with running("serve", policy(""), "--mock", "--port", "0", "--admin-port", "0") as first:
        port = first.urls[0].rpartition(":")[2]
        words = [policy(""), "--mock", "--port", port, "--admin-port", "0", "--workers", "2"]
        result = CliRunner().invoke(serve_command, words)
    assert result.exit_code == 1
    assert "address already in use" in result.stderr
