"""`cache-lookup`: answer from the response cache."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from multidict import istr

from apimpy.policies._caching import CACHING_TYPES, Lookup, asked, cache_of
from apimpy.policies._sections import INBOUND
from apimpy.policies._target import target
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, children, text
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Body, Headers, Response
from apimpy.runtime.ports import CachedResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["CacheLookup"]

_CONDITIONAL = tuple(
    istr(name)
    for name in (
        "Cache-Control",
        "If-Match",
        "If-None-Match",
        "If-Modified-Since",
        "If-Unmodified-Since",
        "If-Range",
    )
)
"""Taken from a request that is forwarded, so that the backend answers in full."""


class VaryByHeader(Item, element="vary-by-header"):
    content: str = text(doc="A header of the request.")

    def check(self, cx: Binding) -> None:
        _not_blank(self, self.content, cx)


class VaryByQueryParameter(Item, element="vary-by-query-parameter"):
    content: str = text(doc="A parameter, or several separated by semicolons.")

    def check(self, cx: Binding) -> None:
        _not_blank(self, self.content, cx)


def _not_blank(item: Item, content: str, cx: Binding) -> None:
    if not content.strip(" ;"):
        cx.report("POL005", f"<{item.element}> must not be empty", item.source.name_span)


class CacheLookup(
    Policy,
    element="cache-lookup",
    without_state="miss",
    sections=INBOUND,
    repeatable=False,
    category="caching",
    ordered=True,
):
    """Answers a GET request with the response that `cache-store` kept for its like.

    Requests are alike when API, operation, backend URL and the parts that the element names are the same; without
    `vary-by-query-parameter` every parameter counts.  A hit skips the rest of inbound and the backend, and goes on in
    outbound after `cache-store`.  Requests with `Authorization` pass by, unless `allow-private-response-caching`.
    A cache that is missing or does not answer has nothing, and never fails the request.
    """

    vary_by_developer: Value[bool] = attr(default=False, doc="Every user has responses of their own.")
    vary_by_developer_groups: Value[bool] = attr(default=False, doc="So has every set of groups.")
    caching_type: str = attr(default="prefer-external", allowed=CACHING_TYPES, doc="Which cache.")
    downstream_caching_type: Value[str] = attr(
        default="none", allowed=("none", "private", "public"), doc="Who else may cache the response."
    )
    must_revalidate: Value[bool] = attr(default=True, doc="They must ask again when it has expired.")
    allow_private_response_caching: Value[bool] = attr(default=False, doc="Also with an Authorization header.")
    headers: tuple[VaryByHeader, ...] = children(VaryByHeader)
    parameters: tuple[VaryByQueryParameter, ...] = children(VaryByQueryParameter)

    def prepare(self, plan: Plan) -> Action:
        kind, scope = self.caching_type, plan.scope
        named_headers = tuple(h.content.strip().lower() for h in self.headers)
        written = (name.strip().lower() for p in self.parameters for name in p.content.split(";"))
        parameters = frozenset(name for name in written if name)

        async def run(ex: Exchange) -> Flow:
            request, services = ex.request, ex.services
            cache = cache_of(ex, kind)
            if request.method.upper() != "GET" or cache is None:
                return Flow.NEXT
            if "Authorization" in request.headers and not self.allow_private_response_caching.get(ex):
                return Flow.NEXT
            key = _hashed([*self._identity(ex), *_query(ex, parameters), "", *_headers(ex, named_headers)])
            lookup = Lookup(cache, key, self.downstream_caching_type.get(ex), self.must_revalidate.get(ex))
            now = services.clock.now()
            found = await asked(ex, self.element, cache.get(key, now))
            outcome = "hit" if isinstance(found, CachedResponse) else "miss"
            services.cache_meter.add("response", ex.api.id if ex.api is not None else "", outcome)
            if isinstance(found, CachedResponse):
                ex.response = _response(found, lookup, now)
                ex.skip_past = ("cache-store", scope)
                return Flow.STOP
            for name in _CONDITIONAL:
                request.headers.popall(name, None)
            ex.cached = {**(ex.cached or {}), scope: lookup}
            return Flow.NEXT

        return Action(run, True, self.needs())

    def _identity(self, ex: Exchange) -> Iterator[str]:
        """What always tells requests apart, then the developer and the groups when they are asked for."""
        api, operation, url = ex.api, ex.operation, target(ex)
        yield ex.deployment.service_id
        yield f"{api.id};rev={api.revision}" if api is not None else ""
        yield operation.id if operation is not None else ""
        yield f"{url.scheme}://{url.host}:{url.port}"
        yield url.path
        user = ex.user
        yield user.id if self.vary_by_developer.get(ex) and user is not None else ""
        groups = user.groups if self.vary_by_developer_groups.get(ex) and user is not None else ()
        yield ",".join(sorted(quote(g.id, safe="") for g in groups))


def _query(ex: Exchange, names: frozenset[str]) -> Iterator[str]:
    """The parameters that count (all of them when none is named), sorted by name."""
    written = target(ex).query_string
    pairs = []
    for pair in written.split("&") if written else ():
        name, sep, value = pair.partition("=")
        name = unquote_plus(name).lower()
        if pair and (not names or name in names):
            pairs.append((name, f"{quote(name, safe='')}{sep}{value}"))
    pairs.sort(key=lambda p: p[0])
    return (text for _, text in pairs)


def _headers(ex: Exchange, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield f"{name}={quote(','.join(ex.request.headers.getall(name, ())), safe='')}"


def _hashed(parts: list[str]) -> str:
    """Parts are kept apart by a character that neither URLs nor headers can hold."""
    from hashlib import sha256

    return "response\0" + sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _response(found: CachedResponse, lookup: Lookup, now: float) -> Response:
    headers = Headers(found.headers)
    headers["Cache-Control"] = lookup.cache_control(max(0, int(found.expires - now)))
    return Response(found.status, found.reason, headers, Body(found.body))
