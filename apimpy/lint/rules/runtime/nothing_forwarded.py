"""Requests that never get to the backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["NothingForwarded"]

_ANSWERS = ("return-response", "mock-response", "invoke-request")


class NothingForwarded(Rule, code="RUN008", elements=("backend",), whole=True):
    """The backend section sends nothing, and nothing else answers.

    ## What it does

    Reports a section `backend` without `forward-request` and `<base />` in a document that neither returns a response
    of its own, sets a status, nor makes a body in `outbound`.

    ## Why

    A section that is there and empty does not inherit: the backend is not called, and the caller gets an empty 200.

    ## Avoid

    ```xml
    <policies>
      <inbound><base /></inbound>
      <backend />
      <outbound><base /></outbound>
      <on-error><base /></on-error>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound><base /></inbound>
      <backend><base /></backend>
      <outbound><base /></outbound>
      <on-error><base /></on-error>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        section = next((c for c in document.document.root.children if c.name == "backend"), None)
        if section is None or any(document.policies(*_ANSWERS)):
            return
        names = {p.element for p in document.all_policies if document.section_of(p) == "backend"}
        made = {p.element for p in document.all_policies if document.section_of(p) == "outbound"}
        opaque = names & {"base", "include-fragment", "forward-request", "set-graphql-resolver"}
        made |= {p.element for p in document.policies("set-status", "include-fragment")}
        if opaque or made & {"set-body", "set-status", "include-fragment"}:
            return
        help_ = "write <base /> or <forward-request /> into it, or leave the section out"
        report(section, "no request is sent to the backend: callers get an empty 200", help=help_)
