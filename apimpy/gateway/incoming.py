"""aiohttp's request as a `Request`: target, host, headers and a body that may still be arriving."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from multidict import CIMultiDict, istr

from apimpy.gateway.handshake import UPGRADE, asks_for_websocket
from apimpy.runtime.message import Body, BodyTooLarge, Request, Url

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Refused", "Upload", "incoming"]

_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+;=%-]+|\[[0-9A-Fa-f:.]+\]")
_FORWARDED_FOR = istr("X-Forwarded-For")
_PORT = re.compile(r":[0-9]{0,5}$")


class Refused(Exception):
    """The request is answered without policies; the text goes to the caller."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Upload:
    """The body of a request as it arrives.

    Asks the caller to go on (`Expect: 100-continue`) only when somebody reads, and remembers in `too_large` that the
    limit was passed: then the answer is 413, whoever was reading.
    """

    __slots__ = ("_content", "_expects", "_limit", "_raw", "_size", "too_large")

    def __init__(self, raw: web.BaseRequest, limit: int) -> None:
        self._raw, self._content, self._limit = raw, raw.content, limit
        self._size = 0
        self._expects = raw.headers.get("Expect", "").lower() == "100-continue" and raw.version >= (1, 1)
        self.too_large = False

    def __aiter__(self) -> Upload:
        return self

    async def __anext__(self) -> bytes:
        if self._expects:
            self._expects = False
            transport = self._raw.transport
            if transport is not None and not transport.is_closing():
                transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        piece = await self._content.readany()
        if not piece:
            raise StopAsyncIteration
        self._size += len(piece)
        if self._size > self._limit:
            self.too_large = True
            raise BodyTooLarge(f"the request body is larger than {self._limit} bytes")
        return piece

    async def aclose(self) -> None:
        """The server reads the rest, or closes the connection."""


@lru_cache(maxsize=256)
def _authority(text: str, default: int) -> tuple[str, int]:
    """Host and port of a Host header; Refused when it is none."""
    host, _, port = text.rpartition(":") if _PORT.search(text) else (text, "", "")
    if not _HOST.fullmatch(host) or (port and not 0 < int(port) < 65536):
        raise Refused(400, "The Host header is not valid.")
    return host.lower(), int(port) if port else default


def _url(raw: web.BaseRequest, scheme: str) -> Url:
    target = raw.raw_path
    authority = raw.headers.get("Host") or "localhost"
    if not target.startswith("/"):
        scheme, sep, rest = target.partition("://")  # the absolute form, as proxies are sent it
        scheme = scheme.lower()
        if not sep or scheme not in ("http", "https"):
            raise Refused(400, "The request target is not a path.")
        authority, slash, path = rest.partition("/")
        target = slash + path or "/"
    host, port = _authority(authority, 443 if scheme == "https" else 80)
    path, _, query = target.partition("#")[0].partition("?")
    return Url(scheme, host, port, path, query)


def incoming(raw: web.BaseRequest, limit: int, scheme: str = "http") -> tuple[Request, Upload | None]:
    """The request, and its upload when the body is not all there.  Refused when it makes no sense or is too large.

    Its `X-Forwarded-For` ends with the address of the peer.
    """
    headers = CIMultiDict(raw.headers)
    hosts = headers.getall("Host", ())
    if len(hosts) > 1 or (not hosts and raw.version >= (1, 1)):
        raise Refused(400, "A request has exactly one Host header.")
    url = _url(raw, scheme)
    upload: Upload | None = None
    if not raw.body_exists:
        body = Body()
    else:
        content = raw.content
        length = raw.content_length
        if length is not None and length > limit:
            raise Refused(413, f"The request body is larger than {limit} bytes.")
        if content.is_eof() and content.exception() is None:
            data = content.read_nowait()
            if len(data) > limit:
                raise Refused(413, f"The request body is larger than {limit} bytes.")
            body = Body(data)
        else:
            upload = Upload(raw, limit)
            body = Body(None, upload, length)
    peer = raw.remote or ""
    if peer:  # here and not on the way out: policies read, change and delete this header like any other
        headers[_FORWARDED_FOR] = ", ".join((*headers.popall(_FORWARDED_FOR, ()), peer))
    request = Request(raw.method, url, headers, body, ip_address=peer)
    if UPGRADE in headers and raw.version >= (1, 1) and not raw.body_exists:
        request.upgrade = asks_for_websocket(raw.method, headers)
    return request, upload
