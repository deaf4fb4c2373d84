"""The opening handshake of a WebSocket (RFC 6455, section 4): what asks for one, what is sent on, what answers."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from multidict import istr

from apimpy.runtime.headers import CONNECTION

if TYPE_CHECKING:
    from apimpy.runtime.message import Headers

__all__ = ["KEY", "UPGRADE", "accept_of", "asks_for_websocket", "is_accepted", "offer", "promise"]

UPGRADE = istr("Upgrade")
KEY, _ACCEPT = istr("Sec-WebSocket-Key"), istr("Sec-WebSocket-Accept")
_VERSION, _EXTENSIONS = istr("Sec-WebSocket-Version"), istr("Sec-WebSocket-Extensions")
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HARMLESS = frozenset({"permessage-deflate"})
"""Extensions that leave the head of a frame as it is, so that frames can be followed without taking part."""


def _has(headers: Headers[str], name: str, token: str) -> bool:
    return any(token == t.strip().lower() for value in headers.getall(name, ()) for t in value.split(","))


def asks_for_websocket(method: str, headers: Headers[str]) -> bool:
    """Whether a request over HTTP/1.1 is a handshake of version 13 that can be answered."""
    if method != "GET" or not _has(headers, UPGRADE, "websocket") or not _has(headers, CONNECTION, "upgrade"):
        return False
    if headers.getall(_VERSION, None) != ["13"] or len(headers.getall(KEY, ())) != 1:
        return False
    try:
        return len(base64.b64decode(headers[KEY], validate=True)) == 16
    except binascii.Error:
        return False


def accept_of(key: str) -> str:
    """What accepts the key of a handshake.

    >>> accept_of("dGhlIHNhbXBsZSBub25jZQ==")
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    return base64.b64encode(hashlib.sha1(key.strip().encode() + _MAGIC).digest()).decode()


def offer(headers: Headers[str]) -> None:
    """Make headers without those of the connection a handshake again, with no extension that frames would show."""
    headers[UPGRADE], headers[CONNECTION] = "websocket", "Upgrade"
    offered = [o.strip() for value in headers.popall(_EXTENSIONS, ()) for o in value.split(",")]
    kept = [o for o in offered if o.partition(";")[0].strip().lower() in _HARMLESS]
    if kept:
        headers[_EXTENSIONS] = ", ".join(kept)


def promise(headers: Headers[str], accept: str) -> None:
    """Make the headers of a backend's 101 the answer to the caller's handshake."""
    headers[UPGRADE], headers[CONNECTION], headers[_ACCEPT] = "websocket", "Upgrade", accept


def is_accepted(sent: Headers[str], received: Headers[str]) -> bool:
    """Whether a 101 answers the handshake that was sent."""
    if not _has(received, UPGRADE, "websocket") or not _has(received, CONNECTION, "upgrade"):
        return False
    return received.getall(_ACCEPT, None) == [accept_of(sent[KEY])]
