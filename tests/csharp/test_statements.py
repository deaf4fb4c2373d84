"""Statements: loops, switches, exceptions, functions, scopes.

The rows are in `statements.txt`; `answers` tells how to read them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import outcome, rows

ROWS = rows(Path(__file__).parent / "statements.txt")


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_statement(text: str, expected: str) -> None:
    """What C# gives."""
    assert outcome(text) == expected.rstrip()
