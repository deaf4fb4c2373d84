"""Cached values come back from bytes as they went in, with their C# types; what has no bytes is not kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apimpy.csharp.types import ClrType
from apimpy.dotnet.json_net.reader import parse_text
from apimpy.dotnet.json_net.scalars import BigInteger
from apimpy.dotnet.json_net.token_base import JRaw, JValue
from apimpy.dotnet.json_net.tree import JArray, JConstructor, JProperty
from apimpy.dotnet.system.guid import Guid
from apimpy.dotnet.time.datetime import DateTime
from apimpy.dotnet.time.datetimeoffset import DateTimeOffset
from apimpy.dotnet.time.timespan import TimeSpan
from apimpy.dotnet.values import Array, Byte, Char, Int64, Single, UInt64, from_text, type_of
from apimpy.runtime.message import Body, Headers, Response
from apimpy.runtime.ports import CachedResponse
from apimpy.stores.redis.codec import decode, encode

TOKENS = """
{"text": "a\\ud83d\\ude00b", "n": 1, "big": 123456789012345678901234567890, "d": 1.0, "e": -0.5e300, "t": true,
 "none": null, "date": "2024-01-31T10:00:00Z", "list": [1, [2, {"a": []}], "x"], "": {}}
"""


def byte_array(data: bytes) -> Array:
    universe: Any = ClrType.universe
    return Array(universe.named("System.Byte"), data)


@pytest.mark.parametrize(
    "value",
    [
        "text",
        "",
        from_text("Grüße 😀"),
        "\ud800 alone",
        "nul\0",
        True,
        False,
        7,
        -(2**31),
        Int64(2**62),
        UInt64(2**64 - 1),
        Byte(255),
        BigInteger(10**40),
        1.5,
        float("inf"),
        -0.0,
        Single(0.25),
        Decimal("1.00"),
        Char("x"),
        b"\0\xff",
        Guid("0" * 32),
        DateTime(638_000_000_000_000_000, 1),
        DateTimeOffset(638_000_000_000_000_000, 36_000_000_000),
        TimeSpan(-5),
        CachedResponse(200, "OK", (("A", "b"), ("A", "c"), ("Ü", "ß")), b"x\0", 9.5),
    ],
    ids=repr,
)
def test_round_trip(value: object) -> None:
    data = encode(value)
    assert data is not None
    back = decode(data)
    assert (type(back), repr(back)) == (type(value), repr(value))
    assert back == value


def test_bytes_of_csharp() -> None:
    back = decode(encode(byte_array(b"\0\x80\xff")) or b"")
    assert isinstance(back, Array)
    assert (type_of(back).full_name, list(back)) == ("System.Byte[]", [0, 128, 255])


@pytest.mark.parametrize(
    "token",
    [
        parse_text(TOKENS),
        JArray([JValue("2024-01-31T10:00:00Z"), JValue(Single(1.5)), JValue(Decimal("2.50"))]),
        JRaw("{raw"),
        JProperty("p", JValue(1)),
        JConstructor("Date", [JValue(1)]),
    ],
    ids=lambda t: type(t).__name__,
)
def test_tokens(token: Any) -> None:
    back = decode(encode(token) or b"")
    assert type(back) is type(token)
    assert back.same(token)
    assert back.indented() == token.indented()


def test_text_that_looks_like_a_date_stays_text() -> None:
    back = decode(encode(JArray([JValue("2024-01-31T10:00:00Z")])) or b"")
    assert back.at(0).kind.clr_to_string() == "String"


def test_a_response() -> None:
    value = Response(404, "Not Found", Headers([("A", "b"), ("a", "c")]), Body(b"body"))
    back = decode(encode(value) or b"")
    assert (back.status, back.reason, list(back.headers.items()), back.body.wire()) == (
        404,
        "Not Found",
        [("A", "b"), ("a", "c")],
        b"body",
    )


def nested(depth: int) -> JArray:
    made = JArray()
    for _ in range(depth):
        made = JArray([made])
    return made


@pytest.mark.parametrize("value", [object(), [1], {"a": 1}, ("a",), JValue(object(), JValue(1).kind), nested(1000)])
def test_what_has_no_bytes(value: object) -> None:
    assert encode(value) is None


@given(st.binary(max_size=60))
def test_bytes_of_somebody_else_are_no_value(data: bytes) -> None:
    assert decode(b"\x07" + data) is None
    decode(b"\x01" + data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_damaged_bytes_do_not_raise(at: int, byte: int) -> None:
    whole = bytearray(encode(parse_text(TOKENS)) or b"")
    whole[at % len(whole)] = byte
    decode(bytes(whole))
