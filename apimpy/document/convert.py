"""From one encoding of a document to the other: `xml`, where expressions are escaped, and `rawxml`, where they are not.

    convert(SourceFile("policy.xml", '<a b="@(x["k"])" />'), sink, "xml")  ->  '<a b="@(x[&quot;k&quot;])" />'

Only `& < > " '` inside expressions are written differently; every other character stays, references such as `&#10;`
included.  Each encoding has one spelling for each of the five, so going there and back gives the same text:

- `xml`: `&amp;` `&lt;` `&gt;`, and the quote that ends the attribute as `&quot;` or `&apos;`.
- `rawxml`: the characters themselves, but `&amp;` where `&` would begin a reference, because references are undone in
  raw expressions too.

An expression in a CDATA section is the same in both.  The result is read again and compared with what was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from apimpy.diagnostics import Sink
from apimpy.document.decode import REFERENCE, referred
from apimpy.document.essence import expressions, meaning
from apimpy.document.reader import is_xml, read
from apimpy.pattern import pattern
from apimpy.source import SourceFile

if TYPE_CHECKING:
    import re

    from apimpy.document.model import Document

__all__ = ["Target", "convert", "one_spelling"]

Target = Literal["xml", "rawxml"]

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_SPECIAL = pattern("[&<>\"']")
_LONGEST = len("&#1114111;")
_NOT_XML = pattern("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def convert(file: SourceFile, sink: Sink, to: Target) -> str | None:
    """The document in that encoding; None, and why in the sink, when it does not read without errors."""
    own = Sink()
    document = read(file, own)
    if document is None or not document.well_formed or own.errors:
        for d in own.errors:
            sink.add(d)
        return None
    if to == "xml" and _beyond_xml(document, sink):
        return None
    text, after = _written(document, to), Sink()
    again = read(SourceFile(file.name, text), after, encoding=to)
    if any(d.code == "DOC004" for d in after):
        sink.report("DOC004", f"the document would be too large as {to}", file.span(0))
        return None
    if again is None or meaning(again) != meaning(document) or (to == "xml" and not is_xml(text)):
        raise RuntimeError(f"{file.name} as {to} would say something else; it is left as it is")
    return text


def _beyond_xml(document: Document, sink: Sink) -> bool:
    """Whether an expression holds a character that XML has no way to write; `rawxml` does not mind."""
    for island, _ in expressions(document.root):
        m = _NOT_XML.search(island.span.text)
        if m is not None:
            at = island.span.start + m.start()
            message = f"XML has no character U+{ord(m[0]):04X}"
            sink.report("DOC002", message, document.file.span(at, at + 1), help="write it as an escape of C#")
            return True
    return False


def one_spelling(document: Document) -> str:
    """The text of a well-formed document whose expressions may be escaped here and bare there, all in one spelling.

    A text in one spelling stays; another one that is well-formed XML as it stands becomes `xml`, the rest `rawxml`.
    """
    text, bare = document.file.text, _written(document, "rawxml")
    if bare == text:
        return text
    escaped = _written(document, "xml")
    return escaped if escaped == text or is_xml(text) else bare


def _written(document: Document, to: Target) -> str:
    text, out, at = document.file.text, [], 0
    for island, quote in expressions(document.root):
        raw = island.span.text
        out += [text[at : island.span.start], _escaped(raw, quote) if to == "xml" else _bare(raw)]
        at = island.span.end
    return "".join([*out, text[at:]])


def _units(raw: str) -> list[tuple[int, int, str]]:
    """Where one of the five characters stands, itself or as a reference."""
    found = []
    for m in _SPECIAL.finditer(raw):
        reference = _reference(raw, m.start()) if m[0] == "&" else None
        char = m[0] if reference is None else referred(reference)
        if char in _ESCAPES:
            found.append((m.start(), (reference or m).end(), char))
    return found


def _reference(text: str, at: int = 0) -> re.Match[str] | None:
    """The reference to a character of XML that begins there."""
    m = REFERENCE.match(text, at)
    return None if m is None or referred(m) is None else m


def _escaped(raw: str, quote: str) -> str:
    """An expression as XML."""
    plain = {'"', "'"} - {quote}
    out, at = [], 0
    for start, end, char in _units(raw):
        out += [raw[at:start], char if char in plain else _ESCAPES[char]]
        at = end
    return "".join([*out, raw[at:]])


def _bare(raw: str) -> str:
    """An expression as it is written in C#; from its end, because what follows decides about an `&`."""
    out: list[str] = []
    tail, at = "", len(raw)
    for start, end, char in reversed(_units(raw)):
        tail = (raw[end:at] + tail)[:_LONGEST]
        new = "&amp;" if char == "&" and _reference(f"&{tail}") else char
        out += [raw[end:at], new]
        tail, at = (new + tail)[:_LONGEST], start
    return "".join([raw[:at], *reversed(out)])
