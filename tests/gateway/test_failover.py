"""A policy that goes to a second backend when the first one fails, in front of two real ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
import pytest_asyncio
from mocks import Mock, mock_processes
from processes import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

POLICY = """
<policies>
  <inbound><base /></inbound>
  <backend>
    <retry count="1" interval="0" first-fast-retry="true" condition="@(context.Response == null ||
        context.Response.StatusCode == 429 || context.Response.StatusCode >= 500)">
      <set-backend-service base-url="@(context.Variables.ContainsKey("again") ? "{{payg}}" : "{{ptu}}")" />
      <set-variable name="again" value="@(true)" />
      <forward-request timeout="1" buffer-request-body="true" buffer-response="false" />
    </retry>
  </backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>
"""
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mocks() -> AsyncIterator[dict[str, Mock]]:
    async with mock_processes(ptu=[], payg=[]) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mocks: dict[str, Mock], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    policy: Path = tmp_path_factory.mktemp("failover") / "policy.xml"
    policy.write_text(POLICY)
    values = [f"--named-value={name}={mock.url}" for name, mock in mocks.items()]
    words = [str(policy), "--backend", mocks["ptu"].url, "--port", "0", "--admin-port", "0", *values]
    async with running("serve", *words) as started:
        yield started.urls[0]


ROWS: list[tuple[list[str], list[str], list[tuple[int, str | None]]]] = [
    # the faults of the two, and for each request the status and the backend that gave it
    ([], [], [(200, "ptu"), (200, "ptu")]),
    (["status=429,retry-after=1,calls=1-2"], [], [(200, "payg"), (200, "payg"), (200, "ptu")]),
    (["status=503"], ["status=503,calls=2"], [(200, "payg"), (503, "payg"), (200, "payg")]),
    (["status=400"], [], [(400, "ptu")]),
    (["delay=20"], [], [(200, "ptu")]),
    (["reset"], [], [(200, "payg")]),
    (["hang"], [], [(200, "payg")]),
    (["status=429"], ["reset"], [(500, None)]),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("ptu", "payg", "expected"), ROWS)
async def test_the_second_backend_answers(
    mocks: dict[str, Mock], gateway: str, ptu: list[str], payg: list[str], expected: list[tuple[int, str | None]]
) -> None:
    await mocks["ptu"].set_faults(*ptu)
    await mocks["payg"].set_faults(*payg)
    got = []
    async with aiohttp.ClientSession() as session:
        for _ in expected:
            async with session.post(gateway + "/v1/chat/completions", json=CHAT) as answer:
                await answer.read()
                got.append((answer.status, answer.headers.get("x-mock-name")))
    assert got == expected
    assert len(await mocks["ptu"].requests()) == len(expected), "the first one is always asked first"
    assert len(await mocks["payg"].requests()) == sum(name != "ptu" for _, name in expected)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", ["cut=3", "malformed"])
async def test_a_stream_that_breaks_is_not_tried_again(mocks: dict[str, Mock], gateway: str, fault: str) -> None:
    """Its events are with the caller already: they reach it as they came, and the second backend hears nothing."""
    await mocks["ptu"].set_faults(fault)
    await mocks["payg"].set_faults()
    direct, through = [await _stream(url) for url in (mocks["ptu"].url, gateway)]
    assert through == direct
    assert direct[0]
    assert await mocks["payg"].requests() == []


async def _stream(url: str) -> tuple[bytes, bool]:
    """What came of a stream, and whether it ended in order."""
    out = b""
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + "/v1/chat/completions", json={**CHAT, "stream": True}) as answer,
    ):
        try:
            async for piece in answer.content.iter_any():
                out += piece
        except aiohttp.ClientPayloadError:
            return out, False
    return out, True
