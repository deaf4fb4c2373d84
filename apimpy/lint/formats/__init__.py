"""How findings are written: one module for every format, each with `render(report) -> str`.

A module is imported when its format is asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from apimpy.diagnostics import Severity
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.diagnostics import Diagnostic

__all__ = ["FORMATS", "Findings", "render"]

FORMATS = ("text", "json", "sarif", "github", "azure", "junit")


class Findings(Record, frozen=True):
    """What a run found, in the order in which it is shown, and how to show it."""

    found: tuple[Diagnostic, ...]
    files: tuple[str, ...] = ()
    """The files that were checked, as far as they are known one by one."""
    count: int = 0
    """How many files were checked."""
    fail_level: Severity = Severity.ERROR
    colour: bool = False
    source: bool = False
    """Show the source line below a finding (text)."""

    @property
    def errors(self) -> int:
        return sum(d.severity is Severity.ERROR for d in self.found)

    @property
    def warnings(self) -> int:
        return sum(d.severity is Severity.WARNING for d in self.found)


def render(format_: str, findings: Findings) -> str:
    """The findings as text, with a line end behind it unless it is empty."""
    module = importlib.import_module(f"apimpy.lint.formats.{format_}")
    return module.render(findings)  # type: ignore[no-any-return]  # every module of FORMATS has one


def shown_name(name: str) -> str:
    """A file's name as pipelines want it: `/` between folders, relative to the current folder if it is below it."""
    import os

    shown = os.path.normpath(name)
    if os.path.isabs(shown):
        below = os.path.relpath(shown)
        shown = shown if below.startswith("..") else below
    return shown.replace(os.sep, "/")
