"""URL templates of operations: what they match, what they bind, which of two goes first.

`/orders/{id}/files/{name}.json?state={state}&kind=open`: `{name}` is a segment or part of one, `{*rest}` or `*` at the
end the rest of the path (nothing, too), and query parameters must be there: with a literal value, with that value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from apimpy.pattern import pattern
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Template", "TemplateError", "parse_template"]

_PARAMETER = pattern(r"\{(\*?)([^{}]*)\}")
_NAME = pattern(r"[^{}/?&=*\s][^{}/?&=*]*")


class TemplateError(ValueError):
    """A template that cannot be; the text is for its author."""


class Template(Record, frozen=True):
    """A template, taken apart."""

    pattern: re.Pattern[str]
    """Of the path after the API's, without regard to case."""
    names: tuple[str, ...]
    """What the groups of the pattern bind."""
    query: tuple[tuple[str, str | None, str], ...]
    """Parameters that must be there: name in lower case, the name it binds or None, the literal value."""
    literal: str | None
    """The whole path in lower case, when nothing in it is a parameter."""
    rank: tuple[int, ...]
    """The smaller goes first: more literal segments, more mixed ones, more parameters, no wildcard, a query."""

    def bind_query(self, given: Mapping[str, list[str]]) -> dict[str, str] | None:
        """The values of the query parameters; None when one is missing or another."""
        values: dict[str, str] = {}
        folded = {name.lower(): found for name, found in given.items()}
        for name, bound, literal in self.query:
            found = folded.get(name)
            if not found:
                return None
            if bound is None:
                if literal not in found:
                    return None
            else:
                values[bound] = found[0]
        return values

    @property
    def parameters(self) -> tuple[str, ...]:
        """All names that the template binds."""
        return (*self.names, *(bound for _, bound, _ in self.query if bound is not None))


def parse_template(text: str) -> Template:
    """Take a template apart.  TemplateError."""
    path, _, query = text.partition("?")
    path = path.strip("/")
    parts: list[str] = []
    names: list[str] = []
    literals = mixed = params = wildcard = 0
    segments = path.split("/") if path else []
    for i, segment in enumerate(segments):
        whole = _PARAMETER.fullmatch(segment)
        if segment == "*" or (whole and whole[1]):
            if i != len(segments) - 1:
                raise TemplateError(f"'{segment}' stands for the rest of the path: nothing may follow it")
            names.append("*" if whole is None else _name(whole[2], segment))
            parts.append("(?:/(.*))?")
            wildcard = 1
            break
        regex, found = _segment(segment)
        names += found
        parts.append("/" + regex)
        if whole:
            params += 1
        elif found:
            mixed += 1
        else:
            literals += 1
    rows = tuple(_query(query)) if query else ()
    bound = [n.lower() for n in (*names, *(b for _, b, _ in rows if b is not None))]
    for name in bound:
        if bound.count(name) > 1:
            raise TemplateError(f"the parameter '{name}' appears twice")
    compiled = re.compile("".join(parts) + "/?", re.IGNORECASE | re.DOTALL)
    literal = None if names else ("/" + path.lower() if path else "")
    rank = (-literals, -mixed, -params, wildcard, -len(rows))
    return Template(compiled, tuple(names), rows, literal, rank)


def _segment(segment: str) -> tuple[str, list[str]]:
    """A segment as a regular expression, and the names in it."""
    names: list[str] = []
    text, at = "", 0
    for found in _PARAMETER.finditer(segment):
        if found[1]:
            raise TemplateError(f"'{found[0]}' is a segment of its own")
        text += _literal(segment[at : found.start()]) + "([^/]+?)"
        names.append(_name(found[2], found[0]))
        at = found.end()
    return text + _literal(segment[at:]), names


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise TemplateError(f"a brace without its partner in '{text}'")
    if "*" in text:
        raise TemplateError("'*' stands alone, at the end of the path")
    return re.escape(text)


def _name(name: str, shown: str) -> str:
    if not _NAME.fullmatch(name):
        raise TemplateError(f"'{shown}' names no parameter")
    return name


def _query(query: str) -> list[tuple[str, str | None, str]]:
    rows: list[tuple[str, str | None, str]] = []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        name = unquote_plus(name).lower()
        if not name or "{" in name or "}" in name:
            raise TemplateError(f"'{pair}' in the query is not NAME=VALUE")
        parameter = _PARAMETER.fullmatch(value)
        if parameter is not None:
            rows.append((name, _name(parameter[2], value), ""))
        elif "{" in value or "}" in value:
            raise TemplateError(f"the value of '{name}' is a parameter or a literal, not both")
        else:
            rows.append((name, None, unquote_plus(value)))
    return rows
