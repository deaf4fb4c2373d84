"""Where a contract runs: in memory, on a Redis, and on a Redis Cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis_server

from apimpy.stores.redis.connection import RedisLink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

KINDS = ("memory", "redis", "cluster")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[Callable[..., str]]:
    """Address of the server of this session; of the cluster with `True`.  `query`: it must have the query engine."""
    servers: dict[bool, redis_server.Server] = {}

    def url(cluster: bool = False, *, query: bool = False) -> str:
        named = None if cluster else redis_server.named()
        if named is not None:
            return named
        if query:
            redis_server.binary(query=True)  # skips where there is none; else it is what every test gets
        if cluster not in servers:
            server = servers[cluster] = redis_server.Server(redis_server.binary(), cluster=cluster)
            server.start()
        return servers[cluster].url

    yield url
    for server in servers.values():
        server.close()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def link(kind: str, redis_url: Callable[..., str]) -> AsyncIterator[RedisLink | None]:
    """A Redis that goes by the clock of whoever calls; None for what is in memory."""
    if kind == "memory":
        yield None
        return
    made = RedisLink(redis_url(kind == "cluster"), namespace=redis_server.namespace(), server_time=False, patience=5.0)
    yield made
    await made.aclose()
