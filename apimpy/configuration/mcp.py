"""MCP servers of a gateway: operations of APIs as tools, and what a call of a tool asks of its operation.

Pure data and functions; `apimpy.gateway.mcp` speaks the protocol and sends the calls.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from apimpy.configuration.check import lookup
from apimpy.record import Record
from apimpy.runtime.exchange import DeclaredRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.configuration.model import ApiSpec, GatewayFile, McpToolSpec, OperationSpec

__all__ = ["ENDPOINT", "MCP", "BadArguments", "McpServer", "Tool", "ToolCall", "mcp_server", "reference"]

ENDPOINT = "/mcp"
MCP = "mcp"
"""The scheme of service URLs that mean a server in this gateway."""
_REFERENCE = re.compile(r"(?:(?:.*/)?apis/)?([^/]+)/(?:operations/)?([^/]+)/?")
_PARAMETER = re.compile(r"\{(\*?)([^{}]+)\}")
_BODY = "body"
_MAY_HAVE_BODY = ("POST", "PUT", "PATCH", "DELETE")


class BadArguments(Exception):
    """Arguments that make no request; the text says why."""


class ToolCall(Record, frozen=True, eq=True):
    """The request that a call of a tool means.  `body` is JSON data when `has_body`."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Any = None
    has_body: bool = False


class Tool(Record, frozen=True):
    """One operation.  `path` leads to its API; `merged`: the properties of the body stand beside the parameters."""

    name: str
    description: str
    method: str
    path: str
    template: str
    declared: DeclaredRequest
    merged: bool
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    """What every call has: the version of the API."""

    def described(self) -> dict[str, Any]:
        """As `tools/list` shows it."""
        properties: dict[str, Any] = {}
        required: list[str] = []
        for name in self._in_template():
            properties[name] = {"type": "string"}
            required.append(name)
        for p in self.declared.parameters:
            if p.place == "path" and p.name not in properties:
                continue
            schema = dict(p.schema) if isinstance(p.schema, dict) else {}
            about = {"description": p.description} if p.description else {}
            properties[p.name] = about | (schema or {"type": "string"})
            if p.required and p.name not in required:
                required.append(p.name)
        body = self.declared.body
        if self.merged:
            properties |= body.get("properties", {})
            if self.declared.body_required:
                required += [n for n in body.get("required", ()) if n not in required]
        elif body is not None:
            properties[_BODY] = body
            if self.declared.body_required:
                required.append(_BODY)
        schema = {"type": "object", "properties": properties} | ({"required": required} if required else {})
        return {"name": self.name, "description": self.description, "inputSchema": schema}

    def _in_template(self) -> list[str]:
        return [m[2] for m in _PARAMETER.finditer(self.template)]

    def call(self, arguments: Mapping[str, Any]) -> ToolCall:
        """The request for some arguments.  BadArguments."""
        schema = self.described()["inputSchema"]
        missing = [name for name in schema.get("required", ()) if arguments.get(name) is None]
        if missing:
            raise BadArguments(f"{self.name} needs {', '.join(missing)}")
        left = {name: value for name, value in arguments.items() if value is not None}
        path, _, asked = self.template.partition("?")
        path = _PARAMETER.sub(lambda m: quote(_text(left.pop(m[2])), safe="/" if m[1] else ""), path)
        query = list(self.query)
        for pair in asked.split("&") if asked else ():
            name, _, value = pair.partition("=")
            found = _PARAMETER.fullmatch(value)
            query.append((name, _text(left.pop(found[2])) if found else value))
        headers = list(self.headers)
        for p in self.declared.parameters:
            if p.name not in left or p.place == "path":
                continue
            values = left.pop(p.name)
            if p.place == "header":
                headers.append((p.name, _text(values)))
            else:
                query += [(p.name, _text(v)) for v in (values if isinstance(values, list) else [values])]
        body: Any = None
        has_body = False
        if self.declared.body is not None and not self.merged:
            has_body, body = _BODY in left, left.pop(_BODY, None)
        elif self.merged or (left and self.method in _MAY_HAVE_BODY and self.declared == DeclaredRequest()):
            has_body, body, left = bool(left) or self.declared.body_required, left, {}
        query += [(name, _text(value)) for name, value in left.items()]
        target = self.path + path + ("?" + urlencode(query) if query else "")
        return ToolCall(self.method, target, tuple(headers), body, has_body)


class McpServer(Record, frozen=True):
    """What `initialize` and `tools/list` say."""

    name: str
    version: str
    tools: Mapping[str, Tool]


def reference(text: str) -> tuple[str, str] | None:
    """API and operation of `api/operation`, or of a resource id; None when it is neither.

    >>> reference("/subscriptions/s/…/apis/pets/operations/get-pet")
    ('pets', 'get-pet')
    """
    found = _REFERENCE.fullmatch(text)
    return None if found is None else (found[1], found[2])


def mcp_server(spec: ApiSpec, model: GatewayFile) -> McpServer:
    """The server of an API whose tools are operations; the model has been checked."""
    assert spec.mcp is not None
    apis = {api.id: api for api in model.apis if api.current}
    tools = {}
    for tool in spec.mcp.tools:
        api = lookup(apis, tool.api.id)
        if api is not None:
            operation = lookup({o.id: o for o in api.operations}, tool.operation)
            if operation is not None:
                tools[tool.name] = _tool(tool, api, operation, model)
    return McpServer(spec.name or spec.id, spec.version or spec.revision, tools)


def _tool(spec: McpToolSpec, api: ApiSpec, operation: OperationSpec, model: GatewayFile) -> Tool:
    path = f"/{api.path}" if api.path else ""
    fixed: dict[str, tuple[tuple[str, str], ...]] = {}
    version_set = lookup({v.id: v for v in model.version_sets}, api.version_set.id) if api.version_set else None
    if api.version and version_set is not None:
        if version_set.scheme == "segment":
            path += f"/{api.version}"
        else:
            fixed[version_set.scheme] = ((version_set.name, api.version),)
    declared = operation.request or DeclaredRequest()
    body = declared.body
    template = operation.url_template
    taken = {p.name for p in declared.parameters} | {m[2] for m in _PARAMETER.finditer(template)}
    properties = body.get("properties") if isinstance(body, dict) and body.get("type") == "object" else None
    merged = isinstance(properties, dict) and not taken & set(properties)
    method = "GET" if operation.method == "*" else operation.method.upper()
    about = spec.description or declared.description or operation.name or operation.id
    headers, query = fixed.get("header", ()), fixed.get("query", ())
    return Tool(spec.name, about, method, path, template, declared, merged, headers, query)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        import orjson

        return orjson.dumps(value).decode()
    return str(value)
