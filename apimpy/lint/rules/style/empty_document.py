"""Documents that say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["EmptyDocument"]


class EmptyDocument(Rule, code="STY005", level=INFO, whole=True):
    """A document does what would happen without it.

    ## What it does

    Reports a document in which every section that is there holds `<base />` and nothing else, and a fragment without
    policies.

    ## Why

    A section that is missing inherits, and so does a scope without a document.
    Each of these files has to be read to find that out.

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
        root = document.document.root
        if document.document.kind not in ("policies", "fragment") or document.scope == "global":
            return
        if document.is_fragment:
            empty = not root.children
        else:
            empty = bool(document.sections) and all(
                [p.element for p in held] == ["base"] for held in document.sections.values()
            )
        if empty and root.name_span.start < root.name_span.end:
            report(root, "this does what would happen without it", help="remove the document")
