"""`apimpy serve --workers N`: several processes as one gateway, and the admin listener that answers for all of them.

Every worker has an admin listener of its own on a socket file; callers see this one.  `/metrics` are sums, `/readyz`
is ready when all are, `POST /reload` reloads all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from apimpy.gateway.run import (
    announce,
    check_vectors,
    open_socket,
    refuse_state,
    run_until_stopped,
    serve,
    shown_backend,
    sit_down,
    stop_signal,
)
from apimpy.gateway.workers import run_workers
from apimpy.observe.metrics import CONTENT_TYPE
from apimpy.observe.sums import summed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from apimpy.configuration.assemble import Assembled
    from apimpy.gateway.config import ServeConfig
    from apimpy.gateway.workers import Seat
    from apimpy.tokens.counter import TiktokenCounter

__all__ = ["answer_together", "serve_together"]

_PATIENCE = aiohttp.ClientTimeout(total=30.0)
_NOBODY = 502
"""Status of a worker that does not answer: it is on its way up or down."""


def serve_together(
    config: ServeConfig,
    assembled: Assembled,
    counter: TiktokenCounter,
    *,
    preload: bool,
    mock: web.Application | None = None,
) -> int:
    """Run the processes until a signal; the exit status.  PortInUse; ConfigError without a fitting Redis."""
    if config.redis is None and assembled.model.redis is None:
        refuse_state(assembled)
    elif assembled.keeps_vectors:
        asyncio.run(check_vectors(config, assembled))  # said once, not by every worker
    if preload:
        counter.preload()  # once, for all of them
    with open_socket(config.host, config.port) as listener, open_socket(config.host, config.admin_port) as admin:
        addresses = [sock.getsockname()[:2] for sock in (listener, admin)]

        def work(seat: Seat) -> int:
            return run_until_stopped(lambda: serve(config, assembled, counter, preload=False, mock=mock, seat=seat))

        def answer(seat: Seat, sockets: list[Path]) -> int:
            return run_until_stopped(lambda: _answer(seat, sockets))

        backend = f"{shown_backend(mock is not None, config.backend, assembled)}, {config.workers} workers"
        return run_workers(
            config.workers, listener, admin, work, answer, lambda: announce(addresses[0], addresses[1], backend)
        )


async def _answer(seat: Seat, sockets: list[Path]) -> None:
    stopped = stop_signal()
    runner = web.AppRunner(answer_together(sockets), access_log=None, shutdown_timeout=1.0)
    await sit_down(seat, runner, None, stopped)
    seat.say_ready()
    await stopped.wait()
    await runner.cleanup()


async def _ask(method: str, socket: Path, path: str) -> tuple[int, str]:
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket)), timeout=_PATIENCE) as session,
            session.request(method, f"http://worker{path}") as answer,
        ):
            return answer.status, await answer.text()
    except (aiohttp.ClientError, OSError) as error:  # a time-out is an OSError
        return _NOBODY, f"a worker does not answer: {error}\n"


def answer_together(sockets: Sequence[Path]) -> web.Application:
    """The application; `sockets` are those of the workers' own admin listeners."""

    async def ask(method: str, path: str) -> list[tuple[int, str]]:
        return await asyncio.gather(*(_ask(method, socket, path) for socket in sockets))

    async def show_metrics(request: web.Request) -> web.Response:
        pages = [text for status, text in await ask("GET", "/metrics") if status == 200]
        return web.Response(body=summed(pages).encode(), headers={"Content-Type": CONTENT_TYPE})

    async def healthz(request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(request: web.Request) -> web.Response:
        answers = await ask("GET", "/readyz")
        if any(status != 200 for status, _ in answers):
            return web.Response(text="not ready\n", status=503)
        return web.Response(text=_said(answers))

    async def reload(request: web.Request) -> web.Response:
        answers = await ask("POST", "/reload")
        return web.Response(text=_said(answers), status=max(status for status, _ in answers))

    app = web.Application()
    app.add_routes(
        [
            web.get("/metrics", show_metrics),
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.post("/reload", reload),
        ]
    )
    return app


def _said(answers: Sequence[tuple[int, str]]) -> str:
    """Every line that one of them said, once."""
    return "".join(dict.fromkeys(line for _, text in answers for line in text.splitlines(keepends=True)))
