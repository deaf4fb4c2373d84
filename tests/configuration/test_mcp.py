"""Operations as tools: what is listed, and what request a call means."""

from __future__ import annotations

from typing import Any

import pytest

from apimpy.configuration.mcp import BadArguments, Tool, ToolCall
from apimpy.runtime.exchange import DeclaredRequest, Parameter

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
PET = {"type": "object", "properties": {"name": TEXT, "age": NUMBER}, "required": ["name"]}


def tool(method: str, template: str, declared: DeclaredRequest | None = None, **more: Any) -> Tool:
    return Tool("t", "about", method, "/pets", template, declared or DeclaredRequest(), **{"merged": False, **more})


LIST = tool(
    "GET",
    "/{owner}/all?kind={kind}",
    DeclaredRequest(
        (
            Parameter("owner", "path", True, NUMBER, "whose"),
            Parameter("kind", "query", True, TEXT),
            Parameter("tag", "query", False, {"type": "array", "items": TEXT}),
            Parameter("x-trace", "header", False, TEXT),
        )
    ),
)
ADD = tool("POST", "/", DeclaredRequest((), PET, True), merged=True)
PUT = tool("PUT", "/{id}", DeclaredRequest((Parameter("id", "path", True, TEXT),), {"type": "array"}, False))
BARE = tool("POST", "/{*rest}")


@pytest.mark.parametrize(
    ("one", "properties", "required"),
    [
        (
            LIST,
            {
                "owner": NUMBER | {"description": "whose"},
                "kind": TEXT,
                "tag": {"type": "array", "items": TEXT},
                "x-trace": TEXT,
            },
            ["owner", "kind"],
        ),
        (ADD, PET["properties"], ["name"]),
        (PUT, {"id": TEXT, "body": {"type": "array"}}, ["id"]),
        (BARE, {"rest": TEXT}, ["rest"]),
    ],
)
def test_what_is_listed(one: Tool, properties: Any, required: list[str]) -> None:
    schema = {"type": "object", "properties": properties, "required": required}
    assert one.described() == {"name": "t", "description": "about", "inputSchema": schema}


@pytest.mark.parametrize(
    ("one", "arguments", "call"),
    [
        (
            LIST,
            {"owner": 5, "kind": "a b", "tag": ["x", "y&z"], "x-trace": True, "more": {"a": 1}},
            ToolCall(
                "GET",
                "/pets/5/all?kind=a+b&tag=x&tag=y%26z&more=%7B%22a%22%3A1%7D",
                (("x-trace", "true"),),
            ),
        ),
        (LIST, {"owner": "a/b ü", "kind": ""}, ToolCall("GET", "/pets/a%2Fb%20%C3%BC/all?kind=")),
        (ADD, {"name": "Tom", "age": 3}, ToolCall("POST", "/pets/", (), {"name": "Tom", "age": 3}, True)),
        (PUT, {"id": "1", "body": [1, 2]}, ToolCall("PUT", "/pets/1", (), [1, 2], True)),
        (PUT, {"id": "1", "other": 2}, ToolCall("PUT", "/pets/1?other=2")),
        (BARE, {"rest": "a/b", "x": 1}, ToolCall("POST", "/pets/a/b", (), {"x": 1}, True)),
        (BARE, {"rest": "a"}, ToolCall("POST", "/pets/a")),
        (
            tool("GET", "/", headers=(("api-version", "v1"),), query=(("v", "2"),)),
            {"a": 1},
            ToolCall("GET", "/pets/?v=2&a=1", (("api-version", "v1"),)),
        ),
    ],
)
def test_what_a_call_means(one: Tool, arguments: dict[str, Any], call: ToolCall) -> None:
    assert one.call(arguments) == call


@pytest.mark.parametrize(
    ("one", "arguments", "text"),
    [
        (LIST, {}, "t needs owner, kind"),
        (LIST, {"owner": None, "kind": "x"}, "t needs owner"),
        (ADD, {"age": 1}, "t needs name"),
    ],
)
def test_arguments_that_are_missing(one: Tool, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(BadArguments, match=text):
        one.call(arguments)
