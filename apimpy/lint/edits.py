"""Corrections: made by rules, applied to text.

    report(policy, "…", fix=rename(policy.source, "llm-token-limit"))

Edits are of the text as it is written; what they do not touch stays as it is, to the last blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.diagnostics import Edit, Fix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apimpy.diagnostics import Diagnostic
    from apimpy.document.model import Attribute, Element
    from apimpy.source import SourceFile, Span

__all__ = ["add_attribute", "apply", "remove", "rename", "replace_text", "set_attribute"]


def replace_text(span: Span, text: str, title: str, *, safe: bool = True) -> Fix:
    """Put a text in the place of another."""
    return Fix(title, (Edit(span, text),), safe)


def rename(element: Element, name: str, *, safe: bool = True) -> Fix:
    """Give an element another name, in both its tags."""
    edits = [Edit(element.name_span, name)]
    file, content = element.span.file, element.content_span
    if content.end < element.span.end:
        start = file.text.find(element.name, content.end, element.span.end)
        if start >= 0:
            edits.append(Edit(file.span(start, start + len(element.name)), name))
    return Fix(f"rename to <{name}>", tuple(edits), safe)


def set_attribute(attribute: Attribute, text: str, *, safe: bool = True) -> Fix:
    """Give an attribute another value; `text` is taken as it is, entities and all."""
    return Fix(f'set {attribute.name} to "{text}"', (Edit(attribute.value_span, text),), safe)


def add_attribute(element: Element, name: str, text: str, *, safe: bool = True) -> Fix:
    """Add an attribute after those that are there."""
    end = element.attributes[-1].span.end if element.attributes else element.name_span.end
    return Fix(f'add {name}="{text}"', (Edit(element.span.file.span(end), f' {name}="{text}"'),), safe)


def remove(what: Span, title: str, *, safe: bool = True) -> Fix:
    """Take something out, with the lines that hold nothing else."""
    text, start, end = what.file.text, what.start, what.end
    line = text.rfind("\n", 0, start) + 1
    after = text.find("\n", end)
    after = len(text) if after < 0 else after + 1
    if not text[line:start].strip() and not text[end:after].strip():
        start, end = line, after
    return Fix(title, (Edit(what.file.span(start, end), ""),), safe)


def apply(file: SourceFile, found: Iterable[Diagnostic], *, unsafe: bool = False) -> tuple[str, int]:
    """The text of a file with the corrections of its findings, and how many were made.

    A correction is made as a whole or not at all; one that meets another waits for the next round.
    """
    taken: list[Edit] = []
    count = 0
    for diagnostic in found:
        for fix in diagnostic.fixes[:1]:
            if not (fix.safe or unsafe) or any(e.span.file.name != file.name for e in fix.edits):
                continue
            if any(_meet(new, old) for new in fix.edits for old in taken):
                continue
            taken += fix.edits
            count += 1
    text = file.text
    for edit in sorted(taken, key=lambda e: e.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text, count


def _meet(a: Edit, b: Edit) -> bool:
    return a.span.start <= b.span.end and b.span.start <= a.span.end
