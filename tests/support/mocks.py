"""Mock backends for tests of fail-over: several at once, each with its own schedule of faults.

async with mock_processes(ptu=["--fault", "status=429,retry-after=1,calls=1-2"], payg=[]) as mocks:
    ...                                              # a gateway in front of mocks["ptu"].url and mocks["payg"].url
    assert [r["fault"] for r in await mocks["ptu"].requests()] == [...]
    await mocks["ptu"].set_faults("reset")           # from now on
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from processes import running

from apimpy.mock.backend import MockSettings, mock_application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from apimpy.tokens.counter import TiktokenCounter

__all__ = ["Mock", "mock_processes", "mock_server"]


@dataclass(frozen=True)
class Mock:
    """A mock that listens."""

    url: str

    async def requests(self) -> list[dict[str, Any]]:
        """What came since the schedule was set: `number`, `method`, `path`, `model`, `fault`."""
        return (await self._ask("GET", "/mock/requests"))["requests"]  # type: ignore[no-any-return]

    async def set_faults(self, *rules: str, seed: int = 0) -> None:
        """Another schedule; requests are counted from 1 again."""
        await self._ask("PUT", "/mock/faults", {"faults": rules, "seed": seed})

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        async with aiohttp.ClientSession() as session, session.request(method, self.url + path, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


@asynccontextmanager
async def mock_processes(**schedules: Sequence[str]) -> AsyncIterator[dict[str, Mock]]:
    """One `apimpy mock` process for each name, started with these flags; the name is sent in `x-mock-name`."""
    async with AsyncExitStack() as stack:
        out = {}
        for name, flags in schedules.items():
            started = await stack.enter_async_context(running("mock", "--port", "0", "--name", name, *flags))
            out[name] = Mock(started.urls[0])
        yield out


@asynccontextmanager
async def mock_server(counter: TiktokenCounter, settings: MockSettings | None = None) -> AsyncIterator[Mock]:
    """A mock in this process: for tests that need no more than a socket."""
    application = mock_application(counter, settings)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Mock(f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()
