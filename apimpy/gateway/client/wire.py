"""Requests as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.runtime.headers import HOST

if TYPE_CHECKING:
    from apimpy.runtime.message import Headers

__all__ = ["LAST_CHUNK", "chunk", "request_head"]

LAST_CHUNK = b"0\r\n\r\n"


def request_head(method: str, target: str, host: str, headers: Headers[str]) -> bytes:
    r"""Request line and fields, the blank line included.  `host` is sent unless there is a Host header.

    ValueError when a part of it would read as another part: nothing that a caller or a policy wrote can begin a line.

    >>> from apimpy.runtime.message import Headers
    >>> request_head("GET", "/a?b", "example.org", Headers({"Accept": "*/*"}))
    b'GET /a?b HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n'
    """
    line = f"{method} {target} HTTP/1.1"
    if line.count(" ") != 2:
        raise ValueError("the method or the target has a space")
    lines = [line, f"Host: {headers.get(HOST, host)}"]
    for name, value in headers.items():
        if name != "Host" and name.lower() != "host":
            lines.append(f"{name}: {value}")
    text = "\r\n".join(lines)
    breaks = len(lines) - 1
    if text.count("\n") != breaks or text.count("\r") != breaks or "\0" in text:
        raise ValueError("a header has a CR, LF or NUL")
    return f"{text}\r\n\r\n".encode("utf-8", "surrogateescape")


def chunk(data: bytes) -> bytes:
    r"""A chunk of a body whose length is not known.

    >>> chunk(b"hello world")
    b'b\r\nhello world\r\n'
    """
    return b"%x\r\n%b\r\n" % (len(data), data)
