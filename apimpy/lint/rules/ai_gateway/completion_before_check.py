"""Completions for those who were not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.models import LOOKUPS
from apimpy.lint.order import later, visits_of
from apimpy.lint.rule import ERROR, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["CompletionBeforeCheck"]

_CHECKS = (
    *("validate-jwt", "validate-azure-ad-token", "validate-client-certificate", "check-header", "ip-filter"),
    "llm-content-safety",
)


class CompletionBeforeCheck(Rule, code="AIG003", level=ERROR, elements=LOOKUPS):
    """A semantic cache answers before the caller or the prompt was checked.

    ## What it does

    Reports a lookup of the semantic cache in front of `validate-jwt`, `validate-azure-ad-token`,
    `validate-client-certificate`, `check-header`, `ip-filter` and `llm-content-safety`.

    ## Why

    A hit skips the rest of the section.
    Whoever asks what somebody else has asked gets the completion, with a token or without, and no prompt is screened.

    ## Avoid

    ```xml
    <llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings"
        embeddings-backend-auth="system-assigned" />
    <check-header name="x-tenant" failed-check-httpcode="401" failed-check-error-message="no tenant"
        ignore-case="true" />
    ```

    ## Prefer

    ```xml
    <check-header name="x-tenant" failed-check-httpcode="401" failed-check-error-message="no tenant"
        ignore-case="true" />
    <llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings"
        embeddings-backend-auth="system-assigned" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, *LOOKUPS):
            for check in later(document, visit):
                if check.section != "inbound" or check.inside != visit.inside or check.policy.element not in _CHECKS:
                    continue
                name, line = check.policy.element, check.policy.source.span.line_col[0]
                message = f"completions are returned before <{name}> has looked"
                report(visit.policy, message, help=f"move it behind <{name}> in line {line}")
                break
