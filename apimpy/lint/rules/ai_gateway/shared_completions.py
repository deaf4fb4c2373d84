"""Completions that are shared by callers who have nothing in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.models import LOOKUPS, TOKEN_LIMITS
from apimpy.lint.order import before, visits_of
from apimpy.lint.origins import identifies_caller
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["SharedCompletions"]

_CHECKS = ("validate-jwt", "validate-azure-ad-token", "validate-client-certificate")
_LIMITS = ("rate-limit-by-key", "quota-by-key", *TOKEN_LIMITS)


class SharedCompletions(Rule, code="AIG002", elements=LOOKUPS):
    """A semantic cache has no `vary-by` although callers differ.

    ## What it does

    Reports a lookup of the semantic cache without `vary-by` in a document that tells callers apart: it validates tokens
    or certificates before, or counts by subscription or user.

    ## Why

    Without `vary-by` all callers of the API share the completions.
    What one of them asked about their own data is the answer for the next who asks something alike.

    ## Avoid

    ```xml
    <policies>
      <inbound>
        <base />
        <llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings"
            embeddings-backend-auth="system-assigned" />
        <llm-token-limit counter-key="@(context.Subscription?.Id ?? "none")" tokens-per-minute="500"
            estimate-prompt-tokens="true" />
      </inbound>
      <backend><base /></backend>
      <outbound>
        <llm-semantic-cache-store duration="60" />
        <base />
      </outbound>
      <on-error><base /></on-error>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound>
        <base />
        <llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings"
            embeddings-backend-auth="system-assigned">
          <vary-by>@(context.Subscription?.Id ?? "none")</vary-by>
        </llm-semantic-cache-lookup>
        <llm-token-limit counter-key="@(context.Subscription?.Id ?? "none")" tokens-per-minute="500"
            estimate-prompt-tokens="true" />
      </inbound>
      <backend><base /></backend>
      <outbound>
        <llm-semantic-cache-store duration="60" />
        <base />
      </outbound>
      <on-error><base /></on-error>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, *LOOKUPS):
            if visit.policy.source.child("vary-by") is not None:
                continue
            checked = any(v.policy.element in _CHECKS for v in before(document, visit))
            if checked or _counts_callers(document):
                help_ = '<vary-by>@(context.Subscription?.Id ?? "none")</vary-by>, or whatever tells callers apart'
                report(visit.policy, "all callers share the completions that are kept", help=help_)


def _counts_callers(document: Subject) -> bool:
    keys = (document.expression(p, "counter-key") for p in document.policies(*_LIMITS))
    return any(key is not None and identifies_caller(key) for key in keys)
