"""IMessageBody: every way to read a body, and what reading it once does."""

from __future__ import annotations

from typing import Any

import pytest

from apimpy.csharp.types import ClrType, array_of
from apimpy.dotnet.apim import form, message
from apimpy.dotnet.apim.message import as_, as_form
from apimpy.dotnet.exceptions import ClrError, JsonReaderException, NotSupportedException
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import to_text
from apimpy.runtime.message import Body, Request, Response, Url

U = universe()


def of(name: str) -> Any:
    decl = U.any_type(name, 0)
    assert isinstance(decl, ClrType)
    return decl.of()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("héllo 😀".encode(), "héllo 😀"),
        (b"\xef\xbb\xbfx", "x"),
        (b"\xff\xfea\0", "a"),
        (b"\xfe\xff\0a", "a"),
        (b"a\xff", "a\ufffd"),
    ],
)
def test_text(data: bytes, expected: str) -> None:
    assert to_text(as_(of("String"), Body(data), True)) == expected


def test_bytes() -> None:
    found = as_(array_of(of("Byte")), Body(b"{}"), True)
    assert list(found) == [123, 125]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("JObject", b'{"a": 1}', '{"a":1}'),
        ("JToken", b"[1]", "[1]"),
        ("JArray", b"[1]", "[1]"),
        ("JObject", '\ufeff{"a": "é"}'.encode("utf-16-le"), '{"a":"é"}'),
    ],
)
def test_json(name: str, data: bytes, expected: str) -> None:
    assert as_(of("Newtonsoft.Json.Linq." + name), Body(data), False).compact() == expected


def test_json_errors_are_those_of_the_library() -> None:
    with pytest.raises(JsonReaderException) as caught:
        as_(of("JArray"), Body(b'{"a":1}'), True)
    assert caught.value.message == (
        "Error reading JArray from JsonReader. Current JsonReader item is not an array: StartObject. "
        "Path '', line 1, position 1."
    )


@pytest.mark.parametrize("name", ["XElement", "XDocument", "XNode"])
def test_xml(name: str) -> None:
    found = as_(of("System.Xml.Linq." + name), Body(b"<a><b>1</b></a>"), True)
    assert "<b>1</b>" in found.clr_to_string()
    with pytest.raises(ClrError):
        as_(of("System.Xml.Linq." + name), Body(b"{}"), True)


def test_other_types_are_refused_before_the_body_is_consumed() -> None:
    body = Body(b"1")
    with pytest.raises(NotSupportedException):
        as_(of("Int32"), body, False)
    assert not body.consumed


@pytest.mark.step("common 3")
def test_a_body_is_read_once_unless_preserved() -> None:
    body = Body(b"a=1")
    assert as_(of("String"), body, True) == "a=1"
    assert as_(of("String"), body, False) == "a=1"
    assert as_(of("String"), body, True) is None
    assert as_form(body, True) is None
    assert body.wire() == b""


@pytest.mark.step("set-body 5")
def test_body_of_a_request_is_null_when_there_is_none() -> None:
    get = message.request.declarations["Body"][0].impl
    request = Request("GET", Url.parse("https://h/"), Response().headers, Body())
    assert get(request) is None
    request.body = Body(b"x")
    assert get(request) is request.body


def test_body_of_a_response_is_never_null() -> None:
    attribute = message.response.declarations["Body"][0].attr
    assert attribute is not None
    body = getattr(Response(), attribute)
    assert as_(of("String"), body, True) == ""
    assert list(as_(array_of(of("Byte")), body, True)) == []


def test_an_empty_body_is_no_json() -> None:
    with pytest.raises(JsonReaderException) as caught:
        as_(of("Newtonsoft.Json.Linq.JObject"), Body(b""), True)
    assert caught.value.message == "Error reading JObject from JsonReader. Path '', line 0, position 0."


def test_form() -> None:
    found = as_form(Body(b"grant_type=cc&scope=a%2Fb+c&scope=d&flag&pct=100%25&=v"), True)
    assert found is not None
    assert {k: list(v) for k, v in found.items()} == {
        "grant_type": ["cc"],
        "scope": ["a/b c", "d"],
        "flag": [""],
        "pct": ["100%"],
        "": ["v"],
    }
    assert found.clr_type.full_name.startswith("System.Collections.Generic.Dictionary`2[System.String,")
    found["new"].append("v")
    assert list(found["new"]) == ["v"]
    assert form.form_text(found) == "grant_type=cc&scope=a%2Fb+c&scope=d&flag=&pct=100%25&=v&new=v"
    assert form.to_query_string(form.parse_form("a=1&a=2")) == "?a=1&a=2"
    assert form.to_query_string(form.parse_form("")) is None
    assert form.form_text(form.FormContent()) is None
