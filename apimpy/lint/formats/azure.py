"""Azure DevOps: logging commands that a pipeline shows as errors and warnings of the run.

There is no command for less than a warning: what is for information is a plain line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.formats import shown_name

if TYPE_CHECKING:
    from apimpy.diagnostics import Diagnostic
    from apimpy.lint.formats import Findings

__all__ = ["render"]


def render(findings: Findings) -> str:
    """One `##vso[task.logissue …]message` a line."""
    return "".join(f"{_command(d)}\n" for d in findings.found)


def _command(d: Diagnostic) -> str:
    line, column = d.span.line_col
    message = d.message + (f" (help: {d.help})" if d.help else "")
    level = str(d.severity)
    if level == "info":
        return f"{d.span}: info {d.code} {message}"
    properties = {
        "type": level,
        "sourcepath": shown_name(d.span.file.name),
        "linenumber": str(line),
        "columnnumber": str(column),
        "code": d.code,
    }
    listed = "".join(f"{key}={_property(value)};" for key, value in properties.items())
    return f"##vso[task.logissue {listed}]{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
