"""OpenID configurations: the issuer and the signing keys that an identity provider publishes.

One `Directory` serves all policies of a gateway.  A configuration is kept for an hour; a key id that it does not have,
or a failure, is asked about again at most every five minutes.  Any number of requests wait for one fetch, which has a
deadline and takes a limited number of bytes and redirects.  When a fetch fails, what was fetched before stays in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from apimpy.policies._jwt.keys import KeySet, keys_from_jwks
from apimpy.policies._target import escaped
from apimpy.record import Record
from apimpy.runtime.message import Body, BodyTooLarge, Headers, Request, Url
from apimpy.runtime.ports import TransportError
from apimpy.runtime.tasks import within

if TYPE_CHECKING:
    import asyncio

    from apimpy.runtime.services import Services

__all__ = ["Directory", "Metadata", "bare"]

KEEP = 3600.0
RETRY = 300.0
AHEAD = 300.0
"""Seconds before the end of its time in which a configuration is renewed while requests still use it."""
DEADLINE = 10.0
MOST_BYTES = 512 * 1024
MOST_REDIRECTS = 3
_MOST_ENTRIES = 100
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Metadata(Record, frozen=True):
    """`issuer` may hold `{tenantid}`: the provider's many tenants share one configuration."""

    issuer: str
    keys: KeySet


class _Entry:
    """One URL: what is known, since when, when it was last asked for, and the fetch under way."""

    __slots__ = ("fetched", "flight", "metadata", "tried")

    def __init__(self) -> None:
        self.metadata: Metadata | None = None
        self.fetched = self.tried = float("-inf")
        self.flight: asyncio.Future[None] | None = None

    def may_ask(self, now: float) -> bool:
        return self.flight is not None or now - self.tried >= RETRY

    def is_old(self, now: float) -> bool:
        return now - self.fetched >= KEEP


class Directory:
    """The configurations of one gateway by URL."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def ready(self, urls: tuple[str, ...], key_id: str | None, own: KeySet, now: float) -> list[Metadata] | None:
        """What is known, without waiting; None when something should be fetched first.

        `own`: the keys the policy has itself.  A key id that is among them is nothing to ask a provider about.
        """
        found: list[Metadata] = []
        askable = False
        for url in urls:
            entry = self._entries.get(url)
            if entry is None or (entry.may_ask(now) and (entry.metadata is None or now - entry.fetched > KEEP - AHEAD)):
                return None
            askable = askable or entry.may_ask(now)
            if entry.metadata is not None:
                found.append(entry.metadata)
        if askable and key_id is not None and not own.names(key_id):
            if not any(m.keys.names(key_id) for m in found):
                return None
        return found

    async def get(self, services: Services, urls: tuple[str, ...], key_id: str | None, own: KeySet) -> list[Metadata]:
        """What is known, after fetching what is missing, old or may have got the key since."""
        now = services.clock.monotonic()
        entries = [self._entry(url) for url in urls]
        for url, entry in zip(urls, entries, strict=True):
            if now - entry.fetched > KEEP - AHEAD and entry.may_ask(now):
                self._start(services, url, entry, now)
        await self._settled([e for e in entries if e.metadata is None or e.is_old(now)])
        known = [e.metadata for e in entries if e.metadata is not None]
        if key_id is not None and not own.names(key_id) and not any(m.keys.names(key_id) for m in known):
            for url, entry in zip(urls, entries, strict=True):
                if entry.may_ask(now):
                    self._start(services, url, entry, now)
            await self._settled(entries)
        return [e.metadata for e in entries if e.metadata is not None]

    def _entry(self, url: str) -> _Entry:
        found = self._entries.get(url)
        if found is None:
            if len(self._entries) >= _MOST_ENTRIES:  # URLs made by expressions: the oldest goes
                idle = next((u for u, e in self._entries.items() if e.flight is None), None)
                if idle is None:  # all are being fetched: this one is not, and so has no keys
                    found = _Entry()
                    found.tried = float("inf")
                    return found
                del self._entries[idle]
            found = self._entries[url] = _Entry()
        return found

    async def _settled(self, entries: list[_Entry]) -> None:
        """Wait for the fetches under way; a request that leaves does not take them along."""
        import asyncio

        for entry in entries:
            if entry.flight is not None:
                await asyncio.shield(entry.flight)

    def _start(self, services: Services, url: str, entry: _Entry, now: float) -> None:
        import asyncio

        if entry.flight is None:
            entry.tried = now
            entry.flight = asyncio.get_running_loop().create_future()
            services.background.start(self._fly(services, url, entry, entry.flight))

    async def _fly(self, services: Services, url: str, entry: _Entry, flight: asyncio.Future[None]) -> None:
        try:
            entry.metadata = await within(DEADLINE, _fetch(services, url))
            entry.fetched = services.clock.monotonic()
        except (TransportError, BodyTooLarge, TimeoutError, ValueError) as error:
            import logging

            why = str(error) or type(error).__name__
            logging.getLogger("apimpy.openid").warning("no OpenID configuration from %s: %s", bare(url), why)
        finally:
            entry.flight = None
            if not flight.done():
                flight.set_result(None)


def bare(url: str) -> str:
    """A URL for messages: what follows the path may be a secret."""
    return url.partition("?")[0].partition("#")[0]


async def _fetch(services: Services, url: str) -> Metadata:
    """The configuration and its keys.  ValueError when they are none."""
    described = await _get(services, url)
    issuer, keys_at = (described.get(n) if isinstance(described, dict) else None for n in ("issuer", "jwks_uri"))
    if not isinstance(issuer, str) or not issuer or not isinstance(keys_at, str):
        raise ValueError("the document has no issuer or no jwks_uri")
    if url.lower().startswith("https:") and not keys_at.lower().startswith("https:"):
        raise ValueError("the jwks_uri of an https document is not https")
    return Metadata(issuer, keys_from_jwks(await _get(services, keys_at)))


async def _get(services: Services, text: str) -> Any:
    """A JSON document.  ValueError for an answer that is none."""
    import orjson

    for _ in range(MOST_REDIRECTS + 1):
        url = Url.parse(text)
        url = Url(url.scheme, url.host, url.port, escaped(url.path), escaped(url.query_string))
        headers = Headers({"Accept": "application/json", "Accept-Encoding": "identity"})
        response = await services.transport.send(Request("GET", url, headers, Body()), timeout=DEADLINE)
        try:
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or location is None:
                if response.status != 200:
                    raise ValueError(f"{url.scheme}://{url.authority}{url.path} answered {response.status}")
                data = await response.body.buffer(MOST_BYTES)
                if len(data) > MOST_BYTES:
                    raise ValueError(f"more than {MOST_BYTES} bytes")
                return orjson.loads(data)
        finally:
            await response.body.close()
        text = urljoin(str(url), location)
        if url.scheme == "https" and not text.lower().startswith("https:"):
            raise ValueError("a redirect from https to http")
    raise ValueError(f"more than {MOST_REDIRECTS} redirects")
