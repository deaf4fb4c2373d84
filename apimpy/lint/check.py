"""Everything there is to say about one policy file.

1. What reading, binding and the C# compiler say.
2. What the rules say that run for it: `registry` knows which.
3. Without what its author answered in comments (`suppress`) and the project's settings leave out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from apimpy.diagnostics import CODES, Sink
from apimpy.document.reader import load_text, read
from apimpy.lint.expressions import Expressions
from apimpy.lint.files import is_outer
from apimpy.lint.registry import entries
from apimpy.lint.registry import load as load_rule
from apimpy.lint.subject import Subject
from apimpy.pipeline.check import check_document
from apimpy.policies import catalogue
from apimpy.record import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from apimpy.diagnostics import Diagnostic
    from apimpy.document.model import Document
    from apimpy.lint.settings import Settings
    from apimpy.lint.subject import Surroundings
    from apimpy.source import SourceFile

__all__ = ["FAMILIES", "Run", "category_of", "check_document_with_rules", "check_file", "check_text"]


def check_file(
    path: str | Path,
    sink: Sink,
    *,
    encoding: str = "auto",
    named_values: Mapping[str, str] | None = None,
    fragments: Mapping[str, Document] | None = None,
    settings: Settings | None = None,
) -> None:
    """Report what is wrong with a policy document or fragment.  Never raises on what is in the file.

    `named_values` None: references are left alone.  `fragments` None: includes are not looked up.
    """
    found = Sink()
    file = load_text(path, found)
    if file is None:
        _tell(found, settings, sink)
    else:
        check_text(file, sink, encoding=encoding, named_values=named_values, fragments=fragments, settings=settings)


def check_text(
    file: SourceFile,
    sink: Sink,
    *,
    encoding: str = "auto",
    named_values: Mapping[str, str] | None = None,
    fragments: Mapping[str, Document] | None = None,
    settings: Settings | None = None,
) -> None:
    """The same for a text, whether it stands in a file yet or not, and for all that a file of another kind holds."""
    if is_outer(file.name):
        from apimpy.lint.embedded import INSERTED, blocks

        values = None if named_values is None else {**named_values, **INSERTED}
        for block in blocks(file):
            inner = Sink()
            check_document_text(block.file, inner, encoding, values, fragments, settings)
            for item in inner:
                sink.add(block.out(item))
    else:
        check_document_text(file, sink, encoding, named_values, fragments, settings)


def check_document_text(
    file: SourceFile,
    sink: Sink,
    encoding: str,
    named_values: Mapping[str, str | None] | None,
    fragments: Mapping[str, Document] | None,
    settings: Settings | None,
) -> None:
    """The same for the text of one document."""
    found = Sink()
    chosen = cast("Literal['auto', 'xml', 'rawxml']", encoding)
    document = read(file, found, encoding=chosen, named_values=named_values)
    if document is None:
        _tell(found, settings, sink)
    else:
        check_document_with_rules(document, found, sink, fragments=fragments, settings=settings)


def check_document_with_rules(
    document: Document,
    found: Sink,
    sink: Sink,
    *,
    fragments: Mapping[str, Document] | None = None,
    settings: Settings | None = None,
    scope: str | None = None,
    around: Surroundings | None = None,
) -> None:
    """Check what was read; `found` holds what reading had to say, `sink` gets everything.

    `scope` and `around`: of the document, where they are known.
    """
    expressions = Expressions()
    bound = check_document(document, catalogue(), fragments, found, compiler=expressions.compiler(found))
    gateway = settings.gateway if settings is not None else None
    whole = not found.errors
    subject = Subject(document, bound.sections, expressions, scope=scope, whole=whole, gateway=gateway, around=around)
    run = Run(settings)
    run.rules(subject, found)
    run.finish(found, [document], list((fragments or {}).values()), sink)


class Run:
    """Rules over one document or several that belong together, and what becomes of all findings."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings
        self._idle: set[str] = set()
        """Codes and names of rules that did not run although they might have had something to say."""

    def rules(self, subject: Subject, sink: Sink) -> None:
        """Run the rules that apply to a document."""
        settings = self._settings
        for entry in entries():
            if settings is not None and not settings.runs(entry.code, entry.name, entry.category):
                self._idle |= {entry.code, entry.name}
            elif entry.elements and subject.elements.isdisjoint(entry.elements):
                continue
            elif entry.whole and not subject.whole:
                self._idle |= {entry.code, entry.name}
            else:
                from apimpy.lint.rule import Report

                rule = load_rule(entry)
                rule.check(subject, Report(rule, sink))

    def finish(self, found: Iterable[Diagnostic], own: list[Document], others: list[Document], sink: Sink) -> None:
        """Tell what is left: without what comments answer and settings leave out.

        Comments of `others` count as well; what is wrong with them is told where they are checked themselves.
        """
        left = found
        if any("apimpy:" in d.file.text for d in (*own, *others)):
            from apimpy.lint.suppress import answered, suppressions

            known = frozenset(w for e in entries() for w in (e.code, e.name))
            known |= frozenset(w for c in CODES.values() for w in (c.code, c.name))
            remarks, silent = Sink(), frozenset(self._idle)
            mine = [c for d in own for c in suppressions(d)]
            left = answered(left, mine, known, remarks, silent)
            theirs = [c for d in others if d not in own for c in suppressions(d)]
            left = [*answered(left, theirs, known, Sink(), silent), *remarks]
        broken = {d.file.name for d in own if not d.well_formed}  # its tree is a guess: nothing is changed by it
        left = [replace(i, fixes=()) if i.fixes and i.span.file.name in broken else i for i in left]
        _tell(left, self._settings, sink)


def _tell(found: Iterable[Diagnostic], settings: Settings | None, sink: Sink) -> None:
    for item in found if settings is None else settings.judge(found, category_of):
        sink.add(item)


FAMILIES = {
    "DOC": "document",
    "POL": "policy",
    "EXP": "expression",
    "LNT": "comments",
    "CFG": "configuration",
}


def category_of(code: str) -> str:
    """The category of a code, of a rule or of another stage."""
    rule = next((e for e in entries() if e.code == code), None)
    if rule is not None:
        return rule.category
    return FAMILIES.get(code.rstrip("0123456789"), "csharp")
