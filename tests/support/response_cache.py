"""Requests through policies of the response cache, for the tests of both halves of it."""

from __future__ import annotations

from typing import Any

from apimpy.runtime.exchange import Api, Operation
from apimpy.runtime.message import Body
from apimpy.stores.cache import MemoryCache
from apimpy.stores.counters import MemoryCounterStore

__all__ = ["LOOKUP", "STORE", "URL", "bodies", "call", "lookup", "numbered"]

URL = "http://gw.test/orders?a=1"
ATTRIBUTES = 'vary-by-developer="false" vary-by-developer-groups="false"'
LOOKUP = f"<cache-lookup {ATTRIBUTES} />"
STORE = '<cache-store duration="60" />'


def numbered(kit: Any) -> Any:
    """A harness with a cache, whose backend numbers its answers."""
    h = kit.Harness()
    h.services.cache = MemoryCache()
    h.services.counters = MemoryCounterStore()
    numbers = iter(range(1, 100))
    h.transport.answers = [
        lambda r: kit.reply(200, f"answer {next(numbers)}".encode(), [("Content-Type", "text/plain")])
    ]
    return h


def lookup(attributes: str = "", inside: str = "") -> str:
    return f"<cache-lookup {ATTRIBUTES} {attributes}>{inside}</cache-lookup>"


async def call(
    h: Any, kit: Any, inbound: str = LOOKUP, outbound: str = STORE, url: str = URL, scope: str = "api", **rest: Any
) -> Any:
    entities = {n: rest.pop(n) for n in ("api", "operation", "user", "subscription", "service_url") if n in rest}
    more = {n: rest.pop(n) for n in ("method", "headers", "body") if n in rest}
    ex = h.exchange(url=url, **more)
    ex.api, ex.operation = Api("orders", "Orders"), Operation("list", "List", "GET", "/orders")
    for name, value in entities.items():
        setattr(ex, name, value)
    await h.run((scope, kit.policies(inbound=inbound, outbound=outbound, **rest)), ex=ex)
    streamed = await h.finish(ex)
    if streamed:
        ex.response.body = Body(streamed)
    return ex


async def bodies(h: Any, kit: Any, *calls: dict[str, Any], **common: Any) -> list[int]:
    """What each call got: the number in the backend's answer."""
    return [int((await call(h, kit, **(common | c))).response.body.wire().split()[1]) for c in calls]
