"""Every error that lint reports in the documents of others has a verdict in `verdicts.toml`: none is false."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from apimpy.diagnostics import Severity, Sink
from apimpy.lint.check import check_file

TABLE = Path(__file__).with_name("verdicts.toml")
CATEGORIES = ("authored", "documentation")


@pytest.fixture(scope="module")
def corpus() -> Path:
    found = os.environ.get("APIMPY_CORPUS")
    if not found:
        pytest.skip("APIMPY_CORPUS names no corpus")
    return Path(found)


def errors(file: Path) -> list[str]:
    sink = Sink()
    check_file(file, sink)
    found = [d for d in sink if d.kind in ("service", "runtime") and d.severity is Severity.ERROR]
    return [f"{line}:{column} {code}" for (line, column), code in sorted((d.span.line_col, d.code) for d in found)]


def test_every_error_is_right(corpus: Path) -> None:
    """A finding without a verdict may be false: look at it before it goes into the table."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["document"]
    verdicts = {row["file"]: row["findings"] for row in rows}
    assert all(len(row["why"]) > 10 for row in rows)
    got = {}
    with (corpus / "INDEX.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["category"] in CATEGORIES and (found := errors(corpus / entry["file"])):
                got[entry["file"]] = found
    assert got == verdicts
