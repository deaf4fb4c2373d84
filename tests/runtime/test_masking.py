"""What a mask hides, and what it leaves."""

from __future__ import annotations

import pytest

from apimpy.runtime.masking import Mask
from apimpy.runtime.message import Headers, Url

JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
MASK = Mask(["s3cr3t-key", "s3cr3t", "ab"], ["X-Team-Key"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing to hide", "nothing to hide"),
        ("the key is s3cr3t-key.", "the key is ****."),
        ("s3cr3t, s3cr3t-key", "****, ****"),
        ("ab", "****"),
        ("about", "about"),
        (f"token={JWT};", "token=****;"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ****"),
        ("basic dXNlcjpwYXNz and more", "basic **** and more"),
        ("basic idea", "basic ****"),
        ("a bearer of news", "a bearer of news"),
        ("eyJ is how JSON objects begin in base64", "eyJ is how JSON objects begin in base64"),
        ("", ""),
    ],
)
def test_texts(text: str, shown: str) -> None:
    assert MASK.text(text) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("authorization", "Bearer x", "Bearer ****"),
        ("Authorization", "x", "****"),
        ("Api-Key", "k", "****"),
        ("X-TEAM-KEY", "two words", "two ****"),
        ("X-Other", "k", "k"),
        ("X-Other", "s3cr3t", "****"),
        ("Set-Cookie", "a=b; Path=/", "****"),
    ],
)
def test_headers(name: str, value: str, shown: str) -> None:
    assert MASK.headers(Headers([(name, value)])) == [{"name": name, "value": shown}]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h/a?subscription-key=k&x=1", "http://h/a?subscription-key=****&x=1"),
        ("http://h/s3cr3t/a", "http://h/****/a"),
        ("http://h/a?flag&X-team-key=1", "http://h/a?flag&X-team-key=****"),
        ("https://h:8443/a", "https://h:8443/a"),
    ],
)
def test_urls(url: str, shown: str) -> None:
    assert MASK.url(Url.parse(url)) == shown


def test_a_mask_learns() -> None:
    more = MASK.more(["fresh-token"])
    assert more.text("fresh-token s3cr3t") == "**** ****"
    assert MASK.text("fresh-token") == "fresh-token"
    assert more.named("x-team-key", "v") == "****"
