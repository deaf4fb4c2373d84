"""The comment of the portal that everybody has read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import remove
from apimpy.lint.rule import INFO, Rule
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["BoilerplateComment"]

_COMMENT = pattern(r"<!--(?:(?!-->)[\s\S])*-->")
_PHRASES = ("Policy elements can appear only within", "Policies are applied in the order they appear")


class BoilerplateComment(Rule, code="STY009", level=INFO):
    """The document begins with the comment that the portal puts into every new one.

    ## What it does

    Reports the comment that explains what sections are, and removes it.

    ## Why

    It says the same in every document and nothing about this one.

    ## Avoid

    ```xml
    <!--
        IMPORTANT:
        - Policy elements can appear only within the <inbound>, <outbound>, <backend> section elements.
    -->
    <policies>
      <inbound>
        <base />
        <set-header name="x-team" exists-action="override"><value>blue</value></set-header>
      </inbound>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound>
        <base />
        <set-header name="x-team" exists-action="override"><value>blue</value></set-header>
      </inbound>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        file, start = document.document.file, document.document.root.span.start
        for found in _COMMENT.finditer(file.text, 0, start):
            if any(phrase in found[0] for phrase in _PHRASES):
                span = file.span(found.start(), found.end())
                fix = remove(span, "remove it")
                report(span, "the portal writes this into every document", help="say what this one is for", fix=fix)
