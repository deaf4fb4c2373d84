"""The second listener: `/metrics`, `/healthz` (the process lives) and `/readyz` (it takes requests)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from apimpy.observe.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.observe.metrics import Metrics

__all__ = ["admin_application"]


def admin_application(metrics: Metrics, ready: Callable[[], bool]) -> web.Application:
    """The application; `ready` is false before the start is over and while draining."""

    async def show_metrics(request: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    async def healthz(request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(request: web.Request) -> web.Response:
        return web.Response(text="ready\n") if ready() else web.Response(text="not ready\n", status=503)

    app = web.Application()
    app.add_routes([web.get("/metrics", show_metrics), web.get("/healthz", healthz), web.get("/readyz", readyz)])
    return app
