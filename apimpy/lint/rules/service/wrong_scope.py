"""Policies in documents of a scope they are not for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import WARNING, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["WrongScope"]

_BOUND = ("base", "quota", "rate-limit")
"""Binding speaks of these itself, in broad scopes."""


class WrongScope(Rule, code="SVC001", level=WARNING, kind="service"):
    """A policy stands in a document of a scope that it is not for.

    ## What it does

    Reports policies that do not belong into the scope of their document, such as `cross-domain` anywhere but in the
    global one.
    Scopes are known when a gateway file or a service folder is checked; a document on its own is not reported.

    ## Why

    The platform refuses to save the document, or the policy has no effect there.

    ## Avoid

    ```xml scope=operation
    <llm-content-safety backend-id="safety"><blocklists><id>names</id></blocklists></llm-content-safety>
    ```

    ## Prefer

    ```xml scope=api
    <llm-content-safety backend-id="safety"><blocklists><id>names</id></blocklists></llm-content-safety>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        scope = document.scope
        for policy in document.all_policies if scope is not None and not document.is_fragment else ():
            if policy.element in _BOUND and scope in ("global", "workspace"):
                continue
            if scope not in policy.scopes:
                where = ", ".join(
                    s for s in ("global", "workspace", "product", "api", "operation") if s in policy.scopes
                )
                message = f"<{policy.element}> is not for documents of the scope {scope}"
                report(policy, message, help=f"it belongs to: {where}")
