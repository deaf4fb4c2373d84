"""Exchanges from JSON: variables of every type, fixed time, refusing ports."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import Char, Int64, to_string, type_of
from apimpy.runtime.fixture import Moment, Refusing, load_fixture, read_fixture
from apimpy.runtime.message import Request
from apimpy.runtime.ports import ManagedIdentityError, StoreUnavailable, TokenLimits, TransportError

if TYPE_CHECKING:
    from pathlib import Path

universe()


@pytest.mark.parametrize(
    ("kind", "value", "type_name", "text"),
    [
        ("string", "x😀", "System.String", "x\ud83d\ude00"),
        ("int", 42, "System.Int32", "42"),
        ("long", 2**53 + 1, "System.Int64", "9007199254740993"),
        ("double", 2.5, "System.Double", "2.5"),
        ("double", 2, "System.Double", "2"),
        ("decimal", "19.90", "System.Decimal", "19.90"),
        ("bool", True, "System.Boolean", "True"),
        ("char", "x", "System.Char", "x"),
        ("DateTime", "2024-02-29T12:30:45Z", "System.DateTime", "02/29/2024 12:30:45"),
        ("TimeSpan", "1.02:03:04", "System.TimeSpan", "1.02:03:04"),
        ("Guid", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "System.Guid", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("byte[]", "AAEC", "System.Byte[]", "System.Byte[]"),
        ("string[]", ["a", None], "System.String[]", "System.String[]"),
        ("JObject", '{"a":1}', "Newtonsoft.Json.Linq.JObject", '{\n  "a": 1\n}'),
        ("JArray", "[1]", "Newtonsoft.Json.Linq.JArray", "[\n  1\n]"),
        ("JToken", "1", "Newtonsoft.Json.Linq.JValue", "1"),
        ("XElement", "<a />", "System.Xml.Linq.XElement", "<a />"),
        ("XDocument", "<a />", "System.Xml.Linq.XDocument", "<a />"),
        ("Jwt", "e30.e30.x", "Apim.Jwt", "Apim.Jwt"),
        ("IResponse", {"statusCode": 503, "body": "busy"}, "Apim.IResponse", "Apim.IResponse"),
    ],
)
def test_variables(kind: str, value: Any, type_name: str, text: str) -> None:
    found = load_fixture({"variables": {"v": {"type": kind, "value": value}}}).variables["v"]
    assert type_of(found).full_name == type_name
    assert to_string(found) == text


def test_null_variables() -> None:
    ex = load_fixture({"variables": {"a": {"type": "null"}, "b": {"type": "string", "value": None}}})
    assert ex.variables == {"a": None, "b": None}
    assert [
        type(load_fixture({"variables": {"v": v}}).variables["v"])
        for v in (
            {"type": "long", "value": 1},
            {"type": "char", "value": "c"},
            {"type": "decimal", "value": "1"},
        )
    ] == [Int64, Char, Decimal]


def test_unknown_variable_type() -> None:
    with pytest.raises(ValueError, match="a variable of type 'float' is not possible"):
        load_fixture({"variables": {"v": {"type": "float", "value": 1}}})


def test_empty_fixture() -> None:
    ex = load_fixture({})
    assert (ex.request.method, str(ex.request.url)) == ("GET", "https://localhost/")
    assert (ex.response, ex.api, ex.product, ex.user, ex.subscription, ex.last_error) == (None,) * 6
    assert ex.id == "00000000-0000-0000-0000-000000000001"
    assert ex.variables == {}


def test_messages() -> None:
    ex = load_fixture(
        {
            "request": {
                "method": "POST",
                "url": "http://h:8080/x?a=1",
                "headers": {"A": ["1", "2"], "B": "3"},
                "bodyBase64": "AP8=",
            },
            "response": {"statusCode": 429, "headers": {"Retry-After": "17"}, "body": ""},
        }
    )
    assert ex.request.headers.getall("a") == ["1", "2"]
    assert ex.request.body.data == b"\0\xff"
    assert ex.request.original_url is not ex.request.url
    assert ex.response is not None
    assert (ex.response.status, ex.response.reason, ex.response.body.is_empty) == (429, "Too Many Requests", True)


def test_time_stands_still() -> None:
    ex = load_fixture({"timestamp": "2024-03-04T05:06:07.1234567Z", "elapsedMs": 1234.5})
    clock = ex.services.clock
    assert isinstance(ex.started, Moment)
    assert ex.started.ticks == 638_451_255_671_234_567
    assert clock.monotonic() - ex.started_mono == 1.2345
    assert clock.now() == pytest.approx(ex.started + 1.2345)
    assert ex.rt.clock.ticks() == ex.started.ticks + 12_345_000


async def test_ports_refuse() -> None:
    ex = load_fixture({})
    await ex.services.clock.sleep(1000)
    with pytest.raises(TransportError):
        await ex.services.transport.send(ex.request, timeout=None)
    with pytest.raises(ManagedIdentityError):
        await ex.services.identity.token("r", None)
    for call in (
        Refusing().admit(TokenLimits("k", 1, "bucket"), None, None, 0.0),
        Refusing().settle(TokenLimits("k", 1, "bucket"), 1, 0, 0.0, 0.0),
    ):
        with pytest.raises(StoreUnavailable):
            await call
    with pytest.raises(LookupError):
        ex.services.token_counter.count("x", None)
    with pytest.raises(LookupError):
        ex.services.token_counter.encoding_name(None)
    ex.services.token_counter.learn("deployment", "gpt-4")
    ex.services.token_meter.emit("n", {}, {})
    await ex.services.transport.aclose()


def test_each_load_is_fresh(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps({"request": {"body": "x"}}), encoding="utf-8")
    first, second = read_fixture(path), read_fixture(path)
    first.request.body.read(False)
    assert not second.request.body.consumed
    assert isinstance(second.request, Request)
