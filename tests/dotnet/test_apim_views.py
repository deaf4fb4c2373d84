"""Headers, query, parameters and certificates as C# dictionaries, and GetValueOrDefault over them."""

from __future__ import annotations

from typing import Any

import pytest
from multidict import CIMultiDict

from apimpy.dotnet.apim import dictionary_extensions as ext
from apimpy.dotnet.apim.views import CertificateView, HeaderView, ParameterView, QueryView
from apimpy.dotnet.collections_.dictionary import Dictionary
from apimpy.dotnet.exceptions import ArgumentNullException, InvalidCastException
from apimpy.dotnet.typecheck import is_instance
from apimpy.dotnet.universe import universe
from apimpy.dotnet.values import Array, Int64, KeyValuePair, from_text, iterate
from apimpy.runtime.message import Url

U = universe()
STRING, INT, OBJECT, BOOL = (U.named("System." + n) for n in ("String", "Int32", "Object", "Boolean"))

HEADERS = HeaderView(CIMultiDict([("Accept", "a"), ("X-Flag", "TRUE"), ("accept", "b"), ("X-Smile", "😀")]))
QUERY = QueryView(Url.parse("https://h/?status=open&tag=a&TAG=b&q=caf%C3%A9+%26&empty=").query)
PARAMETERS = ParameterView({"customerId": "42", "path": "a/b c"})


class Cert:
    def __init__(self, thumbprint: str) -> None:
        self.thumbprint = thumbprint


CERTIFICATES = CertificateView((("client-1", Cert("AB12")),))


@pytest.mark.parametrize(
    ("view", "name", "expected"),
    [
        (HEADERS, "ACCEPT", ["a", "b"]),
        (HEADERS, "x-smile", [from_text("😀")]),
        (QUERY, "status", ["open"]),
        (QUERY, "Tag", ["a", "b"]),
        (QUERY, "q", ["café &"]),
        (QUERY, "empty", [""]),
    ],
)
def test_values(view: Any, name: str, expected: list[str]) -> None:
    found = view[name]
    assert isinstance(found, Array)
    assert list(found) == expected
    assert name in view
    assert view.get(name) is not None


def test_parameters_and_certificates() -> None:
    assert PARAMETERS["CUSTOMERID"] == "42"
    assert CERTIFICATES["client-1"] is CERTIFICATES["ab12"]
    for view in (HEADERS, QUERY, PARAMETERS, CERTIFICATES):
        assert "missing" not in view
        with pytest.raises(KeyError):
            view["missing"]


@pytest.mark.parametrize(
    ("view", "names"),
    [
        (HEADERS, ["Accept", "X-Flag", "X-Smile"]),
        (QUERY, ["status", "tag", "q", "empty"]),
        (PARAMETERS, ["customerId", "path"]),
        (CERTIFICATES, ["client-1"]),
    ],
)
def test_enumeration(view: Any, names: list[str]) -> None:
    assert list(view) == names
    assert len(view) == len(names)
    pairs = list(iterate(view))
    assert all(isinstance(p, KeyValuePair) for p in pairs)
    assert [p[0] for p in pairs] == names


def test_views_are_read_only_dictionaries() -> None:
    strings = U.named("System.Collections.Generic.IReadOnlyDictionary", STRING, STRING)
    assert is_instance(PARAMETERS, strings)
    assert not is_instance(HEADERS, strings)


@pytest.mark.parametrize(
    ("view", "name", "default", "expected"),
    [
        (HEADERS, "accept", "", "a,b"),
        (HEADERS, "X-FLAG", "false", "TRUE"),
        (HEADERS, "missing", "none", "none"),
        (HEADERS, "missing", None, None),
        (HEADERS, "x-smile", "", from_text("😀")),
        (QUERY, "tag", None, "a,b"),
        (QUERY, "empty", "d", ""),
        (QUERY, "missing", None, None),
        ({"k": ["x", "y"]}, "k", "", "x,y"),
        ({}, "k", "d", "d"),
    ],
)
def test_joined_or_default(view: Any, name: str, default: str | None, expected: str | None) -> None:
    assert ext.joined_or_default(view, name, default) == expected
    if default is None:
        assert ext.joined_or_null(view, name) == expected


def test_text_or_default() -> None:
    assert ext.text_or_default(PARAMETERS, "customerid", "0") == "42"
    assert ext.text_or_default(PARAMETERS, "nope", "0") == "0"
    assert ext.text_or_null(PARAMETERS, "nope") is None


VARIABLES: dict[str, Any] = {"s": "x", "n": 42, "long": Int64(5), "nul": None, "b": True}


@pytest.mark.parametrize(
    ("of", "name", "default", "expected"),
    [
        (STRING, "s", "d", "x"),
        (STRING, "missing", "d", "d"),
        (INT, "n", 7, 42),
        (INT, "missing", 5, 5),
        (STRING, "nul", "d", None),
        (INT, "nul", 7, 0),
        (BOOL, "b", False, True),
        (OBJECT, "n", None, 42),
        (U.named("System.Nullable", INT), "n", None, 42),
        (U.named("System.Int64"), "long", 0, 5),
    ],
)
def test_variable_or_default(of: Any, name: str, default: Any, expected: Any) -> None:
    assert ext.variable_or_default(of, VARIABLES, name, default) == expected


@pytest.mark.parametrize(
    ("of", "name", "found", "wanted"),
    [
        (INT, "s", "System.String", "System.Int32"),
        (INT, "long", "System.Int64", "System.Int32"),
        (STRING, "n", "System.Int32", "System.String"),
        (INT, "b", "System.Boolean", "System.Int32"),
    ],
)
def test_variable_of_another_type(of: Any, name: str, found: str, wanted: str) -> None:
    with pytest.raises(InvalidCastException) as caught:
        ext.variable_or_none(of, VARIABLES, name)
    assert caught.value.message == (
        f"Unable to convert context variable `{name}` of type `{found}` to the type of `{wanted}`."
    )


def test_defaults_by_type() -> None:
    assert ext.variable_or_none(INT, VARIABLES, "missing") == 0
    assert ext.variable_or_none(STRING, VARIABLES, "missing") is None
    assert ext.object_or_null(VARIABLES, "n") == 42
    assert ext.object_or_null(VARIABLES, "missing") is None
    counts = Dictionary(STRING, INT)
    counts.put("a", 1)
    assert ext.value_or_none(STRING, INT, counts, "a") == 1
    assert ext.value_or_none(STRING, INT, counts, "z") == 0
    assert ext.value_or_default(STRING, INT, counts, "z", 9) == 9
    assert ext.LenientVariables(VARIABLES)["never set"] is None


def test_null_arguments() -> None:
    with pytest.raises(ArgumentNullException):
        ext.joined_or_default(HEADERS, None, "")
    with pytest.raises(ArgumentNullException):
        ext.joined_or_default(None, "a", "")
    with pytest.raises(ArgumentNullException):
        ext.variable_or_default(INT, VARIABLES, None, 0)
    with pytest.raises(ArgumentNullException):
        ext.text_or_default(PARAMETERS, None, "")
