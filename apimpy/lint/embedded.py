"""Policies inside other files: Bicep, ARM templates and answers of the management API (JSON), Terraform.

    for block in blocks(file): check(block.text); block.out(finding)

A block is a string of the outer file that holds a policy document.  Its escapes are undone, and a `SourceMap` knows
where everything stands outside.  What the outer language puts in (`${name}`) becomes a named value that nobody knows,
so that nothing is said about it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.diagnostics import Edit, Fix
from apimpy.pattern import pattern
from apimpy.record import Record, replace
from apimpy.source import Piece, SourceFile, SourceMap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.diagnostics import Diagnostic
    from apimpy.source import Span

__all__ = ["INSERTED", "Block", "blocks"]

INSERTED = {"inserted": None}
"""The named value that stands for what the outer language puts in."""
_INSERTED = "{{inserted}}"
_POLICY = pattern(r"\s*(?:<!--(?:(?!-->)[\s\S])*-->\s*)*<(?:policies|fragment)\b")

_JSON = pattern(r'"((?:[^"\\\n]|\\.)*)"')
_REMARK = r"//[^\n]*|/\*[\s\S]*?\*/|"
_INSERTION = r"\$\{(?:[^{}]|\{[^{}]*\})*\}"
_BICEP = pattern(
    rf"{_REMARK}(\$?)'''([\s\S]*?)'''(?!')|'((?:\\.|{_INSERTION}|[^'\\\n])*)'",
)
_TERRAFORM = pattern(
    rf"#[^\n]*|{_REMARK}<<-?([A-Za-z_][\w-]*)[ \t]*\r?\n([\s\S]*?)(?<=\n)[ \t]*\1[ \t]*(?=\r?\n|$)"
    rf'|"((?:\\.|\$\$|{_INSERTION}|[^"\\\n])*)"'
)
_MADE = pattern(r"(?:\b(?:format|replace)\s*\(\s*|([A-Za-z_]\w*)\s*=\s*)$")
"""What stands before a text that a function fills in, or that has a name by which a function may."""
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPE = pattern(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([\s\S]))")


class Block(Record, frozen=True):
    """A policy document inside `outer`.  `file` holds its text, under the name of the outer file."""

    file: SourceFile
    outer: SourceFile
    map: SourceMap
    verbatim: bool
    """Nothing in it is escaped: corrections can be made in place."""

    def out(self, found: Diagnostic) -> Diagnostic:
        """A finding in the block, as one in the outer file."""
        related = tuple((self._span(span), text) for span, text in found.related)
        fixes = tuple(fix for fix in map(self._fix, found.fixes) if fix is not None)
        return replace(found, span=self._span(found.span), related=related, fixes=fixes)

    def _span(self, span: Span) -> Span:
        return self.map.span(span.start, span.end) if span.file is self.file else span

    def _fix(self, fix: Fix) -> Fix | None:
        if not self.verbatim or any("'''" in e.text or "${" in e.text for e in fix.edits):
            return None
        return Fix(fix.title, tuple(Edit(self._span(e.span), e.text) for e in fix.edits), fix.safe)


def blocks(file: SourceFile) -> Iterator[Block]:
    """The policy documents inside a file, in order."""
    name = file.name.lower()
    found = _json if name.endswith(".json") else _bicep if name.endswith(".bicep") else _terraform
    for start, end, pieces in found(file.text):
        text = "".join(new for _, _, new in _filled(file.text, start, end, pieces))
        if _POLICY.match(text) is not None and not _filled_in(file.text, start):
            yield Block(SourceFile(file.name, text), file, _map(file, start, end, pieces), not pieces)


def _filled_in(text: str, start: int) -> bool:
    """A function puts something in the place of marks in the text: it is no document yet."""
    before = text[max(0, start - 200) : start].rstrip("\r\n").rstrip("'\"$")
    made = _MADE.search(before)
    if made is None or made[1] is None:
        return made is not None
    return re.search(rf"\b(?:format|replace)\s*\(\s*(?:local\.|var\.)?{made[1]}\b", text) is not None


_Edits = list[tuple[int, int, str]]
"""What stands for [start, end) of the outer text; in order, disjoint."""


def _json(text: str) -> Iterator[tuple[int, int, _Edits]]:
    for m in _JSON.finditer(text):
        if "<" in m[1] or "\\u003" in m[1]:
            yield m.start(1), m.end(1), list(_escapes(text, m.start(1), m.end(1)))


def _bicep(text: str) -> Iterator[tuple[int, int, _Edits]]:
    for m in _BICEP.finditer(text):
        if m[2] is not None:
            start = m.start(2) + (len(m[2]) - len(m[2].removeprefix("\r").removeprefix("\n")))
            yield start, m.end(2), list(_insertions(text, start, m.end(2))) if m[1] else []
        elif m[3] is not None and "<" in m[3]:
            start, end = m.span(3)
            inserted = list(_insertions(text, start, end))
            yield start, end, _merged(inserted, _escapes(text, start, end))


def _terraform(text: str) -> Iterator[tuple[int, int, _Edits]]:
    for m in _TERRAFORM.finditer(text):
        group = 2 if m[2] is not None else 3
        if m[group] is None or "<" not in m[group] or _directive(m[group]):
            continue
        start, end = m.span(group)
        edits = _merged(list(_insertions(text, start, end)), _doubled(text, start, end))
        yield start, end, edits if group == 2 else _merged(edits, _escapes(text, start, end))


def _directive(text: str) -> bool:
    """A template with conditions or loops is no document yet."""
    return "%{" in text.replace("%%{", "")


def _escapes(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """The escapes of a quoted string."""
    for m in _ESCAPE.finditer(text, start, end):
        code = m[1] or m[2] or m[3]
        if code is not None:
            number = int(code, 16)
            yield m.start(), m.end(), chr(number) if number < 0x110000 else "�"
        else:
            yield m.start(), m.end(), _PLAIN.get(m[4], m[4])


def _insertions(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """The places where the outer language puts something in; brackets and strings inside are passed over."""
    at = text.find("${", start, end)
    while at >= 0:
        if text[at - 1] in "$\\" and at > start:
            at = text.find("${", at + 2, end)
            continue
        close, depth = at + 2, 1
        while close < end and depth:
            depth += {"{": 1, "}": -1}.get(text[close], 0)
            close += 1
        yield at, close, _INSERTED
        at = text.find("${", close, end)


def _doubled(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """`$${` and `%%{` of Terraform."""
    for mark in ("$${", "%%{"):
        at = text.find(mark, start, end)
        while at >= 0:
            yield at, at + 3, mark[1:]
            at = text.find(mark, at + 3, end)


def _merged(first: _Edits, more: Iterator[tuple[int, int, str]]) -> _Edits:
    """Both, in order; what stands inside one of the first is its own business."""
    inside = [(a, b) for a, b, _ in first]
    return sorted([*first, *(e for e in more if not any(a <= e[0] < b for a, b in inside))])


def _filled(text: str, start: int, end: int, edits: _Edits) -> Iterator[tuple[int, int, str]]:
    """The whole of [start, end): what stays as it is, and what the edits make of the rest."""
    at = start
    for a, b, new in edits:
        if at < a:
            yield at, a, text[at:a]
        yield a, b, new
        at = b
    if at < end or not edits:
        yield at, end, text[at:end]


def _map(file: SourceFile, start: int, end: int, edits: _Edits) -> SourceMap:
    pieces, size = [], 0
    for a, b, new in _filled(file.text, start, end, edits):
        pieces.append(Piece(size, len(new), file, a, b - a))
        size += len(new)
    return SourceMap(tuple(pieces))
