"""Policies behind the end of the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.flow import ENDS
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnreachablePolicy"]


class UnreachablePolicy(Rule, code="RUN002", elements=ENDS, whole=True):
    """A policy stands behind `return-response` and never runs.

    ## What it does

    Reports the first policy that no request reaches, because `return-response` or `mock-response` before it, or in
    every branch of a `choose` before it, ends the processing.

    ## Why

    The response is sent at once: nothing behind it runs, the outbound section included.
    What was meant to happen for every response (headers, logging) silently does not.

    ## Avoid

    ```xml
    <return-response>
      <set-status code="204" />
    </return-response>
    <set-header name="x-served-by" exists-action="override"><value>gateway</value></set-header>
    ```

    ## Prefer

    ```xml
    <return-response>
      <set-status code="204" />
      <set-header name="x-served-by" exists-action="override"><value>gateway</value></set-header>
    </return-response>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in document.flow.visits:
            if visit.cut:
                what = visit.policy.element
                message = f"<{what}> is never reached: the response is returned before it"
                report(visit.policy, message, help="put it before what returns the response, or remove it")
