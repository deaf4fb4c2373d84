"""From a request to an API, a revision of it, and an operation.

An API is chosen by the longest path that is a prefix of whole segments; there is no way back to a shorter one.  Behind
the path comes its version, if versions are segments, then `;rev=N`, then the operation's part.  Within the revision an
operation is chosen by method and URL template (`templates`); ties go to the first defined.  Case is ignored, a trailing
slash does not matter, and a method that no operation has is no match.

All of it is laid out in tables when a configuration is made: operations without parameters are found by their path, the
others are tried in order of precedence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from apimpy.configuration.templates import Template, parse_template
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Api, Exchange, Operation, Product
    from apimpy.runtime.faults import PolicyFault
    from apimpy.runtime.message import Request

__all__ = ["ApiRoute", "Match", "OperationRoute", "Program", "Router", "Versioning"]

_REVISION = re.compile(r";rev=([^/;]*)(?=/|$)", re.IGNORECASE)


class Program(Protocol):
    """A compiled policy: leaves `exchange.response` set."""

    async def run(self, ex: Exchange) -> None: ...

    async def fail(self, ex: Exchange, fault: PolicyFault) -> None:
        """The request ended before its policies began: only on-error runs."""

    def traced(self) -> Program:
        """The same program with steps that report to `exchange.trace`."""

    async def preflight(self, ex: Exchange) -> bool:
        """Let the policies answer that answer CORS preflights; whether one did."""


@dataclass(frozen=True, slots=True)
class OperationRoute:
    """`program` is without a product; `products` those of the products that have policies, by the product's id."""

    operation: Operation
    program: Program
    products: Mapping[str, Program] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """A revision of an API.

    `keyless`: it may be called without a subscription key.  `open_product` contains it and needs no key either; a call
    without a key then runs in that product.
    """

    api: Api
    operations: tuple[OperationRoute, ...]
    versioning: Versioning | None = None
    online: bool = True
    keyless: bool = False
    open_product: Product | None = None


@dataclass(frozen=True, slots=True)
class Versioning:
    """How callers name the version of an API: `segment`, `header` or `query`, the last two with a name."""

    scheme: str
    name: str = ""


class Match(Record, frozen=True):
    route: ApiRoute
    target: OperationRoute
    parameters: dict[str, str]
    path: str
    """What follows the API's path, as it was sent; empty or starting with `/`."""

    @property
    def api(self) -> Api:
        return self.route.api

    @property
    def operation(self) -> Operation:
        return self.target.operation


@dataclass(slots=True)
class _Candidates:
    """Operations that one method may mean."""

    literal: dict[str, list[tuple[Template, OperationRoute]]] = field(default_factory=dict)
    ordered: list[tuple[Template, OperationRoute]] = field(default_factory=list)


class _Revision:
    """The operations of one revision, laid out by method."""

    __slots__ = ("_any", "_methods", "route")

    def __init__(self, route: ApiRoute) -> None:
        self.route = route
        rows = [(parse_template(r.operation.url_template), r) for r in route.operations]
        rows.sort(key=lambda row: row[0].rank)  # stable: ties stay in order of definition
        methods = {r.operation.method.upper() for r in route.operations} - {"*"}
        self._any = _candidates(rows, "*")
        self._methods = {method: _candidates(rows, method) for method in methods}

    def match(self, method: str, request: Request, rest: str) -> Match | None:
        candidates = self._methods.get(method) or self._methods.get(method.upper(), self._any)
        if candidates.literal:
            for template, target in candidates.literal.get(rest.removesuffix("/").lower(), ()):
                if not template.query:
                    return Match(self.route, target, {}, rest)
                values = template.bind_query(request.url.query)
                if values is not None:
                    return Match(self.route, target, values, rest)
        for template, target in candidates.ordered:
            groups = template.pattern.fullmatch(rest)
            if groups is None:
                continue
            parameters = {
                name: "" if value is None else unquote(value) if "%" in value else value
                for name, value in zip(template.names, groups.groups(), strict=True)
            }
            if template.query:
                more = template.bind_query(request.url.query)
                if more is None:
                    continue
                parameters |= more
            return Match(self.route, target, parameters, rest)
        return None


def _candidates(rows: list[tuple[Template, OperationRoute]], method: str) -> _Candidates:
    found = _Candidates()
    for template, route in rows:
        if route.operation.method.upper() not in (method, "*"):
            continue
        if template.literal is not None:
            found.literal.setdefault(template.literal, []).append((template, route))
        else:
            found.ordered.append((template, route))
    return found


class _Version:
    """The revisions of one version of an API."""

    __slots__ = ("current", "numbered")

    def __init__(self) -> None:
        self.current: _Revision | None = None
        self.numbered: dict[str, _Revision] = {}

    def add(self, route: ApiRoute) -> None:
        if not route.online:
            return
        revision = _Revision(route)
        self.numbered[route.api.revision] = revision
        if route.api.is_current_revision:
            self.current = revision


class _Path:
    """The APIs that share a path: the versions of a set, or a single one."""

    __slots__ = ("named", "original", "prefix", "segments")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.original: _Version | None = None
        self.segments: dict[str, _Version] = {}
        self.named: dict[Versioning, dict[str, _Version]] = {}

    def add(self, route: ApiRoute) -> None:
        version, versioning = route.api.version, route.versioning
        if version is None or versioning is None:
            self.original = self.original or _Version()
            self.original.add(route)
            return
        table = self.segments if versioning.scheme == "segment" else self.named.setdefault(versioning, {})
        table.setdefault(version.lower(), _Version()).add(route)

    def find(self, request: Request, path: str, at: int) -> tuple[_Revision | None, int]:
        """The revision that is asked for, and where the operation's part of the path begins."""
        version = self.original
        if self.segments and path[at : at + 1] == "/":
            end = _segment_end(path, at + 1)
            found = self.segments.get(unquote(path[at + 1 : end]).lower())
            if found is not None:
                version, at = found, end
        if self.named:
            asked, found = self._named(request)
            if asked:
                version = found
        if version is None:
            return None, at
        if path[at : at + 1] == ";":
            number = _REVISION.match(path, at)
            if number is None:
                return None, at
            return version.numbered.get(number[1]), number.end()
        return version.current, at

    def _named(self, request: Request) -> tuple[bool, _Version | None]:
        """Whether the request names a version, and which one that is."""
        for versioning, table in self.named.items():
            if versioning.scheme == "header":
                value = request.headers.get(versioning.name)
            else:
                wanted = versioning.name.lower()
                value = next((v[0] for n, v in request.url.query.items() if n.lower() == wanted), None)
            if value:
                return True, table.get(value.strip().lower())
        return False, None


def _segment_end(path: str, start: int) -> int:
    """Where a segment that may carry `;rev=` ends."""
    slash = path.find("/", start)
    end = len(path) if slash < 0 else slash
    semicolon = path.find(";", start, end)
    return end if semicolon < 0 else semicolon


class Router:
    """Routes of one configuration; never changes."""

    def __init__(self, apis: Iterable[ApiRoute]) -> None:
        paths: dict[str, _Path] = {}
        for route in apis:
            prefix = route.api.path.strip("/").lower()
            prefix = "/" + prefix if prefix else ""
            paths.setdefault(prefix, _Path(prefix)).add(route)
        self._root = paths.pop("", None)
        self._paths = sorted(paths.values(), key=lambda p: -len(p.prefix))

    def _find(self, request: Request) -> tuple[_Revision | None, str]:
        """The revision a request belongs to, and what follows it in the path."""
        path = request.url.path
        if self._paths:
            folded = path.lower()
            for entry in self._paths:
                size = len(entry.prefix)
                if folded.startswith(entry.prefix) and (
                    len(path) == size or path[size] == "/" or _REVISION.match(path, size)
                ):
                    revision, at = entry.find(request, path, size)
                    return revision, path[at:]
        if self._root is None:
            return None, path
        if path.startswith("/;"):
            revision, at = self._root.find(request, path, 1)
        else:
            revision, at = self._root.find(request, path, 0)
        return revision, path[at:]

    def api(self, request: Request) -> Api | None:
        """The API a request belongs to."""
        found = self._find(request)[0]
        return found.route.api if found else None

    def match(self, request: Request, method: str | None = None) -> Match | None:
        """The operation of a request, or of the same one with another method; None when there is none."""
        revision, rest = self._find(request)
        return None if revision is None else revision.match(method or request.method, request, rest)
