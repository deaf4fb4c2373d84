"""The canonical layout of a policy document: the same document, written the way every other one is.

    text = layout(SourceFile("policy.xml", text), sink, shape_of, Style(indent=4, width=120))

One element or comment a line; a level is `indent` spaces.  Attributes stand on the line of the tag while that fits in
`width`, else on a line each.  `<x />` for what is empty; `\\n` at the end of every line; at most one blank line between
neighbours and none at the ends of a block.  A comment behind something on its line stays there.

What is never touched: attribute values, text, the C# of expressions, comments, and the whole content of an element in
which white space may mean something (`spacing`).  Expressions that are escaped here and bare there are spelled one way,
so that `convert` leads back to the same text.  The result is read again and compared with what was read: a layout that
says anything else is our bug and raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from apimpy.diagnostics import Severity, Sink
from apimpy.document.convert import one_spelling
from apimpy.document.essence import essence
from apimpy.document.model import Comment, Document, Element, Island
from apimpy.document.reader import read
from apimpy.document.reindent import indentation, moved
from apimpy.document.spacing import Content, Shape, content_of, outside, parts_of
from apimpy.record import Record
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.document.model import Attribute

__all__ = ["ShapeOf", "Style", "layout", "readable"]

_HANGING = 4
"""Columns by which attributes on lines of their own are indented, whatever a level is."""
_REFUSED = frozenset({"DOC001", "DOC002", "DOC003", "DOC004", "DOC005", "DOC006"})

ShapeOf = Callable[[Document], Shape]
"""The shape of a document's root element."""


class Style(Record, frozen=True, eq=True):
    """`expressions`: the lines of an expression move with the element it stands in."""

    indent: int = 4
    width: int = 120
    expressions: bool = False


def readable(file: SourceFile, sink: Sink) -> Document | None:
    """The document of a text; None, and why in the sink, when it is not well-formed or no policy document."""
    own = Sink()
    document = read(file, own)
    refused = [d for d in own if d.code in _REFUSED and d.severity is Severity.ERROR]
    for d in refused:
        sink.add(d)
    return None if refused or document is None or not document.well_formed else document


def layout(file: SourceFile, sink: Sink, shape_of: ShapeOf, style: Style) -> str | None:
    """The canonical text; None, and why in the sink, for a text that is no policy document."""
    document = readable(SourceFile(file.name, file.text.replace("\r\n", "\n").replace("\r", "\n")), sink)
    if document is None:
        return None
    text = _Printer(_spelled(document), style).document(shape_of(document))
    after = Sink()
    again, as_tokens = readable(SourceFile(file.name, text), after), style.expressions
    if any(d.code == "DOC004" for d in after):
        sink.report("DOC004", "the document would be too large in this layout", file.span(0))
        return None
    if again is None or essence(again, shape_of(again), as_tokens) != essence(document, shape_of(document), as_tokens):
        raise RuntimeError(f"the layout of {file.name} would say something else; it is left as it is")
    return text


def _spelled(document: Document) -> Document:
    """The document with its expressions in one spelling: lengths must not depend on how they came to be."""
    text = one_spelling(document)
    if text == document.file.text:
        return document
    return readable(SourceFile(document.file.name, text), Sink()) or document


class _Part(Record):
    """What gets a line: an element, a comment, or a processing instruction outside the root."""

    start: int
    end: int
    element: Element | None = None
    is_comment: bool = False


class _Printer:
    """Writes one document.  Every method gives text without the white space before it."""

    def __init__(self, document: Document, style: Style) -> None:
        self._document, self._text, self._style = document, document.file.text, style

    def document(self, shape: Shape) -> str:
        root, around = self._document.root, outside(self._document)
        assert around is not None, "a well-formed document has nothing else there"
        before, after = ([_Part(a, b, None, self._text.startswith("<!--", a)) for a, b in p] for p in around)
        parts = [*before, _Part(root.span.start, root.span.end, root), *after]
        return self._lines(parts, 0, len(self._text), 0, lambda _: shape).lstrip("\n") + "\n"

    def _lines(self, parts: Sequence[_Part], start: int, end: int, depth: int, shape_of: Callable[[str], Shape]) -> str:
        """Everything in a block, each on its line, a line break before each."""
        text, out, at = self._text, [], start
        for n, part in enumerate(parts):
            gap, behind = text[at : part.start], text[part.end : parts[n + 1].start if n + 1 < len(parts) else end]
            ends_line = "\n" in behind or part.end + len(behind) == len(text)
            if part.is_comment and "\n" not in gap and ends_line and at:
                out.append(" ")
            else:
                out.append("\n\n" if n and gap.count("\n") > 1 else "\n")
                out.append(" " * (depth * self._style.indent))
            e = part.element
            out.append(text[part.start : part.end] if e is None else self._element(e, shape_of(e.name), depth))
            at = part.end
        return "".join(out)

    def _element(self, e: Element, shape: Shape, depth: int) -> str:
        pad = " " * (depth * self._style.indent)
        content = content_of(e, shape)
        if content is Content.EMPTY:
            return self._tag(e, pad, " />")
        tag, raw = self._tag(e, pad, ">"), e.content_span.text
        if content is Content.BLOCK:
            parts = [
                _Part(p.span.start, p.span.end, None if isinstance(p, Comment) else p, isinstance(p, Comment))
                for p in parts_of(e)
            ]
            inside = self._lines(parts, e.content_span.start, e.content_span.end, depth + 1, shape.child)
            raw = f"{inside}\n{pad}"
        elif content is Content.ISLAND:
            assert isinstance(e.value, Island)
            raw = self._island(e, e.value, tag, pad)
        return f"{tag}{raw}</{e.name}>"

    # --- expressions as content ---

    def _island(self, e: Element, island: Island, tag: str, pad: str) -> str:
        """An expression and the white space around it.

        One line joins the tags where it fits.  Several lines stay where the author began them: in the line of the tag,
        or below it.
        """
        lead = self._text[e.content_span.start : island.span.start]
        tail = self._text[island.span.end : e.content_span.end]
        below, raw, step = "\n" in lead, island.span.text, " " * self._style.indent
        if "\n" not in raw:
            joined = f"{tag}{raw}</{e.name}>"
            if not below or len(_last_line(pad + joined)) <= self._style.width:
                return raw
            return f"\n{pad}{step}{raw}\n{pad}"
        end = f"\n{pad}" if "\n" in tail else ""
        if not self._style.expressions:
            return (f"\n{_last_line(lead)}" if below else "") + raw + end
        if below:
            return f"\n{pad}{step}{moved(island, len(pad + step))}{end}"
        return moved(island, indentation(_last_line(pad + tag))) + end

    # --- tags ---

    def _tag(self, e: Element, pad: str, close: str) -> str:
        """The start tag, `close` being its end."""
        if self._fits(e, pad, close):
            return " ".join([f"<{e.name}", *(self._attribute(a, len(pad)) for a in e.attributes)]) + close
        first, *rest = e.attributes
        lines = [f"<{e.name} {self._attribute(first, len(pad))}"]
        lines += [f"{pad}{' ' * _HANGING}{self._attribute(a, len(pad) + _HANGING)}" for a in rest]
        return "\n".join(lines) + close

    def _fits(self, e: Element, pad: str, close: str) -> bool:
        """Whether the tag stays in one line; an expression of several lines counts with its first and its last."""
        if len(e.attributes) < 2:
            return True
        column, several = len(pad) + 1 + len(e.name), 0
        for a in e.attributes:
            first, *more = a.value_span.text.split("\n")
            column += len(f' {a.name}="{first}"') - bool(more)
            if column > self._style.width:
                return False
            if more:
                several += 1
                column = len(pad) + len(more[-1].lstrip(" \t")) + 1
        return several < 2 and column + len(close) <= self._style.width

    def _attribute(self, a: Attribute, column: int) -> str:
        """An attribute on a line that is indented by `column`."""
        quote = self._text[a.value_span.start - 1]
        value = a.value_span.text
        if self._style.expressions and isinstance(a.value, Island):
            island = a.value.span
            lead, tail = value[: island.start - a.value_span.start], value[island.end - a.value_span.start :]
            value = f"{lead}{moved(a.value, column)}{tail}"
        return f"{a.name}={quote}{value}{quote}"


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2]
