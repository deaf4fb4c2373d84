"""The tree of a policy document.

An attribute or the text of an element is either a `Text` (decoded, named values replaced) or an `Island`: one whole
C# expression.  Both carry a `SourceMap`, so a problem inside them is reported where the author wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from apimpy.record import Record, field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.source import SourceFile, SourceMap, Span

__all__ = ["Attribute", "Comment", "Document", "Element", "Encoding", "Island", "NamedValueUse", "Node", "Text"]

Encoding = Literal["auto", "xml", "rawxml"]


class Island(Record, frozen=True, eq=True):
    """An expression.  `source` is the C# between the outer brackets; `span` covers `@`, brackets and all."""

    source: str
    map: SourceMap
    block: bool
    """`@{ … }` rather than `@( … )`."""
    span: Span

    @property
    def code(self) -> str:
        """The expression with its brackets, however the file spells its characters."""
        return f"@{{{self.source}}}" if self.block else f"@({self.source})"


class Text(Record, frozen=True, eq=True):
    """Literal text, entities undone."""

    value: str
    map: SourceMap
    span: Span


class Comment(Record, frozen=True, eq=True):
    """`<!-- text -->`: kept for tools, never compiled."""

    text: str
    span: Span


class Attribute(Record, frozen=True, eq=True):
    name: str
    value: Text | Island
    span: Span
    """Name, equals sign and quotes included."""
    name_span: Span
    value_span: Span
    """What stands between the quotes."""


class Element(Record, frozen=True):
    """`nodes` is the content in order: elements, comments and runs of character data (one per run)."""

    name: str
    attributes: tuple[Attribute, ...]
    nodes: tuple[Node, ...]
    span: Span
    name_span: Span
    content_span: Span
    """What stands between the start tag and the end tag; empty for `<x/>`."""
    children: tuple[Element, ...] = field(default=())
    value: Text | Island | None = None
    """All character data as one value: an island when nothing but one expression stands there; None when blank."""

    def get(self, name: str) -> Attribute | None:
        for a in self.attributes:
            if a.name == name:
                return a
        return None

    def child(self, name: str) -> Element | None:
        for c in self.children:
            if c.name == name:
                return c
        return None

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in document order."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack.extend(reversed(element.children))


Node = Element | Text | Island | Comment


class NamedValueUse(Record, frozen=True, eq=True):
    """A `{{name}}` in the document."""

    name: str
    span: Span
    resolved: bool


class Document(Record, frozen=True):
    """`kind` is what the root element says; `well_formed` False means the tree is a best effort for tools."""

    kind: Literal["policies", "fragment", "other"]
    root: Element
    file: SourceFile
    well_formed: bool = True
    named_values: tuple[NamedValueUse, ...] = ()
