"""A branch that no request takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule
from apimpy.policies.choose import Choose
from apimpy.policy.value import Constant

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject
    from apimpy.policies.choose import When

__all__ = ["UnreachableBranch"]

_NEVER = "this branch is never taken"
_HELP = "remove it, or correct a condition"


class UnreachableBranch(Rule, code="RUN001", elements=("choose",)):
    """A branch of `choose` can never be taken.

    ## What it does

    Reports a `when` whose condition is always false or stands in an earlier branch already, and every branch behind a
    condition that is always true.

    ## Why

    Branches are tried in order and only the first that holds runs.
    A branch that cannot run is most often a condition that was copied and not changed.

    ## Avoid

    ```xml
    <choose>
      <when condition="@(context.Request.Method == "GET")">
        <set-header name="x-kind" exists-action="override"><value>read</value></set-header>
      </when>
      <when condition="@(context.Request.Method == "GET")">
        <set-header name="x-kind" exists-action="override"><value>write</value></set-header>
      </when>
    </choose>
    ```

    ```xml
    <choose>
      <when condition="@(true)">
        <set-method>GET</set-method>
      </when>
      <otherwise>
        <set-method>POST</set-method>
      </otherwise>
    </choose>
    ```

    ## Prefer

    ```xml
    <choose>
      <when condition="@(context.Request.Method == "GET")">
        <set-header name="x-kind" exists-action="override"><value>read</value></set-header>
      </when>
      <when condition="@(context.Request.Method == "POST")">
        <set-header name="x-kind" exists-action="override"><value>write</value></set-header>
      </when>
    </choose>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for choose in document.policies("choose"):
            if isinstance(choose, Choose):
                _check(choose, document, report)


def _check(choose: Choose, document: Subject, report: Report) -> None:
    seen: dict[str, When] = {}
    total: When | None = None
    for when in choose.when:
        condition = document.expression(when, "condition")
        text = condition.text if condition is not None and condition.repeatable else None
        if total is not None:
            report(when, f"{_NEVER}: the condition of an earlier one always holds", help=_HELP)
        elif (truth := _truth(when, document)) is False:
            report(when, f"{_NEVER}: its condition never holds", help=_HELP)
        elif text is not None and text in seen:
            first = seen[text].source
            message = f"{_NEVER}: the branch of line {first.span.line_col[0]} has the same condition"
            report(when, message, help=_HELP, related=((first.name_span, "the same condition"),))
        elif truth is True:
            total = when
        if text is not None:
            seen.setdefault(text, when)
    if total is not None and choose.otherwise is not None:
        report(choose.otherwise, f"{_NEVER}: the condition of an earlier one always holds", help=_HELP)


def _truth(when: When, document: Subject) -> bool | None:
    """What the condition always is; None when it depends."""
    if isinstance(when.condition, Constant):
        return bool(when.condition.value)
    condition = document.expression(when, "condition")
    return condition.constant if condition is not None and isinstance(condition.constant, bool) else None
