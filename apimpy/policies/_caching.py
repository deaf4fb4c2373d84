"""What the caching policies share: which cache, whose keys, and values that nobody else can change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from apimpy.dotnet.values import Array, to_string
from apimpy.runtime.message import Body, Headers, Response
from apimpy.runtime.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.ports import Cache

__all__ = ["CACHING_TYPES", "Lookup", "asked", "cache_of", "detached", "size_of", "value_key"]

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
