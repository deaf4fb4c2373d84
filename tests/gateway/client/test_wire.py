"""Requests as bytes."""

from __future__ import annotations

import pytest

from apimpy.gateway.client.wire import request_head
from apimpy.runtime.message import Headers


def test_host_comes_first_and_once() -> None:
    headers = Headers([("A", "1"), ("hOST", "mine.example"), ("B", ""), ("A", "2")])
    assert request_head("GET", "/", "example.org", headers) == (
        b"GET / HTTP/1.1\r\nHost: mine.example\r\nA: 1\r\nB: \r\nA: 2\r\n\r\n"
    )


def test_bytes_that_are_no_text_pass_as_they_came() -> None:
    value = b"caf\xe9 \xc3\xa9".decode("utf-8", "surrogateescape")
    assert b"X: caf\xe9 \xc3\xa9\r\n" in request_head("GET", "/", "h", Headers({"X": value}))


@pytest.mark.parametrize(
    ("method", "target", "host", "headers"),
    [
        ("GET", "/", "h", {"X": "a\r\nY: b"}),
        ("GET", "/", "h", {"X": "a\nY: b"}),
        ("GET", "/", "h", {"X": "a\rb"}),
        ("GET", "/", "h", {"X": "a\0b"}),
        ("GET", "/", "h", {"X\r\nY": "a"}),
        ("GET", "/", "h\r\nX: a", {}),
        ("GET", "/ HTTP/1.1\r\nX: a\r\n\r\nGET /b", "h", {}),
        ("GET", "/a b", "h", {}),
        ("GET /a HTTP/1.1\r\nX:", "/", "h", {}),
        ("GET", "/a\r\nX:b", "h", {}),
    ],
)
def test_nothing_begins_a_line_of_its_own(method: str, target: str, host: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="has a"):
        request_head(method, target, host, Headers(headers))
