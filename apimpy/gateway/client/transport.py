"""The `Transport` port: which connection a request goes out on, and how its body does.

Connections are kept and reused without a limit.  A request that is not idempotent is never sent twice; an idempotent
one is, once, when a kept connection turned out to be closed.  All time-outs are explicit: to connect, to the head (the
caller's), and between two pieces of a body.  A request that carries a certificate with its key presents it in the TLS
handshake, on connections of its own.
"""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING

from apimpy.gateway.client.connecting import Road, connect, proxy_authorization
from apimpy.gateway.client.tunnel import BackendTunnel
from apimpy.gateway.client.wire import LAST_CHUNK, chunk, request_head
from apimpy.gateway.client_certificate import client_context
from apimpy.gateway.handshake import UPGRADE, is_accepted, offer
from apimpy.runtime.headers import CONTENT_LENGTH, TRANSFER_ENCODING, strip_hop_by_hop
from apimpy.runtime.message import Body, BodyTooLarge, Request, Response
from apimpy.runtime.ports import ConnectFailed, TimedOut

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from apimpy.dotnet.crypto.x509 import Certificate
    from apimpy.gateway.client.arrival import Arrival
    from apimpy.gateway.client.connection import Connection
    from apimpy.runtime.message import Headers

__all__ = ["HttpTransport"]

_CHUNK = 64 * 1024
_AT_ONCE = 1 << 20
"""Bytes handed to the socket in one piece; more is sent in chunks, so that the loop turns in between."""
_MOST_CONTEXTS = 64
"""TLS contexts in use at a time."""
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_IDEMPOTENT = _WITHOUT_BODY | {"PUT", "DELETE"}


class HttpTransport:
    """One pool of connections.

    Seconds: `connect_timeout` to an open connection, TLS included; `idle_timeout` that a server may stay silent within
    a response; `keepalive_timeout` that a connection is kept unused.
    """

    def __init__(
        self, *, connect_timeout: float = 30.0, idle_timeout: float = 300.0, keepalive_timeout: float = 30.0
    ) -> None:
        self._connect_timeout, self._idle, self._keepalive = connect_timeout, idle_timeout, keepalive_timeout
        self._kept: dict[Road, list[Connection]] = {}
        """Connections that take a request, the one that was used last at the end."""
        self._open: set[Connection] = set()
        self._closed = False
        self._sweeper: asyncio.TimerHandle | None = None
        self._contexts: dict[tuple[Certificate | None, bool, bool], ssl.SSLContext] = {}

    async def send(self, request: Request, *, timeout: float | None) -> Response:  # noqa: ASYNC109 - the port's name
        """The response head, its body a stream unless all of it is there already."""
        headers = request.headers.copy()
        strip_hop_by_hop(headers)
        headers.popall(CONTENT_LENGTH, None)
        headers.popall("Expect", None)
        if request.upgrade:
            offer(headers)
        until = None if timeout is None else asyncio.get_running_loop().time() + timeout
        url, dial, method = request.url, request.dial, request.method
        data = request.body.wire()
        if data is not None:
            for observer in request.body.observers or ():
                observer(data)
            if data or method not in _WITHOUT_BODY:
                headers[CONTENT_LENGTH] = str(len(data))
        elif request.body.length is not None:
            headers[CONTENT_LENGTH] = str(request.body.length)
        else:
            headers[TRANSFER_ENCODING] = "chunked"
        target = url.target
        if dial is not None and dial.proxy is not None and url.scheme == "http":
            target = str(url)
            if (account := proxy_authorization(dial)) is not None:
                headers["Proxy-Authorization"] = account
        try:
            head = request_head(method, target, url.authority, headers)
        except ValueError as error:
            raise ConnectFailed(f"the request cannot be written as HTTP: {error}") from error
        certificate = request.certificate if url.scheme == "https" else None
        road = Road(url.scheme, url.host, url.port, dial, certificate)
        connection = self._take(road)
        if connection is not None:
            try:
                return await self._ask(connection, request, head, data, headers, until)
            except ConnectFailed:
                if not connection.silent or data is None or method not in _IDEMPOTENT or self._closed:
                    raise
        return await self._ask(await self._connect(road, until), request, head, data, headers, until)

    async def _ask(
        self,
        connection: Connection,
        request: Request,
        head: bytes,
        data: bytes | None,
        sent: Headers[str],
        until: float | None,
    ) -> Response:
        """Send on a connection.  `until`: the moment of the loop's clock by which the head must be here."""
        head_only = request.method == "HEAD"
        if data is not None and len(data) <= _AT_ONCE:
            arrival = connection.ask(head + data, head_only=head_only)
        else:
            arrival = connection.ask(head, head_only=head_only)
            stream = _pieces(data) if data is not None else _observed(request.body)
            length = len(data) if data is not None else request.body.length
            connection.upload = asyncio.create_task(_upload(connection, stream, length))
        try:
            await arrival.head(until)
        except asyncio.CancelledError:
            await arrival.aclose()  # unless it has ended: then the connection may be another's already
            raise
        if arrival.status == 101:
            return _switched(connection, arrival, sent if request.upgrade else None)
        headers = arrival.headers
        whole = arrival.whole()
        if whole is not None:
            body = Body(whole)
        else:
            announced = headers.get(CONTENT_LENGTH, "") if TRANSFER_ENCODING not in headers else ""
            body = Body(None, arrival.watch(self._idle), int(announced) if announced.isdigit() else None)
        strip_hop_by_hop(headers)
        return Response(arrival.status, arrival.reason, headers, body)

    def _take(self, road: Road) -> Connection | None:
        kept = self._kept.get(road)
        if kept:
            oldest = asyncio.get_running_loop().time() - self._keepalive
            while kept:
                connection = kept.pop()
                if connection.since > oldest and not connection.closed:
                    return connection
                connection.close()
        return None

    async def _connect(self, road: Road, until: float | None) -> Connection:
        if self._closed:
            raise ConnectFailed("no connection to the backend: the client is closed")
        context = None
        if road.scheme == "https":
            dial = road.dial
            chain, name = (True, True) if dial is None else (dial.chain, dial.name)
            context = await self._context(road.certificate, chain, name)
        left = math.inf if until is None else until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(left, self._connect_timeout)):
                connection = await connect(road, context, partial(self._done, road))
        except TimeoutError as error:
            if left < self._connect_timeout:
                raise TimedOut("the backend did not answer in time") from error
            raise ConnectFailed("the connection to the backend was not made in time") from error
        if self._closed:
            connection.close()
            raise ConnectFailed("no connection to the backend: the client is closed")
        self._open.add(connection)
        return connection

    async def _context(self, certificate: Certificate | None, chain: bool, name: bool) -> ssl.SSLContext:
        """The one context that presents this certificate and checks so much of the server's."""
        key = (certificate, chain, name)
        found = self._contexts.get(key)
        if found is None:
            made = await asyncio.to_thread(client_context, certificate, chain=chain, name=name)
            if len(self._contexts) >= _MOST_CONTEXTS:
                del self._contexts[next(iter(self._contexts))]
            found = self._contexts.setdefault(key, made)
        return found

    def _done(self, road: Road, connection: Connection) -> None:
        """A connection has become free, or is closed."""
        if connection.closed:
            self._open.discard(connection)
            return
        self._kept.setdefault(road, []).append(connection)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(self._keepalive, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody has used for long."""
        self._sweeper = None
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._keepalive
        for road, kept in list(self._kept.items()):
            for connection in kept:
                if connection.since <= oldest:
                    connection.close()
            left = [connection for connection in kept if not connection.closed]
            if left:
                self._kept[road] = left
            else:
                del self._kept[road]
        if self._kept:
            self._sweeper = loop.call_later(self._keepalive / 2, self._sweep)

    async def aclose(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self._closed = True
        for connection in list(self._open):
            connection.shut()
        self._kept.clear()
        await asyncio.sleep(0)  # in which the loop closes them


def _switched(connection: Connection, arrival: Arrival, sent: Headers[str] | None) -> Response:
    """The 101 of a backend, with its connection.  `sent`: the handshake, None when there was none."""
    headers = arrival.headers
    if sent is None or UPGRADE not in sent or not is_accepted(sent, headers):
        connection.abort()
        raise ConnectFailed("the connection to the backend broke: 101 does not answer a handshake")
    strip_hop_by_hop(headers)
    response = Response(101, arrival.reason, headers)
    response.tunnel = BackendTunnel(connection, arrival)
    return response


async def _observed(body: Body) -> AsyncIterator[bytes]:
    """The pieces of a stream, shown to the body's observers as they pass."""
    stream = body.stream
    if stream is None:
        raise ValueError("the body is not a stream")
    async for piece in stream:
        for observer in body.observers or ():
            observer(piece)
        yield piece


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), _CHUNK):
        yield data[at : at + _CHUNK]


async def _upload(connection: Connection, stream: AsyncIterator[bytes], length: int | None) -> None:
    """Send a body, of exactly this length or in chunks.  When it breaks, so does the connection."""
    try:
        if length is None:
            async for piece in stream:
                if piece:
                    connection.put(chunk(piece))
                    await connection.drain()
            connection.put(LAST_CHUNK)
        elif not await _all_of(connection, stream, length):
            connection.fail(ConnectFailed("the body of the request has not the length that was announced"))
    except BodyTooLarge as error:
        connection.fail(error)
    except Exception as error:
        connection.fail(ConnectFailed(f"the body of the request broke off: {str(error) or type(error).__name__}"))
    # INVARIANT: nothing is awaited between the last byte and this, so the connection is not another request's yet
    connection.upload = None


async def _all_of(connection: Connection, stream: AsyncIterator[bytes], length: int) -> bool:
    left = length
    async for piece in stream:
        left -= len(piece)
        if left < 0:
            return False
        connection.put(piece)
        if not left:
            break
        await connection.drain()
    return not left
