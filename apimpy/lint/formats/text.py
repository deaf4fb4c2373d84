"""Text for people: a line for every finding; where somebody looks, also the source line with carets below the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.codes import page_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.diagnostics import Diagnostic
    from apimpy.lint.formats import Findings

__all__ = ["render"]

_COLOURS = {"error": "1;31", "warning": "1;33", "info": "1;34", "help": "36", "frame": "2", "name": "1"}
_WIDEST = 160
"""Columns of a source line that are shown; the place is among them."""


def render(findings: Findings) -> str:
    """Findings, and their number where the source is shown."""
    lines = [line for d in findings.found for line in _finding(d, findings)]
    if findings.source and findings.count:
        lines.append(_summary(findings))
    return "".join(f"{line}\n" for line in lines)


def _finding(d: Diagnostic, findings: Findings) -> Iterator[str]:
    def paint(text: str, kind: str) -> str:
        return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if findings.colour else text

    level = str(d.severity)
    yield f"{paint(str(d.span), 'name')}: {paint(f'{level} {d.code}', level)} {d.message}"
    if findings.source:
        yield from _frame(d, level, paint)
        for span, text in d.related:
            yield f"    {span}: {text}"
    if d.help:
        yield f"    {paint('help:', 'help')} {d.help}"
    if findings.source:
        fix = next(iter(d.fixes), None)
        if fix is not None:
            yield f"    {paint('fix:', 'help')} {fix.title} ({'--fix' if fix.safe else '--unsafe-fixes'})"
        yield f"    {paint('see:', 'help')} {paint(page_uri(d.code, d.name), 'frame')}"
        yield ""


def _frame(d: Diagnostic, level: str, paint: object) -> Iterator[str]:
    """The line of the finding, with carets below what it is about."""
    assert callable(paint)
    line, column = d.span.line_col
    last, end = d.span.file.line_col(d.span.end)
    text = d.span.file.line_text(line)
    if not text.strip():
        return
    stop = end if last == line else len(text) + 1
    cut = max(0, column - _WIDEST // 2) if column > _WIDEST - 20 else 0
    shown = "".join(max(c, " ") for c in text[cut : cut + _WIDEST])
    left = column - 1 - cut
    width = max(1, min(stop - column, len(shown) - left))
    before = "".join("　" if _wide(c) else " " for c in shown[:left])
    number = f"{line:>5}"
    yield f"{paint(f'{number} |', 'frame')} {shown}"
    yield f"{paint(' ' * len(number) + ' |', 'frame')} {before}{paint('^' * width, level)}"


def _wide(c: str) -> bool:
    """Takes two columns of a terminal."""
    if c < "\u1100":
        return False
    from unicodedata import east_asian_width

    return east_asian_width(c) in "WF"


def _summary(findings: Findings) -> str:
    def many(n: int, word: str) -> str:
        return f"{n} {word}" if n == 1 else f"{n} {word}s"

    files = many(findings.count, "file")
    if not findings.found:
        return f"nothing found in {files}"
    rest = len(findings.found) - findings.errors - findings.warnings
    parts = [many(findings.errors, "error"), many(findings.warnings, "warning")]
    parts += [f"{rest} for your information"] if rest else []
    fixes = sum(any(f.safe for f in d.fixes) for d in findings.found)
    return f"{', '.join(parts)} in {files}" + (f"; --fix corrects {fixes}" if fixes else "")
