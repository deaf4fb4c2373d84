"""Documents that others wrote, laid out and converted: they must bind to the same (the folder: `APIMPY_CORPUS`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from corpus_kit import corpus

from apimpy.csharp.lexer import tokenize
from apimpy.diagnostics import Sink
from apimpy.document.convert import convert
from apimpy.document.layout import Style, layout
from apimpy.document.model import Island
from apimpy.document.reader import is_xml, load_text, read
from apimpy.pipeline.check import bind_document, binding
from apimpy.policies import catalogue
from apimpy.policy.base import Item, fields_of
from apimpy.policy.bind import bind_policies
from apimpy.policy.shape import shape_of
from apimpy.policy.value import Computed, Constant, Open
from apimpy.record import Record
from apimpy.source import SourceFile

CORPUS = corpus()
CATALOGUE = catalogue()
READ_AT_LEAST = 0.98
"""The share of documents that are well-formed; the others are refused, with a reason."""


class Source(Record):
    """An expression that is not compiled: what binding holds is its text."""

    call: Any
    reads_request_body: bool = False
    reads_response_body: bool = False
    notes: tuple[Any, ...] = ()


def sources() -> Iterator[SourceFile]:
    for line in (CORPUS / "INDEX.jsonl").read_text(encoding="utf-8").splitlines():
        name = json.loads(line)["file"]
        path = CORPUS / name
        file = load_text(path if path.exists() else CORPUS / "policies" / name, Sink(), name=name)
        assert file is not None
        yield file


def bound(text: str, spelled: Callable[[Island], Any]) -> Any:
    """Everything that binding makes of a document: its policies by field, and what it complains about."""
    sink = Sink()
    document = read(SourceFile("p.xml", text), sink)
    assert document is not None
    compiler: Any = lambda island, expected: Source((expected, spelled(island)))  # noqa: E731
    cx = binding(CATALOGUE, None, sink, None, compiler)
    if document.kind == "policies":
        policies: Any = bind_document("api", document, cx).sections
    else:
        policies = {"": bind_policies(document.root.children, cx)}
    told = {name: [_plain(p) for p in held] for name, held in policies.items()}
    return told, Counter((d.code, d.message) for d in sink if "Cannot find" not in d.message)


def _plain(held: Any) -> Any:
    if isinstance(held, Item):
        return held.element, [(f.name, _plain(getattr(held, f.attribute))) for f in fields_of(type(held))]
    if isinstance(held, tuple):
        return [_plain(h) for h in held]
    if isinstance(held, Constant):
        return "constant", held.value
    if isinstance(held, Open):
        return "open"
    return ("expression", held._call) if isinstance(held, Computed) else held


def _text(island: Island) -> Any:
    return island.code


def _tokens(island: Island) -> Any:
    return island.block, [t.text for t in tokenize(island.source)[0]]


@pytest.mark.parametrize(
    ("style", "spelled"),
    [(Style(), _text), (Style(2, 80, expressions=True), _tokens)],
    ids=["usual", "narrow, expressions moved"],
)
def test_laid_out_documents_mean_the_same(style: Style, spelled: Callable[[Island], Any]) -> None:
    """Every document that reads: laying it out again changes nothing, and the same policies are bound."""
    wrong, laid_out, count = [], 0, 0
    for file in sources():
        count += 1
        sink = Sink()
        text = layout(file, sink, _shape, style)
        if text is None:
            assert sink.errors, file.name
            continue
        laid_out += 1
        if layout(SourceFile("p.xml", text), Sink(), _shape, style) != text:
            wrong.append((file.name, "changes again"))
        if bound(text, spelled) != bound(file.text, spelled):
            wrong.append((file.name, "binds to something else"))
        if text.count("<!--") != file.text.count("<!--"):
            wrong.append((file.name, "comments"))
    assert wrong == []
    assert laid_out >= READ_AT_LEAST * count


def test_conversions_lead_back() -> None:
    """Every document, laid out: `xml` is XML, both encodings bind to the same, and there and back is the same text."""
    wrong, converted = [], 0
    for file in sources():
        text = layout(file, Sink(), _shape, Style())
        xml = None if text is None else _converted(text, "xml")
        if text is None or xml is None:
            continue
        converted += 1
        raw = _converted(xml, "rawxml")
        assert raw is not None
        if text not in (xml, raw):
            wrong.append((file.name, "is in neither encoding"))
        if _converted(raw, "xml") != xml or _converted(text, "rawxml") != raw:
            wrong.append((file.name, "does not lead back"))
        if not is_xml(xml):
            wrong.append((file.name, "no XML"))
        meant = bound(text, _text)
        if bound(xml, _text) != meant or bound(raw, _text) != meant:
            wrong.append((file.name, "binds to something else"))
    assert wrong == []
    assert converted > 0


def _converted(text: str, to: Any) -> str | None:
    return convert(SourceFile("p.xml", text), Sink(), to)


def _shape(document: Any) -> Any:
    return shape_of(document, CATALOGUE)
