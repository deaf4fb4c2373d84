"""Operators: wrap-around, promotion, null lifting, text, equality, assignment.

The rows are in `operators.txt`; `answers` tells how to read them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import outcome, rows

ROWS = rows(Path(__file__).parent / "operators.txt")

KNOWN: dict[str, str] = {}
"""Rows that do not agree yet: id and reason; one that agrees must be struck out."""


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_operator(text: str, expected: str) -> None:
    """What C# gives."""
    if text in KNOWN:
        assert outcome(text) != expected, "agrees now: strike it out of KNOWN"
        pytest.xfail(KNOWN[text])
    assert outcome(text) == expected.rstrip()
