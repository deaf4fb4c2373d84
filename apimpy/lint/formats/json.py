"""JSON for tools.  The shape is public: members are added, never changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from apimpy.lint.codes import page_uri

if TYPE_CHECKING:
    from apimpy.lint.formats import Findings

__all__ = ["render"]


def render(findings: Findings) -> str:
    """`{"diagnostics": […], "summary": {"files", "errors", "warnings"}}`."""
    summary = {"files": findings.count, "errors": findings.errors, "warnings": findings.warnings}
    rows = [
        d.to_json() | {"url": page_uri(d.code, d.name), "fixable": any(f.safe for f in d.fixes)} for d in findings.found
    ]
    return json.dumps({"diagnostics": rows, "summary": summary}, indent=2, ensure_ascii=False) + "\n"
