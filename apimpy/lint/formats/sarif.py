"""SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from apimpy import __version__
from apimpy.diagnostics import CODES, Severity
from apimpy.lint.codes import HOME, TEXTS, page_uri
from apimpy.lint.formats import shown_name
from apimpy.lint.registry import entries

if TYPE_CHECKING:
    from apimpy.diagnostics import Diagnostic, Fix
    from apimpy.lint.formats import Findings
    from apimpy.source import Span

__all__ = ["SCHEMA", "render"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(findings: Findings) -> str:
    """A log with one run."""
    codes = sorted({(d.code, d.name) for d in findings.found})
    places = {code: n for n, (code, _) in enumerate(codes)}
    run = {
        "tool": {
            "driver": {
                "name": "apimpy",
                "version": __version__,
                "informationUri": HOME,
                "rules": [_rule(code, name) for code, name in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, places[d.code]) for d in findings.found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str, name: str) -> dict[str, Any]:
    entry = next((e for e in entries() if e.code == code), None)
    if entry is not None:
        text, level, tags = entry.summary, entry.level, [entry.category]
    elif code in CODES:
        text, level, tags = TEXTS[code], CODES[code].severity, []
    else:
        text, level, tags = f"What the C# compiler reports as {code}.", Severity.ERROR, ["csharp"]
    rule: dict[str, Any] = {
        "id": code,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "shortDescription": {"text": text},
        "helpUri": page_uri(code, name),
        "defaultConfiguration": {"level": _LEVELS[level]},
    }
    if tags:
        rule["properties"] = {"tags": tags}
    return rule


def _result(d: Diagnostic, place: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": place,
        "level": _LEVELS[d.severity],
        "message": {"text": d.message + (f"\n{d.help}" if d.help else "")},
        "locations": [{"physicalLocation": _location(d.span)}],
        "properties": {"kind": d.kind},
    }
    if d.related:
        result["relatedLocations"] = [
            {"id": n, "physicalLocation": _location(span), "message": {"text": text}}
            for n, (span, text) in enumerate(d.related, 1)
        ]
    if d.fixes:
        result["fixes"] = [_fix(fix) for fix in d.fixes]
    return result


def _location(span: Span) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(span.file.name)}, "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    line, column = span.line_col
    last, end = span.file.line_col(span.end)
    return {"startLine": line, "startColumn": column, "endLine": last, "endColumn": end}


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        changes.setdefault(edit.span.file.name, []).append(replacement)
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {"artifactLocation": {"uri": _uri(name)}, "replacements": made} for name, made in changes.items()
        ],
    }


def _uri(name: str) -> str:
    """A relative path as it is, an absolute one as a file: URI."""
    shown = shown_name(name)
    drive = shown[1:2] == ":"
    path = quote(shown, safe="/:" if drive else "/")
    return f"file:///{path}" if drive else f"file://{path}" if path.startswith("/") else path
