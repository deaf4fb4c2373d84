"""The admin listener's routes for tracing, and the page that shows traces.

| path | what it does |
|---|---|
| `POST …/listDebugCredentials` | `{"credentialsExpireAfter": "PT1H", "apiId": "…/apis/ID"}` → `{"token": …}` |
| `POST …/listTrace` | `{"traceId": …}` → the trace |
| `GET /_trace/{id}` | the trace; with `?documents`, its summary and the texts of the policies too |
| `GET /_trace` | summaries of the latest traces |
| `GET /traces` | a page with a request's timeline beside the policy text |

`…` is whatever stands before it in the URL of the management API, so a client of that needs another host only.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from apimpy.configuration.durations import seconds_of
from apimpy.gateway.tracing import MAX_VALID

if TYPE_CHECKING:
    from apimpy.gateway.tracing import Tracing

__all__ = ["PAGE", "debug_routes"]

PAGE = Path(__file__).parent / "page"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'"


def debug_routes(tracing: Tracing) -> list[web.RouteDef]:
    """The routes of this module's table."""

    async def credentials(request: web.Request) -> web.Response:
        asked = await _object(request)
        text = asked.get("credentialsExpireAfter", "PT1H")
        seconds = seconds_of(text) if isinstance(text, str) else None
        if seconds is None or not 0 < seconds <= MAX_VALID:
            return _problem("credentialsExpireAfter is a duration of at most an hour, such as PT1H")
        purposes = asked.get("purposes", ["tracing"])
        if purposes != ["tracing"]:
            return _problem('purposes is ["tracing"]')
        api = asked.get("apiId")
        if api is not None and (not isinstance(api, str) or not api.rstrip("/").rpartition("/")[2]):
            return _problem("apiId is the id of an API, such as /apis/echo")
        return web.json_response({"token": tracing.token(api and api.rstrip("/").rpartition("/")[2], seconds)})

    async def list_trace(request: web.Request) -> web.Response:
        return _found(tracing.find(str((await _object(request)).get("traceId"))))

    async def one(request: web.Request) -> web.Response:
        id_ = request.match_info["id"]
        return _found(tracing.shown(id_) if "documents" in request.query else tracing.find(id_))

    async def latest(request: web.Request) -> web.Response:
        return _json(tracing.latest())

    async def page(request: web.Request) -> web.Response:
        name = request.match_info.get("file") or "traces.html"
        file = PAGE / name
        if file.suffix not in _KINDS or file.parent != PAGE or not file.is_file():
            raise web.HTTPNotFound
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
        return web.Response(body=file.read_bytes(), content_type=_KINDS[file.suffix], charset="utf-8", headers=headers)

    return [
        web.post("/{before:.*}listDebugCredentials", credentials),
        web.post("/{before:.*}listTrace", list_trace),
        web.get("/_trace", latest),
        web.get("/_trace/{id}", one),
        web.get("/traces", page),
        web.get("/page/{file}", page),
    ]


async def _object(request: web.Request) -> dict[str, Any]:
    """The JSON object of the body, `{}` when there is none.  400 for anything else."""
    body = await request.read()
    try:
        found = orjson.loads(body) if body.strip() else {}
    except orjson.JSONDecodeError as error:
        raise web.HTTPBadRequest(text=f"not JSON: {error}\n") from error
    if not isinstance(found, dict):
        raise web.HTTPBadRequest(text="a JSON object is wanted\n")
    return found


def _json(value: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")


def _found(value: Any) -> web.Response:
    if value is None:
        return web.json_response({"error": {"code": "ResourceNotFound", "message": "Trace not found."}}, status=404)
    return _json(value)


def _problem(why: str) -> web.Response:
    return web.json_response({"error": {"code": "ValidationError", "message": why}}, status=400)
