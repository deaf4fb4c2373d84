"""AsJwt and AsBasic."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from apimpy.dotnet.apim import basic_auth
from apimpy.dotnet.apim import jwt as jwt_
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import from_text

universe()


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token(payload: Any, header: Any = None) -> str:
    return ".".join((segment(header or {"alg": "RS256", "typ": "JWT"}), segment(payload), "sig"))


PAYLOAD = {
    "sub": "S-123",
    "iss": "https://issuer/",
    "jti": "t9",
    "aud": ["api://a", "api://b"],
    "exp": 1700003600,
    "nbf": 1699999999.5,
    "admin": True,
    "level": 7,
    "rate": 1.5,
    "none": None,
    "name": "Zoë 😀",
    "nested": {"a": [1]},
    "roles": ["Reader", 5, False],
    "empty": [],
}


def test_members() -> None:
    found = jwt_.parse_jwt(token(PAYLOAD))
    assert found is not None
    assert (found.algorithm, found.type) == ("RS256", "JWT")
    assert (jwt_.id_(found), jwt_.issuer(found), jwt_.subject(found)) == ("t9", "https://issuer/", "S-123")
    assert list(jwt_.audiences(found)) == ["api://a", "api://b"]
    times = (jwt_.expiration_time(found), jwt_.not_before(found), jwt_.issued_at(found))
    assert [t and t.clr_format("o") for t in times] == [
        "2023-11-14T23:13:20.0000000Z",
        "2023-11-14T22:13:19.5000000Z",
        None,
    ]


def test_claims_are_texts() -> None:
    found = jwt_.parse_jwt(token(PAYLOAD))
    assert found is not None
    claims = {name: list(values) for name, values in jwt_.claims(found).items()}
    assert {n: claims[n] for n in ("admin", "level", "rate", "none", "name", "nested", "roles", "empty")} == {
        "admin": ["true"],
        "level": ["7"],
        "rate": ["1.5"],
        "none": [""],
        "name": [from_text("Zoë 😀")],
        "nested": ['{"a":[1]}'],
        "roles": ["Reader", "5", "false"],
        "empty": [],
    }


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer  ", "  BEARER "])
def test_prefix(prefix: str) -> None:
    assert jwt_.try_parse_jwt(prefix + token({"sub": "x"}))[0]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "a.b",
        "a.b.c",
        "Basic " + token({}),
        segment({}) + ".!!!.x",
        token([1]),
        token({"exp": "soon"}),
        token({"exp": 1e300}),
        segment({}) + "." + segment({})[:-1] + "\x00.x",
    ],
)
def test_what_is_no_token_is_null(text: str | None) -> None:
    assert jwt_.parse_jwt(text) is None
    assert jwt_.try_parse_jwt(text) == (False, None)


def b64(text: str) -> str:
    return base64.b64encode(text.encode("latin-1")).decode()


@pytest.mark.parametrize(
    ("text", "user", "password"),
    [
        ("Basic " + b64("aladdin:open:sesame"), "aladdin", "open:sesame"),
        ("basic  " + b64("é:"), "é", ""),
        (" BASIC " + b64(":x"), "", "x"),
    ],
)
def test_basic(text: str, user: str, password: str) -> None:
    found = basic_auth.parse_basic(text)
    assert found is not None
    assert (found.user_id, found.password) == (user, password)


@pytest.mark.parametrize("text", [None, "", "Basic", "Basic !!", "Basic " + b64("nocolon"), "Bearer " + b64("a:b")])
def test_what_is_not_basic_is_null(text: str | None) -> None:
    assert basic_auth.try_parse_basic(text) == (False, None)
