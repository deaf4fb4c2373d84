"""Waits that others cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["LongTimeout"]

_SENDS = ("forward-request", "send-request")
_LONGEST = 240


class LongTimeout(Rule, code="PRT007", level=INFO, elements=_SENDS):
    """A timeout is longer than idle connections live in the cloud.

    ## What it does

    Reports a literal `timeout` of `forward-request` and `send-request` above 240 seconds.
    Nothing is reported for a self-hosted gateway.

    ## Why

    Load balancers of the cloud drop connections over which nothing has come for about four minutes.
    The request fails then, whatever the policy allows.

    ## Avoid

    ```xml backend
    <forward-request timeout="600" />
    ```

    ## Prefer

    ```xml backend
    <forward-request timeout="240" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_SENDS) if document.gateway != "self-hosted" else ():
            seconds = (document.literal(policy, "timeout") or "").strip()
            if seconds.isdigit() and int(seconds) > _LONGEST:
                where = document.at(policy, "timeout")
                report(where, "idle connections are dropped after four minutes", help="let the backend answer earlier")
