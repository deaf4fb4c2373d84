"""The LLM log: one record for each call of a language model, written away from the hot path; off unless asked for.

    log = LlmLog(settings, [FileRows(path, most)])
    log.begin(exchange, mask)        # before the policies run; the rest is done by a hook

A record is made when the last byte has gone, or never will, so streams are known to their end.  It reads what the token
policies have read, or reads as they do when there are none; a body that cannot be read here is left as it was.
Redaction, cutting and writing happen on a thread.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from apimpy.observe.gathered import Gathered
from apimpy.observe.llm_record import Bounds, LlmRecord, Messages, rows
from apimpy.observe.redaction import Redaction
from apimpy.policies._llm.call import LlmCall, keep_readable, kind_of, llm_call
from apimpy.policies._llm.prompt import messages_of
from apimpy.policies._llm.spent import is_json, message_of, reader_of, spent
from apimpy.policies._llm.texts import completion_texts
from apimpy.runtime.exchange import ResponseHook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from apimpy.policies._llm.usage import Usage
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.masking import Mask
    from apimpy.runtime.message import Body, Response

__all__ = ["LlmLog", "LlmLogSettings", "RowWriter"]

log = logging.getLogger("apimpy.llm_log")

_WAITING_LIMIT = 10_000
"""Records."""
_WAITING_BYTES = 64 << 20
"""Bytes of messages that wait; beyond, records go without theirs."""
_CLIENT_GONE = 499
_SHORTEST = 4
"""A header's value below this is not looked for in texts: it stands everywhere."""


@dataclass(frozen=True, slots=True)
class LlmLogSettings:
    """What is written.  Messages are not, unless asked for."""

    requests: bool = False
    responses: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    headers: tuple[str, ...] = ()
    """Headers of requests that become part of the record."""
    redaction: Redaction = field(default_factory=Redaction)
    hidden_headers: tuple[str, ...] = ()
    """Headers of requests whose values must not show anywhere."""


class RowWriter(Protocol):
    """Where rows go."""

    def write(self, rows: list[dict[str, Any]], dropped: int) -> None:
        """Write them, on a thread.  Errors are the writer's own; `dropped`: records that never got here."""


class LlmLog(Gathered[LlmRecord]):
    """Gathers records."""

    def __init__(self, settings: LlmLogSettings, writers: Sequence[RowWriter]) -> None:
        super().__init__(_WAITING_LIMIT)
        self.settings = settings
        self._writers = tuple(writers)
        self._held = 0

    def begin(self, ex: Exchange, mask: Mask) -> None:
        """Record the exchange, if it looks like a call of a language model."""
        if kind_of(ex)[0] != "none":
            ex.hooks.insert(0, _Recorder(self, ex, mask))

    def add(self, thing: LlmRecord) -> None:
        """Remember a record; it is written within a moment."""
        if self._held + thing.size > _WAITING_BYTES and thing.size:
            thing = thing.without_messages()
        self._held += thing.size
        super().add(thing)

    def _take(self) -> tuple[list[LlmRecord], int]:
        self._held = 0
        return super()._take()

    def _write(self, things: list[LlmRecord], dropped: int) -> None:
        settings = self.settings
        found: list[dict[str, Any]] = []
        for record in things:
            try:
                found += rows(record, settings.redaction, settings.bounds)
            except Exception:  # nothing of it may be written, and the others may
                log.exception("a record of the LLM log could not be made")
                dropped += 1
        for writer in self._writers:
            writer.write(found, dropped)


class _Recorder(ResponseHook):
    """One call, waiting for its end."""

    __slots__ = ("_answers", "_backend", "_headers", "_hidden", "_log", "_mask")

    def __init__(self, log: LlmLog, ex: Exchange, mask: Mask) -> None:
        settings, headers = log.settings, ex.request.headers
        self._log, self._mask = log, mask
        self._headers = {n: mask.named(n, headers[n]) for n in settings.headers if n in headers}
        values = (value for name in settings.hidden_headers for value in headers.getall(name, ()))
        self._hidden = tuple(value for value in values if len(value) >= _SHORTEST)
        self._backend = False
        """The backend was to be asked."""
        self._answers: list[str] | None = None
        """What an answer said that no model gave."""

    async def on_backend_start(self, ex: Exchange) -> None:
        self._backend = True
        if not isinstance(ex.llm, LlmCall) and not await _buffered(ex.request.body, _most(ex)):
            return
        keep_readable(ex, await llm_call(ex))

    async def on_response(self, ex: Exchange) -> None:
        call, response = ex.llm, ex.response
        if not isinstance(call, LlmCall) or response is None or not 200 <= response.status < 300:
            return
        if call.spent is None and reader_of(call, response) is None:
            if not is_json(response) or not await _buffered(response.body, _most(ex)):
                return
        await spent(ex, call)

    async def on_short_circuit(self, ex: Exchange) -> None:
        body = ex.request.body
        if not isinstance(ex.llm, LlmCall) and body.stream is None and not body.consumed:
            await llm_call(ex)  # a refusal does not wait for what is still on the wire
        call, response = ex.llm, ex.response
        if self._log.settings.responses and isinstance(call, LlmCall) and response is not None:
            if 200 <= response.status < 300 and response.body.data:
                self._answers = _answers(call, response, response.body.data)

    async def on_end(self, ex: Exchange, completed: bool) -> None:
        call = ex.llm if isinstance(ex.llm, LlmCall) else None
        usage: Usage | None = None
        found = None if call is None else call.spent
        if call is not None and found is not None:
            usage = await found.settled(ex, call, completed=completed, reported=True)
            if usage is not None and usage.source == "estimated" and ex.services.options.llm_log_usage == "reported":
                usage = None
        settings = self._log.settings
        requests = responses = None
        size = 0
        if call is not None and settings.requests and call.kind != "none":
            requests, size = partial(_dialogue, call), call.size
        if call is not None and settings.responses:
            texts = self._texts(call)
            responses = partial(_said, texts)
            size += sum(map(len, texts))
        columns = _columns(ex, call, usage, backend=self._backend, completed=completed, mask=self._mask)
        if self._headers:
            columns["RequestHeaders"] = self._headers
        self._log.add(LlmRecord(columns, requests, responses, self._mask.text, self._hidden, size))

    def _texts(self, call: LlmCall) -> list[str]:
        found = call.spent
        if found is None:
            return self._answers or []
        if found.relay is not None:
            return found.relay.reader.transcript.texts()
        return [] if found.message is None else completion_texts(call.kind, found.message)


def _columns(
    ex: Exchange, call: LlmCall | None, usage: Usage | None, *, backend: bool, completed: bool, mask: Mask
) -> dict[str, Any]:
    """The columns of a call; those without a value are left out."""
    request, error = ex.request, ex.last_error
    id_, model = ("", "") if call is None else _named(call)
    deployment = (call.model if call is not None else None) or request.matched_parameters.get("deployment-id") or ""
    query = {name.lower(): values for name, values in request.original_url.query.items()}
    target = ex.backend.url if ex.backend is not None else ex.service_url
    out: dict[str, Any] = {
        "TimeGenerated": _stamp(ex.started),
        "CorrelationId": ex.id,
        "OperationName": ex.operation.name if ex.operation else None,
        "Region": ex.deployment.region,
        "DeploymentName": deployment,
        "ModelName": model or (call.model if call is not None else None),
        "ApiVersion": next(iter(query.get("api-version", ())), None),
        "RequestId": id_ or None,
        "PromptTokens": usage.prompt if usage else 0,
        "CompletionTokens": usage.completion if usage else 0,
        "TotalTokens": usage.total if usage else 0,
        "CachedTokens": usage.cached if usage else None,
        "ReasoningTokens": usage.reasoning if usage else None,
        "TokenSource": usage.source if usage else None,
        "IsStreamCompletion": call is not None and call.stream,
        "ApiId": ex.api.id if ex.api else None,
        "OperationId": ex.operation.id if ex.operation else None,
        "ProductId": ex.product.id if ex.product else None,
        "ApimSubscriptionId": ex.subscription.id if ex.subscription else None,
        "UserId": ex.user.id if ex.user else None,
        "BackendId": ex.served_by,
        "BackendUrl": mask.url(target.replace(query_string="")) if backend and target is not None else None,
        "Cache": None if ex.skip_past is None else "semantic" if "semantic" in ex.skip_past[0] else "response",
        "ResponseCode": ex.response.status if ex.response is not None else _CLIENT_GONE,
        "TotalTime": round((ex.services.clock.monotonic() - ex.started_mono) * 1000, 3),
        "Completed": completed,
    }
    if error is not None:
        out |= {"LastErrorSource": error.source, "LastErrorReason": error.reason, "LastErrorMessage": error.message}
    return {name: value for name, value in out.items() if value is not None}


def _named(call: LlmCall) -> tuple[str, str]:
    """The model's own id of the answer, and the name it gives itself."""
    found = call.spent
    if found is None:
        return "", ""
    if found.relay is None:
        message = found.message or {}
    else:
        transcript = found.relay.reader.transcript
        message = transcript.outset or transcript.last_object()
    inner = message.get("response")
    holder = inner if isinstance(inner, dict) else message
    names = ("responseId", "modelVersion") if call.kind == "gemini" else ("id", "model")
    id_, model = (holder.get(name) for name in names)
    return id_ if isinstance(id_, str) else "", model if isinstance(model, str) else ""


def _dialogue(call: LlmCall) -> Messages:
    try:
        found = messages_of(call)
    except (TypeError, ValueError, RecursionError):  # nested too deeply to be written again
        return []
    return [{"role": m.role or "user", "content": "\n".join((*m.texts, *m.others))} for m in found]


def _said(texts: list[str]) -> Messages:
    return [{"role": "assistant", "content": text} for text in texts]


def _answers(call: LlmCall, response: Response, data: bytes) -> list[str]:
    reader = reader_of(call, response)
    if reader is None:
        message = message_of(data, response) if is_json(response) else None
        return [] if message is None else completion_texts(call.kind, message)
    reader.feed(data)
    reader.finish()
    return reader.transcript.texts()


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _most(ex: Exchange) -> int:
    return ex.services.options.max_buffered_body


async def _buffered(body: Body, most: int) -> bool:
    """Read a body that fits; else it is as if nobody had looked."""
    stream = body.stream
    if stream is None:
        return True
    if body.length is not None and body.length > most:
        return False
    parts: list[bytes] = []
    size = 0
    failed: Exception | None = None
    try:
        async for piece in stream:
            parts.append(piece)
            size += len(piece)
            if size > most:
                break
        else:
            body.data, body.stream, body.length = b"".join(parts), None, None
            return True
    except Exception as error:  # it is for whoever reads on
        failed = error
    body.stream = _Again(parts, stream, failed)
    return False


class _Again:
    """A stream from its beginning: what has been read, then the rest of it, or how it broke."""

    __slots__ = ("_failed", "_parts", "_stream")

    def __init__(self, parts: list[bytes], stream: AsyncIterator[bytes], failed: Exception | None) -> None:
        self._parts, self._stream, self._failed = parts[::-1], stream, failed

    def __aiter__(self) -> _Again:
        return self

    async def __anext__(self) -> bytes:
        if self._parts:
            return self._parts.pop()
        if self._failed is not None:
            raise self._failed
        return await anext(self._stream)

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()
