"""Pools of which every request sees one member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.models import pools_used
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["PoolWithoutRetry"]


class PoolWithoutRetry(Rule, code="AIG012", elements=("set-backend-service",)):
    """A pool of backends is used and nothing is tried again.

    ## What it does

    Reports `set-backend-service` with the id of a pool when no `forward-request` on the way stands in a `retry`.
    What is a pool is known when a gateway file or a service folder is checked; a document on its own is not reported.

    ## Why

    Every attempt chooses a member of the pool, and only a second attempt can choose another one.
    Without it the caller gets the 429 or 503 of the first member, although others are free.

    ## Avoid

    ```xml pools=models:2
    <policies>
      <inbound><set-backend-service backend-id="models" /></inbound>
      <backend><forward-request buffer-request-body="true" /></backend>
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
        for visit, id_, size in pools_used(document):
            sends = [v for v in document.flow.effective if v.policy.element == "forward-request" and v.reachable]
            if not sends or any(c.element == "retry" for v in sends for c in v.inside):
                continue
            message = f"of the {size} members of '{id_}' every request tries one"
            help_ = f'put <forward-request> into <retry count="{max(size - 1, 1)}" …>'
            report(document.at(visit.policy, "backend-id"), message, help=help_)
