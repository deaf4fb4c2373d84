"""What the caching policies share: which cache, whose keys, and values that nobody else can change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from apimpy.dotnet.values import Array, to_string
from apimpy.policies._wire import combine_headers
from apimpy.runtime.headers import strip_hop_by_hop
from apimpy.runtime.message import Body, Headers, Response
from apimpy.runtime.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.ports import Cache

__all__ = [
    "CACHING_TYPES",
    "Copied",
    "Lookup",
    "asked",
    "cache_of",
    "detached",
    "kept_response",
    "size_of",
    "value_key",
]

CACHING_TYPES = ("prefer-external", "external", "internal")


class Lookup(NamedTuple):
    """A `cache-lookup` that found nothing: where `cache-store` puts the response, and what callers are told."""

    cache: Cache
    key: str
    downstream: str
    must_revalidate: bool

    def cache_control(self, seconds: int) -> str:
        """What downstream caches may do with a response that is good for so long."""
        if self.downstream == "none":
            return "no-store"
        return f"{self.downstream}, max-age={seconds}{', must-revalidate' if self.must_revalidate else ''}"


def cache_of(ex: Exchange, kind: str) -> Cache | None:
    """The cache a `caching-type` means; None when the gateway has none."""
    services = ex.services
    if kind == "internal":
        return services.cache
    if services.external_cache is not None or kind == "external":
        return services.external_cache
    return services.cache


async def asked(ex: Exchange, element: str, answer: Awaitable[Any]) -> Any:
    """The answer of a cache; None, with a note, when it cannot answer: a cache never fails a request."""
    try:
        return await answer
    except StoreUnavailable as error:
        ex.notes.append(f"{element}: {error}")
        return None


def value_key(ex: Exchange, key: str) -> str:
    """A key of the value policies: apart from other services and from responses."""
    return f"value\0{ex.deployment.service_id}\0{key}"


def detached(value: Any) -> Any:
    """The value, or a copy of one that somebody could change: a request never sees the changes of another."""
    if isinstance(value, (str, bytes, int, float)) or value is None:
        return value
    if isinstance(value, Array):
        return Array(value.of, value, value.shape)
    if isinstance(value, Response):
        return Response(value.status, value.reason, Headers(value.headers), Body(value.body.wire() or b""))
    clone = getattr(value, "clone", None)  # JSON tokens
    return value if clone is None else clone()


def size_of(value: Any) -> int:
    """About how many bytes a value takes."""
    if isinstance(value, str):
        return 2 * len(value)
    if isinstance(value, (bytes, Array)):
        return len(value)
    if isinstance(value, Response):
        return len(value.body.wire() or b"")
    return 2 * len(to_string(value)) if hasattr(value, "clone") else 64


def kept_response(ex: Exchange, response: Response, without: tuple[str, ...]) -> Response:
    """Status and headers of a response that a cache keeps.

    Neither hop-by-hop headers, nor those named, nor those that other policies promised to this caller (limits, CORS).
    """
    kept = Response(response.status, response.reason, Headers(response.headers))
    kept.combine = response.combine
    combine_headers(kept)
    strip_hop_by_hop(kept.headers)
    for name in (*without, *(ex.queued or ())):
        kept.headers.popall(name, None)
    return kept


class Copied:
    """A stream that is copied as it passes; the copy is handed over when the stream ends as it should."""

    __slots__ = ("_length", "_limit", "_parts", "_put", "_size", "_stream")

    def __init__(
        self, stream: AsyncIterator[bytes], length: int | None, limit: int, put: Callable[[bytes], Awaitable[None]]
    ) -> None:
        self._stream, self._length, self._limit, self._put = stream, length, limit, put
        self._parts: list[bytes] | None = [] if length is None or length <= limit else None
        self._size = 0

    def __aiter__(self) -> Copied:
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
