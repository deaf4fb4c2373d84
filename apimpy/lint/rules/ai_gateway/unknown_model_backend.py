"""Backends of AI policies that nobody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.models import LOOKUPS
from apimpy.lint.rule import ERROR, Rule
from apimpy.spell import nearest

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnknownModelBackend"]


class UnknownModelBackend(Rule, code="AIG014", level=ERROR, kind="runtime", elements=(*LOOKUPS, "llm-content-safety")):
    """A policy names a backend for embeddings or content safety that does not exist.

    ## What it does

    Reports `embeddings-backend-id` and the `backend-id` of `llm-content-safety` when there is no backend of this id.
    Which there are is known when a gateway file or a service folder is checked; a document on its own is not reported.

    ## Why

    Without embeddings no prompt is ever found in the cache; without a verdict the content safety refuses every call.

    ## Avoid

    ```xml pools=models:2
    <policies>
      <inbound>
        <llm-content-safety backend-id="safty"><blocklists><id>names</id></blocklists></llm-content-safety>
      </inbound>
      <backend><forward-request buffer-response="false" /></backend>
      <outbound />
      <on-error />
    </policies>
    ```

    ## Prefer

    ```xml pools=models:2
    <policies>
      <inbound>
        <llm-content-safety backend-id="safety"><blocklists><id>names</id></blocklists></llm-content-safety>
      </inbound>
      <backend><forward-request buffer-response="false" /></backend>
      <outbound />
      <on-error />
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        if document.around is None:
            return
        known = document.around.backends
        for policy in document.policies(*LOOKUPS, "llm-content-safety"):
            name = "embeddings-backend-id" if policy.element in LOOKUPS else "backend-id"
            id_ = document.literal(policy, name)
            if id_ is not None and id_.lower() not in {k.lower() for k in known}:
                near = nearest(id_, known)
                help_ = f"did you mean '{near}'?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
                report(document.at(policy, name), f"there is no backend '{id_}'", help=help_)
