"""Where the white space of a document means nothing: what a layout may change, and a comparison may ignore.

A `Shape` says what an element may hold; whoever knows the declarations of policies provides it (`policy.shape`).  This
module asks it, and looks at what really stands there: text, CDATA, a processing instruction or a character reference
between two elements keeps the whole content as it is.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from apimpy.document.model import Comment, Element, Island, Text
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.document.model import Document

__all__ = ["Content", "Shape", "content_of", "is_blank", "is_closed_at_once", "outside", "parts_of"]

_MISC = pattern(r"<!--(?:.*?)-->|<\?(?:.*?)\?>", 16)  # re.DOTALL


class Shape(Protocol):
    """What an element may hold, as far as white space goes."""

    @property
    def free(self) -> bool:
        """White space between its child elements means nothing."""

    @property
    def texts(self) -> bool:
        """It may hold text, so that blanks alone may be a value."""

    def child(self, name: str) -> Shape:
        """The shape of a child element."""


class Content(Enum):
    """How the content of an element may be treated."""

    EMPTY = "empty"
    """Nothing, or blanks that mean nothing."""
    BLOCK = "block"
    """Elements and comments with white space that means nothing."""
    ISLAND = "island"
    """One expression; the white space around it means nothing."""
    VERBATIM = "verbatim"
    """Everything counts."""


def content_of(element: Element, shape: Shape) -> Content:
    """How to treat what stands between the tags."""
    raw = element.content_span.text
    if is_closed_at_once(element) or (not raw and not shape.texts):
        return Content.EMPTY
    if any(
        a.name == "template" and isinstance(a.value, Text) and _is_liquid(a.value.value) for a in element.attributes
    ):
        return Content.VERBATIM
    if isinstance(element.value, Island):
        island = element.value.span
        around = raw[: island.start - element.content_span.start] + raw[island.end - element.content_span.start :]
        return Content.ISLAND if is_blank(around) else Content.VERBATIM
    if not shape.free:
        return Content.VERBATIM
    parts = parts_of(element)
    if not _stand_alone(parts, element):
        return Content.VERBATIM
    if any(isinstance(p, Element) for p in parts):
        return Content.BLOCK
    if shape.texts:
        return Content.VERBATIM
    return Content.BLOCK if parts else Content.EMPTY


def _is_liquid(template: str) -> bool:
    return template.strip().lower() == "liquid"


def is_closed_at_once(element: Element) -> bool:
    """Written as `<x />`."""
    return element.content_span.end == element.span.end


def is_blank(text: str) -> bool:
    """Nothing but what XML calls white space."""
    return not text.strip(" \t\r\n")


def parts_of(element: Element) -> list[Element | Comment]:
    """The elements and comments in it, in order."""
    return [n for n in element.nodes if isinstance(n, (Element, Comment))]


def _stand_alone(parts: Sequence[Element | Comment], element: Element) -> bool:
    """Whether there is nothing but white space between them."""
    text, at = element.span.file.text, element.content_span.start
    for part in parts:
        if not is_blank(text[at : part.span.start]):
            return False
        at = part.span.end
    return is_blank(text[at : element.content_span.end])


def outside(document: Document) -> tuple[list[tuple[int, int]], list[tuple[int, int]]] | None:
    """Where the comments and processing instructions before and after the root stand; None: something else is there."""
    text, root = document.file.text, document.root.span
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for out, start, end in ((found[0], 0, root.start), (found[1], root.end, len(text))):
        at = start
        for m in _MISC.finditer(text, start, end):
            if not is_blank(text[at : m.start()]):
                return None
            out.append(m.span())
            at = m.end()
        if not is_blank(text[at:end]):
            return None
    return found
