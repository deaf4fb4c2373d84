"""Variables that nobody reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.lint.edits import remove
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject
    from apimpy.source import SourceFile

__all__ = ["UnreadVariable"]


class UnreadVariable(Rule, code="STY001", level=INFO, elements=("set-variable",), whole=True):
    """A variable is set and not read in the document.

    ## What it does

    Reports `set-variable` when nothing else in the document names the variable.
    Nothing is said in fragments, in documents that include one, and where the name of a variable is computed: there
    somebody else may read it.

    ## Why

    It costs time for every request and makes the reader look for its use.
    Often the name is misspelt in one of the two places.

    ## Avoid

    ```xml
    <policies>
      <inbound>
        <base />
        <set-variable name="started" value="@(DateTime.UtcNow)" />
      </inbound>
      <backend><forward-request /></backend>
      <outbound />
      <on-error />
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound>
        <base />
        <set-variable name="started" value="@(DateTime.UtcNow)" />
      </inbound>
      <backend><forward-request /></backend>
      <outbound>
        <set-header name="x-took" exists-action="override">
          <value>@((DateTime.UtcNow - (DateTime)context.Variables["started"]).ToString())</value>
        </set-header>
      </outbound>
      <on-error />
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        if document.is_fragment or any(e.any_variable for e in document.expressions()):
            return
        if any(document.policies("include-fragment")) or any(f is not document.document.file for f in _files(document)):
            return
        text = document.document.file.text
        for write in document.flow.writes:
            named = re.findall(rf"(?<![\w-]){re.escape(write.name)}(?![\w-])", text)
            if write.policy.element == "set-variable" and len(named) == 1:
                fix = remove(write.policy.source.span, "remove it", safe=False)
                report(write.span, f"the variable '{write.name}' is never read in this document", fix=fix)


def _files(document: Subject) -> set[SourceFile]:
    """The document's own file, and those of fragments that stand in it."""
    return {p.source.span.file for p in document.all_policies}
