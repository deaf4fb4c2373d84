"""The second listener.

| path | what it says or does |
|---|---|
| `/metrics` | the metrics, in Prometheus' text format |
| `/backends` | backend entities, members of pools, circuit breakers |
| `/healthz` | the process lives |
| `/readyz` | it takes requests; a second line when the latest reload failed and an earlier configuration serves |
| `/traces`, `…/listDebugCredentials`, … | request traces: `debug.py` |
| `POST /reload` | reloads the configuration: 200, or 422 with what is wrong with it |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from apimpy.gateway.debug import debug_routes
from apimpy.observe.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.gateway.app import Gateway
    from apimpy.gateway.reload import Reloader

__all__ = ["admin_application"]


def admin_application(gateway: Gateway, ready: Callable[[], bool], reloader: Reloader | None = None) -> web.Application:
    """The application; `ready` is false before the start is over and while draining."""

    async def show_metrics(request: web.Request) -> web.Response:
        return web.Response(body=gateway.metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    async def backends(request: web.Request) -> web.Response:
        services = gateway.services
        return web.json_response({"backends": services.backends.states(services.clock.now())})

    async def healthz(request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(request: web.Request) -> web.Response:
        if not ready():
            return web.Response(text="not ready\n", status=503)
        last = reloader.last if reloader is not None else None
        return web.Response(text="ready\n" if last is None or last.ok else f"ready\n{last}\n")

    async def reload(request: web.Request) -> web.Response:
        assert reloader is not None
        outcome = await reloader.reload()
        lines = [str(outcome), *outcome.problems]
        return web.Response(text="\n".join(lines) + "\n", status=200 if outcome.ok else 422)

    app = web.Application()
    app.add_routes([web.get("/metrics", show_metrics), web.get("/healthz", healthz), web.get("/readyz", readyz)])
    app.add_routes([web.get("/backends", backends)])
    if reloader is not None:
        app.add_routes([web.post("/reload", reload)])
    if gateway.tracing is not None:
        app.add_routes(debug_routes(gateway.tracing))
    return app
