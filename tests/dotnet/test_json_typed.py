"""Reading JSON text value by value, as the type that is wanted; XML written as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.json_net.reader import parse_text
from apimpy.dotnet.json_net.typed import TextReader, TokenReader
from apimpy.dotnet.json_net.xml_convert import from_xml
from apimpy.dotnet.values import Runtime
from apimpy.dotnet.xml_.parse import parse_document, parse_element

RT = Runtime(None, None)
_TOO_LARGE = "JSON integer -3000000000 is too large or small for an Int32. Path '', line 1, position 11."


@pytest.mark.parametrize(
    ("text", "kind", "token", "value"),
    [
        ("1", "Int32", "Integer", 1),
        ("'7'", "Int32", "Integer", 7),
        ("''", "Int32", "Null", None),
        ("null", "Int32", "Null", None),
        ("0x1F", "Int32", "Integer", 31),
        ("1.10", "Decimal", "Float", Decimal("1.10")),
        ("'1e3'", "Decimal", "Float", Decimal(1000)),
        ("1", "Double", "Float", 1.0),
        ("NaN", "String", "String", "NaN"),
        ("1.50", "String", "String", "1.50"),
        ("true", "String", "String", "true"),
        ("'2024-01-02T03:04:05Z'", "String", "String", "2024-01-02T03:04:05Z"),
        ("0", "Boolean", "Boolean", False),
        ("'True'", "Boolean", "Boolean", True),
        ("/* c */ 5", "Int32", "Integer", 5),
    ],
)
def test_text(text: str, kind: str, token: str, value: Any) -> None:
    """What the text says is kept as far as the type can hold it."""
    reader = TextReader(RT, text)
    assert reader.read_as(kind)
    assert (reader.current, reader.value) == (token, value)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("1.0", "Int32", "Input string '1.0' is not a valid integer. Path '', line 1, position 3."),
        (
            "3000000000",
            "Int32",
            "JSON integer 3000000000 is too large or small for an Int32. Path '', line 1, position 10.",
        ),
        ("'x'", "Int32", "Could not convert string to integer: x. Path '', line 1, position 3."),
        ("{}", "String", "Unexpected character encountered while parsing value: {. Path '', line 1, position 1."),
        ("[]", "Boolean", "Unexpected character encountered while parsing value: [. Path '', line 1, position 1."),
        ("5", "DateTime", "Unexpected character encountered while parsing value: 5. Path '', line 1, position 1."),
        ("'x'", "DateTimeOffset", "Could not convert string to DateTimeOffset: x. Path '', line 1, position 3."),
        ("'yes'", "Boolean", "Could not convert string to boolean: yes. Path '', line 1, position 5."),
        ("'x'", "Decimal", "Could not convert string to decimal: x. Path '', line 1, position 3."),
    ],
)
def test_text_refused(text: str, kind: str, message: str) -> None:
    """A refusal is worded, and says where it was."""
    with pytest.raises(ClrError) as error:
        TextReader(RT, text).read_as(kind)
    assert error.value.message == message


def test_nothing_to_read() -> None:
    """At the end of the text there is no value."""
    assert not TextReader(RT, "  ").read_as("Int32")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("1.7", "Int32", 2), ("true", "String", "True"), ("1.50", "String", "1.5"), ("'2'", "Double", 2.0)],
)
def test_tokens(text: str, kind: str, value: Any) -> None:
    """A token has been read before: its value is converted, not its text."""
    reader = TokenReader(RT, parse_text(text))
    assert reader.read_as(kind)
    assert reader.value == value


def test_tokens_refused() -> None:
    """The path is that of the value inside the tree."""
    reader = TokenReader(RT, parse_text('{"a": [{}]}'))
    for _ in range(3):
        reader.read()
    with pytest.raises(ClrError) as error:
        reader.read_as("String")
    assert error.value.message == "Error reading string. Unexpected token: StartObject. Path 'a[0]'."


@pytest.mark.parametrize(
    ("markup", "json"),
    [
        ("<a/>", '{"a":null}'),
        ("<a></a>", '{"a":""}'),
        ("<a id='1'>t</a>", '{"a":{"@id":"1","#text":"t"}}'),
        ("<a><b>1</b><c/><b>2</b></a>", '{"a":{"b":["1","2"],"c":null}}'),
        (
            "<a xmlns:p='urn:x'><p:b>2024-01-01T00:00:00Z</p:b></a>",
            '{"a":{"@xmlns:p":"urn:x","p:b":"2024-01-01T00:00:00Z"}}',
        ),
        ("<a><?p d?><![CDATA[x]]></a>", '{"a":{"?p":"d","#cdata-section":"x"}}'),
    ],
)
def test_xml(markup: str, json: str) -> None:
    """Attributes get an at sign, repeated elements an array."""
    assert from_xml(parse_element(markup)).compact() == json


def test_xml_document() -> None:
    """A document has its declaration."""
    document = parse_document("<?xml version='1.0' encoding='utf-8'?><a>1</a>")
    assert from_xml(document).compact() == '{"?xml":{"@version":"1.0","@encoding":"utf-8"},"a":"1"}'
