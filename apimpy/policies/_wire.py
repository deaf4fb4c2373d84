"""Messages as they go over the wire: headers that must not cross a proxy, and headers joined to one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multidict import istr

from apimpy.runtime.message import Headers

if TYPE_CHECKING:
    from apimpy.runtime.message import Request, Response

__all__ = ["combine_headers", "drop_hop_by_hop", "request_headers"]

_CONNECTION, _HOST, _LENGTH, _EXPECT = istr("Connection"), istr("Host"), istr("Content-Length"), istr("Expect")
_HOP_BY_HOP = tuple(
    istr(name)
    for name in (
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    )
)


def drop_hop_by_hop(headers: Headers[str]) -> None:
    """Remove headers that speak about one connection only."""
    named = headers.get(_CONNECTION)
    if named is not None:
        for value in headers.getall(_CONNECTION):
            for name in value.split(","):
                headers.popall(name.strip(), None)
    for name in _HOP_BY_HOP:
        if name in headers:
            headers.popall(name, None)


def request_headers(request: Request) -> Headers[str]:
    """The headers of the backend request; the transport adds Host and framing."""
    headers = Headers(request.headers)
    drop_hop_by_hop(headers)
    for name in (_LENGTH, _EXPECT):
        if name in headers:
            headers.popall(name)
    if not request.host_overridden:
        headers.popall(_HOST, None)
    if request.combine:
        _join(headers, request.combine)
    return headers


def combine_headers(response: Response) -> None:
    """Join the headers that policies gave several values."""
    if response.combine:
        _join(response.headers, response.combine)
        response.combine = None


def _join(headers: Headers[str], names: set[str]) -> None:
    for name in sorted(names):
        values = headers.getall(name, [])
        if len(values) > 1:
            spelling = next(k for k in headers if k.lower() == name)
            headers.popall(name)
            headers[spelling] = ", ".join(values)
