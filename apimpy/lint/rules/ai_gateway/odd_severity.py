"""Thresholds that block everything or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["OddSeverity"]

_HIGHEST = 6
"""Of the four levels 0, 2, 4, 6."""


class OddSeverity(Rule, code="AIG011", elements=("llm-content-safety",)):
    """A threshold of `llm-content-safety` blocks every text, or none.

    ## What it does

    Reports `threshold="0"`, and a threshold above 6 when the four levels 0, 2, 4 and 6 are asked for.

    ## Why

    A text is blocked when its severity reaches the threshold.
    Every text reaches 0, and with four levels none reaches 7.

    ## Avoid

    ```xml
    <llm-content-safety backend-id="safety">
      <categories output-type="FourSeverityLevels"><category name="Hate" threshold="7" /></categories>
    </llm-content-safety>
    ```

    ```xml
    <llm-content-safety backend-id="safety">
      <categories><category name="Violence" threshold="0" /></categories>
    </llm-content-safety>
    ```

    ## Prefer

    ```xml
    <llm-content-safety backend-id="safety">
      <categories output-type="FourSeverityLevels"><category name="Hate" threshold="4" /></categories>
    </llm-content-safety>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("llm-content-safety"):
            for categories in policy.source.children:
                if categories.name != "categories":
                    continue
                given = categories.get("output-type") is not None
                levels = document.literal(categories, "output-type") if given else "FourSeverityLevels"
                for category in categories.children:
                    literal = (document.literal(category, "threshold") or "").strip()
                    where = document.at(category, "threshold")
                    if literal == "0":
                        report(where, "every text reaches 0 and is blocked", help="2, 4 and 6 are the usual levels")
                    elif literal.isdigit() and int(literal) > _HIGHEST and levels == "FourSeverityLevels":
                        report(where, "no text ever reaches this: 6 is the highest", help="take 2, 4 or 6")
