"""Query expressions: what the clauses mean.

The rows are in `query.txt`; `answers` tells how to read them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import outcome, rows

ROWS = rows(Path(__file__).parent / "query.txt")


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_query(text: str, expected: str) -> None:
    """What C# gives."""
    assert outcome(text) == expected.rstrip()
