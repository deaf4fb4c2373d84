"""Classification of a request to a language model, once per exchange.

Recognised by the end of the path, the method and the JSON body.  Everything reads a copy: an expression still finds
the body, and a body that is no JSON, or too large to keep, makes the call `none`.
"""

from __future__ import annotations

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

__all__ = ["Kind", "LlmCall", "llm_call"]

Kind = Literal["chat", "completion", "responses", "embeddings", "anthropic", "gemini", "bedrock", "none"]

_SUFFIXES: tuple[tuple[str, Kind], ...] = (
    ("/chat/completions", "chat"),
    ("/completions", "completion"),
    ("/responses", "responses"),
    ("/embeddings", "embeddings"),
    ("/messages", "anthropic"),
    (":generateContent", "gemini"),
    (":streamGenerateContent", "gemini"),
    ("/converse", "bedrock"),
    ("/converse-stream", "bedrock"),
)
_MODEL_SEGMENT = pattern(r"/models?/([^/:]+)")
_DEPLOYMENT = pattern(r"/deployments/([^/]+)/")
_THREAD_ABOVE = 16 << 10
"""Bytes of a body above which counting its tokens belongs in a thread."""


class LlmCall:
    """One call: its kind, model and streaming flag; the prompt estimate and what was spent, when somebody asks."""

    __slots__ = ("_estimate", "body", "charged", "kind", "model", "size", "spent", "stream")

    def __init__(self, kind: Kind, body: dict[str, Any], model: str | None, stream: bool, size: int) -> None:
        self.kind, self.body, self.model, self.stream, self.size = kind, body, model, stream, size
        self._estimate: int | None = None
        self.spent: Spent | None = None
        self.charged: set[str] = set()
        """Counter keys that were charged for this call."""

    async def estimate(self, counter: TokenCounter) -> int:
        """Estimated prompt tokens."""
        if self._estimate is None:
            if self.size > _THREAD_ABOVE:
                from asyncio import to_thread  # here, because who checks a policy needs no event loop

                self._estimate = await to_thread(prompt_tokens, self.kind, self.body, self.model, counter)
            else:
                self._estimate = prompt_tokens(self.kind, self.body, self.model, counter)
        return self._estimate


async def llm_call(ex: Exchange) -> LlmCall:
    """The exchange's call, classified when first asked for."""
    if isinstance(ex.llm, LlmCall):
        return ex.llm
    kind = _kind_of_path(ex.request)
    call = LlmCall("none", {}, None, stream=False, size=0)
    if kind != "none" and not (kind == "anthropic" and ex.services.options.anthropic_parsing == "off"):
        data = await _body(ex)
        body = _json_object(data)
        if body is not None and _fits(kind, body, ex.request):
            call = LlmCall(kind, body, _model(kind, body, ex.request), _streams(kind, body, ex.request), len(data))
    ex.llm = call
    return call


def _kind_of_path(request: Request) -> Kind:
    if request.method != "POST":
        return "none"
    path = request.original_url.path
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


def _json_object(data: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


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


def _model(kind: Kind, body: dict[str, Any], request: Request) -> str | None:
    path = request.original_url.path
    if kind in ("gemini", "bedrock"):
        found = _MODEL_SEGMENT.search(path)
        return found[1] if found else None
    if kind in ("chat", "completion", "embeddings"):
        deployment = request.matched_parameters.get("deployment-id")
        if not deployment:
            found = _DEPLOYMENT.search(path)
            deployment = found[1] if found else None
        if deployment:
            return deployment
    model = body.get("model")
    return model if isinstance(model, str) else None


def _streams(kind: Kind, body: dict[str, Any], request: Request) -> bool:
    path = request.original_url.path
    if kind == "gemini":
        return path.endswith(":streamGenerateContent")
    if kind == "bedrock":
        return path.endswith("-stream")
    return body.get("stream") is True
