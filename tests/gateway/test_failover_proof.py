"""No request that could succeed fails while the preferred of two backends does everything that backends do.

The gateway of `bench/failover.py`, in front of two mocks; the preferred one meets a seeded schedule of faults.
The clock of the gateway moves by a fixed step with every request, so who has to answer each of them is known exactly.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from mocks import Mock, mock_server

from apimpy.gateway.build import build_gateway
from apimpy.gateway.config import ServeConfig
from apimpy.gateway.load import load_configuration
from apimpy.gateway.server import Server
from apimpy.mock.backend import MockSettings
from apimpy.tokens.counter import TiktokenCounter

FILE = Path(__file__).resolve().parents[2] / "bench" / "policies" / "failover.yaml"
TRIP = 0.1
STEP = 0.025
"""Seconds between two requests by the gateway's clock."""
FAULTS = {
    "status=429,retry-after=1,share=0.02": 1.0,
    "status=500,share=0.1": TRIP,
    "reset,share=0.1": TRIP,
    "hang,share=0.03": TRIP,
    "cut=3,share=0.1": TRIP,
}
"""Faults of the preferred one, and how long the breaker is open after each.  A hang takes a second of real time."""
REQUESTS = 400


class Still:
    """A clock that moves when it is told to."""

    def __init__(self, real: Any) -> None:
        self._real, self.time = real, 1_700_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return float(self._real.monotonic())

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
async def served() -> AsyncIterator[tuple[str, Still, Mock, Mock]]:
    counter = TiktokenCounter()
    async with (
        mock_server(counter, MockSettings(name="preferred")) as preferred,
        mock_server(counter, MockSettings(name="other")) as other,
    ):
        values = {"preferred-url": preferred.url, "other-url": other.url, "patience-ms": "1000"}
        config = ServeConfig(FILE, named_values=tuple(values.items()))
        loaded = load_configuration(config, {})
        assert loaded.assembled is not None, [str(d) for d in loaded.diagnostics]
        gateway = build_gateway(config, loaded.assembled, None, counter)
        gateway.services.clock = clock = Still(gateway.services.clock)
        runner = web.ServerRunner(Server(gateway, config.limits), shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", clock, preferred, other
        await runner.cleanup()
        await gateway.services.transport.aclose()


async def ask(session: aiohttp.ClientSession, url: str, number: int, *, stream: bool) -> str:
    """Who answered in full and rightly; `broken off` when bytes came and then no more."""
    body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": f"number {number}"}]}
    got = b""
    async with session.post(url + "/v1/chat/completions", json=body) as answer:
        assert answer.status == 200, (number, await answer.text())
        try:
            async for piece in answer.content.iter_any():
                got += piece
        except aiohttp.ClientPayloadError:
            assert got, number
            return "broken off"
    if stream:
        assert got.endswith(b"data: [DONE]\n\n")
        events = [json.loads(line[6:]) for line in got.splitlines() if line.startswith(b"data: {")]
        text = "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])
    else:
        text = json.loads(got)["choices"][0]["message"]["content"]
    assert text == f"You said: number {number}"
    return str(answer.headers["x-mock-name"])


@pytest.mark.parametrize("seed", [1, 11])
async def test_every_request_is_answered_by_who_should(served: tuple[str, Still, Mock, Mock], seed: int) -> None:
    url, clock, preferred, other = served
    answered: list[tuple[float, bool, str]] = []
    async with aiohttp.ClientSession() as session:
        for mock in (preferred, other):  # the first answer of a process takes longer than the gateway's patience
            await ask(session, mock.url, 0, stream=True)
        await other.set_faults()
        await preferred.set_faults(*FAULTS, seed=seed)
        for number in range(REQUESTS):
            stream = number % 2 == 1
            answered.append((clock.time, stream, await ask(session, url, number, stream=stream)))
            clock.time += STEP
    met = [row["fault"] for row in await preferred.requests()]
    expected, open_until, asked = [], 0.0, iter(met)
    returns = 0
    for time, stream, _ in answered:
        if time < open_until:
            expected.append("other")
            continue
        returns += expected[-1:] == ["other"]
        fault = next(asked)
        if fault is None:
            expected.append("preferred")
            continue
        open_until = time + FAULTS[fault]
        expected.append("broken off" if stream and fault.startswith("cut") else "other")
    assert [who for _, _, who in answered] == expected
    assert next(asked, "no more") == "no more", "nobody asked the preferred one in vain"
    kinds = Counter(fault for fault in met if fault)
    assert len(kinds) == len(FAULTS), "every fault was met"
    assert returns > 20
    assert len(await other.requests()) == expected.count("other")
