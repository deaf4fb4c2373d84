"""Waiting for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["NeedlessWait"]


class NeedlessWait(Rule, code="STY011", level=INFO, elements=("wait",), whole=True):
    """A `wait` holds one policy.

    ## What it does

    Reports `wait` with a single policy in it.

    ## Why

    `wait` runs policies side by side.
    One alone runs the same without it.

    ## Avoid

    ```xml
    <wait for="all">
      <cache-lookup-value key="rates" variable-name="rates" />
    </wait>
    ```

    ## Prefer

    ```xml
    <cache-lookup-value key="rates" variable-name="rates" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("wait"):
            if len(policy.source.children) == 1:
                report(policy, "there is nothing here to wait for side by side", help="take the policy out of <wait>")
