"""Settings that the next policy undoes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from apimpy.lint.edits import remove
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.flow import Visit
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["OverwrittenPolicy"]

_SETS = ("set-backend-service", "set-method", "set-status", "set-body", "set-variable", "set-header", "rewrite-uri")
_NAMED = ("set-variable", "set-header")


class OverwrittenPolicy(Rule, code="RUN017", elements=_SETS):
    """A policy sets what the policy right behind it sets again.

    ## What it does

    Reports the first of two neighbours that set the same thing: backend, method, status, body, path, the same variable
    or the same header (with `override`), when the second does not read what the first has set.

    ## Why

    Only the second counts.
    Most often one of the two was meant for another name, or for a branch.

    ## Avoid

    ```xml
    <set-header name="x-team" exists-action="override"><value>blue</value></set-header>
    <set-header name="x-team" exists-action="override"><value>red</value></set-header>
    ```

    ## Prefer

    ```xml
    <set-header name="x-team" exists-action="override"><value>red</value></set-header>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        visits = document.flow.visits
        for first, second in pairwise(visits):
            if not first.reachable or first.section != second.section or first.policy.element not in _SETS:
                continue
            same = len(first.inside) == len(second.inside) and all(
                a is b for a, b in zip(first.inside, second.inside, strict=True)
            )
            if not same or any(c.element == "wait" for c in first.inside[-1:]) or not _undoes(first, second, document):
                continue
            line = second.policy.source.span.line_col[0]
            fix = remove(first.policy.source.span, "remove it", safe=False)
            message = f"this has no effect: <{second.policy.element}> in line {line} sets it again"
            report(first.policy, message, help="remove it, or correct what it sets", fix=fix)


def _undoes(first: Visit, second: Visit, document: Subject) -> bool:
    a, b = first.policy, second.policy
    if a.element != b.element or any(True for _ in document.expressions(b)):
        return False
    if a.element in _NAMED:
        names = [(document.literal(p, "name") or "").strip() for p in (a, b)]
        if a.element == "set-header":
            names = [name.lower() for name in names]
            actions = [(document.literal(p, "exists-action") or "override").strip().lower() for p in (a, b)]
            if actions[1] not in ("override", "delete") or a.source.get("name") is None:
                return False
        if not names[0] or names[0] != names[1]:
            return False
    if a.element == "set-body":
        return not any(p.source.get("template") is not None for p in (a, b))
    if a.element == "set-backend-service":
        kinds = [p.source.get("backend-id") is not None for p in (a, b)]
        return kinds[0] == kinds[1]
    return a.element != "rewrite-uri" or "{" not in b.source.span.text
