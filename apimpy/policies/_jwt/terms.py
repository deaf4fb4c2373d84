"""What a policy asks of one request's token, every expression evaluated, and where requests hold tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.policies._jwt.claims import RequiredClaim
    from apimpy.runtime.exchange import Exchange

__all__ = ["Terms", "from_header", "from_query", "prepared"]


class Terms(NamedTuple):
    """What one request's token must be, every expression evaluated."""

    text: str = ""
    """The token; empty when the request has none."""
    status: int = 401
    told: str | None = None
    """What the caller is told instead of the reason."""
    skew: float = 0.0
    require_expiration: bool = True
    require_signed: bool = True
    audiences: tuple[tuple[str, ...], ...] = ()
    """One of each group must be an audience of the token."""
    issuers: tuple[str, ...] = ()
    required: tuple[RequiredClaim, ...] = ()
    urls: tuple[str, ...] = ()
    """OpenID configurations."""
    clients: frozenset[str] = frozenset()
    """Lower-case ids of the applications that may call; empty: any."""


def prepared(
    text: Callable[[Exchange], str], rest: Callable[[Exchange], Terms], *, literal: bool
) -> Callable[[Exchange], Terms]:
    """The terms of a request.  `literal`: but for the token they are the same for every request, so made once."""
    if not literal:
        return lambda ex: rest(ex)._replace(text=text(ex))
    made: list[Terms] = []

    def terms(ex: Exchange) -> Terms:
        if not made:
            made.append(rest(ex))
        return made[0]._replace(text=text(ex))

    return terms


def from_header(ex: Exchange, name: str, scheme: str | None) -> str:
    """The token of a header, without its scheme; "" when there is none.

    A header of several lines counts as one, joined by commas, and so holds no token: nobody can mean another line.
    """
    value = ",".join(ex.request.headers.getall(name, ())).strip()
    first, _, rest = value.partition(" ")
    if scheme and name.lower() == "authorization":
        return rest.strip() if first.lower() == scheme.lower() else ""
    return rest.strip() if first.lower() == "bearer" else value


def from_query(ex: Exchange, name: str) -> str:
    """The token of a query parameter; "" when there is none."""
    wanted = name.lower()
    return ",".join(v for n, values in ex.request.url.query.items() if n.lower() == wanted for v in values).strip()
