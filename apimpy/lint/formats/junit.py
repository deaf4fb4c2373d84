"""JUnit XML: a test case for every file, which fails when something at or above the fail level was found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from apimpy.lint.formats import shown_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.diagnostics import Diagnostic
    from apimpy.lint.formats import Findings

__all__ = ["render"]


def render(findings: Findings) -> str:
    """A `testsuites` document with one suite."""
    by_file: dict[str, list[Diagnostic]] = {name: [] for name in findings.files}
    for d in findings.found:
        by_file.setdefault(d.span.file.name, []).append(d)
    failing = [d for d in findings.found if d.severity >= findings.fail_level]
    failed = len({d.span.file.name for d in failing})
    counts = f'tests="{len(by_file)}" failures="{failed}" errors="0"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="apimpy lint" {counts}>']
    lines.append(f'  <testsuite name="apimpy lint" {counts}>')
    for name, found in by_file.items():
        lines += _case(name, found, findings)
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _case(name: str, found: list[Diagnostic], findings: Findings) -> Iterator[str]:
    shown = shown_name(name)
    head = f'    <testcase classname="apimpy.lint" name={quoteattr(shown)} file={quoteattr(shown)}'
    failing = [d for d in found if d.severity >= findings.fail_level]
    others = [d for d in found if d.severity < findings.fail_level]
    if not found:
        yield f"{head} />"
        return
    yield f"{head}>"
    if failing:
        # one failure a case: readers of the format take no more than that
        first, text = failing[0], _clean("\n".join(map(_line, failing)))
        message = f"{len(failing)} findings" if len(failing) > 1 else f"{first.code} {first.message}"
        head = f"<failure type={quoteattr(first.code)} message={quoteattr(_clean(message))}>"
        yield f"      {head}{escape(text)}</failure>"
    if others:
        yield f"      <system-out>{escape(_clean(chr(10).join(map(_line, others))))}</system-out>"
    yield "    </testcase>"


def _line(d: Diagnostic) -> str:
    return f"{d}" + (f"\n    help: {d.help}" if d.help else "")


def _clean(text: str) -> str:
    """Without what XML cannot say."""
    return "".join(c if c >= " " or c in "\t\n" else "\ufffd" for c in text if c not in "\ufffe\uffff")
