"""Where a request goes, decided when it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.order import visits_of
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["LateRouting"]

_REQUEST = ("set-backend-service", "set-query-parameter", "set-method")


class LateRouting(Rule, code="RUN010", elements=_REQUEST):
    """A policy changes the request after it was sent.

    ## What it does

    Reports `set-backend-service`, `set-query-parameter` and `set-method` in `outbound`.

    ## Why

    There the response is already back: these policies change a request that nobody sends any more.

    ## Avoid

    ```xml outbound
    <set-query-parameter name="api-version" exists-action="override"><value>2</value></set-query-parameter>
    ```

    ## Prefer

    ```xml inbound
    <set-query-parameter name="api-version" exists-action="override"><value>2</value></set-query-parameter>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, *_REQUEST):
            if visit.section == "outbound":
                message = f"<{visit.policy.element}> has no effect in outbound: the request was sent"
                report(visit.policy, message, help="move it to inbound")
