"""Backend entities, single and pool, as policies find them under their id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.backends.breaker import Rule
    from apimpy.runtime.message import Dial, Url

__all__ = ["Backend", "Credentials", "Member", "Pool"]


class Credentials(Record, frozen=True):
    """What a backend is sent besides the request.

    Of several that say who calls, a managed identity goes before an authorization, and that before a header.
    """

    headers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    authorization: str | None = None
    """The whole value of the header."""
    identity: tuple[str, str | None] | None = None
    """Resource and client id of a managed identity."""
    certificates: tuple[str, ...] = ()
    """Ids or thumbprints of certificates of the gateway; the first that is known is presented."""

    def __repr__(self) -> str:
        return "Credentials(…)"

    @property
    def names(self) -> tuple[str, ...]:
        """The headers that nobody but the backend may see."""
        more = ("Authorization",) if self.authorization is not None or self.identity is not None else ()
        return tuple(name for name, _ in self.headers) + more


class Backend(Record, frozen=True):
    """A single backend."""

    id: str
    url: Url
    region: str | None = None
    credentials: Credentials | None = None
    rule: Rule | None = None
    """When it is let alone."""
    dial: Dial | None = None
    """How connections to it are made, where that is not the usual way."""

    kind = "Single"


class Member(Record, frozen=True):
    """A backend in a pool.  Lower priorities go first; the weight counts among members of one priority."""

    backend: Backend
    priority: int = 1
    weight: int = 1


class Pool(Record, frozen=True):
    """Several backends under one id.  `affinity`: the name of the cookie that binds a caller to a member."""

    id: str
    members: tuple[Member, ...]
    affinity: str | None = None

    kind = "Pool"
    region = None
