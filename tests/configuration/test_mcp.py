"""Operations as tools: what is listed, and what request a call means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apimpy.configuration.mcp import BadArguments, Tool, ToolCall, mcp_server
from apimpy.configuration.model import (
    ApiSpec,
    GatewayFile,
    McpSpec,
    McpToolSpec,
    OperationSpec,
    Ref,
    VersionSet,
)
from apimpy.runtime.exchange import DeclaredRequest, Parameter
from apimpy.source import SourceFile

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
PET = {"type": "object", "properties": {"name": TEXT, "age": NUMBER}, "required": ["name"]}


SPAN = SourceFile("gateway.yaml", "").span(0)


def tool(method: str, template: str, declared: DeclaredRequest | None = None, **version: Any) -> Tool:
    """The tool `t` of an operation of the API `pets`."""
    versions: tuple[VersionSet, ...] = ()
    if version:
        versions = (VersionSet("vs", SPAN, version["scheme"], version["name"]),)
        version = {"version": "v2", "version_set": Ref("vs", SPAN)}
    operation = OperationSpec("op", SPAN, method, template, request=declared)
    pets = ApiSpec("pets", SPAN, path="pets", operations=(operation,), **version)
    spec = ApiSpec("m", SPAN, mcp=McpSpec((McpToolSpec("t", SPAN, Ref("pets", SPAN), "op", "about"),)))
    return mcp_server(spec, GatewayFile(SPAN, apis=(pets, spec), version_sets=versions)).tools["t"]


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
ADD = tool("POST", "/", DeclaredRequest((), PET, True))
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
    assert one.listed == {"name": "t", "description": "about", "inputSchema": schema}


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
        (tool("GET", "/?a={b}&c={*d}"), {"b": 1, "d": "x"}, ToolCall("GET", "/pets/?a=1&c=x")),
        (tool("GET", "/*"), {"path": "a/b"}, ToolCall("GET", "/pets/a/b")),
        (
            tool("GET", "/{id}?ids={ids}&all=1", DeclaredRequest((Parameter("id", "query", False, TEXT),))),
            {"id": 1, "ids": ["a", "b"], "query_id": 2},
            ToolCall("GET", "/pets/1?all=1&ids=a&ids=b&id=2"),
        ),
        (
            tool(
                "PATCH", "/", DeclaredRequest((), {"type": "object", "properties": {"n": {}}, "required": ["n"]}, True)
            ),
            {"n": None},
            ToolCall("PATCH", "/pets/", (), {"n": None}, True),
        ),
        (tool("GET", "/é b/{id}"), {"id": "1"}, ToolCall("GET", "/pets/%C3%A9%20b/1")),
        (tool("GET", "/", scheme="segment", name=""), {"a": 1}, ToolCall("GET", "/pets/v2/?a=1")),
        (tool("GET", "/", scheme="query", name="v"), {"v": "v3"}, ToolCall("GET", "/pets/?v=v2")),
        (
            tool("GET", "/", DeclaredRequest((Parameter("x-v", "header"),)), scheme="header", name="X-V"),
            {"x-v": "v3"},
            ToolCall("GET", "/pets/", (("X-V", "v2"),)),
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
        (BARE, {"rest": "../../x"}, "rest is no part of a path"),
        (PUT, {"id": ".."}, "id is no part of a path"),
        (PUT, {"id": ""}, "id is empty"),
        (LIST, {"owner": 1, "kind": "x", "x-trace": "a\r\nHost: b"}, "x-trace is no header value"),
        (LIST, {"owner": 1, "kind": json.loads("[" * 500 + "1" + "]" * 500)}, "cannot be written"),
    ],
)
def test_arguments_that_make_no_request(one: Tool, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(BadArguments, match=text):
        one.call(arguments)


@pytest.mark.parametrize(
    ("body", "listed", "required"),
    [
        ({"type": "object", "properties": {"a": TEXT}, "required": True}, {"a": TEXT}, None),
        ({"type": "object", "properties": {"a": TEXT}, "required": ["a", 1]}, {"a": TEXT}, ["a"]),
        ({"type": "object", "properties": {"a": True}}, {"a": {}}, None),
        ({"maximum": 10**30}, {"body": {}}, ["body"]),
        ({"description": "x" * 100_000}, {"body": {}}, ["body"]),
        (True, {"body": {}}, ["body"]),
    ],
)
def test_schemas_of_other_people(body: Any, listed: Any, required: list[str] | None) -> None:
    schema = tool("POST", "/", DeclaredRequest((), body, True)).listed["inputSchema"]
    assert (schema["properties"], schema.get("required")) == (listed, required)


def test_headers_that_are_said_elsewhere_are_no_arguments() -> None:
    names = ("Accept", "Authorization", "Content-Type", "X-Mine")
    declared = DeclaredRequest(tuple(Parameter(name, "header") for name in names))
    assert list(tool("GET", "/", declared).listed["inputSchema"]["properties"]) == ["X-Mine"]
