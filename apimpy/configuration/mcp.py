"""MCP servers of a gateway: operations of APIs as tools, and what a call of a tool asks of its operation.

Pure data and functions; `apimpy.gateway.mcp` speaks the protocol and sends the calls.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from apimpy.configuration.check import lookup
from apimpy.policies._target import escaped
from apimpy.record import Record
from apimpy.runtime.exchange import DeclaredRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.configuration.model import ApiSpec, GatewayFile, McpToolSpec, OperationSpec
    from apimpy.runtime.exchange import Parameter

__all__ = [
    "ENDPOINT",
    "MCP",
    "Argument",
    "BadArguments",
    "McpServer",
    "Tool",
    "ToolCall",
    "arguments_of",
    "mcp_server",
    "reference",
]

ENDPOINT = "/mcp"
MCP = "mcp"
"""The scheme of service URLs that mean a server in this gateway."""
_REFERENCE = re.compile(r"(?:(?:.*/)?apis/)?([^/]+)/(?:operations/)?([^/]+)/?")
_PARAMETER = re.compile(r"\{(\*?)([^{}]+)\}")
_OWN_HEADERS = ("accept", "authorization", "content-type")
"""Never parameters: the description of an API says these elsewhere (OpenAPI 3.1, section 4.8.12)."""
_PLACES = ("path", "query", "header", "property", "body")
_LONGEST_SCHEMA = 64 << 10
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


class Argument(Record, frozen=True, eq=True):
    """One argument of a tool.  `place`: path, query, header, a property of the body, or body: all of it.

    `name` is the argument's, `field` the parameter's: they differ where two places have one name.
    """

    name: str
    place: str
    field: str
    required: bool
    schema: dict[str, Any]

    @property
    def sent(self) -> bool:
        """It is text in the head of the request, where there is no null."""
        return self.place in ("path", "query", "header")

    def is_in(self, given: Mapping[str, Any]) -> bool:
        """Whether it is among some arguments."""
        return given.get(self.name) is not None if self.sent else self.name in given


class Tool(Record, frozen=True):
    """One operation.  `path` leads to its API, `listed` is what `tools/list` shows.

    `headers` and `query` go with every call: the version of the API.  `open_body`: nothing describes the requests, so
    further arguments are the body.
    """

    name: str
    api: str
    operation: str
    method: str
    path: str
    template: str
    arguments: tuple[Argument, ...]
    listed: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    open_body: bool = False

    def call(self, given: Mapping[str, Any]) -> ToolCall:
        """The request for some arguments.  BadArguments."""
        missing = [a.name for a in self.arguments if a.required and not a.is_in(given)]
        if missing:
            raise BadArguments(f"{self.name} needs {', '.join(missing)}")
        placed: dict[str, dict[str, Any]] = {place: {} for place in _PLACES}
        for a in self.arguments:
            if a.is_in(given):
                placed[a.place][a.field] = given[a.name]
        known = {a.name for a in self.arguments}
        left = {name: value for name, value in given.items() if name not in known}
        has_body, body = bool(placed["body"] or placed["property"]), placed["property"]
        if placed["body"]:
            (body,) = placed["body"].values()
        elif self.open_body and left:
            has_body, body, left = True, left, {}
        path, _, fixed = self.template.partition("?")
        query = self._query(fixed, [(n, v) for n, values in placed["query"].items() for v in _each(values)], left)
        taken = {name.lower() for name, _ in self.headers}
        headers = [(n, _header(n, v)) for n, v in placed["header"].items() if n.lower() not in taken]
        target = self.path + _filled(path, placed["path"]) + ("?" + urlencode(query) if query else "")
        return ToolCall(self.method, target, (*self.headers, *headers), body if has_body else None, has_body)

    def _query(self, fixed: str, asked: list[tuple[str, Any]], left: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The query: of the version, of the template, of the parameters, and what nobody described."""
        taken = {name.lower() for name, _ in self.query}
        literal = [pair for pair in _pairs(fixed) if _PARAMETER.fullmatch(pair[1]) is None]
        more = [(name, value) for name, value in left.items() if value is not None]
        found = [(name, _text(value)) for name, value in (*asked, *more) if name.lower() not in taken]
        return [*self.query, *literal, *found]


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
    template = re.sub(r"/\*(?=$|\?)", "/{*path}", operation.url_template)
    declared = operation.request or DeclaredRequest()
    arguments = arguments_of(template, declared)
    about = spec.description or declared.description or operation.name or operation.id
    method = "GET" if operation.method == "*" else operation.method.upper()
    return Tool(
        spec.name,
        api.id,
        operation.id,
        method,
        path,
        template,
        arguments,
        {"name": spec.name, "description": about, "inputSchema": _schema(arguments)},
        fixed.get("header", ()),
        fixed.get("query", ()),
        operation.request is None and method in _MAY_HAVE_BODY,
    )


def arguments_of(template: str, declared: DeclaredRequest) -> tuple[Argument, ...]:
    """The arguments that make a request: parameters, then the properties of a JSON object or the body as one."""
    described = {(p.place, p.name): p for p in declared.parameters}
    path, _, query = template.partition("?")
    wanted = [("path", m[2], m[2]) for m in _PARAMETER.finditer(path)]
    wanted += [("query", m[2], name) for name, value in _pairs(query) if (m := _PARAMETER.fullmatch(value))]
    rows: list[tuple[str, str, str, bool, Any]] = []
    """Place, name, the name there, whether it is required, and its schema."""
    for place, name, field in wanted:
        found = described.pop((place, field), None)
        rows.append((place, name, field, True, None if found is None else _shown(found)))
    rows += [
        (p.place, p.name, p.name, p.required, _shown(p))
        for p in described.values()
        if p.place != "path" and not (p.place == "header" and p.name.lower() in _OWN_HEADERS)
    ]
    body = declared.body
    properties = body.get("properties") if isinstance(body, dict) and body.get("type") == "object" else None
    if isinstance(body, dict) and isinstance(properties, dict) and not {row[1] for row in rows} & set(properties):
        needed = body.get("required") if declared.body_required else None
        required = {name for name in needed if isinstance(name, str)} if isinstance(needed, list) else set()
        rows += [("property", name, name, name in required, schema) for name, schema in properties.items()]
    elif body is not None:
        rows.append(("body", "body", "body", declared.body_required, body))
    out: dict[str, Argument] = {}
    for place, name, field, is_required, schema in rows:
        name = name if name not in out else f"{place}_{name}"
        out.setdefault(name, Argument(name, place, field, is_required, schema if isinstance(schema, dict) else {}))
    return tuple(out.values())


def _shown(parameter: Parameter) -> dict[str, Any]:
    schema = parameter.schema if isinstance(parameter.schema, dict) and parameter.schema else {"type": "string"}
    return {"description": parameter.description, **schema} if parameter.description else schema


def _schema(arguments: tuple[Argument, ...]) -> dict[str, Any]:
    """The schema of all of them; of those whose own cannot be written, or is very long, nothing but the name."""
    properties = {a.name: _bounded(a.schema or ({"type": "string"} if a.place == "path" else {})) for a in arguments}
    required = [a.name for a in arguments if a.required]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    import orjson

    try:
        return schema if len(orjson.dumps(schema)) <= _LONGEST_SCHEMA else {}
    except TypeError:  # numbers beyond 64 bits
        return {}


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """A path with its parameters.  BadArguments for values that would leave it."""
    parts, at = [], 0
    for found in _PARAMETER.finditer(template):
        text = _text(values[found[2]])
        if not text and not found[1]:
            raise BadArguments(f"{found[2]} is empty")
        if any(part in (".", "..") for part in (text.split("/") if found[1] else [text])):
            raise BadArguments(f"{found[2]} is no part of a path")
        parts += [escaped(template[at : found.start()]), quote(text, safe="/" if found[1] else "")]
        at = found.end()
    return "".join([*parts, escaped(template[at:])])


def _header(name: str, value: Any) -> str:
    text = _text(value)
    if any(c in text for c in "\r\n\0"):
        raise BadArguments(f"{name} is no header value")
    return text


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&")) if name]


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        import orjson

        try:
            return orjson.dumps(value).decode()
        except TypeError as error:
            raise BadArguments(f"an argument cannot be written: {error}") from error
    return str(value)
