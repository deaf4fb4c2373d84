"""Moving the lines of a C# expression to another column, without touching what stands in its strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apimpy.document.model import Island

__all__ = ["indentation", "moved"]

_TAB = 4
"""Columns a tab in an expression counts for."""


def indentation(line: str) -> int:
    """How many columns of white space a line begins with."""
    lead = line[: len(line) - len(line.lstrip(" \t"))]
    return len(lead.expandtabs(_TAB))


def moved(island: Island, to: int) -> str:
    """The raw text of an expression whose first line will be indented by `to` columns.

    All further lines move by as much as the first one does, as far as there is white space to take away; tabs at their
    beginning become spaces.  Lines that begin inside a string stay, and so does text that is not C#.
    """
    raw = island.span.text
    if "\n" not in raw:
        return raw
    kept = _inside_strings(island)
    if kept is None:
        return raw
    lines = raw.split("\n")
    at, free = island.span.start, []
    for n, line in enumerate(lines[:-1]):
        at += len(line) + 1
        if at - 1 not in kept and lines[n + 1].strip(" \t"):
            free.append(n + 1)
    by = to - _now(island)
    if by < 0 and free:
        by = max(by, -min(indentation(lines[n]) for n in free))
    for n in free:
        lines[n] = " " * (indentation(lines[n]) + by) + lines[n].lstrip(" \t")
    return "\n".join(lines)


def _now(island: Island) -> int:
    """The indentation of the line in which the expression begins."""
    text, start = island.span.file.text, island.span.start
    return indentation(text[text.rfind("\n", 0, start) + 1 : start])


def _inside_strings(island: Island) -> set[int] | None:
    """Offsets, in the file, of line breaks that belong to strings; None when the C# cannot be read."""
    from apimpy.csharp.lexer import tokenize

    tokens, errors = tokenize(island.source, placeholders=True)
    if errors:
        return None
    found = set()
    for token in tokens:
        at = token.text.find("\n")
        while at >= 0:
            found.add(island.map.span(token.start + at, token.start + at + 1).start)
            at = token.text.find("\n", at + 1)
    return found
