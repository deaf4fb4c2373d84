"""Options of the content safety that do nothing where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import remove
from apimpy.lint.order import visits_of
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["IgnoredSafetyOption"]

_INBOUND_ONLY = ("shield-prompt", "enforce-on-completions")


class IgnoredSafetyOption(Rule, code="AIG010", elements=("llm-content-safety",)):
    """An option of `llm-content-safety` has no effect in `outbound`.

    ## What it does

    Reports `shield-prompt` and `enforce-on-completions` in `outbound`.

    ## Why

    There the completion is checked in any case, and no prompt any more.
    Whoever reads the document believes that prompts are shielded.

    ## Avoid

    ```xml outbound
    <llm-content-safety backend-id="safety" shield-prompt="true">
      <categories><category name="Hate" threshold="4" /></categories>
    </llm-content-safety>
    ```

    ## Prefer

    ```xml inbound
    <llm-content-safety backend-id="safety" shield-prompt="true">
      <categories><category name="Hate" threshold="4" /></categories>
    </llm-content-safety>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, "llm-content-safety"):
            for attribute in visit.policy.source.attributes:
                if visit.section == "outbound" and attribute.name in _INBOUND_ONLY:
                    start = attribute.span.file.text.rfind(attribute.name, 0, attribute.span.end)
                    blank = len(attribute.span.file.text[:start]) - len(attribute.span.file.text[:start].rstrip())
                    fix = remove(attribute.span.file.span(start - blank, attribute.span.end), "remove it")
                    message = f"'{attribute.name}' has no effect in outbound"
                    report(attribute.name_span, message, help="it belongs to the policy in inbound", fix=fix)
