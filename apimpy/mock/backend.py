"""The mock backend: an aiohttp application with the paths of OpenAI, Azure OpenAI, Anthropic and Azure AI Content
Safety, under any prefix.

    POST …/chat/completions   POST …/completions   POST …/embeddings   POST …/responses
    POST …/messages   POST …/messages/count_tokens   GET …/models[/ID]
    GET …/realtime (a WebSocket)
    POST …/contentsafety/text:analyze   POST …/contentsafety/text:shieldPrompt

A path through `/openai/` is Azure's, and its answers carry Azure's extra fields; through `/openai/deployments/NAME/`
the model is the deployment, and `api-version` is required.  Every request may meet a fault (`apimpy.mock.faults`).

    GET /mock/faults                                     the schedule, and how many requests there were
    PUT /mock/faults   {"faults": ["status=429,calls=1-3"], "seed": 7}     another one, which counts from 1
    DELETE /mock/faults                                  no faults
    GET /mock/requests                                   what came since then, the last thousand
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

import orjson
from aiohttp import web

from apimpy.mock import anthropic, chat, embeddings, responses, safety
from apimpy.mock.answers import Speaker
from apimpy.mock.call import CREATED, Call, Document, Events, Refusal
from apimpy.mock.faults import AT_ONCE, Span, asked, with_defaults
from apimpy.mock.realtime import Session
from apimpy.mock.schedule import Met, Schedule, rules_of
from apimpy.mock.sending import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from apimpy.tokens.counter import TiktokenCounter

__all__ = ["MockSettings", "mock_application"]

_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)/")
_MODELS = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-35-turbo",
    "text-embedding-3-small",
    "text-embedding-3-large",
    "claude-sonnet-5",
)
_MAX_BODY = 64 << 20
_KEPT = 1000
_Family = Literal["openai", "anthropic", "safety"]


@dataclass(frozen=True, slots=True)
class MockSettings:
    """`reply` None echoes the last user message; the delays apply to every request without delays of its own.

    `name` is sent in the header `x-mock-name`, to tell several mocks apart.
    """

    reply: str | None = None
    delay: Span = AT_ONCE
    event_delay: Span = AT_ONCE
    faults: tuple[str, ...] = ()
    seed: int = 0
    name: str | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    """`suffix` ends the path."""

    suffix: str
    family: _Family
    answer: Callable[[Call, Speaker], Document | Events]


_ROUTES = (
    _Route("/chat/completions", "openai", chat.chat),
    _Route("/completions", "openai", chat.completions),
    _Route("/embeddings", "openai", embeddings.embeddings),
    _Route("/responses", "openai", responses.responses),
    _Route("/messages", "anthropic", anthropic.messages),
    _Route("/messages/count_tokens", "anthropic", anthropic.count_tokens),
    _Route("/contentsafety/text:analyze", "safety", safety.analyze),
    _Route("/contentsafety/text:shieldPrompt", "safety", safety.shield),
)


def mock_application(counter: TiktokenCounter, settings: MockSettings | None = None) -> web.Application:
    """The application; one for each listener.  ValueError when the faults of the settings are wrong.

    Its runner should cancel handlers (`handler_cancellation`), so that what hangs ends when the caller goes.
    """
    backend = _Backend(counter, settings or MockSettings())
    app = web.Application(client_max_size=_MAX_BODY)
    app.router.add_get("/mock/requests", backend.show_requests)
    app.router.add_get("/mock/faults", backend.show_faults)
    app.router.add_put("/mock/faults", backend.set_faults)
    app.router.add_delete("/mock/faults", backend.set_faults)
    app.router.add_route("*", "/{tail:.*}", backend.handle)
    app.on_shutdown.append(backend.stop)
    return app


class _Backend:
    def __init__(self, counter: TiktokenCounter, settings: MockSettings) -> None:
        self._speaker, self._settings = Speaker(counter, settings.reply), settings
        self._schedule = Schedule(rules_of(settings.faults), settings.seed)
        self._seen: deque[Document] = deque(maxlen=_KEPT)
        self._stopping = asyncio.Event()

    async def stop(self, app: web.Application) -> None:
        self._stopping.set()

    # --- the schedule, at run time ------------------------------------------------------------------------------------

    async def show_faults(self, request: web.Request) -> web.Response:
        schedule = self._schedule
        rules = [r.text for r in schedule.rules]
        return web.json_response({"faults": rules, "seed": schedule.seed, "requests": schedule.requests})

    async def show_requests(self, request: web.Request) -> web.Response:
        return web.json_response({"requests": list(self._seen)})

    async def set_faults(self, request: web.Request) -> web.Response:
        try:
            given = orjson.loads(await request.read()) if request.method == "PUT" else {}
            self._schedule = _schedule_of(given, self._schedule.seed)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        self._seen.clear()
        return await self.show_faults(request)

    # --- requests -----------------------------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET" and request.path.endswith("/realtime"):
            return await self._realtime(request)
        raw = await request.read()
        route = next((r for r in _ROUTES if request.path.endswith(r.suffix)), None)
        family: _Family = route.family if route is not None else "openai"
        body = _parsed(raw)
        model = _model(request, body)
        met = self._schedule.next(request.path, model)
        try:
            own = asked(request.headers, request.query, model)
        except ValueError as error:
            return self._error(family, Refusal(400, f"mock settings of the request: {error}"))
        self._note(request, model, met, "by the request" if own is not None else met.rule)
        settings = self._settings
        fault = with_defaults(met.fault if own is None else own, settings.delay, settings.event_delay)
        sender = Sender(request, fault, met.dice, self._stopping)
        if not await sender.before():
            return web.Response()  # nobody is there to get it
        if fault.status is not None:
            told = Refusal(fault.status, f"The mock was asked for status {fault.status}.")
            return self._error(family, told, fault.headers(time.time()))
        try:
            if route is None:
                return await sender.send(_other(request), self._headers({}))
            call = _call(request, route, raw, body, model)
            return await sender.send(route.answer(call, self._speaker), self._headers(_head(family, call)))
        except Refusal as refusal:
            return self._error(family, refusal)

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket.  Faults are those of the handshake, and pauses between events."""
        model = request.query.get("deployment") or request.query.get("model")
        met = self._schedule.next(request.path, model)
        try:
            own = asked(request.headers, request.query, model)
        except ValueError as error:
            return self._error("openai", Refusal(400, f"mock settings of the request: {error}"))
        self._note(request, model, met, "by the request" if own is not None else met.rule)
        fault = with_defaults(met.fault if own is None else own, self._settings.delay, self._settings.event_delay)
        if not await Sender(request, fault, met.dice, self._stopping).before():
            return web.Response()
        if fault.status is not None:
            told = Refusal(fault.status, f"The mock was asked for status {fault.status}.")
            return self._error("openai", told, fault.headers(time.time()))
        if not model:
            return self._error("openai", Refusal(400, "you must provide a model parameter", None, "model"))
        socket = web.WebSocketResponse(protocols=("realtime",), max_msg_size=_MAX_BODY)
        socket.headers.update(self._headers({}))
        if not socket.can_prepare(request).ok:
            return self._error("openai", Refusal(426, "The Realtime API is a WebSocket.", "upgrade_required"))
        await socket.prepare(request)
        beta = "api-version" in request.query or "realtime=v1" in request.headers.get("OpenAI-Beta", "")
        session = Session(model, self._speaker, beta=beta)
        events = session.begin()
        ending = asyncio.create_task(self._end_with(socket))
        try:
            while True:
                for event in events:
                    await socket.send_str(orjson.dumps(event).decode())
                    if pause := fault.event_delay.draw(met.dice):
                        await asyncio.sleep(pause)
                message = await socket.receive()
                if message.type not in (web.WSMsgType.TEXT, web.WSMsgType.BINARY):
                    return socket
                events = session.take(message.data)
        except ConnectionError:  # the caller has gone
            return socket
        finally:
            ending.cancel()

    async def _end_with(self, socket: web.WebSocketResponse) -> None:
        await self._stopping.wait()
        await socket.close(code=1001)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {**headers, **({"x-mock-name": self._settings.name} if self._settings.name else {})}

    def _error(self, family: _Family, refusal: Refusal, headers: Mapping[str, str] | None = None) -> web.Response:
        body = orjson.dumps(_error_body(family, refusal))
        also = {"x-ms-error-code": refusal.code or str(refusal.status)} if family == "safety" else {}
        all_headers = self._headers({**(headers or {}), **also})
        return web.Response(body=body, status=refusal.status, content_type="application/json", headers=all_headers)

    def _note(self, request: web.Request, model: str | None, met: Met, fault: str | None) -> None:
        what = {"number": met.number, "method": request.method, "path": request.path, "model": model, "fault": fault}
        self._seen.append(what)


def _schedule_of(given: Any, seed: int) -> Schedule:
    """What `PUT /mock/faults` says.  ValueError for the caller."""
    if not isinstance(given, dict) or not given.keys() <= {"faults", "seed"}:
        raise ValueError('expected {"faults": ["status=429,calls=1-3", …], "seed": 0}')
    faults, seed = given.get("faults", []), given.get("seed", seed)
    if not isinstance(faults, list) or not all(isinstance(f, str) for f in faults):
        raise ValueError("faults takes a list of texts")
    if type(seed) is not int:
        raise ValueError("seed takes a whole number")
    return Schedule(rules_of(faults), seed)


def _parsed(raw: bytes) -> Any:
    """The JSON value; a ValueError when there is none."""
    try:
        return orjson.loads(raw)
    except ValueError as error:
        return error


def _model(request: web.Request, body: Any) -> str | None:
    deployment = _DEPLOYMENT.search(request.rel_url.raw_path)
    if deployment:
        return unquote(deployment[1])
    model = body.get("model") if isinstance(body, dict) else None
    return model if isinstance(model, str) else None


def _call(request: web.Request, route: _Route, raw: bytes, body: Any, model: str | None) -> Call:
    """The request, when it is one that the service would look at.  Refusal otherwise."""
    if request.method != "POST":
        raise Refusal(405, f"Not allowed to {request.method} on {request.path}.", "method_not_supported")
    versioned = route.family == "safety" or _DEPLOYMENT.search(request.rel_url.raw_path)
    if versioned and not request.query.get("api-version"):
        raise Refusal(404, "Resource not found", "404")
    if not isinstance(body, dict):
        why = body if isinstance(body, ValueError) else "not an object"
        raise Refusal(400, f"We could not parse the JSON body of your request: {why}")
    if model is None and route.family != "safety":
        raise Refusal(400, "you must provide a model parameter", None, "model")
    return Call(raw, body, model or "", "/openai/" in request.path, request.headers)


def _head(family: _Family, call: Call) -> dict[str, str]:
    if family == "anthropic":
        return {"request-id": call.identifier("req_")}
    if family == "safety":
        return {"apim-request-id": call.identifier("")}
    azure = {"apim-request-id": call.identifier(""), "x-ms-region": "mock"} if call.azure else {}
    return {"x-request-id": call.identifier("req_"), **azure}


def _other(request: web.Request) -> Document:
    """The list of models, or one of them.  Refusal for every other path."""
    path = request.path
    if request.method != "GET" or not (path.endswith("/models") or "/models/" in path):
        raise Refusal(404, f"Unknown request URL: {request.method} {path}.", "unknown_url")
    rows: list[Document]
    if "anthropic-version" in request.headers:
        rows = [{"type": "model", "id": m, "display_name": m, "created_at": "2023-11-14T22:13:20Z"} for m in _MODELS]
        whole: Document = {"data": rows, "has_more": False, "first_id": _MODELS[0], "last_id": _MODELS[-1]}
    else:
        rows = [{"id": m, "object": "model", "created": CREATED, "owned_by": "apimpy-mock"} for m in _MODELS]
        whole = {"object": "list", "data": rows}
    if path.endswith("/models"):
        return whole
    name = path.rpartition("/models/")[2]
    for row in rows:
        if row["id"] == name:
            return row
    raise Refusal(404, f"The model '{name}' does not exist", "model_not_found")


_OPENAI_TYPES = {401: "authentication_error", 404: "invalid_request_error", 429: "rate_limit_error"}
_ANTHROPIC_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def _error_body(family: _Family, refusal: Refusal) -> Document:
    """An error as the service words it."""
    status, message, code = refusal.status, refusal.message, refusal.code or str(refusal.status)
    if family == "safety":
        return {"error": {"code": code, "message": message}}
    if family == "anthropic":
        kind = _ANTHROPIC_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": message}}
    kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": refusal.param, "code": code}}
