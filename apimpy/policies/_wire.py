"""Messages as they go over the wire: what a request takes along, and headers joined to one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multidict import istr

from apimpy.runtime.headers import CONTENT_LENGTH, HOST, strip_hop_by_hop
from apimpy.runtime.message import Headers

if TYPE_CHECKING:
    from apimpy.runtime.message import Request, Response

__all__ = ["combine_headers", "request_headers"]

_EXPECT = istr("Expect")


def request_headers(request: Request) -> Headers[str]:
    """The headers of the backend request; the transport adds Host and framing."""
    headers = Headers(request.headers)
    strip_hop_by_hop(headers)
    for name in (CONTENT_LENGTH, _EXPECT):
        if name in headers:
            headers.popall(name)
    if not request.host_overridden:
        headers.popall(HOST, None)
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
