"""Classification of a request to a language model, once per exchange.

Recognised by the end of the path (as the caller sent it, else as policies rewrote it), the method and the JSON body.
Everything reads a copy: an expression still finds the body, and a body that is no JSON makes the call `none`.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, Literal

import orjson

from apimpy.pattern import pattern
from apimpy.policies._llm.estimate import prompt_tokens
from apimpy.runtime.message import BodyTooLarge

if TYPE_CHECKING:
    from apimpy.policies._llm.spent import Spent
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request
    from apimpy.runtime.ports import TokenCounter

__all__ = ["Kind", "LlmCall", "keep_readable", "kind_of", "llm_call"]

Kind = Literal["chat", "completion", "responses", "embeddings", "anthropic", "gemini", "bedrock", "none"]

_SUFFIXES: tuple[tuple[str, Kind], ...] = (
    ("/chat/completions", "chat"),
    ("/completions", "completion"),
    ("/responses", "responses"),
    ("/embeddings", "embeddings"),
    ("/messages", "anthropic"),
    (":generatecontent", "gemini"),
    (":streamgeneratecontent", "gemini"),
    ("/converse", "bedrock"),
    ("/converse-stream", "bedrock"),
)
_MODEL_SEGMENT = pattern(r"/models?/([^/:]+)")
_DEPLOYED = ("chat", "completion", "embeddings")
_DEPLOYMENT = pattern(r"/deployments/([^/]+)/")
_READABLE = frozenset({"gzip", "x-gzip", "deflate", "identity"})
_MAX_INFLATED = 32 << 20
_THREAD_ABOVE = 16 << 10
"""Bytes of a body above which counting its tokens belongs in a thread."""


class LlmCall:
    """One call: its kind, model and streaming flag; the prompt estimate and what was spent, when somebody asks."""

    __slots__ = ("_estimate", "blind", "body", "counted", "kind", "model", "named", "size", "spent", "stream")

    def __init__(
        self,
        kind: Kind,
        body: dict[str, Any],
        model: str | None,
        stream: bool,
        size: int,
        *,
        named: bool = False,
        blind: bool = False,
    ) -> None:
        self.kind, self.body, self.model, self.stream, self.size = kind, body, model, stream, size
        self.blind = blind
        """Its response is not looked at either."""
        self.named = named
        """`model` is the name that somebody gave a deployment."""
        self._estimate: int | None = None
        self.spent: Spent | None = None
        self.counted: dict[tuple[str, ...], int] = {}
        """Counters that limits have admitted this call to, and what they have reserved there."""

    async def estimate(self, counter: TokenCounter) -> int:
        """Estimated prompt tokens."""
        if self._estimate is None:
            if self.size > _THREAD_ABOVE:
                from asyncio import to_thread  # here, because who checks a policy needs no event loop

                self._estimate = await to_thread(self._count, counter)
            else:
                self._estimate = self._count(counter)
        return self._estimate

    def _count(self, counter: TokenCounter) -> int:
        try:
            return prompt_tokens(self.kind, self.body, self.model, counter)
        except RecursionError:  # nested deeper than any prompt: four bytes a token
            return (self.size + 3) // 4


async def llm_call(ex: Exchange) -> LlmCall:
    """The exchange's call, classified when first asked for."""
    if isinstance(ex.llm, LlmCall):
        return ex.llm
    request = ex.request
    kind, path = kind_of(ex)
    blind = kind == "anthropic" and ex.services.options.anthropic_parsing == "off"
    call = LlmCall("none", {}, None, stream=False, size=0, blind=blind)
    if kind != "none" and not blind:
        data = _inflated(await _body(ex), request)
        body = _json_object(data)
        if body is not None and _fits(kind, body, request):
            deployment = _deployment(request, path) if kind in _DEPLOYED else None
            model = deployment or _model(kind, body, path)
            call = LlmCall(kind, body, model, _streams(kind, body, path), len(data), named=deployment is not None)
    ex.llm = call
    return call


def kind_of(ex: Exchange) -> tuple[Kind, str]:
    """The kind of call that method and path promise, and the path that does."""
    method, path = ex.request.method, ex.request.original_url.path
    kind = _kind_of_path(method, path)
    if kind == "none" and ex.operation_path:
        path = ex.operation_path
        kind = _kind_of_path(method, path)
    return kind, path


def keep_readable(ex: Exchange, call: LlmCall) -> None:
    """Ask the backend only for encodings that can be read here: a caller must not hide what its answer costs."""
    headers = ex.request.headers
    given = headers.get("Accept-Encoding")
    if given is None or call.kind == "none":
        return
    offered = given.split(",")
    kept = [one for one in offered if one.partition(";")[0].strip().lower() in _READABLE]
    if call.stream and ex.services.options.cut_streams:
        kept = []  # what is compressed cannot be cut
    if len(kept) < len(offered):
        headers["Accept-Encoding"] = ",".join(kept).strip() or "identity"


def _kind_of_path(method: str, path: str) -> Kind:
    if method != "POST":
        return "none"
    path = path.rstrip("/").lower()
    for suffix, kind in _SUFFIXES:
        if path.endswith(suffix):
            return kind
    return "none"


async def _body(ex: Exchange) -> bytes:
    body = ex.request.body
    if body.stream is not None:
        try:
            return await body.buffer(ex.services.options.max_buffered_body)
        except BodyTooLarge:
            ex.notes.append("the request body is too large to be read for token counting")
            raise
    return body.data or b""


def _inflated(data: bytes, request: Request) -> bytes:
    """The body without its encoding; what cannot be read stays as it is, and is no JSON then."""
    if request.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip", "deflate"):
        try:
            return zlib.decompressobj(47).decompress(data, _MAX_INFLATED)
        except zlib.error:
            return data
    return data


def _json_object(data: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = _lenient(data)
    return found if isinstance(found, dict) else None


def _lenient(data: bytes) -> Any:
    """What only some readers take for JSON (byte order marks, halves of surrogate pairs, NaN): the model's may."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _fits(kind: Kind, body: dict[str, Any], request: Request) -> bool:
    if kind == "chat" or kind == "bedrock":
        return isinstance(body.get("messages"), list)
    if kind == "completion":
        return "prompt" in body
    if kind == "responses":
        return "input" in body and "messages" not in body
    if kind == "embeddings":
        return "input" in body
    if kind == "anthropic":
        named = "anthropic-version" in request.headers
        return isinstance(body.get("messages"), list) and (("max_tokens" in body and named) or "system" in body)
    return "contents" in body


def _deployment(request: Request, path: str) -> str | None:
    deployment = request.matched_parameters.get("deployment-id")
    if not deployment:
        found = _DEPLOYMENT.search(path)
        deployment = found[1] if found else None
    return deployment


def _model(kind: Kind, body: dict[str, Any], path: str) -> str | None:
    if kind in ("gemini", "bedrock"):
        found = _MODEL_SEGMENT.search(path)
        return found[1] if found else None
    model = body.get("model")
    return model if isinstance(model, str) else None


def _streams(kind: Kind, body: dict[str, Any], path: str) -> bool:
    if kind == "gemini" or kind == "bedrock":
        path = path.rstrip("/").lower()
        return path.endswith((":streamgeneratecontent", "-stream"))
    return body.get("stream") is True
