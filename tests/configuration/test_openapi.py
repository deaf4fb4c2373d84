"""API descriptions to operations."""
# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

from typing import Any

import pytest

from apimpy.configuration.openapi import Described, operations_of
from apimpy.configuration.yaml_source import parse
from apimpy.diagnostics import Sink
from apimpy.source import SourceFile

HEAD = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n"


def read(text: str, name: str = "api.yaml", **more: Any) -> tuple[Described | None, list[str]]:
    sink = Sink()
    node = parse(SourceFile(name, text), sink)
    assert node is not None
    found = operations_of(node, sink, **more)
    return found, [f"{d.code} {d.span.line_col[0]}:{d.span.line_col[1]}" for d in sink]


@pytest.mark.parametrize(
    ("operations", "ids"),
    [
        ("/a: {get: {operationId: Get_Pet.byId}}", ["get-pet-byid"]),
        ("/a: {get: {operationId: x}, put: {operationId: X}, post: {operationId: 'x!'}}", ["x", "x-1", "x-2"]),
        ("/a/{b}: {get: {}, DELETE: {}, parameters: [], x-y: 1}", ["get-a-b"]),
        ("/a: {get: {operationId: '%s'}}" % ("x" * 90), ["x" * 76]),
        ("/a: {get: {operationId: '!'}}", ["operation"]),
        ("x-extra: {}", []),
    ],
)  # fmt: skip
def test_ids(operations: str, ids: list[str]) -> None:
    found, problems = read(HEAD + "paths:\n  " + operations)
    assert problems == []
    assert found is not None
    assert [o.id for o in found.operations] == ids


def test_required_query_parameters_join_the_template() -> None:
    text = (
        HEAD
        + """
paths:
  /a/{id}:
    parameters:
      - {name: shared, in: query, required: true}
      - {$ref: '#/components/parameters/page'}
      - {name: id, in: path, required: true}
    get:
      parameters: [{name: page, in: query, required: false}, {name: q, in: query, required: true}]
    put: {}
components: {parameters: {page: {name: page, in: query, required: true}}}
"""
    )
    found, _ = read(text)
    assert found is not None
    assert sorted((o.method, o.url_template) for o in found.operations) == [
        ("GET", "/a/{id}?shared={shared}&q={q}"),
        ("PUT", "/a/{id}?shared={shared}&page={page}"),
    ]
    found, _ = read(text, query_in_template=False)
    assert found is not None
    assert {o.url_template for o in found.operations} == {"/a/{id}"}


def test_examples_and_schemas() -> None:
    found, _ = read(
        HEAD
        + """
paths:
  /a:
    get:
      responses:
        200:
          content:
            application/json: {example: {a: 1}}
            text/plain: {examples: {one: {value: hello}, two: {$ref: '#/components/examples/two'}, three: {externalValue: x}}}
        "404": {$ref: '#/components/responses/none'}
        default: {description: x}
        2XX: {description: x}
components:
  examples: {two: {value: [1]}}
  responses: {none: {content: {application/json: {schema: {$ref: '#/components/schemas/tree'}}}}}
  schemas: {tree: {type: object, properties: {name: {type: string}, children: {type: array, items: {$ref: '#/components/schemas/tree'}}}}}
"""
    )
    assert found is not None
    ok, none = found.operations[0].responses
    assert (ok.status, none.status) == (200, 404)
    assert [(r.content_type, r.examples) for r in ok.representations] == [
        ("application/json", (b'{"a":1}',)),
        ("text/plain", (b"hello", b"[1]")),
    ]
    schema = none.representations[0].schema
    assert schema["properties"]["children"]["items"] == {}, "a schema that contains itself ends there"


def test_swagger_2() -> None:
    found, problems = read(
        '{"swagger": "2.0", "host": "h.test", "basePath": "/b", "produces": ["application/xml"], "paths": {"/a": {"get": '
        '{"responses": {"200": {"schema": {"type": "string"}, "examples": {"application/json": {"x": 1}}}, "204": {}}}}}}',
        "api.json",
    )
    assert problems == []
    assert found is not None
    assert found.server == "https://h.test/b"
    ok, empty = found.operations[0].responses
    assert [(r.content_type, r.examples) for r in ok.representations] == [
        ("application/json", (b'{"x":1}',)),
        ("application/xml", ()),
    ]
    assert empty.representations == ()


@pytest.mark.parametrize(
    ("servers", "server"),
    [("[{url: 'https://x/y'}]", "https://x/y"), ("[{url: /y}]", None), ("[{url: 'https://{h}'}]", None), ("[]", None)],
)
def test_server(servers: str, server: str | None) -> None:
    found, _ = read(HEAD + f"servers: {servers}\npaths: {{}}")
    assert found is not None
    assert found.server == server


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1", "CFG018 1:1"),
        ("openapi: 4.0.0", "CFG018 1:10"),
        (HEAD + "paths: [x]", "CFG018 3:8"),
        (HEAD + "paths: {a: {}}", "CFG018 3:9"),
        (HEAD + "paths: {/a: [x]}", "CFG018 3:13"),
        (HEAD + "paths: {/a: {get: x}}", "CFG018 3:19"),
    ],
)
def test_problems(text: str, problem: str) -> None:
    assert read(text)[1] == [problem]
