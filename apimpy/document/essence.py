"""What a document says, without how it is laid out: two documents with the same essence mean the same.

It holds everything but the white space that means nothing: names, attributes, expressions, text to the last blank,
comments word by word, and their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.document.model import Comment, Element, Island, Text
from apimpy.document.spacing import Content, content_of, outside, parts_of

if TYPE_CHECKING:
    from apimpy.document.model import Attribute, Document
    from apimpy.document.spacing import Shape

__all__ = ["essence", "expressions", "meaning"]


def essence(document: Document, shape: Shape, as_tokens: bool = False) -> list[Any]:
    """The document as nested lists of text.  `as_tokens`: white space between the tokens of C# does not count."""
    text, around = document.file.text, outside(document)
    before, after = around if around is not None else ([], [])
    return [
        [_lines(text[a:b]) for a, b in before],
        _element(document.root, shape, as_tokens),
        [_lines(text[a:b]) for a, b in after],
    ]


def meaning(document: Document) -> list[Any]:
    """The tree as nested lists, all white space included, however its characters are written."""
    return _all(document.root)


def _all(e: Element) -> list[Any]:
    content: list[Any] = []
    for node in e.nodes:
        if isinstance(node, Element):
            content.append(_all(node))
        elif isinstance(node, Island):
            content.append(_island(node, as_tokens=False))
        else:
            content.append(node.value if isinstance(node, Text) else [node.text])
    return [e.name, [_attribute(a, as_tokens=False) for a in e.attributes], content]


def _element(e: Element, shape: Shape, as_tokens: bool) -> list[Any]:
    return [e.name, [_attribute(a, as_tokens) for a in e.attributes], *_content(e, shape, as_tokens)]


def _content(e: Element, shape: Shape, as_tokens: bool) -> list[Any]:
    content = content_of(e, shape)
    if content is Content.BLOCK:
        return [
            _lines(p.span.text) if isinstance(p, Comment) else _element(p, shape.child(p.name), as_tokens)
            for p in parts_of(e)
        ]
    if content is Content.ISLAND:
        assert isinstance(e.value, Island)
        return [_island(e.value, as_tokens)]
    return _verbatim(e) if content is Content.VERBATIM else []


def _verbatim(e: Element) -> list[Any]:
    """Everything between the tags; only the characters of expressions may be written differently."""
    text, at, out = e.span.file.text, e.content_span.start, []
    for island, _ in expressions(e):
        if island.span.start >= at:  # the others are attributes of the element itself
            out += [_lines(text[at : island.span.start]), _island(island, as_tokens=False)]
            at = island.span.end
    return [*out, _lines(text[at : e.content_span.end])]


def _attribute(a: Attribute, as_tokens: bool) -> list[Any]:
    value = _island(a.value, as_tokens) if isinstance(a.value, Island) else a.value.value
    return [a.name, value]


def _island(island: Island, as_tokens: bool) -> list[Any]:
    from apimpy.csharp.lexer import tokenize

    if not as_tokens:
        return [island.block, island.source]
    tokens, errors = tokenize(island.source, placeholders=True)
    return [island.block, island.source if errors else [t.text for t in tokens]]


def expressions(root: Element) -> list[tuple[Island, str]]:
    """The expressions of an element and all below it, in the order of the text, but for those of CDATA sections.

    Each with the quote around it when it is an attribute, else "".
    """
    text = root.span.file.text
    found: list[tuple[Island, str]] = []
    for e in root.walk():
        found += [(a.value, text[a.value_span.start - 1]) for a in e.attributes if isinstance(a.value, Island)]
        found += [(n, "") for n in e.nodes if isinstance(n, Island) and not _in_cdata(text, n.span.start)]
    return sorted(found, key=lambda pair: pair[0].span.start)


def _in_cdata(text: str, start: int) -> bool:
    while start and text[start - 1].isspace():
        start -= 1
    return text.endswith("<![CDATA[", 0, start)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
