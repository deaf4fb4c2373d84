"""Retries that cannot send the body again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import add_attribute, set_attribute
from apimpy.lint.order import visits_of
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnbufferedRetry"]


class UnbufferedRetry(Rule, code="RUN007", elements=("retry",)):
    """`forward-request` is retried and does not keep the body.

    ## What it does

    Reports `forward-request` inside `retry` without `buffer-request-body="true"`.

    ## Why

    The body of a request is a stream that the first attempt uses up.
    When it was not kept, the second attempt of a `POST` has nothing to send and fails, whatever the backend would say.

    ## Avoid

    ```xml backend
    <retry condition="@(context.Response == null || context.Response.StatusCode >= 500)" count="3" interval="1">
      <forward-request />
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
        for visit in visits_of(document, "forward-request"):
            if not any(c.element == "retry" for c in visit.inside):
                continue
            element = visit.policy.source
            at = element.get("buffer-request-body")
            if at is None:
                fix = add_attribute(element, "buffer-request-body", "true")
            elif document.word(element, "buffer-request-body") == "false":
                fix = set_attribute(at, "true")
            else:
                continue
            help_ = 'say buffer-request-body="true"'
            report(visit.policy, "the body is not kept for the next attempt", help=help_, fix=fix)
