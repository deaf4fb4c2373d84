"""The listener: aiohttp's low-level server around a `Gateway`.

Responses are written with aiohttp's `StreamWriter` directly: a body that is known goes out in one write with its head,
a stream piece by piece as it comes.  A caller that leaves cancels the exchange, and with it the backend call.  What
cannot be read as a request is answered in the gateway's own error format: 431 for headers, 414 for the request line,
400 for the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.web_protocol import RequestHandler

from apimpy.gateway.app import Gateway, too_large
from apimpy.gateway.frames import GOING_AWAY
from apimpy.gateway.handshake import KEY, accept_of, promise
from apimpy.gateway.incoming import Refused, Upload, incoming
from apimpy.gateway.tunnel import caller_tunnel
from apimpy.gateway.websocket import CLOSING, Relay
from apimpy.runtime.faults import PolicyFault, error_body, error_response, reason_phrase
from apimpy.runtime.headers import CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING, strip_hop_by_hop
from apimpy.runtime.message import Body, Request, Response, Url
from apimpy.runtime.ports import TransportError

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.ports import Tunnel

__all__ = ["Limits", "Server"]

log = logging.getLogger("apimpy.gateway")

_HTTP_1_1 = (1, 1)
DRAINING = "the gateway is shutting down"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of the request line, of one header field (name and value each), of a body; number of fields."""

    line: int = 32 * 1024
    field: int = 32 * 1024
    fields: int = 256
    body: int = 1 << 30
    keep_alive: float = 75.0
    message: int = 64 << 20
    """Bytes of a message of a WebSocket."""
    silence: float = 300.0
    """Seconds that a WebSocket may carry nothing; 0: for ever."""


class _Sent(web.StreamResponse):
    """Tells aiohttp that the response has been written already."""

    def __init__(self, keep_alive: bool) -> None:
        super().__init__()
        self._keep_alive = keep_alive

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing is left to send."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to send."""


class _Connection(RequestHandler):
    """A connection whose protocol errors are answered in our format."""

    __slots__ = ("_refused",)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if not isinstance(exc, BadHttpMessage):
            return super().handle_error(request, status, exc, message)
        status, text = _refusal(exc)
        manager = self._manager
        if isinstance(manager, Server):
            manager.gateway.refused(status, request.remote or "")
        return _Written(status, error_body(status, text))


class _Written(_Sent):
    """A whole response to what was no request: the last one of its connection."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(False)
        head = (
            f"HTTP/1.1 {status} {reason_phrase(status)}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\nDate: {formatdate(usegmt=True)}\r\n\r\n"
        )
        self._data = head.encode() + body

    async def prepare(self, request: web.BaseRequest) -> None:
        if request.transport is not None:
            request.transport.write(self._data)


def _refusal(error: BadHttpMessage) -> tuple[int, str]:
    if isinstance(error, LineTooLong):
        start = error.args[0] if error.args else b""
        if isinstance(start, str):
            start = start.encode("utf-8", "replace")
        if start[:1] == b"/" or b"://" in start[:12]:
            return 414, "The request line is too long."
        return 431, "A request header field is too large."
    if "Too many headers" in str(error):
        return 431, "The request has too many header fields."
    return 400, "The request is not valid HTTP."


class Server(web.Server):
    """aiohttp connections around a gateway.  `draining` makes every response the last of its connection."""

    def __init__(self, gateway: Gateway, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        super().__init__(self._serve, handler_cancellation=True)
        self.gateway = gateway
        self.draining = False
        self._limits = limits
        self._settings: dict[str, Any] = {
            "access_log": None,
            "logger": log,
            "auto_decompress": False,
            "max_line_size": limits.line,
            "max_field_size": limits.field,
            "max_headers": limits.fields,
            "keepalive_timeout": limits.keep_alive,
            "lingering_time": 2.0,
        }
        self.limits = limits
        self.relays: dict[Relay, asyncio.Task[Any] | None] = {}
        """WebSockets that are open, and the tasks that relay them."""
        self._kept, self._last = _Sent(True), _Sent(False)
        self._date = (0, "")

    async def drain(self) -> None:
        """From now on every response is the last of its connection; WebSockets are closed with 1001."""
        self.draining = True
        for relay in self.relays:
            relay.end(GOING_AWAY, DRAINING)
        if tasks := [task for task in self.relays.values() if task is not None]:
            await asyncio.wait(tasks, timeout=CLOSING + 1)

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._settings)

    async def _serve(self, raw: web.BaseRequest) -> web.StreamResponse:
        gateway, limit = self.gateway, self._limits.body
        upload: Upload | None = None
        refusal: PolicyFault | None = None
        try:
            request, upload = incoming(raw, limit)
        except Refused as refused:
            request = Request(raw.method, Url("http", "localhost", 80, "/"), raw.headers.copy(), Body())
            request.ip_address = raw.remote or ""
            refusal = PolicyFault(
                "configuration", "BadRequest", refused.message, status=refused.status, client_message=refused.message
            )
        ex = gateway.open(request)
        reply = _Reply(self, raw)
        completed = False
        try:
            if refusal is not None:
                gateway.fail(ex, refusal)
                reply.keep_alive = False
            else:
                await gateway.run(ex)
                if upload is not None and upload.too_large:
                    gateway.fail(ex, too_large(limit))
                    reply.keep_alive = False
            completed = await reply.send(ex)
        except (asyncio.CancelledError, ConnectionError):
            if reply.relay is not None and reply.relay.closed:
                completed = True  # the caller need not wait for the end once it is agreed
            else:
                gateway.left(ex, answering=reply.started)
            raise
        finally:
            if not completed and not reply.started:
                ex.response = None  # logged as CLIENT_GONE: nothing was answered
            if reply.relay is not None:
                reply.account(ex, reply.relay)
            await gateway.close(ex, completed=completed, sent=reply.sent)
        return self._kept if reply.keep_alive else self._last

    def date(self) -> str:
        """The Date header of this second."""
        now = int(time.time())
        if self._date[0] != now:
            self._date = (now, formatdate(now, usegmt=True))
        return self._date[1]


def _send_head(writer: AbstractStreamWriter) -> None:
    with contextlib.suppress(ConnectionError):  # the caller has gone: whoever writes next learns of it
        writer.send_headers()


class _Reply:
    """One response on its way out."""

    __slots__ = ("_raw", "_server", "keep_alive", "relay", "sent", "started")

    def __init__(self, server: Server, raw: web.BaseRequest) -> None:
        self._server, self._raw = server, raw
        self.keep_alive = raw.keep_alive and not server.draining
        self.started = False
        self.sent = 0
        """Bytes of the body."""
        self.relay: Relay | None = None
        """Of the WebSocket that the request has become."""

    async def send(self, ex: Exchange) -> bool:
        """Send `ex.response`; whether all of it went."""
        assert ex.response is not None
        if ex.request.upgrade:
            self.keep_alive = False  # whoever asked for another protocol and did not get it, begins anew
        try:
            if ex.tunnel is not None and ex.response.status == 101:
                return await self._switch(ex, ex.response, ex.tunnel)
            return await self._send(ex.response)
        except ValueError as error:  # a header value with CR, LF or NUL never reaches the wire
            if self.started:
                raise
            log.warning("exchange %s: response refused: %s", ex.id, error)
            ex.notes.append("the response had a header that is not valid HTTP")
            ex.response = error_response(PolicyFault("gateway", "InvalidHeader", str(error)), ex.id)
            return await self._send(ex.response)

    async def _switch(self, ex: Exchange, response: Response, backend: Tunnel) -> bool:
        """Accept the caller's handshake and relay; whether the WebSocket was closed and did not break."""
        raw, server, headers = self._raw, self._server, response.headers
        strip_hop_by_hop(headers)
        headers.popall(CONTENT_LENGTH, None)
        promise(headers, accept_of(raw.headers[KEY]))
        if DATE not in headers:
            headers[DATE] = server.date()
        limits = server.limits
        writer = raw._payload_writer
        await writer.write_headers("HTTP/1.1 101 Switching Protocols", headers)
        relay = self.relay = Relay(caller_tunnel(raw), backend, limit=limits.message, idle=limits.silence)
        self.started = True
        writer.send_headers()
        server.gateway.metrics.websockets.opened()
        ex.answered = ex.services.clock.monotonic()
        server.relays[relay] = asyncio.current_task()
        if server.draining:
            relay.end(GOING_AWAY, DRAINING)
        try:
            await relay.run()
        finally:
            del server.relays[relay]
        return relay.closed

    def account(self, ex: Exchange, relay: Relay) -> None:
        """Count a WebSocket that is over, and say in the log how it went."""
        up, down = relay.up, relay.down
        self.sent = down.bytes
        messages = up.frames.messages, down.frames.messages
        self._server.gateway.metrics.websockets.closed(
            ex.api.id if ex.api else "", relay.code, (up.bytes, down.bytes), messages
        )
        by = f"{relay.by or 'caller'}: {relay.why}" if relay.why else relay.by or "caller"
        ex.notes.append(
            f"websocket closed with {relay.code} by the {by}; received {messages[0]} messages of {up.bytes} bytes, "
            f"sent {messages[1]} of {down.bytes}"
        )

    async def _send(self, response: Response) -> bool:
        raw, headers, body = self._raw, response.headers, response.body
        writer = raw._payload_writer
        strip_hop_by_hop(headers)
        if self._server.draining:
            self.keep_alive = False
        data = body.wire()
        status = response.status
        if raw.method == "HEAD" or status in (204, 304):
            return await self._send_head(response, data)
        if data is not None:
            headers[CONTENT_LENGTH] = str(len(data))
        elif body.length is not None:
            headers[CONTENT_LENGTH] = str(body.length)
        else:
            headers.popall(CONTENT_LENGTH, None)
            if raw.version >= _HTTP_1_1:
                headers[TRANSFER_ENCODING] = "chunked"
            else:
                self.keep_alive = False
        await self._head(response)
        if data is None:
            if TRANSFER_ENCODING in headers:
                writer.enable_chunking()
            return await self._stream(body)
        for observer in body.observers or ():
            observer(data)
        self.started = True
        await writer.write_eof(data)
        self.sent = len(data)
        return True

    async def _send_head(self, response: Response, data: bytes | None) -> bool:
        """A response that has no body by definition; to HEAD, Content-Length says what GET would have."""
        if response.status == 204:
            response.headers.popall(CONTENT_LENGTH, None)
        elif data:
            response.headers[CONTENT_LENGTH] = str(len(data))
        await self._head(response)
        self.started = True
        await self._raw._payload_writer.write_eof()
        return True

    async def _head(self, response: Response) -> None:
        raw, headers = self._raw, response.headers
        if not self.keep_alive:
            headers[CONNECTION] = "close"
        elif raw.version < _HTTP_1_1:
            headers[CONNECTION] = "keep-alive"
        if DATE not in headers:
            headers[DATE] = self._server.date()
        line = f"HTTP/{'1.1' if raw.version >= _HTTP_1_1 else '1.0'} {response.status} {response.reason}"
        await raw._payload_writer.write_headers(line, headers)

    async def _stream(self, body: Body) -> bool:
        """Relay piece by piece.  When the source breaks, so does the connection: nobody must take it for whole.

        The head goes with the first piece when that is there already, else at the next turn of the loop.  Observers
        look at a piece that is on its way: what they do takes no time from the caller.
        """
        writer, source, observers = self._raw._payload_writer, body.stream, body.observers or ()
        assert source is not None
        self.started = True
        asyncio.get_running_loop().call_soon(_send_head, writer)
        length = body.length
        try:
            async for piece in source:
                if piece:
                    self.sent += len(piece)
                    try:
                        await writer.write(piece)
                    finally:  # what a caller who left did not get was made for him all the same
                        for observer in observers:
                            observer(piece)
        except TransportError as error:
            log.info("backend stream broke: %s", error)
            return self._cut()
        if length is not None and self.sent != length:
            return self._cut()
        body.stream = None
        await writer.write_eof()
        return True

    def _cut(self) -> bool:
        self.keep_alive = False
        transport = self._raw.transport
        if transport is not None:
            transport.abort()
        return False
