"""Retries whose condition says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["RetryCondition"]


class RetryCondition(Rule, code="RUN006", elements=("retry",)):
    """The condition of `retry` is always the same.

    ## What it does

    Reports `retry` with a condition that never holds, so that nothing is ever tried again, or that always holds, so
    that also what went well is done again.

    ## Why

    The condition is looked at after every run of the policies inside and should depend on what came of them.

    ## Avoid

    ```xml backend
    <retry condition="@(true)" count="3" interval="1">
      <forward-request buffer-request-body="true" />
    </retry>
    ```

    ## Prefer

    ```xml backend
    <retry condition="@(context.Response == null || context.Response.StatusCode >= 500)" count="3" interval="1">
      <forward-request buffer-request-body="true" />
    </retry>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for retry in document.policies("retry"):
            expression = document.expression(retry, "condition")
            literal = document.literal(retry, "condition")
            value = expression.constant if expression is not None else None
            if literal is not None:
                value = {"true": True, "false": False}.get(literal.strip().lower())
            if not isinstance(value, bool):
                continue
            always = "holds always: what went well is done again" if value else "never holds: nothing is tried again"
            report(document.at(retry, "condition"), f"the condition {always}", help="test context.Response")
