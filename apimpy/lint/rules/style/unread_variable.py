"""Variables that nobody reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.lint.edits import remove
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnreadVariable"]


class UnreadVariable(Rule, code="STY001", level=INFO, elements=("set-variable",), whole=True):
    """A variable is set and never read.

    ## What it does

    Reports `set-variable` when nothing in the document names the variable, and nobody else can read it: no `<base />`
    and no fragment comes later, and no name of a variable is computed.

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
        flow, text = document.flow, document.document.file.text
        for write in flow.writes:
            if write.policy.element != "set-variable" or flow.read_elsewhere(write):
                continue
            named = re.findall(rf"(?<![\w-]){re.escape(write.name)}(?![\w-])", text)
            if len(named) == 1 and write.span.file is document.document.file:
                fix = remove(write.policy.source.span, "remove it", safe=False)
                report(
                    write.span,
                    f"the variable '{write.name}' is never read",
                    help="remove it, or correct the name",
                    fix=fix,
                )
