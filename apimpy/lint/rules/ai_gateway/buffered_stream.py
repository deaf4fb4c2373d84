"""Streams that arrive in lumps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import add_attribute, set_attribute
from apimpy.lint.models import for_models
from apimpy.lint.order import visits_of
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["BufferedStream"]


class BufferedStream(Rule, code="AIG007", level=INFO, elements=("forward-request",)):
    """Responses of a model are gathered before they go on.

    ## What it does

    Reports `forward-request` without `buffer-response="false"` in a document that is about language models.

    ## Why

    Chunks are gathered to 8 KB: a completion that streams reaches its reader in lumps, and small ones all at once.

    ## Avoid

    ```xml
    <policies>
      <inbound>
        <base />
        <llm-token-limit counter-key="shared" tokens-per-minute="500" estimate-prompt-tokens="true" />
      </inbound>
      <backend>
        <forward-request timeout="60" />
      </backend>
      <outbound><base /></outbound>
      <on-error><base /></on-error>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound>
        <base />
        <llm-token-limit counter-key="shared" tokens-per-minute="500" estimate-prompt-tokens="true" />
      </inbound>
      <backend>
        <forward-request timeout="60" buffer-response="false" />
      </backend>
      <outbound><base /></outbound>
      <on-error><base /></on-error>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, "forward-request"):
            at = visit.policy.source.get("buffer-response")
            literal = document.word(visit.policy, "buffer-response")
            if (at is not None and literal != "true") or not for_models(document):
                continue
            source = visit.policy.source
            fix = set_attribute(at, "false") if at is not None else add_attribute(source, "buffer-response", "false")
            message = "completions that stream arrive in lumps of 8 KB"
            report(at or visit.policy, message, help='say buffer-response="false"', fix=fix)
