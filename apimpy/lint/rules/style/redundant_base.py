"""A document that only repeats its scope's outer one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["RedundantBase"]


class RedundantBase(Rule, code="STY003", level=INFO, elements=("base",), whole=True):
    """A document does nothing but hand on.

    ## What it does

    Reports a document whose sections hold `<base />` and nothing else.

    ## Why

    Without the document the outer scope applies just the same; with it there is one more file to read before one knows.

    ## Avoid

    ```xml
    <policies>
      <inbound><base /></inbound>
      <backend><base /></backend>
      <outbound><base /></outbound>
      <on-error><base /></on-error>
    </policies>
    ```

    ## Prefer

    No document at all, or one that adds something:

    ```xml
    <policies>
      <inbound>
        <base />
        <set-header name="x-served-by" exists-action="override"><value>orders</value></set-header>
      </inbound>
      <backend><base /></backend>
      <outbound><base /></outbound>
      <on-error><base /></on-error>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        sections = document.sections.values()
        if document.is_fragment or any([p.element for p in held] != ["base"] for held in sections):
            return
        report(document.document.root, "every section holds <base /> only: the document says nothing")
