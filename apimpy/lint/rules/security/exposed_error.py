"""Errors whose details go to the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["ExposedError"]

_SAYS = ("set-body", "set-header", "return-response")
_DETAILS = ("context.LastError.Message", "context.LastError.Path", "context.LastError.Source")


class ExposedError(Rule, code="SEC015", level=INFO, elements=_SAYS):
    """What went wrong inside is told to the caller.

    ## What it does

    Reports bodies and headers of `on-error` that hold the message, the path or the source of `context.LastError`.

    ## Why

    They name policies, hosts and exceptions: a help for whoever looks for a way in.
    The id of the request is enough to find the entry in a log.

    ## Avoid

    ```xml on-error
    <set-body>@("failed: " + context.LastError.Message)</set-body>
    ```

    ## Prefer

    ```xml on-error
    <set-body>@("failed, see " + context.RequestId.ToString())</set-body>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_SAYS):
            if document.section_of(policy) != "on-error":
                continue
            for expression in document.expressions(policy):
                if "LastError" not in expression.island.source:
                    continue
                for path in _DETAILS:
                    node = next((n for n in expression.nodes() if expression.path(n) == path), None)
                    if node is not None:
                        where = expression.span(node)
                        report(where, f"callers get {path.removeprefix('context.')}", help="log it, and name RequestId")
                        break
