"""The text of a template in its element, with a map back to the file.

A template may be plain text, or markup with tags of the template inside.  Markup is written as XML again, except
between the brackets of Liquid: `{% if a < b %}` means the comparison however the file spells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.document.model import Comment, Element, Island, Text
from apimpy.pattern import pattern
from apimpy.source import Piece, SourceMap

if TYPE_CHECKING:
    from apimpy.source import Span

__all__ = ["template_of"]

_TAG = pattern(r"\{\{[^}]*\}\}|\{%[^%]*(?:%(?!\})[^%]*)*%\}")
_SPECIAL = pattern(r"[&<>\"]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def template_of(element: Element) -> tuple[str, SourceMap] | None:
    """The template and where its characters stand; None when an expression is in its place."""
    inner = [n for n in element.nodes if not isinstance(n, Comment)]
    if isinstance(element.value, Island):
        return None
    if [c.name for c in element.children] == ["value"] and element.value is None and not element.children[0].children:
        carrier = element.children[0]
        return template_of(carrier) if not carrier.attributes else _written(element)
    if isinstance(element.value, Text) and not element.children:
        return element.value.value, element.value.map
    return _written(element) if inner else ("", SourceMap.identity(element.span.file, element.content_span.start, 0))


def _written(element: Element) -> tuple[str, SourceMap]:
    out = _Writer()
    out.content(element)
    return "".join(out.parts), SourceMap(tuple(out.pieces))


class _Writer:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.pieces: list[Piece] = []
        self.size = 0

    def markup(self, text: str, span: Span) -> None:
        length = span.end - span.start
        self.pieces.append(Piece(self.size, len(text), span.file, span.start, length))
        self.parts.append(text)
        self.size += len(text)

    def text(self, node: Text, *, quoted: bool = False) -> None:
        value, map_ = node.value, node.map
        edits = _edits(value, quoted)
        if edits:
            value, map_ = map_.replace(edits, value)
        for p in map_.pieces:
            self.pieces.append(Piece(self.size + p.start, p.length, p.file, p.origin, p.origin_length))
        self.parts.append(value)
        self.size += len(value)

    def island(self, node: Island, *, quoted: bool = False) -> None:
        code = node.code
        for start, end, new in reversed(_edits(code, quoted)):
            code = code[:start] + new + code[end:]
        self.markup(code, node.span)

    def content(self, element: Element) -> None:
        for node in element.nodes:  # the reader bounds the depth of elements
            if isinstance(node, Text):
                self.text(node)
            elif isinstance(node, Island):
                self.island(node)
            elif isinstance(node, Element):
                self.element(node)

    def element(self, element: Element) -> None:
        self.markup(f"<{element.name}", element.name_span)
        for a in element.attributes:
            self.markup(f' {a.name}="', a.name_span)
            if isinstance(a.value, Text):
                self.text(a.value, quoted=True)
            else:
                self.island(a.value, quoted=True)
            self.markup('"', a.value_span)
        if element.nodes:
            self.markup(">", element.name_span)
            self.content(element)
            self.markup(f"</{element.name}>", element.name_span)
        else:
            self.markup(" />", element.name_span)


def _edits(value: str, quoted: bool) -> list[tuple[int, int, str]]:
    """What to escape in a text; Liquid's brackets are spared."""
    spared = [m.span() for m in _TAG.finditer(value)]
    return [
        (m.start(), m.end(), _ENTITIES[m[0]])
        for m in _SPECIAL.finditer(value)
        if (quoted or m[0] != '"') and not any(a <= m.start() < b for a, b in spared)
    ]
