"""The semantic cache, which exists under two names: answers to prompts that mean nearly the same.

    lookup: text of the prompt → embedding (a backend) → nearest in the partition → a hit answers, a miss is remembered
    store:  the response of a miss is kept under the embedding when its last byte has passed

`llm-…` and `azure-openai-…` behave alike; only the scopes differ.  The partition holds everything besides the prompt
that shapes an answer, so callers, models and formats never meet.  Nothing here fails a request: without an embedding or
a store the call is an ordinary one, with a note.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson

from apimpy.policies._caching import Copied, kept_response
from apimpy.policies._llm.call import LlmCall, llm_call
from apimpy.policies._llm.prompt import embedded_text
from apimpy.policies._upstream import choose, present_credentials, read_whole, send_to
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, children, text
from apimpy.policy.value import Value
from apimpy.record import Record
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import BODY_REQUEST, Flow
from apimpy.runtime.message import Body, BodyTooLarge, Headers, Request, Response
from apimpy.runtime.ports import CachedResponse, ManagedIdentityError, StoreUnavailable, TransportError

if TYPE_CHECKING:
    from apimpy.backends.entity import Backend
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["SemanticLookup", "SemanticStore"]

AUDIENCE = "https://cognitiveservices.azure.com"
"""For whom the token of the gateway's identity is, at an embeddings backend without credentials of its own."""
TIMEOUT = 10.0
"""Seconds an embedding may take: the call itself waits behind it."""
_SHAPING = (
    "response_format",
    "tools",
    "tool_choice",
    "n",
    "logprobs",
    "top_logprobs",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "modalities",
    "text",
    "generationConfig",
    "inferenceConfig",
)
_ENDS = {
    "chat": (b"[DONE]",),
    "completion": (b"[DONE]",),
    "anthropic": (b"message_stop",),
    "responses": (b"response.completed",),
}
"""What the end of a stream that is whole holds."""
_NOT_KEPT = ("Set-Cookie", "Content-Length", "Retry-After", "X-Request-Id", "Apim-Request-Id", "X-Ms-Request-Id")
_NOT_KEPT_PREFIX = "x-ratelimit-"


class _NoEmbedding(Exception):
    """A prompt has no embedding; the text says why."""


class Missed(Record, frozen=True):
    """A lookup that found nothing: where the answer belongs."""

    partition: str
    vector: list[float]


class VaryBy(Item, element="vary-by"):
    """A part of the key: only prompts with the same parts are compared."""

    content: Value[str] = text(doc="The part.")


class SemanticLookup(Policy):
    """Answers a call of a language model with the completion of an earlier prompt that means nearly the same.

    How near is measured between embeddings, as a distance: the smaller the threshold, the stricter.
    Calls are compared with those of the same API, model, `vary-by` values and fields that shape an answer (streaming
    among them).  Embeddings come from the backend, whose URL is the whole endpoint.  A hit skips the rest of inbound
    and the backend, and goes on in outbound after the policy that stores.
    Calls that are no dialogue, that go on an earlier response, or have more messages than `max-message-count` pass by;
    so does everything when the backend or the store does not answer.
    """

    without_state, keeps_vectors = "miss", True

    score_threshold: Value[float] = attr(minimum=0.0, maximum=1.0, doc="Largest distance that is still a hit.")
    embeddings_backend_id: Value[str] = attr(doc="Backend entity of the embeddings endpoint.")
    embeddings_backend_auth: str = attr(allowed=("system-assigned",), doc="How the gateway signs in there.")
    ignore_system_messages: Value[bool] = attr(default=False, doc="Leave system messages out of the prompt.")
    max_message_count: Value[int] | None = attr(default=None, doc="Longer conversations pass by the cache.")
    cache_id: str | None = attr(default=None, unlisted=True, doc="A named external cache.")
    vary_by: tuple[VaryBy, ...] = children(VaryBy)

    def prepare(self, plan: Plan) -> Action:
        scope, store = plan.scope, self.element.replace("lookup", "store")

        async def run(ex: Exchange) -> Flow:
            found = await self._look(ex, scope)
            if found is None:
                return Flow.NEXT
            ex.response = found
            ex.skip_past = (store, scope)
            return Flow.STOP

        return Action(run, True, self.needs() | BODY_REQUEST)

    async def _look(self, ex: Exchange, scope: str) -> Response | None:
        vectors = ex.services.vectors
        call = await llm_call(ex)
        why = "no vector store" if vectors is None else _why_not(call)
        if why is None:
            prompt, count = embedded_text(call, ignore_system=self.ignore_system_messages.get(ex))
            most = None if self.max_message_count is None else self.max_message_count.get(ex)
            why = "no text" if not prompt else "too many messages" if most is not None and count > most else None
        if vectors is None or why is not None:
            self._tell(ex, "bypass", f"bypass reason={why}")
            return None
        partition = _partition(ex, call, [v.content.get(ex) for v in self.vary_by])
        threshold = self.score_threshold.get(ex)
        try:
            vector = await self._embedding(ex, prompt)
            _remember(ex, scope, Missed(partition, vector))
            nearest = await vectors.nearest(partition, vector, ex.services.clock.now())
        except (_NoEmbedding, StoreUnavailable) as error:
            ex.notes.append(f"{self.element}: {error}")
            self._tell(ex, "error", str(error))
            return None
        if nearest is None or nearest.distance > threshold:
            best = None if nearest is None else nearest.distance
            self._tell(ex, "miss", "miss best=none" if best is None else f"miss best={best:.6f}", best)
            return None
        ex.missed = None
        self._tell(ex, "hit", f"hit distance={nearest.distance:.6f}", nearest.distance)
        kept = nearest.response
        return Response(kept.status, kept.reason, Headers(kept.headers), Body(kept.body))

    def _tell(self, ex: Exchange, outcome: str, said: str, distance: float | None = None) -> None:
        """Count the outcome, and say it where it is asked for."""
        services = ex.services
        services.cache_meter.add("semantic", ex.api.id if ex.api is not None else "", outcome)
        if ex.trace is not None:
            ex.trace.note(self.element, {"message": said})
        if ex.trace is not None or services.options.semantic_cache_headers:
            ex.debug = (*ex.debug, ("X-Semantic-Cache", outcome))
            if distance is not None:
                ex.debug = (*ex.debug, ("X-Semantic-Cache-Distance", f"{distance:.6f}"))

    async def _embedding(self, ex: Exchange, prompt: str) -> list[float]:
        """The vector of a text.  _NoEmbedding."""
        services = ex.services
        id_ = self.embeddings_backend_id.get(ex)
        entity = services.backends.get(id_)
        if entity is None:
            raise _NoEmbedding(f"Backend with id '{id_}' could not be found.")
        try:
            backend = choose(ex, entity, self.element)
            request = await self._request(ex, backend, prompt)
            response = await send_to(ex, backend, request, TIMEOUT, self.element)
            data = await read_whole(ex, response)
        except PolicyFault as fault:
            raise _NoEmbedding(fault.message) from fault
        except (TransportError, BodyTooLarge, ManagedIdentityError) as error:
            raise _NoEmbedding(str(error)) from error
        if response.status != 200:
            raise _NoEmbedding(f"the embeddings backend answered with {response.status}")
        vector = _vector(data)
        if ex.trace is not None:
            ex.trace.note(self.element, {"message": "embedding computed", "dimensions": len(vector)})
        return vector

    async def _request(self, ex: Exchange, backend: Backend, prompt: str) -> Request:
        url = backend.url
        version = next((v for n, v in ex.request.original_url.query.items() if n.lower() == "api-version"), None)
        if version and "api-version" not in url.query_string.lower() and "/openai/deployments/" in url.path.lower():
            more = f"api-version={version[0]}"
            url = url.replace(query_string=f"{url.query_string}&{more}" if url.query_string else more)
        body = orjson.dumps({"input": prompt.encode("utf-8", "replace").decode()})
        request = Request("POST", url, Headers({"Content-Type": "application/json"}), Body(body))
        if backend.credentials is not None:
            await present_credentials(ex, backend, request, self.element)
        else:
            request.headers["Authorization"] = f"Bearer {await ex.services.identity.token(AUDIENCE, None)}"
        return request


def _why_not(call: LlmCall) -> str | None:
    """Why a call passes by the cache."""
    if call.kind in ("none", "embeddings"):
        return "not a call that completes a prompt"
    if call.kind == "responses" and call.body.get("previous_response_id") is not None:
        return "goes on an earlier response"
    return None


def _partition(ex: Exchange, call: LlmCall, vary_by: list[str]) -> str:
    """Everything besides the prompt that an answer depends on.  Lengths keep values apart: `x,y` is not `x` and `y`."""
    api = ex.api
    shaping = {name: call.body[name] for name in _SHAPING if name in call.body}
    parts = [
        ex.deployment.service_id,
        f"{api.id};rev={api.revision}" if api is not None else "",
        call.kind,
        call.model or "",
        "stream" if call.stream else "",
        orjson.dumps(shaping, option=orjson.OPT_SORT_KEYS).decode(),
        *vary_by,
    ]
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(f"{len(data)}:".encode() + data)
    return hashed.hexdigest()


def _vector(data: bytes) -> list[float]:
    try:
        found = orjson.loads(data)["data"][0]["embedding"]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        found = None
    if isinstance(found, list) and found and all(isinstance(n, (int, float)) for n in found):
        return found
    raise _NoEmbedding("the embeddings backend sent no embedding")


def _remember(ex: Exchange, scope: str, missed: Missed) -> None:
    """A miss waits for its answer, which must come in a form that can be kept for others."""
    ex.missed = {**(ex.missed or {}), scope: missed}
    if "Accept-Encoding" in ex.request.headers:
        ex.request.headers["Accept-Encoding"] = "identity"


class SemanticStore(Policy):
    """Keeps the completion for the lookup of the semantic cache, when that ran and found nothing.

    Only status 200 unless `cache-response` says otherwise; never what broke off, is encoded in a way that others may
    not read, or is larger than 2 MiB.  A stream is kept when it has ended as its kind ends.
    """

    without_state, keeps_vectors = "miss", True

    duration: Value[int] = attr(unit="seconds", sample="60", doc="How long it is kept.")
    cache_response: Value[bool] | None = attr(
        default=None, doc="Whether to keep it, whatever its status; else only status 200."
    )

    def prepare(self, plan: Plan) -> Action:
        scope = plan.scope

        async def run(ex: Exchange) -> Flow:
            response, missed = ex.response, _missed(ex.missed, scope)
            vectors = ex.services.vectors
            if missed is None or response is None or vectors is None:
                return Flow.NEXT
            seconds = self.duration.get(ex)
            wanted = response.status == 200 if self.cache_response is None else self.cache_response.get(ex)
            if wanted and seconds > 0 and "Content-Encoding" not in response.headers:
                await self._keep(ex, response, missed, seconds)
            return Flow.NEXT

        return Action(run, True, self.needs())

    async def _keep(self, ex: Exchange, response: Response, missed: Missed, seconds: int) -> None:
        promised = tuple(name for name in response.headers if name.lower().startswith(_NOT_KEPT_PREFIX))
        kept = kept_response(ex, response, (*_NOT_KEPT, *promised))
        call = await llm_call(ex)
        ends = _ENDS.get(call.kind, ()) if call.stream and response.status == 200 else ()
        services, element = ex.services, self.element

        async def put(data: bytes) -> None:
            if ends and not any(end in data[-2048:] for end in ends):
                return
            now = services.clock.now()
            entry = CachedResponse(kept.status, kept.reason, tuple(kept.headers.items()), data, now + seconds)
            try:
                assert services.vectors is not None
                await services.vectors.add(missed.partition, missed.vector, entry, seconds, now)
            except StoreUnavailable as error:
                ex.notes.append(f"{element}: {error}")

        body, limit = response.body, services.options.max_cached_response
        data = body.wire()
        if data is None:
            assert body.stream is not None
            body.stream = Copied(body.stream, body.length, limit, put)
        elif len(data) <= limit:
            await put(data)


def _missed(missed: dict[str, Missed] | None, scope: str) -> Missed | None:
    """The miss of the same scope, else the latest."""
    if not missed:
        return None
    return missed[scope] if scope in missed else next(reversed(missed.values()))
