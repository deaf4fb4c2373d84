"""Values of what is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import remove
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["IgnoredValue"]

_SETS = ("set-header", "set-query-parameter")


class IgnoredValue(Rule, code="STY010", elements=_SETS):
    """A header or parameter is deleted and given a value.

    ## What it does

    Reports `<value>` of `set-header` and `set-query-parameter` with `exists-action="delete"`.

    ## Why

    The value is ignored.
    Somebody may believe that it is set.

    ## Avoid

    ```xml
    <set-header name="x-team" exists-action="delete"><value>blue</value></set-header>
    ```

    ## Prefer

    ```xml
    <set-header name="x-team" exists-action="delete" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_SETS):
            if document.word(policy, "exists-action") != "delete":
                continue
            for value in policy.source.children:
                if value.name == "value":
                    fix = remove(value.span, "remove it")
                    report(value, "this value is ignored: the action is delete", help="remove one of the two", fix=fix)
