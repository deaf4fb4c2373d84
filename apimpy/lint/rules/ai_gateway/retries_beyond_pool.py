"""More attempts than a pool has members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.models import pools_used
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["RetriesBeyondPool"]


class RetriesBeyondPool(Rule, code="AIG013", level=INFO, elements=("set-backend-service",)):
    """A pool is retried more often than it has other members.

    ## What it does

    Reports a `count` of the `retry` around `forward-request` that is not below the number of members of the pool.
    What is a pool is known when a gateway file or a service folder is checked; a document on its own is not reported.

    ## Why

    A pool of three has two other members to try.
    Every further attempt meets one that has refused already, and the caller waits for it.

    ## Avoid

    ```xml pools=models:2
    <policies>
      <inbound><set-backend-service backend-id="models" /></inbound>
      <backend>
        <retry count="5" interval="0" condition="@(context.Response == null || context.Response.StatusCode >= 429)">
          <forward-request buffer-request-body="true" />
        </retry>
      </backend>
      <outbound />
      <on-error />
    </policies>
    ```

    ## Prefer

    ```xml pools=models:2
    <policies>
      <inbound><set-backend-service backend-id="models" /></inbound>
      <backend>
        <retry count="1" interval="0" condition="@(context.Response == null || context.Response.StatusCode >= 429)">
          <forward-request buffer-request-body="true" />
        </retry>
      </backend>
      <outbound />
      <on-error />
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit, _, size in pools_used(document):
            for send in document.flow.effective:
                retry = next((c for c in send.inside if c.element == "retry"), None)
                if send.policy.element != "forward-request" or retry is None:
                    continue
                count = (document.literal(retry, "count") or "").strip()
                if count.isdigit() and size and int(count) >= size:
                    where = document.at(visit.policy, "backend-id") if send.outside else document.at(retry, "count")
                    message = f"{count} retries of a pool with {size} members try the same ones again"
                    report(where, message, help=f'count="{max(size - 1, 1)}" tries each of them once')
