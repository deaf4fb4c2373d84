"""One connection to a server: one request at a time, and the parser of what comes back."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from multidict import CIMultiDict, istr

from apimpy.gateway.client.arrival import Arrival
from apimpy.runtime.headers import CONTENT_LENGTH, TRANSFER_ENCODING
from apimpy.runtime.ports import ConnectFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.runtime.message import Headers

__all__ = ["Connection"]

_HEAD_SIZE = 256 * 1024
"""Bytes that may come before a head is whole."""


@lru_cache(maxsize=1024)
def _name(data: bytes) -> str:
    """A field's name.  Space before the colon is taken off (RFC 9112, section 5.1): the parser overlooks it, too."""
    return istr(data.rstrip(b" \t").decode("utf-8", "surrogateescape"))


def _until_close(headers: Headers[str]) -> bool:
    """Whether the end of the connection is the end of the body (RFC 9112, section 6.3)."""
    codings = headers.getall(TRANSFER_ENCODING, None)
    if codings is not None:
        return ",".join(codings).rpartition(",")[2].strip(" ").lower() != "chunked"
    return CONTENT_LENGTH not in headers


def _broken(text: str, error: Exception | None) -> ConnectFailed:
    return ConnectFailed(f"{text}: {str(error) or type(error).__name__}" if error else text)


class Connection(asyncio.Protocol):
    """`done` is told when the connection can take another request, and when it is closed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, done: Callable[[Connection], None]) -> None:
        self._loop, self._done = loop, done
        self.transport: asyncio.Transport | None = None
        self.since = 0.0
        """When it became free, by the loop's clock."""
        self.silent = True
        """Nothing has come since the request."""
        self._arrival: Arrival | None = None
        self.upload: asyncio.Task[None] | None = None
        """Writes the rest of the request."""
        self._head_only = self._headed = self._switched = False
        self._until_close = False
        """The end of the connection is the end of the body."""
        self._reason = b""
        self._fields: list[tuple[str, str]] = []
        self._before_head = 0
        self._full: asyncio.Future[None] | None = None
        """Somebody waits until the socket takes more."""
        self._writable = True
        self._renew()

    def _renew(self) -> None:
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )

    # The request.

    @property
    def closed(self) -> bool:
        return self.transport is None or self.transport.is_closing()

    def ask(self, data: bytes, *, head_only: bool = False) -> Arrival:
        """Write a request, or its beginning; the response to it.  `head_only`: that has no body."""
        transport = self.transport
        if transport is None:
            raise ConnectFailed("the connection to the backend broke: it is closed")
        arrival = self._arrival = Arrival(self, self._loop)
        self._head_only, self._headed, self.silent = head_only, False, True
        self._before_head = 0
        transport.write(data)
        return arrival

    def put(self, data: bytes) -> None:
        """Write more.  ConnectionError when the connection is closed."""
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        transport.write(data)

    async def drain(self) -> None:
        """Wait until the socket takes more.  ConnectionError when the connection is closed."""
        while not self._writable:
            full = self._full
            if full is None:
                full = self._full = self._loop.create_future()
            await asyncio.shield(full)
        if self.transport is None:
            raise ConnectionResetError("the connection is closed")

    def pause_writing(self) -> None:
        """The socket is full."""
        self._writable = False

    def resume_writing(self) -> None:
        """The socket takes more."""
        self._writable = True
        full, self._full = self._full, None
        if full is not None and not full.done():
            full.set_result(None)

    def pause(self) -> None:
        """Read no more for now."""
        if self.transport is not None:
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self.transport is not None:
            self.transport.resume_reading()

    def fail(self, error: BaseException) -> None:
        """End it, and the response with this error."""
        arrival, self._arrival = self._arrival, None
        if arrival is not None:
            arrival.end(error)
        self.abort()

    def abort(self) -> None:
        """End it at once."""
        if self.transport is not None:
            self.transport.abort()

    def shut(self) -> None:
        """End it, and a response that is on its way with an error."""
        if self._arrival is not None or self.upload is not None:
            self.fail(ConnectFailed("the connection to the backend broke: the client is closing"))
        else:
            self.close()

    def close(self) -> None:
        """End it, after what was written."""
        if self.transport is not None:
            self.transport.close()

    # What the loop says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        arrival = self._arrival
        if arrival is None:  # nobody asked
            self.abort()
            return
        self.silent = False
        if self._switched:
            arrival.feed(data)
            return
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._switched = True
            if rest := data[upgrade.args[0] :]:
                arrival.feed(rest)
        except HttpParserError as error:
            self.fail(ConnectFailed(f"the backend's response is not HTTP: {error}"))
        if not self._headed:
            self._before_head += len(data)
            if self._before_head > _HEAD_SIZE:
                self.fail(ConnectFailed("the backend's response is not HTTP: its head has no end"))

    def eof_received(self) -> None:
        """The server says no more.  What has not been written yet is of no use then, and must not be waited for."""
        self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.resume_writing()
        if self.upload is not None:
            self.upload.cancel()
        self._done(self)
        arrival, self._arrival = self._arrival, None
        if arrival is None:
            return
        if not self._headed:
            text = (
                "the connection to the backend broke" if exc else "the backend closed the connection without an answer"
            )
            arrival.end(_broken(text, exc))
        elif self._switched or (exc is None and self._until_close):
            arrival.end()
        else:
            arrival.end(_broken("the backend broke off its response", exc))

    # What the parser says.

    def on_message_begin(self) -> None:
        if self._arrival is None or self._headed:  # a second response to one request
            self.abort()
        self._reason = b""
        self._fields = []

    def on_status(self, data: bytes) -> None:
        self._reason += data

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:  # a trailer is of no use to anybody
            self._fields.append((_name(name), value.decode("utf-8", "surrogateescape")))

    def on_headers_complete(self) -> None:
        status, arrival = self._parser.get_status_code(), self._arrival
        if arrival is None or (status < 200 and status != 101):
            return
        self._headed = True
        headers = CIMultiDict(self._fields)
        self._until_close = _until_close(headers)
        arrival.begin(status, self._reason.decode("utf-8", "surrogateescape"), headers)
        if self._head_only:
            self._ended(arrival)
            self._renew()  # the parser would wait for the body

    def on_body(self, data: bytes) -> None:
        if self._arrival is not None:
            self._arrival.feed(data)
        else:  # of a response that has none
            self.abort()

    def on_message_complete(self) -> None:
        arrival = self._arrival
        if self._headed and arrival is not None and arrival.status != 101:
            self._ended(arrival)

    def _ended(self, arrival: Arrival) -> None:
        self._arrival = None
        arrival.end()
        if self.upload is not None:  # the server did not want the rest
            self.upload.cancel()
            self.abort()
        elif self._parser.should_keep_alive():
            self.since = self._loop.time()
            self._done(self)
        else:
            self.close()
