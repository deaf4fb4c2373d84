"""Ways past objects nobody keeps: the same value as the long way, and no way where the long one is meant."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from apimpy.csharp.bind import bind
from apimpy.csharp.emit import emit
from apimpy.csharp.parser import parse
from apimpy.diagnostics import Sink
from apimpy.dotnet.apim.message import _headers
from apimpy.dotnet.compile import compile_island, library
from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.values import BudgetExceeded
from apimpy.runtime.fixture import load_fixture
from apimpy.source import SourceFile, SourceMap

FIXTURE: dict[str, Any] = {
    "request": {
        "url": "https://api.example/x?Tag=a&tag=b&one=%F0%9F%8D%92",
        "headers": {"Accept": ["text/plain", "text/html"], "X-Name": "J\u00f6rg \U0001f352"},
        "matchedParameters": {"Id": "7", "odd": "\U0001f352"},
    },
    "response": {"statusCode": 200, "headers": {"Retry-After": "3"}},
    "variables": {
        "jwt": {"type": "Jwt", "value": "eyJhbGciOiJub25lIn0.eyJhdWQiOlsiYSIsImIiXSwic3ViIjoicyJ9."},
        "none": {"type": "string", "value": None},
        "n": {"type": "int", "value": -7},
        "text": {"type": "string", "value": "a,b;c"},
    },
}
HEADERS, QUERY = "context.Request.Headers", "context.Request.Url.Query"
PARAMETERS, CLAIMS = "context.Request.MatchedParameters", '((Jwt)context.Variables["jwt"]).Claims'
NONE = '(string)context.Variables["none"]'


def outcome(text: str) -> Any:
    """The value, or the type and the text of the exception."""
    file, sink = SourceFile("policy.xml", text), Sink()
    source = text[2:-1]
    made = compile_island(source, SourceMap.identity(file, 2, len(source)), text[1] == "{", "object", sink)
    assert made is not None, [str(d) for d in sink]
    exchange = load_fixture(FIXTURE)
    try:
        value = made.call(exchange, exchange.rt)
    except ClrError as error:
        return error.full_name, error.text
    return list(value) if isinstance(value, list) else value


@pytest.mark.parametrize(
    "name", ['"accept"', '"Tag"', '"ID"', '"odd"', '"aud"', '"X-Name"', '"one"', '"nothing"', NONE]
)
@pytest.mark.parametrize("dictionary", [HEADERS, "context.Response.Headers", QUERY, PARAMETERS, CLAIMS])
@pytest.mark.parametrize(
    "member", [".GetValueOrDefault({})", '.GetValueOrDefault({}, "?")', ".ContainsKey({})", "[{}]"]
)
def test_same_as_the_long_way(dictionary: str, member: str, name: str) -> None:
    """A member of a dictionary of `context`, with and without the dictionary in a variable."""
    used = member.format(name)
    assert outcome(f"@({dictionary}{used})") == outcome(f"@{{ var d = {dictionary}; return d{used}; }}")


@pytest.mark.parametrize("name", ['"Accept"', '"aud"', '"nothing"'])
@pytest.mark.parametrize("dictionary", [HEADERS, CLAIMS])
@pytest.mark.parametrize("at", [0, 1, 9])
def test_element_of_an_array(dictionary: str, name: str, at: int) -> None:
    """An array that is only indexed is not made."""
    long = f"@{{ var a = {dictionary}[{name}]; return a[{at}]; }}"
    assert outcome(f"@({dictionary}[{name}][{at}])") == outcome(long)


@pytest.mark.parametrize("separators", ["','", "',', ';'", "new[] { ';' }", "new char[0]", "null"])
@pytest.mark.parametrize("use", ["[1]", "[5]", ".Length", ".Last()"])
def test_split(separators: str, use: str) -> None:
    """Pieces that are only looked at, and separators made once."""
    split = f'((string)context.Variables["text"]).Split({separators})'
    assert outcome(f"@({split}{use})") == outcome(f"@{{ var p = {split}; return p{use}; }}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('@{ var s = ""; foreach (var p in "a,b,c".Split(\',\')) { s = p + s; } return s; }', "cba"),
        ('@(Convert.ToBase64String(Encoding.UTF8.GetBytes("h\u00e9")))', "aMOp"),
        ('@(Encoding.UTF8.GetString(Convert.FromBase64String("aMOp")))', "h\u00e9"),
        ("@((int)context.Variables[\"n\"] / 2)", -3),
        ("@((int)context.Variables[\"n\"] % 4)", -3),
        ("@((long)(int)context.Variables[\"n\"] % 4L)", -3),
        ('@("xay".Trim(\'x\', \'y\') + "xax".Trim(new[] { \'x\' }))', "aa"),
        ('@(context.Request.Headers.GetValueOrDefault("X", new[] { "d" })[0])', "d"),
    ],
)  # fmt: skip
def test_value(text: str, value: Any) -> None:
    """What the shorter forms give."""
    assert outcome(text) == value


@pytest.mark.parametrize(
    "text",
    [
        '@((int)context.Variables["text"])',
        '@((string)context.Variables["n"])',
        '@((bool)context.Variables["n"])',
        '@((JObject)context.Variables["text"])',
        '@((Jwt)context.Variables["text"])',
        '@((IResponse)context.Variables["jwt"])',
    ],
)
def test_wrong_casts_still_fail(text: str) -> None:
    """A value of another class goes the long way, which refuses it."""
    assert outcome(text)[0] == "System.InvalidCastException"


def test_dictionary_is_not_made() -> None:
    """The everyday look-up is one call."""
    text = 'context.Request.Headers.GetValueOrDefault("X", "")'
    tree, _ = parse(text, block=False)
    assert tree is not None
    function, module = emit(
        bind(tree, library(), any_type=True).root, library(), "expression", "policy.xml", lambda _: (1, 0), budget=False
    )
    assert sum(isinstance(node, ast.Call) for node in ast.walk(module)) == 1
    assert _headers not in function.__globals__.values()


def test_function_guards_itself() -> None:
    """What is called is the generated function; a defect of the library comes out as an exception of C#."""
    tree, _ = parse('context.Variables["n"]', block=False)
    assert tree is not None
    function, _ = emit(
        bind(tree, library(), any_type=True).root, library(), "expression", "policy.xml", lambda _: (1, 0), budget=False
    )
    with pytest.raises(ClrError, match="Internal error") as caught:
        function(None, None)
    assert isinstance(caught.value.__cause__, AttributeError)


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
def test_exhaustion_is_a_budget(error: type[Exception]) -> None:
    """Too deep or too big ends the evaluation, and no `catch` of a policy sees it."""

    class Failing:
        @property
        def request(self) -> Any:
            raise error

    text = '@{ try { return context.Request.Method; } catch (Exception) { return ""; } }'
    file, sink = SourceFile("policy.xml", text), Sink()
    made = compile_island(text[2:-1], SourceMap.identity(file, 2, len(text) - 3), True, "object", sink)
    assert made is not None
    with pytest.raises(BudgetExceeded):
        made.call(Failing(), None)
