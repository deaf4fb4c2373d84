"""Templates that find no body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["LiquidWithoutBody"]

_BODY = pattern(r"\{[{%][^}]*\bbody\b(?!['\"])")


class LiquidWithoutBody(Rule, code="RUN014", elements=("return-response",)):
    """A Liquid template in `return-response` reads `body`.

    ## What it does

    Reports `set-body template="liquid"` inside `return-response` when the template uses `body`.

    ## Why

    The response that is made there has no body yet, so the template sees an empty one.

    ## Avoid

    ```xml
    <return-response>
      <set-body template="liquid">{ "name": "{{body.customer.name}}" }</set-body>
    </return-response>
    ```

    ## Prefer

    ```xml
    <set-variable name="name" value="@(context.Request.Body.As<JObject>(true).Value<string>("name"))" />
    <return-response>
      <set-body>@(new JObject(new JProperty("name", (string)context.Variables["name"])).ToString())</set-body>
    </return-response>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("return-response"):
            for child in policy.source.children:
                template = document.literal(child, "template") if child.name == "set-body" else None
                text = child.span.text
                if template == "liquid" and policy.source.get("response-variable-name") is None:
                    found = _BODY.search(text)
                    if found is not None:
                        where = child.span.file.span(child.span.start + found.start(), child.span.start + found.end())
                        help_ = "read the body into a variable before, and use that"
                        report(where, "there is no body here: the template sees an empty one", help=help_)
