"""API descriptions to operations: OpenAPI 3.0 and 3.1, and Swagger 2, as JSON or YAML.

The platform's import rules: an operation's id is its `operationId` in lower case with dashes (`get-pets`), required
query parameters join the URL template, examples and schemas of responses are kept for `mock-response`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from apimpy.configuration.fields import said
from apimpy.configuration.model import OperationSpec
from apimpy.configuration.yaml_source import Node, load, plain
from apimpy.record import Record
from apimpy.runtime.exchange import DeclaredRequest, DeclaredResponse, Parameter, Representation

if TYPE_CHECKING:
    from pathlib import Path

    from apimpy.diagnostics import Sink
    from apimpy.source import Span

__all__ = ["Described", "operations_of", "read_description", "slug"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MAX_ID = 76
_MAX_DEPTH = 64
_INLINE = ("type", "format", "items", "enum", "default", "minimum", "maximum", "pattern")
"""What Swagger 2 says of a parameter in place of a schema."""


class Described(Record, frozen=True):
    """`server`: the first absolute URL under `servers`."""

    operations: tuple[OperationSpec, ...]
    server: str | None = None


def slug(text: str) -> str:
    """Lower case, with everything but letters and digits as single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def read_description(path: Path, sink: Sink, *, at: Span, query_in_template: bool = True) -> Described | None:
    """The operations of a file; None after a report."""
    root = load(path, sink, at=at)
    return None if root is None else operations_of(root, sink, query_in_template=query_in_template)


def operations_of(root: Node, sink: Sink, *, query_in_template: bool = True) -> Described | None:
    """The operations of a description; None when it is none."""
    version = root.value.get("openapi") or root.value.get("swagger") if root.kind == "map" else None
    if version is None or not version.node.text.startswith(("3.0", "3.1", "2.0")):
        shown = "no API description" if version is None else f"OpenAPI {version.node.text}"
        where = root.span if version is None else version.node.span
        sink.report("CFG018", f"{shown}: OpenAPI 3.0 and 3.1 and Swagger 2.0 are understood", where)
        return None
    return _Description(root, sink, query_in_template).read()


class _Description:
    def __init__(self, root: Node, sink: Sink, query_in_template: bool) -> None:
        self._root, self._sink, self._query_in_template = root, sink, query_in_template
        self._plain = plain(root)
        self._resolved: dict[str, Any] = {}
        self._taken: set[str] = set()

    def read(self) -> Described:
        found: list[OperationSpec] = []
        paths = self._root.value.get("paths")
        if paths is not None and paths.node.kind not in ("map", "null"):
            self._wrong(paths.node, "'paths'")
        elif paths is not None and paths.node.kind == "map":
            for template, entry in paths.node.value.items():
                if template.startswith("/"):
                    found += self._path(template, entry.key_span, entry.node)
                elif not template.startswith("x-"):
                    self._sink.report("CFG018", f"the path '{template}' begins with '/'", entry.key_span)
        return Described(tuple(found), self._server())

    def _wrong(self, node: Node, what: str) -> None:
        self._sink.report("CFG018", f"{what} is a mapping, not {said(node)}", node.span)

    def _server(self) -> str | None:
        servers = self._plain.get("servers")
        if isinstance(servers, list) and servers and isinstance(servers[0], dict):
            url = servers[0].get("url")
            if isinstance(url, str) and url.startswith(("http://", "https://")) and "{" not in url:
                return url
        host = self._plain.get("host")
        if isinstance(host, str):
            schemes = self._plain.get("schemes") or ["https"]
            return f"{schemes[0]}://{host}{self._plain.get('basePath') or ''}"
        return None

    def _path(self, template: str, span: Span, node: Node) -> list[OperationSpec]:
        if node.kind != "map":
            if node.kind != "null":
                self._wrong(node, f"the path '{template}'")
            return []
        found = []
        shared = plain(node).get("parameters") or []
        for method in _METHODS:
            entry = node.value.get(method)
            if entry is None:
                continue
            if entry.node.kind != "map":
                self._wrong(entry.node, f"{method} of '{template}'")
                continue
            operation = plain(entry.node)
            given = operation.get("operationId")
            name = given if isinstance(given, str) and given else f"{method}-{template}"
            found.append(
                OperationSpec(
                    self._id(name),
                    entry.key_span,
                    method.upper(),
                    template + self._query(shared, operation.get("parameters") or []),
                    str(operation.get("summary") or given or name),
                    responses=tuple(self._responses(operation)),
                    request=self._request(shared, operation),
                    template_span=span,
                )
            )
        return found

    def _id(self, name: str) -> str:
        base = slug(name)[:_MAX_ID].strip("-") or "operation"
        id_, number = base, 0
        while id_ in self._taken:
            number += 1
            id_ = f"{base}-{number}"
        self._taken.add(id_)
        return id_

    # --- requests -----------------------------------------------------------------------------------------------------

    def _request(self, shared: Any, operation: dict[str, Any]) -> DeclaredRequest:
        rows = self._parameters(shared, operation.get("parameters") or [])
        parameters, body, required = [], None, False
        for row in rows:
            name, place = row.get("name"), row.get("in")
            if place == "body":  # Swagger 2
                body, required = self._schema(row), row.get("required") is True
            elif isinstance(name, str) and place in ("path", "query", "header"):
                schema = self._schema(row) if "schema" in row else {k: row[k] for k in _INLINE if k in row}
                about = str(row.get("description") or "")
                parameters.append(Parameter(name, place, row.get("required") is True, schema, about))
        given = self._resolve(operation.get("requestBody"))
        if isinstance(given, dict):
            content = given.get("content")
            media = content.get("application/json") if isinstance(content, dict) else None
            if isinstance(media, dict):
                body, required = self._schema(media), given.get("required") is True
        about = str(operation.get("description") or operation.get("summary") or "")
        return DeclaredRequest(tuple(parameters), body, required, about)

    def _parameters(self, shared: Any, own: Any) -> list[dict[str, Any]]:
        """Those of the operation and of its path; of two with one name the operation's."""
        rows: dict[tuple[Any, Any], dict[str, Any]] = {}
        for parameter in [*_list(shared), *_list(own)]:
            row = self._resolve(parameter)
            if isinstance(row, dict):
                rows[row.get("in"), row.get("name")] = row
        return list(rows.values())

    def _query(self, shared: Any, own: Any) -> str:
        """The required query parameters as the query of a template."""
        if not self._query_in_template:
            return ""
        rows = self._parameters(shared, own)
        names = [row.get("name") for row in rows if row.get("in") == "query" and row.get("required") is True]
        return "?" + "&".join(f"{n}={{{n}}}" for n in names if isinstance(n, str)) if names else ""

    # --- responses ----------------------------------------------------------------------------------------------------

    def _responses(self, operation: dict[str, Any]) -> list[DeclaredResponse]:
        declared = operation.get("responses")
        found = []
        for status, response in declared.items() if isinstance(declared, dict) else ():
            row = self._resolve(response)
            if str(status).isdigit() and isinstance(row, dict):
                found.append(DeclaredResponse(int(status), tuple(self._representations(row, operation))))
        return found

    def _representations(self, response: dict[str, Any], operation: dict[str, Any]) -> list[Representation]:
        content = response.get("content")
        if isinstance(content, dict):
            return [
                Representation(str(type_), tuple(self._examples(media)), self._schema(media))
                for type_, media in content.items()
                if isinstance(media, dict)
            ]
        types = operation.get("produces") or self._plain.get("produces") or ["application/json"]
        if "schema" not in response and "examples" not in response:
            return []
        examples = response.get("examples")
        given = examples if isinstance(examples, dict) else {}
        names = [*given, *(t for t in _list(types) if t not in given)]
        return [
            Representation(str(n), (_bytes(given[n]),) if n in given else (), self._schema(response)) for n in names
        ]

    def _examples(self, media: dict[str, Any]) -> list[bytes]:
        if "example" in media:
            return [_bytes(media["example"])]
        several = media.get("examples")
        rows = [self._resolve(e) for e in several.values()] if isinstance(several, dict) else []
        return [_bytes(row["value"]) for row in rows if isinstance(row, dict) and "value" in row]

    def _schema(self, media: dict[str, Any]) -> Any:
        return self._deep(media["schema"], 0) if "schema" in media else None

    # --- references ---------------------------------------------------------------------------------------------------

    def _resolve(self, value: Any) -> Any:
        """What a reference points at; anything else as it is."""
        for _ in range(_MAX_DEPTH):
            if not (isinstance(value, dict) and isinstance(value.get("$ref"), str)):
                return value
            value = self._at(value["$ref"])
        return None

    def _at(self, pointer: str) -> Any:
        if not pointer.startswith("#/"):
            return None  # other files are not followed
        found: Any = self._plain
        for part in pointer[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def _deep(self, value: Any, depth: int) -> Any:
        """A schema without references; one that contains itself ends there."""
        if depth > _MAX_DEPTH:
            return {}
        if isinstance(value, list):
            return [self._deep(item, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        pointer = value.get("$ref")
        if isinstance(pointer, str):
            if pointer not in self._resolved:
                self._resolved[pointer] = {}  # what a cycle finds
                self._resolved[pointer] = self._deep(self._at(pointer), depth + 1)
            return self._resolved[pointer]
        return {key: self._deep(item, depth + 1) for key, item in value.items()}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _bytes(example: Any) -> bytes:
    """A text is the body as it is, anything else JSON."""
    import orjson

    return example.encode("utf-8", "replace") if isinstance(example, str) else orjson.dumps(example)
