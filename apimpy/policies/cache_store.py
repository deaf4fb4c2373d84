"""`cache-store`: keep the response for requests like this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._caching import Lookup, asked
from apimpy.policies._wire import combine_headers, drop_hop_by_hop
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Headers, Response
from apimpy.runtime.ports import CachedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["CacheStore"]

_PARTIAL = 206
_OWN = ("Set-Cookie", "Content-Length", "Cache-Control")


class CacheStore(Policy, element="cache-store", sections=("outbound",), repeatable=False, category="caching"):
    """Keeps the response as it is here, when `cache-lookup` ran and found nothing.

    Only status 200 unless `cache-response` says otherwise; part of a response (206) and bodies above 2 MiB never.
    A body that streams is kept when its last byte has passed.  Cookies and the headers that other policies promised to
    this caller (limits, CORS) are not kept.
    """

    duration: Value[int] = attr(unit="seconds", doc="How long it is kept.")
    cache_response: Value[bool] | None = attr(default=None, doc="Whether to keep it, whatever its status.")

    def prepare(self, plan: Plan) -> Action:
        scope = plan.scope

        async def run(ex: Exchange) -> Flow:
            response = ex.response
            if not ex.cached or response is None:
                return Flow.NEXT
            lookup: Lookup = ex.cached[scope] if scope in ex.cached else next(reversed(ex.cached.values()))
            seconds = self.duration.get(ex)
            wanted = response.status == 200 if self.cache_response is None else self.cache_response.get(ex)
            if wanted and seconds > 0 and response.status != _PARTIAL:
                await _keep(ex, response, lookup, seconds)
                response.headers["Cache-Control"] = lookup.cache_control(seconds)
            elif lookup.downstream == "none":
                response.headers["Cache-Control"] = lookup.cache_control(0)
            return Flow.NEXT

        return Action(run, True, self.needs())


async def _keep(ex: Exchange, response: Response, lookup: Lookup, seconds: int) -> None:
    kept = Response(response.status, response.reason, Headers(response.headers))
    kept.combine = response.combine
    combine_headers(kept)
    drop_hop_by_hop(kept.headers)
    for name in (*_OWN, *(ex.queued or ())):
        kept.headers.popall(name, None)
    limit = ex.services.options.max_cached_response
    body = response.body

    async def put(data: bytes) -> None:
        now = ex.services.clock.now()
        entry = CachedResponse(kept.status, kept.reason, tuple(kept.headers.items()), data, now + seconds)
        size = len(data) + sum(len(n) + len(v) for n, v in entry.headers)
        await asked(ex, "cache-store", lookup.cache.put(lookup.key, entry, size, seconds, now))

    data = body.wire()
    if data is None:
        assert body.stream is not None
        body.stream = _Copied(body.stream, body.length, limit, put)
    elif len(data) <= limit:
        await put(data)


class _Copied:
    """A stream that is copied as it passes; the copy is handed over when the stream ends as it should."""

    __slots__ = ("_length", "_limit", "_parts", "_put", "_size", "_stream")

    def __init__(
        self, stream: AsyncIterator[bytes], length: int | None, limit: int, put: Callable[[bytes], Awaitable[None]]
    ) -> None:
        self._stream, self._length, self._limit, self._put = stream, length, limit, put
        self._parts: list[bytes] | None = [] if length is None or length <= limit else None
        self._size = 0

    def __aiter__(self) -> _Copied:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await anext(self._stream)
        except StopAsyncIteration:
            parts, self._parts = self._parts, None
            if parts is not None and self._length in (None, self._size):
                await self._put(b"".join(parts))
            raise
        self._size += len(chunk)
        if self._size > self._limit:
            self._parts = None
        if self._parts is not None:
            self._parts.append(chunk)
        return chunk

    async def aclose(self) -> None:
        self._parts = None
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()
