"""The backends of a gateway, and what is known about each: open breakers, whose turn it is in a pool.

The state belongs to a backend's id, not to the pools it is in: two pools that share a member share its breaker.  A
reload brings other entities (`with_entities`) and keeps the state.

Breakers may be shared with other gateways (`ports.BreakerStore`): then outcomes are counted there, and what is open
is known here as soon as this gateway reports an outcome or asks (`refresh`).  While nobody answers, each counts for
itself.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from apimpy.backends.balancer import Balancer
from apimpy.backends.breaker import Breaker
from apimpy.backends.entity import Backend, Pool
from apimpy.runtime.ports import Outcome, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.runtime.message import Url
    from apimpy.runtime.ports import BreakerStore

__all__ = ["Backends", "Tally"]


class Tally:
    """What was sent to one backend: attempts, and failures in the sense of its breaker."""

    __slots__ = ("attempts", "failures")

    def __init__(self) -> None:
        self.attempts = 0
        self.failures = 0


class _State:
    """What survives a reload."""

    __slots__ = ("balancers", "breakers", "store", "tallies")

    def __init__(self, store: BreakerStore | None = None) -> None:
        self.store = store
        self.breakers: dict[str, Breaker] = {}
        self.balancers: dict[str, Balancer] = {}
        self.tallies: dict[str, Tally] = {}


class Backends:
    """The `BackendRegistry` port: entities by id, with their state."""

    __slots__ = ("_by_url", "_entities", "_singles", "_state")

    def __init__(
        self,
        entities: Mapping[str, Backend | Pool] | None = None,
        store: BreakerStore | None = None,
        state: _State | None = None,
    ) -> None:
        """`store`: of the breakers, when others share them."""
        self._entities = dict(entities or {})
        self._state = state or _State(store)
        self._singles = sorted(
            (e for e in self._entities.values() if isinstance(e, Backend)), key=lambda e: len(e.url.path), reverse=True
        )
        self._by_url: dict[str, Backend | None] = {}

    def with_entities(self, entities: Mapping[str, Backend | Pool]) -> Backends:
        """Other entities, the same state."""
        return Backends(entities, state=self._state)

    def get(self, id: str) -> Backend | Pool | None:
        """The entity with an id, compared as written."""
        return self._entities.get(id)

    def matching(self, url: Url) -> Backend | None:
        """The single backend whose URL is that of a service, or the longest beginning of it."""
        if not self._singles:
            return None
        key = str(url)
        if key not in self._by_url:
            self._by_url[key] = next((e for e in self._singles if _is_within(url, e.url)), None)
        return self._by_url[key]

    # --- which one ----------------------------------------------------------------------------------------------------

    def pick(self, entity: Backend | Pool, now: float, bound: str | None = None) -> Backend | None:
        """The backend to ask now; None when none is available.  `bound`: the member that a session belongs to."""
        if isinstance(entity, Backend):
            return entity if self._is_available(entity, now) else None
        available = [m for m in entity.members if self._is_available(m.backend, now)]
        if bound is not None:
            for member in available:
                if member.backend.id == bound:
                    return member.backend
        balancer = self._state.balancers.get(entity.id)
        if balancer is None:
            balancer = self._state.balancers[entity.id] = Balancer()
        picked = balancer.pick(available)
        return None if picked is None else picked.backend

    def _is_available(self, backend: Backend, now: float) -> bool:
        breaker = self._breaker(backend)
        return breaker is None or not breaker.is_open(now)

    def wait(self, entity: Backend | Pool, now: float) -> float:
        """Seconds until the first of its breakers closes."""
        members = [entity] if isinstance(entity, Backend) else [m.backend for m in entity.members]
        breakers = [b for m in members if (b := self._breaker(m)) is not None]
        return max(0.0, min((b.open_until - now for b in breakers), default=0.0))

    # --- what came of it ----------------------------------------------------------------------------------------------

    async def answered(self, backend: Backend, now: float, status: int, retry_after: float | None) -> None:
        """An attempt was answered."""
        failed = backend.rule is not None and backend.rule.fails_with(status)
        await self._record(backend, now, failed, retry_after)

    async def not_answered(self, backend: Backend, now: float, reason: str) -> None:
        """An attempt ended without a response."""
        await self._record(backend, now, backend.rule is not None and backend.rule.fails_for(reason), None)

    async def broke_off(self, backend: Backend, now: float) -> None:
        """A response that had begun did not come to its end."""
        if backend.rule is not None and backend.rule.fails_for("BackendConnectionFailure"):
            await self._record(backend, now, True, None, attempt=False)

    async def refresh(self, now: float) -> None:
        """Learn what others have opened.  StoreUnavailable."""
        store = self._state.store
        watched = [entity for entity in self._singles if entity.rule is not None]
        if store is None or not watched:
            return
        for backend, seconds in zip(watched, await store.open_for(watched, now), strict=True):
            breaker = self._breaker(backend)
            if breaker is not None and seconds > 0:
                breaker.open_elsewhere(now + seconds, tripped=False)

    async def _record(
        self, backend: Backend, now: float, failed: bool, retry_after: float | None, *, attempt: bool = True
    ) -> None:
        tally = self._state.tallies.get(backend.id)
        if tally is None:
            tally = self._state.tallies[backend.id] = Tally()
        tally.attempts += attempt
        tally.failures += failed
        breaker, store = self._breaker(backend), self._state.store
        if breaker is None:
            return
        if store is not None and (failed or breaker.rule.percentage is not None):
            outcome = Outcome(failed, retry_after, attempt)
            with contextlib.suppress(StoreUnavailable):
                seconds, tripped = await store.record(backend, outcome, now)
                breaker.open_elsewhere(now + seconds, tripped=tripped)
                return
        breaker.record(now, failed=failed, retry_after=retry_after, attempt=attempt)

    def _breaker(self, backend: Backend) -> Breaker | None:
        rule = backend.rule
        if rule is None:
            return None
        breaker = self._state.breakers.get(backend.id)
        if breaker is None:
            breaker = self._state.breakers[backend.id] = Breaker(rule)
        elif breaker.rule is not rule and breaker.rule != rule:  # changed by a reload: an open one stays open
            fresh = Breaker(rule)
            fresh.open_until, fresh.trips = breaker.open_until, breaker.trips
            breaker = self._state.breakers[backend.id] = fresh
        return breaker

    # --- to be looked at ----------------------------------------------------------------------------------------------

    def states(self, now: float) -> list[dict[str, Any]]:
        """Every entity with its state, as JSON holds it."""
        return [self._shown(entity, now) for entity in self._entities.values()]

    def _shown(self, entity: Backend | Pool, now: float) -> dict[str, Any]:
        if isinstance(entity, Pool):
            members = [
                {"id": m.backend.id, "priority": m.priority, "weight": m.weight, **self._health(m.backend, now)}
                for m in entity.members
            ]
            return {"id": entity.id, "type": "Pool", "members": members}
        return {"id": entity.id, "type": "Single", "url": str(entity.url), **self._health(entity, now)}

    def _health(self, backend: Backend, now: float) -> dict[str, Any]:
        tally, breaker = self._state.tallies.get(backend.id) or Tally(), self._breaker(backend)
        out: dict[str, Any] = {"attempts": tally.attempts, "failures": tally.failures}
        if breaker is not None:
            is_open = breaker.is_open(now)
            out["breaker"] = {"state": "open" if is_open else "closed", "trips": breaker.trips}
            if is_open:
                out["breaker"]["closesIn"] = round(breaker.open_until - now, 3)
        return out

    def rows(self, now: float) -> list[tuple[str, int, int, int, bool]]:
        """Of every single backend: id, attempts, failures, trips, and whether its breaker is open."""
        out = []
        for entity in self._singles:
            tally, breaker = self._state.tallies.get(entity.id) or Tally(), self._breaker(entity)
            trips, is_open = (0, False) if breaker is None else (breaker.trips, breaker.is_open(now))
            out.append((entity.id, tally.attempts, tally.failures, trips, is_open))
        return out


def _is_within(url: Url, base: Url) -> bool:
    if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
        return False
    path, prefix = url.path.rstrip("/"), base.path.rstrip("/")
    return path == prefix or path.startswith(prefix + "/")
