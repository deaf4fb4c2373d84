"""The scorer of the report: what agrees with a conformance case and what does not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("corpus_report", Path(__file__).with_name("report.py"))
assert _spec is not None
assert _spec.loader is not None
report: Any = importlib.util.module_from_spec(_spec)
sys.modules["corpus_report"] = report  # its dataclasses look their module up
_spec.loader.exec_module(report)


def expect(type: str | None, value: Any, text: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": "x", "expr": "@(x)", "expect": {"type": type, "value": value, "text": text}, **more}


def got(type: str | None, value: Any, text: str | None = None) -> dict[str, Any]:
    return {"id": "x", "ok": True, "type": type, "value": value, "text": text}


def failed(phase: str, exception: str | None = None) -> dict[str, Any]:
    return {"id": "x", "ok": False, "phase": phase, "exception": exception, "codes": [], "error": "why"}


INT, DOUBLE, SINGLE, STRING = "System.Int32", "System.Double", "System.Single", "System.String"
SEQUENCE = "System.Collections.Generic.IEnumerable`1[System.Int32]"
COMPILE = {"id": "x", "expect": {"error": "compile", "codes": ["CS0029"]}}
RUN = {"id": "x", "expect": {"error": "run", "exception": "System.FormatException"}}


@pytest.mark.parametrize(
    ("case", "result", "agrees"),
    [
        (expect(INT, 3, "3"), got(INT, 3, "3"), True),
        (expect(INT, 3, "3"), got("System.Int64", 3, "3"), False),
        (expect(INT, 1, "1"), got(INT, True, "1"), False),
        (expect(INT, 3, "3"), got(INT, 3, "4"), False),
        (expect(INT, 3, "3"), None, False),
        (expect(INT, 3, "3"), failed("run", "System.Exception"), False),
        (expect(None, None, ""), got(None, None, None), True),
        (expect(STRING, "a\nb", "a\nb"), got(STRING, "a\nb", "a\r\nb"), True),
        (expect(STRING, "a", None), got(STRING, "a", "anything"), True),
        (expect(SINGLE, 0.1), got(SINGLE, 0.10000000149011612), True),
        (expect(DOUBLE, 0.1), got(DOUBLE, 0.10000000149011612), False),
        (expect(SINGLE, 2), got(SINGLE, 2.0), True),
        (expect(DOUBLE, -0.0), got(DOUBLE, 0.0), False),
        (expect(DOUBLE, "NaN"), got(DOUBLE, "NaN"), True),
        (expect(SINGLE, 1.0), got(SINGLE, 1e300), False),
        (expect(SEQUENCE, [1, 2]), got("System.Linq.Enumerable+X", [1, 2]), True),
        (expect(SEQUENCE, [1, 2]), got("System.Linq.Enumerable+X", [1]), False),
        (expect("anonymous", {"a": 1, "b": 2}), got("other", {"b": 2, "a": 1}), False),
        (expect(INT, 3, "3", netfx={"value": 2, "text": "2"}), got(INT, 2, "2"), True),
        (COMPILE, failed("compile"), True),
        (COMPILE, failed("run", "System.Exception"), False),
        (COMPILE, got(INT, 3), False),
        (RUN, failed("run", "System.FormatException"), True),
        (RUN, failed("run", "System.Exception"), False),
        (RUN, failed("compile"), False),
    ],
)
def test_scorer(case: dict[str, Any], result: dict[str, Any] | None, agrees: bool) -> None:
    case.setdefault("expr", "@(x)")
    assert (report.disagreement(case, result) is None) is agrees


def test_nothing_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("APIMPY_CORPUS", raising=False)
    monkeypatch.delenv("APIMPY_CONFORMANCE", raising=False)
    assert report.main([]) == 2
    assert "--corpus" in capsys.readouterr().err


def test_a_small_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A document that reads, one that says why not, and an expression in two that is wrong: below the threshold."""
    block = "<set-method>@{ return context.Request.Method; }</set-method>"
    (tmp_path / "a.xml").write_text(f"<policies><inbound><base />{block}</inbound></policies>")
    (tmp_path / "b.xml").write_text("<policies><inbound></policies>")
    (tmp_path / "INDEX.jsonl").write_text('{"file": "a.xml", "category": "authored"}\n{"file": "b.xml"}\n')
    (tmp_path / "expressions.jsonl").write_text('{"text": "@(1 + 1)"}\n{"text": "@(1 + )"}\n')
    assert report.main(["--corpus", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "say why not: 2 of 2 (100.00 %, at least 100 %) ok" in out
    assert "expressions that bind: 1 of 2 (50.00 %, at least 98 %) BELOW" in out
    assert "1 read as written, 1 refused with a reason" in out
    assert "as right as they were: 2 of 2 (100.00 %, at least 100 %) ok\n    1 corrected\n    STY007 info: 1\n" in out
