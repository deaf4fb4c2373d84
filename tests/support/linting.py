"""What the tests of the linter share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.diagnostics import Sink
from apimpy.document.reader import read
from apimpy.lint.check import check_document_with_rules
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from apimpy.diagnostics import Diagnostic
    from apimpy.lint.settings import Settings
    from apimpy.lint.subject import Surroundings

__all__ = ["inbound", "lint"]


def lint(
    text: str,
    settings: Settings | None = None,
    *,
    name: str = "policy.xml",
    scope: str | None = None,
    around: Surroundings | None = None,
) -> list[Diagnostic]:
    """The findings in a text."""
    found, sink = Sink(), Sink()
    document = read(SourceFile(name, text), found)
    assert document is not None, "the text holds no element"
    check_document_with_rules(document, found, sink, settings=settings, scope=scope, around=around)
    return list(sink)


def inbound(policies: str) -> str:
    """A document with these policies inbound, whose outer scopes nobody knows."""
    sections = f"<inbound>\n<base />\n{policies}\n</inbound><backend><base /></backend><outbound><base /></outbound>"
    return f"<policies>{sections}<on-error><base /></on-error></policies>"
