"""The cookie of a session: made, understood, refused."""

from __future__ import annotations

import pytest

from apimpy.backends.affinity import bound_member, cookie_for, without_cookie
from apimpy.backends.entity import Backend, Credentials, Member, Pool
from apimpy.record import replace
from apimpy.runtime.message import Url

A = Backend("a", Url.parse("http://secret-host/"), credentials=Credentials((("k", ("s3cr3t",)),)))
B = Backend("b-ü", Url.parse("http://other/"))
POOL = Pool("p", (Member(A), Member(B)), "SessionId")


def value(pool: Pool, id: str) -> str:
    return cookie_for(pool, id).partition(";")[0]


@pytest.mark.parametrize("id", ["a", "b-ü"])
def test_round_trip(id: str) -> None:
    cookie = cookie_for(POOL, id)
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert "secret-host" not in cookie
    assert bound_member(POOL, f"x=1; {value(POOL, id)}; y=2") == id


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "SessionId=",
        "SessionId=a",
        "SessionId=!!!",
        "SessionId=" + "A" * 30,
        "Other=1",
        value(replace(POOL, id="q"), "a"),
        value(replace(POOL, members=(Member(replace(A, credentials=None)), Member(B))), "a"),
        value(POOL, "a").replace("SessionId", "sessionid"),
    ],
)
def test_cookies_that_bind_to_nobody(header: str | None) -> None:
    assert bound_member(POOL, header) is None


def test_gateways_with_one_configuration_agree() -> None:
    again = Pool("p", (Member(replace(A)), Member(replace(B))), "SessionId")
    assert bound_member(again, value(POOL, "a")) == "a"


@pytest.mark.parametrize(
    ("header", "left"),
    [
        ("SessionId=1", ""),
        ("a=1; SessionId=1; b=2", "a=1; b=2"),
        ("a=1;SessionId=1", "a=1"),
        ("XSessionId=1", "XSessionId=1"),
        ("", ""),
    ],
)
def test_stripping(header: str, left: str) -> None:
    assert without_cookie(header, "SessionId") == left
