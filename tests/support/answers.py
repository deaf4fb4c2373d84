"""Expressions with the answers of a real C# compiler and class library, as tables of text.

A block is an expression and, below it and indented, the outcome: `=` with type and text of the value, `!` with the
exception or the compiler's code.  Blocks are separated by an empty line.
"""

from __future__ import annotations

from pathlib import Path

from apimpy.cli.eval import evaluate
from apimpy.dotnet.compile import CompileOptions

__all__ = ["outcome", "rows"]


def rows(table: Path) -> list[tuple[str, ...]]:
    """(expression, outcome) for each block."""
    blocks = table.read_text(encoding="utf-8").strip().split("\n\n")
    return [tuple(block.split("\n    ", 1)) for block in blocks]


def outcome(expression: str) -> str:
    """What apimpy makes of it, in the words of the tables."""
    row, _ = evaluate("", expression, {}, CompileOptions(any_type=True, placeholders=False))
    if row["ok"]:
        return f"= {(row['type'] or 'null').rpartition('.')[2]} {row['text']}".rstrip()
    if row["phase"] == "compile":
        return "! " + row["codes"][0]
    return "! " + row["exception"].rpartition(".")[2]
