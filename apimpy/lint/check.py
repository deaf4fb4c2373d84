"""Everything there is to say about one policy file.

1. What reading, binding and the C# compiler say.
2. What the rules say that run for it: `registry` knows which.
3. Without what its author answered in comments (`suppress`) and the project's settings leave out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from apimpy.diagnostics import Sink
from apimpy.document.reader import load
from apimpy.lint.expressions import Expressions
from apimpy.lint.registry import entries
from apimpy.lint.registry import load as load_rule
from apimpy.lint.subject import Subject
from apimpy.pipeline.check import check_document
from apimpy.policies import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from apimpy.diagnostics import Diagnostic
    from apimpy.document.model import Document
    from apimpy.lint.registry import Entry
    from apimpy.lint.settings import Settings

__all__ = ["category_of", "check_document_with_rules", "check_file"]


def check_file(
    path: str | Path,
    sink: Sink,
    *,
    encoding: str = "auto",
    named_values: Mapping[str, str] | None = None,
    fragments: Mapping[str, Document] | None = None,
    settings: Settings | None = None,
    name: str | None = None,
) -> None:
    """Report what is wrong with a policy document or fragment.  Never raises on what is in the file.

    `named_values` None: references are left alone.  `fragments` None: includes are not looked up.
    """
    chosen = cast("Literal['auto', 'xml', 'rawxml']", encoding)
    found = Sink()
    document = load(path, found, encoding=chosen, named_values=named_values, name=name)
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
    scope: str = "api",
) -> None:
    """Check what was read; `found` holds what reading had to say, `sink` gets everything."""
    expressions = Expressions()
    bound = check_document(document, catalogue(), fragments, found, scope=scope, compiler=expressions.compiler(found))
    subject = Subject(
        document,
        bound.sections,
        expressions,
        scope=scope,
        whole=not found.errors,
        gateway=settings.gateway if settings is not None else None,
    )
    idle = _run(subject, settings, found)
    left: Iterable[Diagnostic] = found
    known = [document, *(fragments or {}).values()]
    if any("apimpy:" in d.file.text for d in known):
        left = _without_answered(left, document, known, idle, sink_of := Sink())
        left = [*left, *sink_of]
    _tell(left, settings, sink)


def _run(subject: Subject, settings: Settings | None, sink: Sink) -> list[Entry]:
    """Run the rules that apply; those that did not run although they might have had something to say."""
    from apimpy.lint.rule import Report

    idle = []
    for entry in entries():
        if settings is not None and not settings.runs(entry.code, entry.name, entry.category):
            idle.append(entry)
        elif entry.elements and subject.elements.isdisjoint(entry.elements):
            continue
        elif entry.whole and not subject.whole:
            idle.append(entry)
        else:
            rule = load_rule(entry)
            rule.check(subject, Report(rule, sink))
    return idle


def _without_answered(
    found: Iterable[Diagnostic], document: Document, known: list[Document], idle: list[Entry], sink: Sink
) -> list[Diagnostic]:
    from apimpy.diagnostics import CODES
    from apimpy.lint.suppress import answered, suppressions

    words = {w for e in entries() for w in (e.code, e.name)} | {w for c in CODES.values() for w in (c.code, c.name)}
    silent = frozenset(w for e in idle for w in (e.code, e.name))
    left = answered(found, suppressions(document), frozenset(words), sink, silent)
    for other in known[1:]:  # a fragment's comments are judged where the fragment is checked on its own
        if other is not document:
            left = answered(left, suppressions(other), frozenset(words), Sink(), silent)
    return left


def _tell(found: Iterable[Diagnostic], settings: Settings | None, sink: Sink) -> None:
    for item in found if settings is None else settings.judge(found, category_of):
        sink.add(item)


_FAMILIES = {
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
    return _FAMILIES.get(code.rstrip("0123456789"), "csharp")
