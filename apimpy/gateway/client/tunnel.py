"""Both ways of a connection that a server has switched to another protocol: the `Tunnel` port."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apimpy.gateway.client.arrival import Arrival
    from apimpy.gateway.client.connection import Connection

__all__ = ["BackendTunnel"]


class BackendTunnel:
    """One connection, after the head of its 101."""

    __slots__ = ("_arrival", "_connection")

    def __init__(self, connection: Connection, arrival: Arrival) -> None:
        self._connection, self._arrival = connection, arrival

    async def read(self) -> bytes:
        """What has come, as soon as anything has; empty at the end, however it ended."""
        await self._arrival.more()
        return self._arrival.take()

    def write(self, data: bytes) -> None:
        """Send at once.  ConnectionError when the other side has gone."""
        self._connection.put(data)

    async def drain(self) -> None:
        """Wait while the other side does not take what was sent.  ConnectionError when it has gone."""
        await self._connection.drain()

    def close(self) -> None:
        """End the connection, after what was written."""
        self._connection.close()
