"""Backend entities: what `set-backend-service` finds under a backend's id, and what `forward-request` adds for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote

from apimpy.record import Record
from apimpy.runtime.faults import PolicyFault

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request, Url

__all__ = ["BackendEntity", "PoolEntity", "credential_headers", "present_credentials"]


class BackendEntity(Record, frozen=True):
    """A single backend.  `headers` (with the authorization among them) and `query` are its credentials."""

    id: str
    url: Url
    region: str | None = None
    headers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    query: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"BackendEntity({self.id!r}, {str(self.url)!r})"  # credentials are secrets


class PoolEntity:
    """A pool of backends: known, and not served yet."""

    __slots__ = ("id",)

    def __init__(self, id: str) -> None:
        self.id = id

    @property
    def url(self) -> NoReturn:
        """There is none to send to."""
        message = f"The backend '{self.id}' is a pool: pools are not supported yet."
        raise PolicyFault("set-backend-service", "PolicyNotSupported", message)


def _entity(ex: Exchange) -> BackendEntity | None:
    target = ex.backend
    if target is None or target.id is None:
        return None
    entity = ex.services.backends.get(target.id)
    return entity if isinstance(entity, BackendEntity) else None


def present_credentials(ex: Exchange, request: Request) -> None:
    """Give a request that is about to be sent the credentials of its backend.

    Only this request has them: expressions and traces never see them.
    """
    entity = _entity(ex)
    if entity is None:
        return
    for name, values in entity.headers:
        request.headers.popall(name, None)
        for value in values:
            request.headers.add(name, value)
    if entity.query:
        more = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in entity.query)
        held = request.url.query_string
        request.url = request.url.replace(query_string=f"{held}&{more}" if held else more)


def credential_headers(ex: Exchange) -> tuple[str, ...]:
    """The headers that nobody but the backend may see."""
    entity = _entity(ex)
    return () if entity is None else tuple(name for name, _ in entity.headers)
