"""What `lint` says about expressions that compile."""

from __future__ import annotations

from typing import Any

import pytest

from apimpy.diagnostics import Sink
from apimpy.document.reader import read
from apimpy.dotnet.compile import CompileOptions
from apimpy.pipeline.check import check_document
from apimpy.policies import catalogue
from apimpy.source import SourceFile

# an expression in inbound, then the codes and where they begin in it
EXPRESSIONS: list[tuple[str, list[tuple[str, int]]]] = [
    ('@(context.Variables["a"] == "b")', [("EXP007", 2)]),
    ('@((string)context.Variables["a"] == "b")', []),
    ('@(context.Variables["a"] == null)', []),
    ("@(context.User.Id)", [("EXP010", 2)]),
    ("@(context.User?.Id)", []),
    ('@(context.User == null ? "" : context.User.Id)', []),
    ('@((context.Product ?? null) == null ? "" : context.Product.Name)', []),
    ("@(context.User.Id + context.User.Email)", [("EXP010", 2)]),
    ("@(context.Request.Url.Host)", []),
    ("@(context.Request.Body.As<string>(preserveContent: true))", [("EXP010", 2)]),
    ("@(context.Request.Body.As<string>())", [("EXP010", 2), ("EXP011", 2)]),
    ("@(context.Request.Body?.As<string>(true))", []),
    ("@(context.LastError.Message)", [("EXP010", 2)]),
]
SECTIONS = [
    ("outbound", "@(context.Response.StatusCode.ToString())", []),
    ("inbound", "@(context.Response.StatusCode.ToString())", ["EXP010"]),
    ("on-error", "@(context.LastError.Message)", []),
    ("outbound", "@(context.Request.Body?.As<string>())", []),
]


def findings(section: str, expression: str, options: Any = None) -> list[tuple[str, int]]:
    text = f'<policies><{section}><set-header name="x"><value>{expression}</value></set-header></{section}></policies>'
    sink = Sink()
    document = read(SourceFile("policy.xml", text), sink, encoding="rawxml")
    assert document is not None
    check_document(document, catalogue(), None, sink, options or CompileOptions(advice=True))
    return [(d.code, d.span.start - text.index(expression)) for d in sink]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_advice(expression: str, expected: list[tuple[str, int]]) -> None:
    assert findings("inbound", expression) == expected


@pytest.mark.parametrize(("section", "expression", "codes"), SECTIONS)
def test_sections_know_what_is_there(section: str, expression: str, codes: list[str]) -> None:
    assert [code for code, _ in findings(section, expression)] == codes


def test_nothing_unless_it_is_asked_for() -> None:
    assert findings("inbound", "@(context.User.Id)", CompileOptions()) == []
