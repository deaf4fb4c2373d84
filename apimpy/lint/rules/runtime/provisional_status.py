"""A status that the backend's answer replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.order import later, visits_of
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["ProvisionalStatus"]


class ProvisionalStatus(Rule, code="RUN013", elements=("set-status",), whole=True):
    """`set-status` stands where the backend's response replaces what it sets.

    ## What it does

    Reports `set-status` in `inbound` when a request surely goes on from there to the backend: no response is returned
    behind it, and the section `backend` of the document forwards.

    ## Why

    There is no response yet that could have a status.
    To answer at once takes `return-response`; to change what the backend answered, `outbound`.

    ## Avoid

    ```xml
    <policies>
      <inbound>
        <base />
        <set-status code="403" reason="Forbidden" />
      </inbound>
      <backend><forward-request /></backend>
      <outbound><base /></outbound>
      <on-error><base /></on-error>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound>
        <base />
        <return-response>
          <set-status code="403" reason="Forbidden" />
        </return-response>
      </inbound>
      <backend><forward-request /></backend>
      <outbound><base /></outbound>
      <on-error><base /></on-error>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, "set-status"):
            if visit.section != "inbound" or visit.inside:
                continue
            behind = {v.policy.element for v in later(document, visit)}
            if behind & {"return-response", "mock-response", "include-fragment", "choose"}:
                continue
            if any(p.element == "forward-request" for p in document.section("backend")):
                help_ = "put it into <return-response>, or move it to outbound"
                report(visit.policy, "the response of the backend replaces this status", help=help_)
