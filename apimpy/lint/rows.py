"""Findings as plain lists, for the cache and for other processes: places are offsets, files are named.

The file that was checked has the name "".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.diagnostics import Diagnostic, Edit, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.source import SourceFile, Span

__all__ = ["Row", "from_row", "to_row"]

Row = list[Any]


def to_row(found: Diagnostic, own: str) -> Row:
    """A finding of the file `own`."""

    def place(span: Span) -> list[Any]:
        return ["" if span.file.name == own else span.file.name, span.start, span.end]

    return [
        found.code,
        found.message,
        place(found.span),
        int(found.severity),
        found.kind,
        found.name,
        found.help,
        [[place(span), text] for span, text in found.related],
        [[fix.title, [[place(e.span), e.text] for e in fix.edits], fix.safe] for fix in found.fixes],
    ]


def from_row(row: Row, file: Callable[[str], SourceFile]) -> Diagnostic:
    """The finding again; `file` gives a file by its name."""

    def place(at: list[Any]) -> Span:
        return file(at[0]).span(at[1], at[2])

    code, message, at, severity, kind, name, help, related, fixes = row
    return Diagnostic(
        code,
        message,
        place(at),
        Severity(severity),
        kind,
        name,
        help,
        tuple((place(where), text) for where, text in related),
        tuple(Fix(title, tuple(Edit(place(e), text) for e, text in edits), safe) for title, edits, safe in fixes),
    )
