"""Reloading a running gateway: by signal, by the admin port, by a watched file; broken sets; under load."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import aiohttp
import pytest
from processes import running

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = (
    '<policies><inbound><return-response><set-status code="200" reason="OK" />'
    "<set-body>{0}</set-body></return-response></inbound></policies>"
)
LIMITED = (
    '<policies><inbound><rate-limit-by-key calls="{0}" renewal-period="300" counter-key="all" />'
    '<return-response><set-status code="200" reason="OK" /><set-body>{1}</set-body></return-response>'
    "</inbound></policies>"
)
BROKEN = "<policies><inbound><set-body>@(context.Nothing)</set-body></inbound></policies>"
FLAGS = ["--mock", "--port", "0", "--admin-port", "0", "--access-log", "off"]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.xml"
    path.write_text(ANSWER.format("one"))
    return path


async def text(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as answer:
        return await answer.text()


async def becomes(session: aiohttp.ClientSession, url: str, wanted: str) -> None:
    """Wait until the gateway answers so."""
    async with asyncio.timeout(20):
        while await text(session, url) != wanted:
            await asyncio.sleep(0.05)


async def test_by_the_admin_port(policy: Path) -> None:
    async with running("serve", str(policy), *FLAGS) as gateway, aiohttp.ClientSession() as session:
        url, admin = gateway.urls
        assert await text(session, url) == "one"
        policy.write_text(ANSWER.format("two"))
        async with session.post(admin + "/reload") as answer:
            assert (answer.status, await answer.text()) == (200, "reloaded\n")
        assert await text(session, url) == "two"
        assert 'apimpy_reloads_total{result="ok"} 1.0' in await text(session, admin + "/metrics")


async def test_by_signal(policy: Path) -> None:
    async with running("serve", str(policy), *FLAGS) as gateway, aiohttp.ClientSession() as session:
        url, _ = gateway.urls
        policy.write_text(ANSWER.format("two"))
        gateway.process.send_signal(signal.SIGHUP)
        await becomes(session, url, "two")


async def test_by_a_watched_file(policy: Path) -> None:
    async with running("serve", str(policy), *FLAGS, "--watch") as gateway, aiohttp.ClientSession() as session:
        url, _ = gateway.urls
        policy.write_text(ANSWER.format("two"))
        await becomes(session, url, "two")


async def test_a_broken_set_leaves_the_old_one_serving(policy: Path) -> None:
    """The log, the metrics and the detail of /readyz say so; a good set afterwards is taken."""
    async with running("serve", str(policy), *FLAGS) as gateway, aiohttp.ClientSession() as session:
        url, admin = gateway.urls
        policy.write_text(BROKEN)
        async with session.post(admin + "/reload") as answer:
            assert answer.status == 422
            assert "policy.xml:1:40: error CS1061" in await answer.text()
        assert await text(session, url) == "one"
        ready = await text(session, admin + "/readyz")
        assert ready.startswith("ready\nreload failed, the earlier configuration goes on: ")
        assert 'apimpy_reloads_total{result="failed"} 1.0' in await text(session, admin + "/metrics")
        policy.write_text(ANSWER.format("three"))
        async with session.post(admin + "/reload") as answer:
            assert answer.status == 200
        assert await text(session, url) == "three"
        assert await text(session, admin + "/readyz") == "ready\n"
        _, _, err = await gateway.stop()
    assert "ERROR apimpy.gateway: reload failed" in err


@pytest.mark.step("common 6")
async def test_counts_survive(policy: Path) -> None:
    policy.write_text(LIMITED.format(5, "one"))
    async with running("serve", str(policy), *FLAGS) as gateway, aiohttp.ClientSession() as session:
        url, admin = gateway.urls
        statuses = []
        for i in range(8):
            async with session.get(url) as answer:
                statuses.append(answer.status)
            policy.write_text(LIMITED.format(5, f"round {i}"))
            async with session.post(admin + "/reload") as answer:
                assert answer.status == 200
        assert statuses == [200] * 5 + [429] * 3


async def test_under_load_no_request_fails(policy: Path) -> None:
    """Reloads as fast as they go, beside clients that never pause."""
    async with running("serve", str(policy), *FLAGS) as gateway, aiohttp.ClientSession() as session:
        url, admin = gateway.urls
        done = asyncio.Event()
        answers: set[tuple[int, str]] = set()
        count = 0

        async def client() -> None:
            nonlocal count
            while not done.is_set():
                async with session.get(url) as answer:
                    answers.add((answer.status, await answer.text()))
                    count += 1

        clients = [asyncio.create_task(client()) for _ in range(8)]
        for i in range(20):
            policy.write_text(ANSWER.format(f"round {i}"))
            async with session.post(admin + "/reload") as answer:
                assert answer.status == 200
        done.set()
        await asyncio.gather(*clients)
        assert {status for status, _ in answers} == {200}
        assert {body for _, body in answers} <= {"one", *(f"round {i}" for i in range(20))}
        assert count > 100
