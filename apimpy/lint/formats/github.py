"""GitHub annotations: workflow commands that Actions shows at the lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.formats import shown_name

if TYPE_CHECKING:
    from apimpy.diagnostics import Diagnostic
    from apimpy.lint.formats import Findings

__all__ = ["render"]

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(findings: Findings) -> str:
    """One `::error …::message` a line."""
    return "".join(f"{_command(d)}\n" for d in findings.found)


def _command(d: Diagnostic) -> str:
    line, column = d.span.line_col
    last, end = d.span.file.line_col(d.span.end)
    properties: dict[str, object] = {"file": shown_name(d.span.file.name), "line": line, "endLine": last}
    if last == line:  # columns are for places within one line
        properties |= {"col": column, "endColumn": max(end, column)}
    properties["title"] = f"{d.code} {d.name}"
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    message = d.message + (f"\nhelp: {d.help}" if d.help else "")
    return f"::{_COMMANDS[str(d.severity)]} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
