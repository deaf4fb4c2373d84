"""Which header fields belong to a connection and not to a message, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multidict import istr

if TYPE_CHECKING:
    from apimpy.runtime.message import Headers

__all__ = ["CONNECTION", "CONTENT_LENGTH", "DATE", "HOP_BY_HOP", "HOST", "TRANSFER_ENCODING", "strip_hop_by_hop"]

CONNECTION, TRANSFER_ENCODING = istr("Connection"), istr("Transfer-Encoding")
CONTENT_LENGTH, DATE, HOST = istr("Content-Length"), istr("Date"), istr("Host")

HOP_BY_HOP = tuple(
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


def strip_hop_by_hop(headers: Headers[str]) -> None:
    """Remove the fields of one connection, those that `Connection` names included."""
    named = headers.getall(CONNECTION, None)
    if named is not None:
        for name in ",".join(named).split(","):
            if (name := name.strip()) and name.lower() != "content-length":  # framing is not theirs to take away
                headers.popall(name, None)
    for name in HOP_BY_HOP:
        if name in headers:
            del headers[name]
