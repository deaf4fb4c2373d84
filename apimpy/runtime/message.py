"""HTTP messages as policies see and change them: headers, URL, body, request, response.

Headers are `multidict.CIMultiDict` (ordered, case-insensitive, several values).  Text inside is Python text as HTTP
libraries give it; the C# views of `apimpy.dotnet.apim` turn it into C# strings where expressions read it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import unquote_plus

from multidict import CIMultiDict

from apimpy.record import Record

__all__ = ["EMPTY_BODY", "Body", "BodyTooLarge", "Dial", "Headers", "RecordedHeaders", "Request", "Response", "Url"]

Headers = CIMultiDict


class RecordedHeaders(CIMultiDict[str]):
    """Headers that remember which of them were set since, by name in lower case."""

    def __init__(self, headers: Headers[str], written: set[str]) -> None:
        super().__init__(headers)
        self._written = written

    def __setitem__(self, key: str, value: str) -> None:
        self._written.add(key.lower())
        super().__setitem__(key, value)

    def add(self, key: str, value: str) -> None:
        self._written.add(key.lower())
        super().add(key, value)


class BodyTooLarge(Exception):
    """A body passed its limit while it was being buffered or relayed."""


class Body:
    """The body of a message: absent, a stream not yet read, or bytes.

    `data` is the bytes once known (None while streaming); `stream` the chunks still to come.  `consumed` is set when
    an expression read the body without `preserveContent`: a later reader finds nothing, and nothing is forwarded.
    Observers see every chunk that passes to the wire (token counting); they must not raise and cannot change it.
    """

    __slots__ = ("consumed", "data", "length", "observers", "stream")

    def __init__(
        self, data: bytes | None = b"", stream: AsyncIterator[bytes] | None = None, length: int | None = None
    ) -> None:
        self.data = data if stream is None else None
        self.stream = stream
        self.length = length if stream is not None else None
        """Content-Length announced for a stream, None if unknown."""
        self.consumed = False
        self.observers: list[Callable[[bytes], None]] | None = None

    @property
    def is_empty(self) -> bool:
        """No body at all (a stream counts as one)."""
        return self.stream is None and not self.data

    async def buffer(self, limit: int | None = None) -> bytes:
        """Read the rest of the stream; the bytes.  BodyTooLarge when they pass `limit`."""
        if self.stream is not None:
            parts, size = [], 0
            async for chunk in self.stream:
                size += len(chunk)
                if limit is not None and size > limit:
                    raise BodyTooLarge(f"body passes the limit of {limit} bytes")
                parts.append(chunk)
            self.data, self.stream, self.length = b"".join(parts), None, None
        return self.data or b""

    def read(self, preserve: bool) -> bytes | None:
        """The bytes for an expression; None when they were consumed before.  The body must have been buffered."""
        if self.consumed:
            return None
        if self.stream is not None:
            raise RuntimeError("body read before it was buffered: the step's `needs` are wrong")
        if not preserve:
            self.consumed = True
        return self.data

    def wire(self) -> bytes | None:
        """What is sent when the body is bytes (b"" after it was consumed); None when it is a stream."""
        if self.stream is not None:
            return None
        return b"" if self.consumed else self.data or b""

    async def close(self) -> None:
        """Let go of a stream that nobody will read to its end."""
        stream, self.stream = self.stream, None
        if stream is not None:
            self.data = b""
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()

    def observe(self, observer: Callable[[bytes], None]) -> None:
        if self.observers is None:
            self.observers = []
        self.observers.append(observer)


EMPTY_BODY = b""


class Url:
    """An absolute URL in parts.  `path` and `query_string` are raw (percent-encoded); `query_string` has no `?`."""

    __slots__ = ("_query", "host", "path", "port", "query_string", "scheme")

    def __init__(self, scheme: str, host: str, port: int, path: str, query_string: str = "") -> None:
        self.scheme, self.host, self.port = scheme, host, port
        self.path, self.query_string = path, query_string
        self._query: dict[str, list[str]] | None = None

    @classmethod
    def parse(cls, text: str) -> Url:
        """Parse an absolute http(s) URL.  ValueError when it is none."""
        scheme, sep, rest = text.partition("://")
        scheme = scheme.lower()
        if not sep or scheme not in ("http", "https"):
            raise ValueError(f"not an absolute http or https URL: {text!r}")
        rest = rest.partition("#")[0]
        rest, _, query = rest.partition("?")
        authority, slash, path = rest.partition("/")
        authority = authority.rpartition("@")[2]
        host, port = authority, 443 if scheme == "https" else 80
        if authority.startswith("["):
            host, _, tail = authority.partition("]")
            host += "]"
            if tail.startswith(":"):
                port = int(tail[1:])
        elif ":" in authority:
            host, _, number = authority.partition(":")
            port = int(number)
        if not host or not 0 < port < 65536:
            raise ValueError(f"not an absolute http or https URL: {text!r}")
        return cls(scheme, host.lower(), port, slash + path or "/", query)

    @classmethod
    def of_backend(cls, text: str) -> Url:
        """Parse the base URL of a backend: `ws` and `wss` say how it is reached, as `http` and `https` do."""
        return cls.parse("http" + text[2:] if text[:5].lower() == "ws://" or text[:6].lower() == "wss://" else text)

    @property
    def default_port(self) -> bool:
        return self.port == (443 if self.scheme == "https" else 80)

    @property
    def authority(self) -> str:
        return self.host if self.default_port else f"{self.host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query as they go on the request line."""
        return f"{self.path}?{self.query_string}" if self.query_string else self.path

    @property
    def query(self) -> dict[str, list[str]]:
        """Decoded query parameters in order of first appearance (names as first written; look up ignoring case)."""
        if self._query is None:
            found: dict[str, list[str]] = {}
            folded: dict[str, str] = {}
            for pair in self.query_string.split("&") if self.query_string else ():
                name, _, value = pair.partition("=")
                if not pair:
                    continue
                name = unquote_plus(name)
                key = folded.setdefault(name.lower(), name)
                found.setdefault(key, []).append(unquote_plus(value))
            self._query = found
        return self._query

    def replace(self, **changes: Any) -> Url:
        """A copy with some of `scheme host port path query_string` changed."""
        parts = {n: getattr(self, n) for n in ("scheme", "host", "port", "path", "query_string")}
        return Url(**{**parts, **changes})

    def __str__(self) -> str:
        scheme, query = self.scheme, self.query_string
        port = "" if self.port == (443 if scheme == "https" else 80) else f":{self.port}"
        return (
            f"{scheme}://{self.host}{port}{self.path}?{query}" if query else f"{scheme}://{self.host}{port}{self.path}"
        )

    clr_to_string = __str__
    """Expressions join URLs with text without a call of ToString."""


class Dial(Record, frozen=True, eq=True):
    """How a connection is made where that is not the usual way.

    `chain` and `name`: whether the certificate of the server is checked against the trusted authorities and its name.
    `proxy`: the HTTP proxy between; `account` its user name and password.
    """

    chain: bool = True
    name: bool = True
    proxy: str | None = None
    account: tuple[str, str] | None = None


class Request:
    """The request, as it will go to the backend.  `original_url` is what the caller sent."""

    __slots__ = (
        "body",
        "certificate",
        "combine",
        "dial",
        "headers",
        "host_overridden",
        "ip_address",
        "matched_parameters",
        "method",
        "origin",
        "original_url",
        "upgrade",
        "url",
        "written",
    )

    def __init__(
        self,
        method: str,
        url: Url,
        headers: Headers[str],
        body: Body,
        *,
        original_url: Url | None = None,
        ip_address: str = "",
        matched_parameters: dict[str, str] | None = None,
        certificate: Any = None,
    ) -> None:
        self.method, self.url, self.headers, self.body = method, url, headers, body
        self.original_url = original_url or url
        self.ip_address = ip_address
        self.matched_parameters = matched_parameters or {}
        self.certificate = certificate
        self.dial: Dial | None = None
        self.upgrade = False
        """The opening handshake of a WebSocket: 101 switches the connection."""
        self.origin: Request | None = None
        """The caller's request, on one that goes on for it to a backend."""
        self.written: set[str] | None = None
        """Names (lower case) of headers that policies have set, where that matters (`RecordedHeaders`)."""
        self.host_overridden = False
        """A set-header named Host ran: the Host header is sent as it stands."""
        self.combine: set[str] | None = None
        """Header names (lower case) that a policy gave several values: sent as one comma-separated line."""


class Response:
    """A response: the backend's, a policy's, or the gateway's own."""

    __slots__ = ("body", "combine", "headers", "reason", "status", "tunnel")

    def __init__(
        self,
        status: int = 200,
        reason: str | None = None,
        headers: Headers[str] | None = None,
        body: Body | None = None,
    ) -> None:
        from apimpy.runtime.faults import reason_phrase

        self.status = status
        self.reason = reason_phrase(status) if reason is None else reason
        self.headers: Headers[str] = Headers() if headers is None else headers
        self.body = Body() if body is None else body
        self.combine: set[str] | None = None
        """As in `Request`."""
        self.tunnel: Any = None
        """A `ports.Tunnel`: the connection of a backend that answered a handshake with 101."""
