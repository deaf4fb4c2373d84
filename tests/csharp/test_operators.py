"""Operators: wrap-around, promotion, null lifting, text, equality, assignment.

`operators.txt` holds an expression and below it the outcome that a real C# compiler and class library give: `=` with
type and text of the value, `!` with the exception or the compiler's code.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from apimpy.cli.eval import evaluate
from apimpy.dotnet.compile import CompileOptions

BLOCKS = (Path(__file__).parent / "operators.txt").read_text(encoding="utf-8").strip().split("\n\n")
ROWS = [tuple(block.split("\n    ", 1)) for block in BLOCKS]

KNOWN: dict[str, str] = {}
"""Rows that do not agree yet: id and reason; one that agrees must be struck out."""


def outcome(expression: str) -> str:
    row, _ = evaluate("", expression, {}, CompileOptions(any_type=True, placeholders=False))
    if row["ok"]:
        return f"= {(row['type'] or 'null').rpartition('.')[2]} {row['text']}".rstrip()
    if row["phase"] == "compile":
        return "! " + row["codes"][0]
    return "! " + row["exception"].rpartition(".")[2]


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_operator(text: str, expected: str) -> None:
    """What C# gives."""
    if text in KNOWN:
        assert outcome(text) != expected, "agrees now: strike it out of KNOWN"
        pytest.xfail(KNOWN[text])
    assert outcome(text) == expected.rstrip()
