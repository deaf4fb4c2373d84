"""The baseline: what a pass-through costs that anybody would write with aiohttp in ten minutes.

An application with one route, a client session, uvloop; request and response bodies are read whole unless the response
is a stream of events.  Environment: BACKEND, PORT.
"""

from __future__ import annotations

import asyncio
import os

import aiohttp
import uvloop
from aiohttp import web

BACKEND = os.environ["BACKEND"]
CONNECTION_FIELDS = frozenset(
    ("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length")
)


async def main() -> None:
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=3600)
    session = aiohttp.ClientSession(
        connector=connector, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=600)
    )

    def passed(headers: object) -> list[tuple[str, str]]:
        return [(k, v) for k, v in headers.items() if k.lower() not in CONNECTION_FIELDS]  # type: ignore[attr-defined]

    async def proxy(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        url, headers = BACKEND + request.path_qs, passed(request.headers)
        async with session.request(request.method, url, data=body, headers=headers) as answer:
            if answer.content_type == "text/event-stream":
                out = web.StreamResponse(status=answer.status, headers=passed(answer.headers))
                await out.prepare(request)
                async for piece in answer.content.iter_any():
                    await out.write(piece)
                await out.write_eof()
                return out
            return web.Response(body=await answer.read(), status=answer.status, headers=passed(answer.headers))

    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{tail:.*}", proxy)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"]), backlog=4096).start()
    await asyncio.Event().wait()


uvloop.run(main())
