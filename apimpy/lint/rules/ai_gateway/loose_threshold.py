"""A semantic cache that takes everything for the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.models import LOOKUPS
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["LooseThreshold"]

_LOOSE = 0.2


class LooseThreshold(Rule, code="AIG004", elements=LOOKUPS):
    """The threshold of a semantic cache matches prompts that are far apart.

    ## What it does

    Reports a `score-threshold` above 0.2.

    ## Why

    The threshold is the largest distance at which two prompts count as the same: the smaller, the stricter.
    Much above 0.05 a caller gets the answer to another question; 0.8 lets nearly everything match.

    ## Avoid

    ```xml
    <llm-semantic-cache-lookup score-threshold="0.8" embeddings-backend-id="embeddings"
        embeddings-backend-auth="system-assigned" />
    ```

    ## Prefer

    ```xml
    <llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings"
        embeddings-backend-auth="system-assigned" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*LOOKUPS):
            literal = (document.literal(policy, "score-threshold") or "").strip()
            try:
                value = float(literal)
            except ValueError:
                continue
            if value > _LOOSE:
                message = f"prompts at a distance of {literal} count as the same: that is hardly alike"
                report(document.at(policy, "score-threshold"), message, help="begin with 0.05; smaller is stricter")
