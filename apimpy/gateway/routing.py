"""From a request's path to an API and an operation.

An API is chosen by the longest path that is a prefix of whole segments; within it an operation by method and URL
template.  `{name}` stands for a segment or part of one, `*` at the end for the rest (and nothing).  More literal
segments win, then mixed ones, then parameters, then the wildcard; ties go to the first defined.  Case is ignored, a
trailing slash does not matter, and a method that no operation has is no match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apimpy.runtime.exchange import Api, Exchange, Operation
    from apimpy.runtime.faults import PolicyFault

__all__ = ["ApiRoute", "Match", "OperationRoute", "Program", "Router"]

_PARAMETER = re.compile(r"\{(\*?)([^{}]+)\}")


class Program(Protocol):
    """A compiled policy: leaves `exchange.response` set."""

    async def run(self, ex: Exchange) -> None: ...

    async def fail(self, ex: Exchange, fault: PolicyFault) -> None:
        """The request ended before its policies began: only on-error runs."""


@dataclass(frozen=True, slots=True)
class OperationRoute:
    operation: Operation
    program: Program


@dataclass(frozen=True, slots=True)
class ApiRoute:
    api: Api
    operations: tuple[OperationRoute, ...]


@dataclass(frozen=True, slots=True)
class Match:
    api: Api
    operation: Operation
    program: Program
    parameters: dict[str, str]
    path: str
    """What follows the API's path, as it was sent, starting with `/`."""


@dataclass(frozen=True, slots=True)
class _Template:
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    rank: tuple[int, ...]
    method: str
    route: OperationRoute


def _template(route: OperationRoute) -> _Template:
    path = route.operation.url_template.partition("?")[0].strip("/")
    parts: list[str] = []
    names: list[str] = []
    rank: list[int] = []
    segments = path.split("/") if path else []
    for i, segment in enumerate(segments):
        last = i == len(segments) - 1
        whole = _PARAMETER.fullmatch(segment)
        if last and (segment == "*" or (whole and whole[1])):
            names.append("*" if segment == "*" else segment.strip("{}*"))
            parts.append("(?:/(.*))?")
            rank.append(3)
            break
        at, text = 0, ""
        for found in _PARAMETER.finditer(segment):
            text += re.escape(segment[at : found.start()]) + "([^/]+?)"
            names.append(found[2])
            at = found.end()
        parts.append("/" + text + re.escape(segment[at:]))
        rank.append(2 if whole else 1 if at else 0)
    pattern = re.compile("".join(parts) + "/?", re.IGNORECASE | re.DOTALL)
    return _Template(pattern, tuple(names), tuple(rank), route.operation.method.upper(), route)


class _Api:
    def __init__(self, route: ApiRoute) -> None:
        self.api = route.api
        prefix = route.api.path.strip("/")
        self.prefix = "/" + prefix.lower() if prefix else ""
        # Segment by segment: literal before mixed before parameter before wildcard; the longer template first.
        self.templates = sorted(map(_template, route.operations), key=lambda t: (*t.rank, 4))


class Router:
    """Routes of one configuration; never changes."""

    def __init__(self, apis: Iterable[ApiRoute]) -> None:
        self._apis = sorted(map(_Api, apis), key=lambda a: -len(a.prefix))

    def api(self, path: str) -> Api | None:
        """The API a path belongs to."""
        found = self._api(path)
        return found.api if found else None

    def _api(self, path: str) -> _Api | None:
        folded = ""
        for api in self._apis:
            prefix = api.prefix
            if not prefix:
                return api
            folded = folded or path.lower()
            if folded.startswith(prefix) and folded[len(prefix) : len(prefix) + 1] in ("", "/"):
                return api
        return None

    def match(self, method: str, path: str) -> Match | None:
        """The operation for a raw (encoded) path, or None."""
        api = self._api(path)
        if api is None:
            return None
        rest = (path[len(api.prefix) :] if api.prefix else path) or "/"
        for template in api.templates:
            if template.method not in ("*", method):
                continue
            found = template.pattern.fullmatch(rest)
            if found is not None:
                values = found.groups()
                parameters = {
                    name: "" if value is None else unquote(value) if "%" in value else value
                    for name, value in zip(template.names, values, strict=True)
                }
                return Match(api.api, template.route.operation, template.route.program, parameters, rest)
        return None
