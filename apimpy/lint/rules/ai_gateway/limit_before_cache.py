"""Hits that a token limit stands in front of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.models import LOOKUPS, TOKEN_LIMITS
from apimpy.lint.order import before, visits_of
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["LimitBeforeCache"]


class LimitBeforeCache(Rule, code="AIG005", level=INFO, elements=LOOKUPS):
    """A token limit stands in front of the semantic cache.

    ## What it does

    Reports a lookup of the semantic cache behind a token limit in the same section.

    ## Why

    A completion from the cache costs no tokens.
    Behind the limit it is refused all the same when the tokens are used up, and every hit is estimated and paid back.

    ## Avoid

    ```xml
    <llm-token-limit counter-key="shared" tokens-per-minute="500" estimate-prompt-tokens="true" />
    <llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings"
        embeddings-backend-auth="system-assigned" />
    ```

    ## Prefer

    ```xml
    <llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings"
        embeddings-backend-auth="system-assigned" />
    <llm-token-limit counter-key="shared" tokens-per-minute="500" estimate-prompt-tokens="true" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, *LOOKUPS):
            limit = next((v for v in before(document, visit) if v.policy.element in TOKEN_LIMITS), None)
            if limit is not None:
                line = limit.policy.source.span.line_col[0]
                message = f"hits are refused when the token limit of line {line} is reached"
                report(visit.policy, message, help="move it in front of the limit")
