"""Diagnostics: the table of codes, what a finding prints, how a sink collects."""

from __future__ import annotations

import re

import pytest

from apimpy.diagnostics import CODES, Severity, Sink
from apimpy.source import SourceFile

FILE = SourceFile("policy.xml", "<a>\n  b😀 = ccc;\n</a>")


@pytest.mark.parametrize("code", sorted(CODES))
def test_codes(code: str) -> None:
    """A family and a number, a name in words, a known kind; what the platform refuses is an error."""
    row = CODES[code]
    assert row.code == code
    assert re.fullmatch(r"(DOC|POL|EXP|CFG|[A-Z]{3})\d{3}", code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row.name)
    assert row.kind in ("service", "runtime", "advice", "unsupported")
    if row.kind == "unsupported":
        assert row.severity is Severity.WARNING
    if row.kind == "service":
        assert row.severity is Severity.ERROR


def test_names_are_unique() -> None:
    """A name stands for one code."""
    names = [row.name for row in CODES.values()]
    assert len(names) == len(set(names))


def test_defaults_come_from_the_code() -> None:
    """Severity, kind and name are those of the row, unless given."""
    d = Sink().report("POL018", "not yet", FILE.span(0, 1))
    assert (d.severity, d.kind, d.name) == (Severity.WARNING, "unsupported", "unsupported-policy")
    d = Sink().report("POL018", "not yet", FILE.span(0, 1), severity=Severity.ERROR, kind="runtime")
    assert (d.severity, d.kind) == (Severity.ERROR, "runtime")


def test_codes_of_the_compiler() -> None:
    """C# codes need no row: an error of the service."""
    d = Sink().report("CS0103", "The name 'x' does not exist in the current context", FILE.span(0, 1))
    assert (d.severity, d.kind, d.name) == (Severity.ERROR, "service", "csharp-0103")


def test_unknown_code() -> None:
    """A code without a row is our mistake."""
    with pytest.raises(KeyError):
        Sink().report("XYZ999", "?", FILE.span(0, 1))


def test_json_and_text() -> None:
    """Columns are code points, from 1, the end exclusive; the text is one line."""
    span = FILE.span(FILE.text.index("ccc"), FILE.text.index("ccc") + 3)
    d = Sink().report("CS0103", "Words.", span, help="Do this.")
    assert d.to_json() == {
        "file": "policy.xml",
        "line": 2,
        "column": 8,
        "end_line": 2,
        "end_column": 11,
        "code": "CS0103",
        "name": "csharp-0103",
        "severity": "error",
        "kind": "service",
        "message": "Words.",
        "help": "Do this.",
    }
    assert str(d) == "policy.xml:2:8: error CS0103 Words."
    assert d.to_json()["help"] == "Do this."


def test_span_over_lines() -> None:
    """Both ends have their own line."""
    shown = Sink().report("DOC002", "x", FILE.span(0, len(FILE.text))).to_json()
    assert (shown["line"], shown["column"], shown["end_line"], shown["end_column"]) == (1, 1, 3, 5)


def test_sink_sorts_and_keeps_findings_once() -> None:
    """By file and place; the same finding twice is one."""
    other = SourceFile("another.xml", "x")
    sink = Sink()
    assert not sink.errors
    sink.report("CS0103", "later", FILE.span(8))
    sink.report("POL018", "first", FILE.span(2))
    sink.report("CS0103", "later", FILE.span(8))
    sink.report("CS0103", "other words", FILE.span(8))
    sink.report("CS0103", "other file", other.span(0))
    assert [d.message for d in sink] == ["other file", "first", "later", "other words"]
    assert len(sink) == 4
    assert [d.message for d in sink.errors] == ["other file", "later", "other words"]


def test_add() -> None:
    """A finding of one sink can go into another."""
    one, two = Sink(), Sink()
    d = one.report("CS0103", "x", FILE.span(0))
    two.add(d)
    two.add(d)
    assert list(two) == [d]


@pytest.mark.parametrize(
    ("severity", "text"), [(Severity.INFO, "info"), (Severity.WARNING, "warning"), (Severity.ERROR, "error")]
)
def test_severity(severity: Severity, text: str) -> None:
    """Ordered, and printed in words."""
    assert str(severity) == text
    assert Severity.INFO <= severity <= Severity.ERROR
