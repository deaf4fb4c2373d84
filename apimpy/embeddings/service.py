"""`POST …/embeddings` over an `Embedder`, in the words of OpenAI's API.

A text that is longer than what the model reads is refused: cut off, two prompts that begin alike would be the same to a
cache.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from apimpy.embeddings.answer import embeddings_answer

if TYPE_CHECKING:
    from apimpy.embeddings.model import Embedder

__all__ = ["embeddings_application"]

_BODY = 8 << 20
"""Bytes of a request."""
_INPUTS = 2048


class _Refusal(Exception):
    def __init__(self, message: str, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.param, self.code, self.status = param, code, status

    def response(self) -> web.Response:
        error = {"message": str(self), "type": "invalid_request_error", "param": self.param, "code": self.code}
        return _json({"error": error}, self.status)


def embeddings_application(model: Embedder) -> web.Application:
    """Every path that ends in `/embeddings`, with or without `/v1` or a deployment before."""
    service = _Service(model)
    app = web.Application(client_max_size=_BODY)
    app.add_routes([web.post("/{path:(.*/)?}embeddings", service.handle), web.route("*", "/{path:.*}", _unknown)])
    app.on_cleanup.append(service.stop)
    return app


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")


async def _unknown(request: web.Request) -> web.Response:
    text = f"Invalid URL ({request.method} {request.path})"
    return _Refusal(text, code="unknown_url", status=404).response()


class _Service:
    def __init__(self, model: Embedder) -> None:
        self._model = model
        self._thread = ThreadPoolExecutor(1, "embeddings")

    async def stop(self, app: web.Application) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def handle(self, request: web.Request) -> web.Response:
        try:
            try:
                raw = await request.read()
            except web.HTTPRequestEntityTooLarge:
                raise _Refusal(f"The request is larger than {_BODY} bytes.", status=413) from None
            except web.RequestPayloadError as error:
                raise _Refusal(f"The body cannot be read: {error}") from error
            texts, packed, name = _asked(raw, self._model)
            loop = asyncio.get_running_loop()
            vectors, tokens = await loop.run_in_executor(self._thread, self._embed, texts)
        except _Refusal as refusal:
            return refusal.response()
        return _json(embeddings_answer(vectors, name or self._model.name, tokens, packed=packed))

    def _embed(self, texts: list[str]) -> tuple[list[list[float]], int]:
        longest, sum_ = self._model.longest, 0
        for number, text in enumerate(texts):
            tokens = self._model.tokens(text)
            sum_ += tokens
            if tokens > longest:
                found = f"however input {number} has {tokens}."
                message = f"This model's maximum context length is {longest} tokens, {found}"
                raise _Refusal(message, "input", "context_length_exceeded")
        return self._model.embed(texts), sum_


def _asked(raw: bytes, model: Embedder) -> tuple[list[str], bool, str | None]:
    """Texts, whether vectors are wanted as base64, and the model's name as the caller says it.  _Refusal."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _Refusal(f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise _Refusal("The body is not a JSON object.")
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise _Refusal("'$.input' must be a text or a list of texts, none of them empty.", "input", "invalid_value")
    if len(texts) > _INPUTS:
        raise _Refusal(f"'$.input' has more than {_INPUTS} texts.", "input", "invalid_value")
    if body.get("dimensions") not in (None, model.size):
        raise _Refusal(f"This model's vectors have {model.size} numbers.", "dimensions", "invalid_value")
    form = body.get("encoding_format") or "float"
    if form not in ("float", "base64"):
        raise _Refusal("'$.encoding_format' is float or base64.", "encoding_format", "invalid_value")
    name = body.get("model")
    return texts, form == "base64", name if isinstance(name, str) else None
