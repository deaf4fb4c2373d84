"""The `Transport` port over aiohttp's client.

What is sent is what the request says: no headers of the client's own, no cookies, no redirects, no decompression, URLs
as encoded.  Connections are kept and reused without a limit.  A request that is not idempotent is never sent twice; an
idempotent one is, once, when a kept connection turned out to be closed (aiohttp's rule).  All time-outs are explicit:
to connect, to the head (the caller's), and between two pieces of a body.  A request that carries a certificate with its
key presents it in the TLS handshake, on connections of its own.
"""

from __future__ import annotations

import asyncio
import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from apimpy.gateway.client_certificate import client_context
from apimpy.gateway.handshake import UPGRADE, is_accepted, offer
from apimpy.gateway.tunnel import backend_tunnel
from apimpy.runtime.headers import CONTENT_LENGTH, HOST, strip_hop_by_hop
from apimpy.runtime.message import Body, BodyTooLarge, Request, Response
from apimpy.runtime.ports import ConnectFailed, TimedOut, TransportError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

    from apimpy.dotnet.crypto.x509 import Certificate
    from apimpy.runtime.message import Dial, Headers, Url

__all__ = ["AiohttpTransport", "BackendStream", "observed"]

_CHUNK = 64 * 1024
_AT_ONCE = 1 << 20
"""Bytes handed to the socket in one piece; more is sent in chunks, so that the loop turns in between."""
_FIELD_SIZE = 64 * 1024
_MOST_CONTEXTS = 64
"""TLS contexts in use at a time."""


class _PlainRequest(aiohttp.ClientRequest):
    """A client request without headers of its own."""

    _skip_auto_headers = CIMultiDict({"Content-Type": None})

    def update_headers(self, headers: Any) -> None:
        """Those of the request, Host first."""
        host = self.url.host_port_subcomponent
        mine = self.headers = CIMultiDict({HOST: host or ""})
        given = headers.get(HOST)
        mine.extend(headers)
        if given is not None:
            mine[HOST] = given

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        """None are added."""

    def update_cookies(self, cookies: Any) -> None:
        """None are added: a Cookie header passes like any other."""


def _translate(error: BaseException) -> BaseException:
    """aiohttp's errors as the port's.  The table is read from the top; the first class that fits decides."""
    if isinstance(error.__cause__, BodyTooLarge):
        return error.__cause__
    for kind, make, text in _ERRORS:
        if isinstance(error, kind):
            detail = str(error) or type(error).__name__
            return make(f"{text}: {detail}")
    return error


_ERRORS: tuple[tuple[type[BaseException], type[TransportError], str], ...] = (
    (aiohttp.ConnectionTimeoutError, ConnectFailed, "the connection to the backend was not made in time"),
    (aiohttp.SocketTimeoutError, TimedOut, "the backend sent nothing in time"),
    (aiohttp.ServerTimeoutError, TimedOut, "the backend did not answer in time"),
    (aiohttp.ClientConnectorDNSError, ConnectFailed, "the name of the backend could not be resolved"),
    (aiohttp.ClientConnectorCertificateError, ConnectFailed, "the certificate of the backend is not valid"),
    (aiohttp.ClientSSLError, ConnectFailed, "no TLS connection to the backend"),
    (aiohttp.ClientConnectorError, ConnectFailed, "no connection to the backend"),
    (aiohttp.ServerDisconnectedError, ConnectFailed, "the backend closed the connection without an answer"),
    (aiohttp.ClientPayloadError, ConnectFailed, "the backend broke off its response"),
    (aiohttp.ClientConnectionError, ConnectFailed, "the connection to the backend broke"),
    (aiohttp.InvalidURL, ConnectFailed, "the URL of the backend is not valid"),
    (aiohttp.ClientResponseError, ConnectFailed, "the backend's response is not HTTP"),
    (aiohttp.ClientError, ConnectFailed, "the backend could not be asked"),
    (TimeoutError, TimedOut, "the backend did not answer in time"),
    (OSError, ConnectFailed, "the connection to the backend broke"),
    (ValueError, ConnectFailed, "the request cannot be written as HTTP"),
)
_FAILURES = (aiohttp.ClientError, OSError, ValueError)


class BackendStream:
    """The rest of a backend's response, piece by piece as it arrives.

    Closing it before the end closes the connection: the backend stops working for nobody.  A backend that is silent for
    `idle` seconds while somebody waits is given up; one timer a stream watches that, however many pieces pass.
    """

    __slots__ = ("_idle", "_loop", "_response", "_since", "_timer")

    def __init__(self, response: aiohttp.ClientResponse, idle: float) -> None:
        self._response, self._idle = response, idle
        self._loop = asyncio.get_running_loop()
        self._since = 0.0
        """When the present wait began; 0: nobody waits."""
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(idle, self._watch)

    def _watch(self) -> None:
        self._timer = None
        silent = self._loop.time() - self._since if self._since else 0.0
        if silent >= self._idle:
            self._response.content.set_exception(aiohttp.SocketTimeoutError(f"{self._idle:g} s of silence"))
        else:
            self._timer = self._loop.call_later(self._idle - silent, self._watch)

    def _over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __aiter__(self) -> BackendStream:
        return self

    async def __anext__(self) -> bytes:
        self._since = self._loop.time()
        try:
            piece = await self._response.content.readany()
        except BaseException as error:
            self._over()
            self._response.close()
            if isinstance(error, _FAILURES):
                raise _translate(error) from error
            raise
        self._since = 0.0
        if not piece:
            self._over()
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        self._over()
        self._response.close()


def observed(body: Body) -> AsyncIterator[bytes]:
    """The chunks of a stream, shown to the body's observers as they pass."""
    stream, observers = body.stream, body.observers
    if stream is None:
        raise ValueError("the body is not a stream")
    return stream if observers is None else _observed(stream, observers)


async def _observed(stream: AsyncIterator[bytes], observers: list[Callable[[bytes], None]]) -> AsyncIterator[bytes]:
    async for chunk in stream:
        for observer in observers:
            observer(chunk)
        yield chunk


def _one_spelling(headers: Headers[str]) -> Headers[str]:
    """aiohttp keeps several values of a header only when all spell its name alike."""
    spelled: dict[str, str] = {}
    return CIMultiDict([(spelled.setdefault(name.lower(), name), value) for name, value in headers.items()])


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), _CHUNK):
        yield data[at : at + _CHUNK]


@lru_cache(maxsize=1024)
def _url(text: str) -> URL:
    return URL(text, encoded=True)


def _through(dial: Dial, url: Url, headers: Headers[str]) -> dict[str, Any]:
    """aiohttp's arguments for a proxy.  The account goes with the request, or with the CONNECT before it."""
    if dial.account is None:
        return {"proxy": dial.proxy}
    account = base64.b64encode(":".join(dial.account).encode()).decode()
    authorization = {"Proxy-Authorization": f"Basic {account}"}
    if url.scheme == "https":
        return {"proxy": dial.proxy, "proxy_headers": authorization}
    headers.update(authorization)
    return {"proxy": dial.proxy}


class AiohttpTransport:
    """One pool of connections.  `idle_timeout`: seconds a backend may stay silent within a response."""

    def __init__(
        self, *, connect_timeout: float = 30.0, idle_timeout: float = 300.0, keepalive_timeout: float = 30.0
    ) -> None:
        self._connect, self._idle, self._keepalive = connect_timeout, idle_timeout, keepalive_timeout
        self._session: aiohttp.ClientSession | None = None
        self._contexts: dict[tuple[Certificate | None, bool, bool], ssl.SSLContext] = {}

    async def _context(self, certificate: Certificate | None, chain: bool, name: bool) -> ssl.SSLContext:
        """The one context that presents this certificate and checks so much of the server's: requests share it, and
        with it their connections.
        """
        key = (certificate, chain, name)
        found = self._contexts.get(key)
        if found is None:
            made = await asyncio.to_thread(client_context, certificate, chain=chain, name=name)
            if len(self._contexts) >= _MOST_CONTEXTS:
                del self._contexts[next(iter(self._contexts))]
            found = self._contexts.setdefault(key, made)
        return found

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=self._keepalive, ttl_dns_cache=30)
        self._session = aiohttp.ClientSession(
            connector=connector,
            request_class=_PlainRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_FIELD_SIZE,
            max_field_size=_FIELD_SIZE,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect),
        )
        return self._session

    async def send(self, request: Request, *, timeout: float | None) -> Response:  # noqa: ASYNC109 - the port's name
        """The response head, its body a stream unless all of it is there already."""
        session = self._session or self._open()
        headers = request.headers.copy()
        strip_hop_by_hop(headers)
        headers.popall(CONTENT_LENGTH, None)
        headers.popall("Expect", None)
        if request.upgrade:
            offer(headers)
        if len(set(map(str.lower, headers))) != len(headers):
            headers = _one_spelling(headers)
        body = request.body
        data: bytes | AsyncIterator[bytes] | None = body.wire()
        if data is None:
            if body.length is not None:
                headers[CONTENT_LENGTH] = str(body.length)
            data = observed(body)
        elif not data:
            data = None
        elif isinstance(data, bytes):
            for observer in body.observers or ():
                observer(data)
            if len(data) > _AT_ONCE:
                headers[CONTENT_LENGTH] = str(len(data))
                data = _pieces(data)
        context: ssl.SSLContext | bool = True
        dial = request.dial
        if request.url.scheme == "https" and (request.certificate is not None or dial is not None):
            chain, name = (True, True) if dial is None else (dial.chain, dial.name)
            context = await self._context(request.certificate, chain, name)
        proxy = {} if dial is None or dial.proxy is None else _through(dial, request.url, headers)
        call = session.request(
            request.method,
            _url(str(request.url)),
            data=data,
            headers=headers,
            allow_redirects=False,
            ssl=context,
            **proxy,
        )
        try:
            if timeout is None:
                answer = await call
            else:
                async with asyncio.timeout(timeout):
                    answer = await call
            if answer.status == 101:
                return _switched(headers, answer)
        except _FAILURES as error:
            raise _translate(error) from error
        return _response(answer, self._idle)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _switched(sent: Headers[str], answer: aiohttp.ClientResponse) -> Response:
    """The 101 of a backend, with its connection."""
    headers = CIMultiDict(answer.headers)
    if UPGRADE not in sent or not is_accepted(sent, headers):
        answer.close()
        raise aiohttp.ClientConnectionError("101 does not answer a handshake")
    strip_hop_by_hop(headers)
    response = Response(101, answer.reason or "", headers)
    response.tunnel = backend_tunnel(answer)
    return response


def _response(answer: aiohttp.ClientResponse, idle: float) -> Response:
    headers = CIMultiDict(answer.headers)
    content = answer.content
    if content.is_eof() and content.exception() is None:
        body = Body(content.read_nowait())
    else:
        length = headers.get(CONTENT_LENGTH)
        known = int(length) if length is not None and length.isdigit() and "Transfer-Encoding" not in headers else None
        body = Body(None, BackendStream(answer, idle), known)
    strip_hop_by_hop(headers)
    return Response(answer.status, answer.reason or "", headers, body)
