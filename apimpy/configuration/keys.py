"""Subscription keys: who calls, and the answers to those without a valid key.

A key is looked up by its SHA-256 and then compared in constant time, so neither the time nor the order of the table
tells anything about the keys in it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apimpy.runtime.faults import PolicyFault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apimpy.runtime.exchange import Api, Product, Subscription, User
    from apimpy.runtime.message import Request

__all__ = ["KeyRing", "Subscriber", "key_invalid", "key_missing", "sent_key"]

_INVALID = "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
_MISSING = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to {} API."
)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """What a valid key stands for.

    `apis`: ids of the APIs it opens; None: all of them.  `expires` in UTC seconds.
    """

    subscription: Subscription
    product: Product | None = None
    user: User | None = None
    apis: frozenset[str] | None = None
    expires: float | None = None

    def opens(self, api: Api, now: float) -> bool:
        """Whether the key is good for an API."""
        return (self.apis is None or api.id in self.apis) and (self.expires is None or now < self.expires)


class KeyRing:
    """All keys of one configuration."""

    def __init__(self, subscribers: Iterable[Subscriber] = ()) -> None:
        self._rows: dict[bytes, tuple[bytes, Subscriber]] = {}
        for row in subscribers:
            for key in (row.subscription.primary_key, row.subscription.secondary_key):
                if key:
                    encoded = key.encode("utf-8", "surrogateescape")
                    self._rows[hashlib.sha256(encoded).digest()] = (encoded, row)

    def find(self, key: str) -> Subscriber | None:
        encoded = key.encode("utf-8", "surrogateescape")
        row = self._rows.get(hashlib.sha256(encoded).digest())
        return row[1] if row is not None and hmac.compare_digest(row[0], encoded) else None


def sent_key(request: Request, api: Api) -> str | None:
    """The key a request carries; the query is looked at only when there is no header."""
    key = request.headers.get(api.key_header)
    if key is not None:
        return key
    wanted, query = api.key_query.lower(), request.url.query_string
    if not query or (wanted not in query.lower() and "%" not in query and "+" not in query):
        return None  # the usual case, without taking the query apart
    for name, values in request.url.query.items():
        if name.lower() == wanted and values:
            return values[0]
    return None


def _fault(request: Request, api: Api, reason: str, message: str, client_message: str) -> PolicyFault:
    url = request.original_url
    realm = f"{url.scheme}://{url.authority}/{api.path.strip('/')}"
    challenge = f'AzureApiManagementKey realm="{realm}",name="{api.key_header}",type="header"'
    headers = (("WWW-Authenticate", challenge), ("Vary", "Origin"))
    return PolicyFault("authorization", reason, message, status=401, client_message=client_message, headers=headers)


def key_invalid(request: Request, api: Api) -> PolicyFault:
    """A key was sent, and it is none of ours."""
    return _fault(request, api, "SubscriptionKeyInvalid", _INVALID, _INVALID)


def key_missing(request: Request, api: Api) -> PolicyFault:
    """No key was sent where one is required.  The caller reads "an API", LastError says "this API"."""
    return _fault(request, api, "SubscriptionKeyNotFound", _MISSING.format("this"), _MISSING.format("an"))
