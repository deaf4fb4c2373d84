"""Documents with several mistakes on several lines: one diagnostic each, where the C# compiler puts it.

`mistakes.jsonl`: expressions, and what the compiler says of each (code, offset of its first character).  The documents
are put together from them here: sixty, each with a handful of expressions in attributes and in the text of elements.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apimpy.diagnostics import Sink
from apimpy.document.reader import read
from apimpy.pipeline.check import check_document
from apimpy.policies import catalogue
from apimpy.source import SourceFile

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("mistakes.jsonl").read_text(encoding="utf-8").splitlines()
]
SEVERAL = [row for row in ROWS if len(row["problems"]) > 1]
SINGLE = [row for row in ROWS if len(row["problems"]) == 1]
COUNT = 60


def documents() -> list[list[dict[str, Any]]]:
    """The rows of each document: blocks with several mistakes first, then single ones in turn."""
    out: list[list[dict[str, Any]]] = []
    for i in range(COUNT):
        rows = [SEVERAL[i]] if i < len(SEVERAL) else []
        rows += [SINGLE[(i * 5 + k) % len(SINGLE)] for k in range(5)]
        out.append(rows)
    return out


def written(rows: list[dict[str, Any]]) -> tuple[str, list[tuple[int, int, str]]]:
    """The document, and (line, column, code) of every mistake in it."""
    text = "<policies>\n  <inbound>\n"
    expected: list[tuple[int, int, str]] = []
    for i, row in enumerate(rows):
        source = row["text"]
        if i % 2 and '"' not in source:
            text += f'    <set-variable name="v{i}"\n                  value="'
            end = '" />\n'
        else:
            text += f'    <set-header name="h{i}" exists-action="override">\n      <value>'
            end = "</value>\n    </set-header>\n"
        for code, offset in row["problems"]:
            before = text + source[:offset]
            expected.append((before.count("\n") + 1, len(before) - before.rfind("\n"), code))
        text += source + end
    return text + "  </inbound>\n</policies>\n", sorted(expected)


@pytest.mark.parametrize("rows", documents(), ids=[str(i) for i in range(COUNT)])
def test_one_diagnostic_for_each_mistake(rows: list[dict[str, Any]]) -> None:
    text, expected = written(rows)
    sink = Sink()
    document = read(SourceFile("policy.xml", text), sink, encoding="rawxml")
    assert document is not None
    check_document(document, catalogue(), None, sink)
    found = [(*d.span.file.line_col(d.span.start), d.code) for d in sink]
    assert sorted(found) == expected


def test_there_is_enough_of_everything() -> None:
    assert len(SEVERAL) >= 20
    assert len({code for row in ROWS for code, _ in row["problems"]}) >= 80
