"""Streams that are held back to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.models import AI_POLICIES
from apimpy.lint.origins import body_reads
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["BodyReadInStream"]


class BodyReadInStream(Rule, code="AIG008", level=INFO, elements=AI_POLICIES):
    """The response of a model is read as a whole.

    ## What it does

    Reports expressions in `outbound` that read `context.Response.Body` in a document that is about language models.

    ## Why

    To be read the response must be there as a whole: a completion that streams is held back until its last word.
    The platform does so as soon as such an expression stands in the document, whether it runs or not.

    ## Avoid

    ```xml
    <policies>
      <inbound>
        <base />
        <llm-token-limit counter-key="shared" tokens-per-minute="500" estimate-prompt-tokens="true" />
      </inbound>
      <backend><base /></backend>
      <outbound>
        <base />
        <set-header name="x-model" exists-action="override">
          <value>@(context.Response.Body.As<JObject>(true).Value<string>("model"))</value>
        </set-header>
      </outbound>
      <on-error><base /></on-error>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound>
        <base />
        <llm-token-limit counter-key="shared" tokens-per-minute="500" estimate-prompt-tokens="true"
            tokens-consumed-header-name="x-tokens" />
      </inbound>
      <backend><base /></backend>
      <outbound><base /></outbound>
      <on-error><base /></on-error>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in document.flow.visits:
            if visit.section != "outbound":
                continue
            for expression in document.expressions(visit.policy):
                if "Body" not in expression.island.source:
                    continue
                for call, _ in body_reads(expression, "context.Response.Body"):
                    help_ = "take counts from token limits and metrics, or read only what does not stream"
                    report(expression.span(call), "streams are held back until they can be read", help=help_)
                    break
