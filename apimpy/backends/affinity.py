"""Session affinity: a cookie that binds a caller to a member of a pool.

The value is the member's id and a signature, so it tells nothing about the backend and cannot be made up.  The key
comes from the pool and the secrets of its members: gateways with one configuration understand each other's cookies.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apimpy.backends.entity import Pool

__all__ = ["bound_member", "cookie_for", "without_cookie"]


def _key(pool: Pool) -> bytes:
    parts = [pool.id]
    for member in pool.members:
        held = member.backend.credentials
        parts += [member.backend.id, str(member.backend.url)]
        if held is not None:
            parts += [held.authorization or "", *(v for _, values in held.headers for v in values)]
            parts += [v for _, v in held.query]
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _value(pool: Pool, id: str) -> str:
    signature = hmac.new(_key(pool), id.encode(), hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(signature + id.encode()).decode().rstrip("=")


def bound_member(pool: Pool, header: str | None) -> str | None:
    """The id of the member that a `Cookie` header binds to."""
    value = _find(pool.affinity or "", header)
    if value is None:
        return None
    try:
        decoded = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        id_ = decoded[16:].decode()
    except ValueError:
        return None
    return id_ if hmac.compare_digest(_value(pool, id_).encode(), value.encode()) else None


def _find(name: str, header: str | None) -> str | None:
    if header is None or name not in header:
        return None
    from http.cookies import CookieError, SimpleCookie  # who checks policies needs no cookies

    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return None if morsel is None else morsel.value


def cookie_for(pool: Pool, id: str) -> str:
    """The `Set-Cookie` that binds to a member: for the session, out of reach of scripts."""
    return f"{pool.affinity}={_value(pool, id)}; Path=/; HttpOnly; SameSite=Lax; Secure"


def without_cookie(header: str, name: str) -> str:
    """A `Cookie` header without one cookie; "" when nothing is left."""
    kept = [part.strip() for part in header.split(";") if part.strip().partition("=")[0] != name]
    return "; ".join(part for part in kept if part)
