"""Opening connections: names, addresses, TLS, proxies."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple, cast

from aiohappyeyeballs import start_connection

from apimpy.gateway.client.connection import Connection
from apimpy.gateway.client.wire import request_head
from apimpy.pattern import pattern
from apimpy.runtime.message import Headers, Url
from apimpy.runtime.ports import ConnectFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.crypto.x509 import Certificate
    from apimpy.runtime.message import Dial

__all__ = ["Road", "connect", "proxy_authorization"]

_NEXT_ADDRESS = 0.25
"""Seconds after which the next address of a name is tried beside the one before (RFC 8305, section 5)."""
_NO_NAME = pattern(r"[\x00-\x20\x7f]")
_PROXY_HEAD = 16 * 1024


class Road(NamedTuple):
    """What a connection leads to, and how.  Requests with the same one may share a connection."""

    scheme: str
    host: str
    port: int
    dial: Dial | None
    certificate: Certificate | None


def proxy_authorization(dial: Dial) -> str | None:
    """The value of the header that says who is at the proxy; None: nobody in particular."""
    if dial.account is None:
        return None
    return f"Basic {base64.b64encode(':'.join(dial.account).encode()).decode()}"


async def connect(road: Road, context: ssl.SSLContext | None, done: Callable[[Connection], None]) -> Connection:
    """An open connection; `context` for https.  ConnectFailed."""
    proxy = Url.parse(road.dial.proxy) if road.dial is not None and road.dial.proxy is not None else None
    loop = asyncio.get_running_loop()
    if _NO_NAME.search(road.host):
        raise ConnectFailed("the name of the backend could not be resolved: it has a space or a control character")
    connection = Connection(loop, done)
    try:
        if proxy is None:
            await _reach(connection, road.host, road.port, context)
        elif context is None:
            await _reach(connection, proxy.host, proxy.port, _proxys(proxy))
        else:
            answer = _ProxysAnswer(loop)
            await _reach(answer, proxy.host, proxy.port, _proxys(proxy))
            transport = await answer.to(road)
            name = road.host.strip("[]")
            connection.connection_made(await _secured(transport, connection, context, name))
    except asyncio.CancelledError:
        connection.abort()
        raise
    except OSError as error:
        raise ConnectFailed(f"{_what_failed(error)}: {str(error) or type(error).__name__}") from error
    return connection


def _what_failed(error: OSError) -> str:
    match error:
        case socket.gaierror():
            return "the name of the backend could not be resolved"
        case ssl.SSLCertVerificationError():
            return "the certificate of the backend is not valid"
        case ssl.SSLError():
            return "no TLS connection to the backend"
    return "no connection to the backend"


def _proxys(proxy: Url) -> ssl.SSLContext | None:
    return ssl.create_default_context() if proxy.scheme == "https" else None


async def _reach(protocol: asyncio.Protocol, host: str, port: int, context: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    host = host.strip("[]")
    try:
        name = host if host.isascii() else host.encode("idna").decode()
        addresses = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except UnicodeError as error:
        raise ConnectFailed(f"the name of the backend could not be resolved: {error}") from error
    sock = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS, interleave=1, loop=loop)
    taken = False

    def take() -> asyncio.Protocol:
        nonlocal taken
        taken = True
        return protocol

    try:
        await loop.create_connection(take, sock=sock, ssl=context, server_hostname=name if context else None)
    except BaseException:
        if not taken:  # else it is a transport's, which may still be using it
            sock.close()
        raise


async def _secured(
    transport: asyncio.Transport, protocol: asyncio.Protocol, context: ssl.SSLContext, name: str
) -> asyncio.Transport:
    secured = await asyncio.get_running_loop().start_tls(transport, protocol, context, server_hostname=name)
    if secured is None:
        raise ConnectionResetError("the proxy closed the connection")
    return secured


class _ProxysAnswer(asyncio.Protocol):
    """What a proxy says to CONNECT (RFC 9110, section 9.3.6)."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._head = b""
        self._whole: asyncio.Future[bytes] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if not self._whole.done() and (b"\r\n\r\n" in self._head or len(self._head) > _PROXY_HEAD):
            self._transport.pause_reading()  # what follows is TLS
            self._whole.set_result(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._whole.done():
            self._whole.set_exception(exc or ConnectionResetError("the proxy closed the connection"))

    async def to(self, road: Road) -> asyncio.Transport:
        """Ask for the way to a server; the connection that leads to it."""
        there = f"{road.host}:{road.port}"
        headers: Headers[str] = Headers()
        if road.dial is not None and (account := proxy_authorization(road.dial)) is not None:
            headers["Proxy-Authorization"] = account
        self._transport.write(request_head("CONNECT", there, there, headers))
        try:
            line = (await self._whole).split(b"\r\n", 1)[0].decode("latin-1")
        except BaseException:
            self._transport.abort()
            raise
        version, _, rest = line.partition(" ")
        if not version.startswith("HTTP/1.") or not rest.startswith("2"):
            self._transport.abort()
            raise ConnectFailed(f"no connection to the backend: the proxy answered {rest or line}")
        return self._transport
