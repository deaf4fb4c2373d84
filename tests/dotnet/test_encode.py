"""C# values as JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from multidict import CIMultiDict

from apimpy.csharp.types import anonymous_of, array_of, tuple_of
from apimpy.dotnet.apim.views import HeaderView
from apimpy.dotnet.collections_.dictionary import Dictionary
from apimpy.dotnet.collections_.keyvalue import pair_class
from apimpy.dotnet.collections_.list_ import List
from apimpy.dotnet.encode import encode, encode_error
from apimpy.dotnet.exceptions import ArgumentNullException, FormatException, InvalidOperationException
from apimpy.dotnet.json_net.reader import parse_text
from apimpy.dotnet.linq.grouping import Grouping
from apimpy.dotnet.time.datetime import UTC, DateTime
from apimpy.dotnet.time.timespan import TimeSpan
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import (
    Anonymous,
    Array,
    Byte,
    Char,
    ClrTuple,
    Int64,
    Query,
    Single,
    UInt64,
    from_text,
)
from apimpy.dotnet.web.octets import byte_array, string_array
from apimpy.dotnet.web.uri import from_text as uri

U = universe()
STRING, INT, OBJECT, DOUBLE = (U.named("System." + n) for n in ("String", "Int32", "Object", "Double"))


def dictionary() -> Dictionary:
    made = Dictionary(STRING, DOUBLE)
    made.put("b", 1.0)
    made.put("a", 2.5)
    return made


def anonymous() -> Anonymous:
    made = Anonymous((1, "x"))
    made.clr_type = anonymous_of(("id", "n"), (INT, STRING))
    return made


def pair() -> ClrTuple:
    made = ClrTuple((1, "a"))
    made.clr_type = tuple_of((INT, STRING), (None, None))
    return made


def group() -> Grouping:
    made = Grouping(INT, STRING, 2)
    made.items += ["bb", "cc"]
    return made


ENUMERABLE = "System.Collections.Generic.IEnumerable`1"

CASES: list[tuple[Any, str, Any, str | None]] = [
    (None, "null", None, ""),
    (True, "System.Boolean", True, "True"),
    (3, "System.Int32", 3, "3"),
    (Int64(5), "System.Int64", 5, "5"),
    (UInt64(2**64 - 1), "System.UInt64", 2**64 - 1, "18446744073709551615"),
    (Byte(255), "System.Byte", 255, "255"),
    (1.0, "System.Double", 1.0, "1"),
    (Single(0.5), "System.Single", 0.5, "0.5"),
    (float("nan"), "System.Double", "NaN", "NaN"),
    (float("-inf"), "System.Double", "-Infinity", "-Infinity"),
    (Decimal("1.10"), "System.Decimal", "1.10", "1.10"),
    ("abc", "System.String", "abc", "abc"),
    (from_text("😀"), "System.String", "😀", "😀"),
    (Char("b"), "System.Char", "b", "b"),
    (DateTime(638_000_000_000_000_000, UTC), "System.DateTime", "2022-09-28T22:13:20.0000000Z", "09/28/2022 22:13:20"),
    (TimeSpan(37_230_000_000), "System.TimeSpan", "01:02:03", "01:02:03"),
    (byte_array(b"\1\2\3"), "System.Byte[]", "AQID", "System.Byte[]"),
    (string_array(["a", "b"]), "System.String[]", ["a", "b"], "System.String[]"),
    (Array(OBJECT, [1, "x", None]), "System.Object[]", [1, "x", None], "System.Object[]"),
    (
        Array(array_of(INT), [Array(INT, [1]), Array(INT, [2, 3])]),
        "System.Int32[][]",
        [[1], [2, 3]],
        "System.Int32[][]",
    ),
    (List(INT, [2, 3]), "System.Collections.Generic.List`1[System.Int32]", [2, 3], None),
    (Query(lambda: iter(["a"]), STRING), ENUMERABLE + "[System.String]", ["a"], None),
    (dictionary(), "System.Collections.Generic.Dictionary`2[System.String,System.Double]", {"b": 1.0, "a": 2.5}, None),
    (
        dictionary().clr_keys(),
        "System.Collections.Generic.Dictionary`2+KeyCollection[System.String,System.Double]",
        ["b", "a"],
        None,
    ),
    ({"n": 1}, "System.Collections.Generic.Dictionary`2[System.String,System.Object]", {"n": 1}, None),
    (
        HeaderView(CIMultiDict([("A", "1"), ("a", "2")])),
        "System.Collections.Generic.Dictionary`2[System.String,System.String[]]",
        {"A": ["1", "2"]},
        None,
    ),
    (
        pair_class(STRING, INT)("a", 1),
        "System.Collections.Generic.KeyValuePair`2[System.String,System.Int32]",
        {"Key": "a", "Value": 1},
        "[a, 1]",
    ),
    (group(), "System.Linq.IGrouping`2[System.Int32,System.String]", {"Key": 2, "Items": ["bb", "cc"]}, None),
    (anonymous(), "anonymous", {"id": 1, "n": "x"}, None),
    (pair(), "System.ValueTuple`2[System.Int32,System.String]", [1, "a"], "(1, a)"),
    (parse_text('{"a": [1.50]}'), "Newtonsoft.Json.Linq.JObject", '{"a":[1.5]}', '{\n  "a": [\n    1.5\n  ]\n}'),
    (parse_text("[1]"), "Newtonsoft.Json.Linq.JArray", "[1]", "[\n  1\n]"),
    (uri("https://h/a b"), "System.Uri", "https://h/a b", "https://h/a b"),
    (U.any_type("UriPartial", 0).enum_members["Path"], "System.UriPartial", "Path", "Path"),  # type: ignore[union-attr]
    (U.any_type("ProductState", 0).enum_members["Published"], "ProductState", "Published", "Published"),  # type: ignore[union-attr]
]


@pytest.mark.parametrize(("value", "type_name", "encoded", "text"), CASES)
def test_encode(value: Any, type_name: str, encoded: Any, text: str | None) -> None:
    found = encode(value)
    assert found["type"] == type_name
    assert found["value"] == encoded
    assert type(found["value"]) is type(encoded)
    json.dumps(found, allow_nan=False)
    if text is not None or type_name == "anonymous" or type_name.startswith((ENUMERABLE, "System.Linq.")):
        assert found["text"] == text


def test_negative_zero_keeps_its_sign() -> None:
    assert json.dumps(encode(-0.0)["value"]) == "-0.0"


def test_xml() -> None:
    element = U.any_type("XElement", 0)
    assert element is not None
    made = element.declarations["Parse"][0].impl("<a><b>1</b><c /></a>")
    found = encode(made)
    assert found["type"] == "System.Xml.Linq.XElement"
    assert found["value"] == "<a><b>1</b><c /></a>"
    assert found["text"] == "<a>\n  <b>1</b>\n  <c />\n</a>"


def test_endless_sequences_are_refused() -> None:
    with pytest.raises(InvalidOperationException, match="sequence too long"):
        encode(Query(lambda: iter(range(20_000)), INT))


def test_deep_values_end() -> None:
    value: Any = 1
    for _ in range(40):
        value = Array(OBJECT, [value])
    assert "..." in json.dumps(encode(value))


def test_errors() -> None:
    assert encode_error(FormatException("bad")) == {
        "error": "run",
        "exception": "System.FormatException",
        "message": "bad",
    }
    assert encode_error(ArgumentNullException("s"))["param"] == "s"
    assert encode(FormatException("bad"))["value"] == {"exception": "System.FormatException", "message": "bad"}
