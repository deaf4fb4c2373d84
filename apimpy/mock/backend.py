"""The mock backend: an aiohttp application with the paths of OpenAI and Azure OpenAI, under any prefix.

    POST …/chat/completions   POST …/completions   POST …/embeddings   POST …/responses   GET …/models[/ID]

A path through `/openai/deployments/NAME/` is Azure's: the model is the deployment, `api-version` is required, and
answers carry Azure's extra fields.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson
from aiohttp import web

from apimpy.mock.answers import CREATED, Reply, embedding, embedding_inputs, encode_vector, identifier, reply
from apimpy.mock.faults import Faults, faults_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from apimpy.tokens.counter import TiktokenCounter

__all__ = ["MockSettings", "mock_application"]

_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)/")
_MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-35-turbo", "text-embedding-3-small", "text-embedding-3-large")
_FILTER = {k: {"filtered": False, "severity": "safe"} for k in ("hate", "self_harm", "sexual", "violence")}
_MAX_BODY = 64 << 20


@dataclass(frozen=True, slots=True)
class MockSettings:
    """`reply` None echoes the last user message; delays in seconds apply to every request."""

    reply: str | None = None
    delay: float = 0.0
    event_delay: float = 0.0


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, read."""

    request: web.Request
    raw: bytes
    body: dict[str, Any]
    azure: bool
    model: str
    faults: Faults

    @property
    def stream(self) -> bool:
        return self.body.get("stream") is True

    @property
    def limit(self) -> int | None:
        for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"):
            if type(self.body.get(name)) is int:
                return max(0, int(self.body[name]))
        return None


def mock_application(counter: TiktokenCounter, settings: MockSettings | None = None) -> web.Application:
    """The application; one for each listener."""
    backend = _Backend(counter, settings or MockSettings())
    app = web.Application(client_max_size=_MAX_BODY)
    app.router.add_route("*", "/{tail:.*}", backend.handle)
    return app


def _error(
    status: int, message: str, *, code: str | None = None, headers: dict[str, str] | None = None
) -> web.Response:
    kinds = {401: "authentication_error", 404: "invalid_request_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    body = {"error": {"message": message, "type": kind, "param": None, "code": code or str(status)}}
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", headers=headers)


def _json(call: _Call, value: dict[str, Any]) -> web.Response:
    headers = {"x-request-id": identifier("req_", call.raw)}
    if call.azure:
        headers |= {"apim-request-id": identifier("", call.raw), "x-ms-region": "mock"}
    return web.Response(body=orjson.dumps(value), content_type="application/json", headers=headers)


class _Backend:
    def __init__(self, counter: TiktokenCounter, settings: MockSettings) -> None:
        self._counter, self._settings = counter, settings

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path.endswith("/models") or "/models/" in path:
            return self._models(request)
        raw = await request.read()
        route = next((r for r in self._routes if path.endswith(r)), None)
        if route is None:
            return _error(404, f"Unknown request URL: {request.method} {path}.", code="unknown_url")
        if request.method != "POST":
            return _error(405, f"Not allowed to {request.method} on {path}.", code="method_not_supported")
        deployment = _DEPLOYMENT.search(request.rel_url.raw_path)
        if deployment and "api-version" not in request.query:
            return _error(404, "Resource not found", code="404")
        try:
            body = orjson.loads(raw)
            if not isinstance(body, dict):
                raise TypeError("not an object")
        except (ValueError, TypeError) as error:
            return _error(400, f"We could not parse the JSON body of your request: {error}")
        model = unquote(deployment[1]) if deployment else body.get("model")
        if not isinstance(model, str):
            return _error(400, "you must provide a model parameter")
        try:
            faults = faults_of(request.headers, request.query, model)
        except ValueError as error:
            return _error(400, f"mock settings of the request: {error}")
        call = _Call(request, raw, body, bool(deployment), model, faults)
        if pause := faults.delay or self._settings.delay:
            await asyncio.sleep(pause)
        if faults.status is not None:
            headers = {"Retry-After": faults.retry_after} if faults.retry_after else None
            return _error(faults.status, f"The mock was asked for status {faults.status}.", headers=headers)
        return await self._routes[route](self, call)

    def _models(self, request: web.Request) -> web.Response:
        rows = [{"id": m, "object": "model", "created": CREATED, "owned_by": "apimpy-mock"} for m in _MODELS]
        if request.path.endswith("/models"):
            return web.json_response({"object": "list", "data": rows})
        name = request.path.rpartition("/models/")[2]
        found = next((r for r in rows if r["id"] == name), None)
        if found is None:
            return _error(404, f"The model '{name}' does not exist", code="model_not_found")
        return web.json_response(found)

    async def _chat(self, call: _Call) -> web.StreamResponse:
        messages = call.body.get("messages")
        if not isinstance(messages, list) or not messages:
            return _error(400, "Missing required parameter: 'messages'.", code="missing_required_parameter")
        answer = reply(messages, call.model, call.limit, self._settings.reply, self._counter)
        if call.stream:
            return await self._stream(call, _chat_events(call, answer))
        message = {"role": "assistant", "content": answer.text, "refusal": None}
        choice: dict[str, Any] = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": answer.finish_reason,
        }
        value: dict[str, Any] = _head(call, "chatcmpl-", "chat.completion")
        if call.azure:
            choice["content_filter_results"] = _FILTER
            value["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": _FILTER}]
        return _json(call, {**value, "choices": [choice], "usage": answer.usage()})

    async def _completions(self, call: _Call) -> web.StreamResponse:
        prompt = call.body.get("prompt")
        if isinstance(prompt, list) and all(isinstance(p, str) for p in prompt):
            prompt = "\n".join(prompt)
        if not isinstance(prompt, str):
            return _error(400, "Missing required parameter: 'prompt'.", code="missing_required_parameter")
        messages = [{"role": "user", "content": prompt}]
        answer = reply(messages, call.model, call.limit, self._settings.reply, self._counter)
        head = _head(call, "cmpl-", "text_completion")
        if call.stream:
            events: list[dict[str, Any]] = [
                {**head, "choices": [{"text": p, "index": 0, "finish_reason": None}]} for p in answer.pieces
            ]
            events.append({**head, "choices": [{"text": "", "index": 0, "finish_reason": answer.finish_reason}]})
            return await self._stream(call, _with_usage(call, events, answer, head))
        choice = {"text": answer.text, "index": 0, "logprobs": None, "finish_reason": answer.finish_reason}
        return _json(call, {**head, "choices": [choice], "usage": answer.usage()})

    async def _embeddings(self, call: _Call) -> web.StreamResponse:
        found = embedding_inputs(call.body.get("input"), call.model, self._counter)
        if found is None:
            return _error(400, "'$.input' is invalid. Please check the API reference.")
        texts, tokens = found
        size = call.body.get("dimensions")
        size = size if type(size) is int and size > 0 else None
        format = call.body.get("encoding_format")
        rows = [
            {"object": "embedding", "index": i, "embedding": encode_vector(embedding(t, call.model, size), format)}
            for i, t in enumerate(texts)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return _json(call, {"object": "list", "data": rows, "model": call.model, "usage": usage})

    async def _responses(self, call: _Call) -> web.StreamResponse:
        given = call.body.get("input")
        messages = given if isinstance(given, list) else [{"role": "user", "content": given}]
        if not isinstance(given, (str, list)) or not given:
            return _error(400, "Missing required parameter: 'input'.", code="missing_required_parameter")
        if isinstance(call.body.get("instructions"), str):
            messages = [{"role": "system", "content": call.body["instructions"]}, *messages]
        answer = reply(messages, call.model, call.limit, self._settings.reply, self._counter)
        if call.stream:
            return await self._stream(call, _response_events(call, answer), done=False, named=True)
        return _json(call, _response_object(call, answer, "completed"))

    async def _stream(
        self, call: _Call, events: Iterable[dict[str, Any]], *, done: bool = True, named: bool = False
    ) -> web.StreamResponse:
        head = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        out = web.StreamResponse(headers=head | {"x-request-id": identifier("req_", call.raw)})
        await out.prepare(call.request)
        pause = call.faults.event_delay or self._settings.event_delay
        async for number, event in _enumerate(events, pause):
            if number == call.faults.cut:
                if call.request.transport is not None:
                    call.request.transport.abort()
                return out
            name = f"event: {event['type']}\n".encode() if named else b""
            await out.write(name + b"data: " + orjson.dumps(event) + b"\n\n")
        if done:
            await out.write(b"data: [DONE]\n\n")
        await out.write_eof()
        return out

    _routes = {
        "/chat/completions": _chat,
        "/completions": _completions,
        "/embeddings": _embeddings,
        "/responses": _responses,
    }


async def _enumerate(events: Iterable[dict[str, Any]], pause: float) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    for number, event in enumerate(events):
        if number and pause:
            await asyncio.sleep(pause)
        yield number, event


def _head(call: _Call, prefix: str, kind: str) -> dict[str, Any]:
    return {
        "id": identifier(prefix, call.raw),
        "object": kind,
        "created": CREATED,
        "model": call.model,
        "system_fingerprint": "fp_apimpy_mock",
    }


def _with_usage(call: _Call, events: list[dict[str, Any]], answer: Reply, head: dict[str, Any]) -> list[dict[str, Any]]:
    """With `stream_options.include_usage`, every event has `usage: null` and one more comes with the numbers."""
    options = call.body.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage") is True:
        return [*({**e, "usage": None} for e in events), {**head, "choices": [], "usage": answer.usage()}]
    return events


def _chat_events(call: _Call, answer: Reply) -> list[dict[str, Any]]:
    head = _head(call, "chatcmpl-", "chat.completion.chunk")

    def event(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**head, "choices": [choice]}

    events: list[dict[str, Any]] = []
    if call.azure:
        results = [{"prompt_index": 0, "content_filter_results": _FILTER}]
        events.append({**head, "choices": [], "prompt_filter_results": results})
    events.append(event({"role": "assistant", "content": "", "refusal": None}))
    events.extend(event({"content": piece}) for piece in answer.pieces)
    events.append(event({}, answer.finish_reason))
    return _with_usage(call, events, answer, head)


def _response_object(call: _Call, answer: Reply, status: str) -> dict[str, Any]:
    finished = status == "completed"
    return {
        "id": identifier("resp_", call.raw),
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": call.body.get("instructions"),
        "model": call.model,
        "output": [_response_item(call, answer.text, "completed")] if finished else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "metadata": {},
        "usage": answer.responses_usage() if finished else None,
    }


def _response_item(call: _Call, text: str, status: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}] if status == "completed" else []
    return {
        "id": identifier("msg_", call.raw),
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _response_events(call: _Call, answer: Reply) -> list[dict[str, Any]]:
    item = {"item_id": identifier("msg_", call.raw), "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": []}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": _response_object(call, answer, "in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": _response_item(call, "", "in_progress")},
        {"type": "response.content_part.added", **item, "part": part},
        *({"type": "response.output_text.delta", **item, "delta": p, "logprobs": []} for p in answer.pieces),
        {"type": "response.output_text.done", **item, "text": answer.text, "logprobs": []},
        {"type": "response.content_part.done", **item, "part": {**part, "text": answer.text}},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": _response_item(call, answer.text, "completed"),
        },
        {"type": "response.completed", "response": _response_object(call, answer, "completed")},
    ]
    return [{**event, "sequence_number": i} for i, event in enumerate(events)]
