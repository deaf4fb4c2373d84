"""Values that are overwritten before anybody looks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.lint.edits import remove
from apimpy.lint.order import between, sure
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.flow import Write
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["DeadStore"]

_OPAQUE = ("base", "include-fragment", "retry", "return-response", "trace")


class DeadStore(Rule, code="STY012", level=INFO, elements=("set-variable",), whole=True):
    """A variable is set again before anybody has read it.

    ## What it does

    Reports `set-variable` when the next policy that names the variable sets it again, on every way.

    ## Why

    The first value is of no use.
    Most often one of the two was meant to have another name.

    ## Avoid

    ```xml
    <set-variable name="team" value="none" />
    <set-header name="x-path" exists-action="override"><value>@(context.Request.Url.Path)</value></set-header>
    <set-variable name="team" value="@(context.Request.Headers.GetValueOrDefault("x-team", ""))" />
    <set-header name="x-owner" exists-action="override"><value>@((string)context.Variables["team"])</value></set-header>
    ```

    ## Prefer

    ```xml
    <set-variable name="team" value="@(context.Request.Headers.GetValueOrDefault("x-team", "none"))" />
    <set-header name="x-path" exists-action="override"><value>@(context.Request.Url.Path)</value></set-header>
    <set-header name="x-owner" exists-action="override"><value>@((string)context.Variables["team"])</value></set-header>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        writes = [w for w in document.flow.writes if w.policy.element == "set-variable"]
        for at, first in enumerate(writes):
            second = next((w for w in writes[at + 1 :] if w.name == first.name), None)
            if second is None or not _always_next(first, second) or not _unread(first, second, document):
                continue
            line = second.span.line_col[0]
            fix = remove(first.policy.source.span, "remove it", safe=False)
            message = f"nobody reads this before line {line} sets '{first.name}' again"
            report(first.span, message, help="remove it, or give it another name", fix=fix)


def _always_next(first: Write, second: Write) -> bool:
    """The second stands in the same list of policies, or around it."""
    a, b = first.visit, second.visit
    return a.section == b.section and sure(a, b) and len(a.inside) == len(b.inside)


def _unread(first: Write, second: Write, document: Subject) -> bool:
    around = between(document, first.visit, second.visit)
    if not around or any(v.policy.element in _OPAQUE for v in around):
        return False  # neighbours are for another rule
    file = document.document.file
    if any(v.policy.source.span.file is not file for v in (first.visit, second.visit)):
        return False
    # its name may stand in any text from here to the end of the policy that sets it again
    text = file.text[first.policy.source.span.end : second.policy.source.span.end]
    named = re.findall(rf"(?<![\w-]){re.escape(first.name)}(?![\w-])", text)
    return len(named) == 1 and "Variables" not in text.replace(f'Variables["{first.name}"]', "")
