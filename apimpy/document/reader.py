"""Reading a policy document: text in, tree and diagnostics out; no input makes it raise.

1. `scan` walks the text, finds expressions with the C# lexer and builds a tree with exact positions.
2. Expressions are masked; lxml parses what is left (no DTD, no entities, no network) and is the judge of
   well-formedness.  What the scanner noticed explains a refusal better than lxml can.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from lxml import etree

from apimpy.document.model import Document, Element, Encoding
from apimpy.document.named_values import NamedValues
from apimpy.document.scan import Scan
from apimpy.pattern import pattern
from apimpy.source import SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from apimpy.diagnostics import Sink

__all__ = ["MAX_FRAGMENT", "MAX_POLICY", "is_xml", "load", "load_text", "read", "text_of"]

MAX_POLICY = 256 * 1024
MAX_FRAGMENT = 512 * 1024

_BARE_AMPERSAND = pattern(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|(&(?!(?:#[0-9]+|#[xX][0-9a-fA-F]+|amp|lt|gt|quot|apos);))", re.DOTALL
)
_DECLARATION = pattern(r"<\?xml\b.*?\?>", re.DOTALL)
_FIRST_TAG = pattern(r"<([A-Za-z][\w.:-]*)")


def load_text(path: str | Path, sink: Sink, *, name: str | None = None) -> SourceFile | None:
    """The text of a file: UTF-8, or UTF-16 with a byte-order mark.  None (and DOC001) when it cannot be had."""
    shown = name or str(path)
    empty = SourceFile(shown, "").span(0)
    try:
        with open(path, "rb") as f:
            data = f.read(4 * MAX_FRAGMENT + 1)
    except OSError as error:
        sink.report("DOC001", f"cannot read {shown}: {error.strerror or error}", empty)
        return None
    return text_of(data, shown, sink)


def text_of(data: bytes, shown: str, sink: Sink) -> SourceFile | None:
    """The text of bytes that were read somewhere, as `load_text` does it."""
    if len(data) > 4 * MAX_FRAGMENT:
        sink.report("DOC004", "the file is too large for a policy document", SourceFile(shown, "").span(0))
        return None
    codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return SourceFile(shown, data.decode(codec))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(codec, "replace")
        where = SourceFile(shown, before).span(len(before))
        sink.report("DOC001", f"the file is not {codec.removesuffix('-sig').upper()} text: byte {error.start}", where)
        return None


def load(
    path: str | Path,
    sink: Sink,
    *,
    encoding: Encoding = "auto",
    named_values: Mapping[str, str | None] | None = None,
    name: str | None = None,
) -> Document | None:
    """Read a document from a file."""
    file = load_text(path, sink, name=name)
    return None if file is None else read(file, sink, encoding=encoding, named_values=named_values)


def read(
    file: SourceFile,
    sink: Sink,
    *,
    encoding: Encoding = "auto",
    named_values: Mapping[str, str | None] | None = None,
) -> Document | None:
    """The document of a text.  None when there is no element in it or it is too large."""
    first = _FIRST_TAG.search(file.text)
    limit = MAX_FRAGMENT if first and first[1] == "fragment" else MAX_POLICY
    if len(file.text) > limit:
        message = f"the document has {len(file.text)} characters; {limit} are allowed"
        sink.report("DOC004", message, file.span(limit, len(file.text)))
        return None
    names = NamedValues(named_values, sink)
    scan = Scan(file, sink, encoding, names)
    well_formed = _judge(scan, sink)
    if not scan.roots:
        return None
    root = scan.roots[0]
    return Document(_kind(root, sink), root, file, well_formed, tuple(names.uses))


def _kind(root: Element, sink: Sink) -> Literal["policies", "fragment", "other"]:
    if root.name == "policies":
        return "policies"
    if root.name == "fragment":
        return "fragment"
    if root.name not in ("http-data-source", "sql-data-source", "cosmosdb-data-source"):
        message = f"a policy document starts with <policies> or <fragment>, not <{root.name}>"
        sink.report("DOC006", message, root.name_span)
    return "other"


def _judge(scan: Scan, sink: Sink) -> bool:
    """Whether the masked text is well-formed XML; when not, one DOC002 for every reason we can name."""
    masked = scan.masked()
    refusal = _refusal(masked)
    if refusal is None:
        return not scan.broken_island
    problems = list(scan.problems)
    for m in _BARE_AMPERSAND.finditer(masked):
        if m[1]:
            problems.append(("'&' starts no known entity; write &amp;", scan.file.span(m.start(1), m.end(1))))
    if scan.broken_island and problems:
        return False  # its consequences are not worth a message
    if not problems:
        problems.append((_reason(refusal), _place(refusal, scan.file)))
    for message, span in problems[:20]:
        sink.report("DOC002", message, span)
    return False


def _refusal(text: str) -> Exception | None:
    """Why a strict parser refuses a text; None when it does not."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, encoding="utf-8"
    )
    try:
        etree.fromstring(text.encode("utf-8", "surrogatepass"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return error
    return None


def is_xml(text: str) -> bool:
    """Whether a text is well-formed XML as it stands, its expressions as well (the `xml` encoding)."""
    declared = _DECLARATION.match(text)
    return _refusal(text[declared.end() :] if declared else text) is None


def _reason(error: Exception) -> str:
    message = error.msg if isinstance(error, etree.XMLSyntaxError) and error.msg else str(error)
    return re.sub(r", line \d+, column \d+.*", "", message, flags=re.DOTALL) or "not well-formed"


def _place(error: Exception, file: SourceFile) -> Span:
    line = getattr(error, "lineno", None) or 1
    column = max(1, getattr(error, "offset", None) or 1)
    start = 0
    for _ in range(line - 1):
        start = file.text.find("\n", start) + 1
        if start == 0:
            return file.span(len(file.text))
    return file.span(min(start + column - 1, len(file.text)))
