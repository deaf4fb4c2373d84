"""Findings that an author has answered, in a comment of the document:

    <!-- apimpy: ignore SEC002 the key is one of the public sandbox -->
    <set-header name="api-key" …>…</set-header>

Codes or names, with commas between; the reason is compulsory.  The comment counts for its own line and, unless it
stands behind an element there, for all of the next element.  Before the root it counts for the document.  One that
answers nothing is reported, so that comments do not outlive what they were written for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.diagnostics import CODES, Diagnostic
from apimpy.document.model import Comment, Element
from apimpy.lint.edits import remove
from apimpy.pattern import pattern
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document
    from apimpy.source import SourceFile, Span

__all__ = ["Suppression", "answered", "suppressions"]

_IGNORE = pattern(r"\s*apimpy:\s*ignore\b(.*)", re.DOTALL)
_WORD = r"[A-Za-z][A-Za-z0-9-]*"
_LIST = pattern(rf"\s*({_WORD}(?:\s*,\s*{_WORD})*)\s*:?\s*(.*)", re.DOTALL)
_COMMENT = pattern(r"<!--(.*?)-->", re.DOTALL)


class Suppression(Record, frozen=True):
    """`codes` as they are written; `over` is the part of the file that it counts for."""

    codes: tuple[str, ...]
    reason: str
    span: Span
    over: tuple[Span, ...]

    def matches(self, found: Diagnostic) -> bool:
        """The finding begins in its part of the file and is one of those it names."""
        start = found.span.start
        if found.span.file.name != self.span.file.name or not any(o.start <= start <= o.end for o in self.over):
            return False
        return any(word in (found.code, found.name) for word in self.codes)


def suppressions(document: Document) -> list[Suppression]:
    """Those of a document, in order."""
    file, root = document.file, document.root
    if "apimpy:" not in file.text:
        return []
    before = [(m[1], file.span(m.start(), m.end())) for m in _COMMENT.finditer(file.text, 0, root.span.start)]
    found = [_made(text, span, file, (file.span(0, len(file.text)),)) for text, span in before]
    found += [_made(c.text, c.span, file, _over(c, before, after)) for c, before, after in _comments(root)]
    return [s for s in found if s is not None]


def _made(text: str, span: Span, file: SourceFile, over: tuple[Span, ...]) -> Suppression | None:
    ignored = _IGNORE.fullmatch(text)
    if ignored is None:
        return None
    listed = _LIST.fullmatch(ignored[1])
    if listed is None:
        return Suppression((), ignored[1].strip(), span, over)
    codes = tuple(word.strip() for word in listed[1].split(","))
    return Suppression(codes, " ".join(listed[2].split()), span, over)


def _comments(element: Element) -> Iterator[tuple[Comment, Element | None, Element | None]]:
    """Comments with the elements before and after, of the same parent."""
    before: Element | None = None
    for at, node in enumerate(element.nodes):
        if isinstance(node, Comment):
            yield node, before, next((n for n in element.nodes[at + 1 :] if isinstance(n, Element)), None)
        elif isinstance(node, Element):
            before = node
            yield from _comments(node)


def _over(comment: Comment, before: Element | None, after: Element | None) -> tuple[Span, ...]:
    span, text = comment.span, comment.span.file.text
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    end = text.find("\n", span.end)
    line = span.file.span(start, len(text) if end < 0 else end)
    if after is None or (before is not None and before.span.end > start):
        return (line,)
    return line, after.span


def answered(
    found: Iterable[Diagnostic],
    comments: Iterable[Suppression],
    known: frozenset[str],
    sink: Sink,
    silent: frozenset[str] = frozenset(),
) -> list[Diagnostic]:
    """What remains of the findings; what is wrong with the comments goes to the sink.

    `known`: codes and names of all rules; `silent`: of those that did not run, whose comments may stay.
    A comment without a reason answers nothing.
    """
    valid: list[Suppression] = []
    for comment in comments:
        unknown = [w for w in comment.codes if w not in known and not _compiler(w)]
        if not comment.codes or unknown:
            _report_unknown(comment, unknown, known, sink)
        elif not comment.reason:
            what = ", ".join(comment.codes)
            help_ = f"<!-- apimpy: ignore {what} why that is all right here -->"
            sink.report("LNT001", f"{what} is ignored without a reason", comment.span, help=help_)
        else:
            valid.append(comment)
    used: set[tuple[int, str]] = set()
    remaining: list[Diagnostic] = []
    for item in found:
        hits = [c for c in valid if c.matches(item)]
        used.update((id(c), word) for c in hits for word in c.codes if word in (item.code, item.name))
        if not hits:
            remaining.append(item)
    for comment in valid:
        idle = [w for w in comment.codes if (id(comment), w) not in used and w not in silent]
        if idle:
            _report_unused(comment, idle, sink)
    return remaining


def _report_unknown(comment: Suppression, unknown: list[str], known: frozenset[str], sink: Sink) -> None:
    from apimpy.spell import nearest

    if not unknown:
        sink.report("LNT003", "the comment does not say what to ignore", comment.span, help="write a code or a name")
        return
    near = nearest(unknown[0], known)
    help_ = f"did you mean {near}?" if near else "codes and names are listed in docs/rules"
    sink.report("LNT003", f"there is no rule {unknown[0]!r} to ignore", comment.span, help=help_)


def _report_unused(comment: Suppression, idle: list[str], sink: Sink) -> None:
    row = CODES["LNT002"]
    what = ", ".join(idle)
    fixes = (remove(comment.span, "remove the comment"),) if len(idle) == len(comment.codes) else ()
    message = f"nothing here to ignore: no finding of {what}"
    sink.add(Diagnostic(row.code, message, comment.span, row.severity, row.kind, row.name, None, (), fixes))


def _compiler(word: str) -> bool:
    """A code of the C# compiler."""
    return word.startswith("CS") and word[2:].isdigit()
