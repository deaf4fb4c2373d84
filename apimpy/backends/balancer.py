"""Which member of a pool is next: priorities first, then smooth weighted round robin.

    balancer.pick(pool.members that are available) -> Member | None

Equal weights alternate; 70 and 30 interleave as evenly as they can.  A member that was away starts anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.backends.entity import Member

__all__ = ["Balancer"]


class Balancer:
    """The state of one pool."""

    __slots__ = ("_credit",)

    def __init__(self) -> None:
        self._credit: dict[str, int] = {}

    def pick(self, available: Sequence[Member]) -> Member | None:
        """The next of those that are available; None when nobody is."""
        if not available:
            return None
        first = min(m.priority for m in available)
        group = [m for m in available if m.priority == first]
        if len(group) > 1 and any(m.weight for m in group):
            group = [m for m in group if m.weight]
        here = {m.backend.id for m in group}
        for id_ in [id_ for id_ in self._credit if id_ not in here]:
            del self._credit[id_]
        if len(group) == 1:
            return group[0]
        total, best = 0, group[0]
        for member in group:
            weight = member.weight or 1
            total += weight
            self._credit[member.backend.id] = self._credit.get(member.backend.id, 0) + weight
            if self._credit[member.backend.id] > self._credit[best.backend.id]:
                best = member
        self._credit[best.backend.id] -= total
        return best
