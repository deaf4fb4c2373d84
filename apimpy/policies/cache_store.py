"""`cache-store`: keep the response for requests like this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._caching import Copied, Lookup, asked, kept_response
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.flow import Flow
from apimpy.runtime.ports import CachedResponse

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Response

__all__ = ["CacheStore"]

_PARTIAL = 206
_OWN = ("Set-Cookie", "Content-Length", "Cache-Control")


class CacheStore(
    Policy, element="cache-store", without_state="miss", sections=("outbound",), repeatable=False, category="caching"
):
    """Keeps the response as it is here, when `cache-lookup` ran and found nothing.

    Only status 200 unless `cache-response` says otherwise; part of a response (206) and bodies above 2 MiB never.
    A body that streams is kept when its last byte has passed.  Cookies and the headers that other policies promised to
    this caller (limits, CORS) are not kept.
    """

    duration: Value[int] = attr(unit="seconds", sample="60", doc="How long it is kept.")
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
    kept = kept_response(ex, response, _OWN)
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
        body.stream = Copied(body.stream, body.length, limit, put)
    elif len(data) <= limit:
        await put(data)
