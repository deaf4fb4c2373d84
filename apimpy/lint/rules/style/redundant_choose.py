"""A choose that chooses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import remove
from apimpy.lint.rule import Rule
from apimpy.policies.choose import Choose

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["RedundantChoose"]


class RedundantChoose(Rule, code="STY002", elements=("choose",), whole=True):
    """A `choose` or a branch of it holds no policy.

    ## What it does

    Reports a `choose` whose branches are all empty, and an empty `otherwise`.

    ## Why

    It does nothing but evaluate conditions, and the reader wonders what got lost.

    ## Avoid

    ```xml
    <choose>
      <when condition="@(context.Request.Method == "GET")">
        <set-header name="x-kind" exists-action="override"><value>read</value></set-header>
      </when>
      <otherwise />
    </choose>
    ```

    ```xml
    <choose>
      <when condition="@(context.Request.Method == "GET")" />
    </choose>
    ```

    ## Prefer

    ```xml
    <choose>
      <when condition="@(context.Request.Method == "GET")">
        <set-header name="x-kind" exists-action="override"><value>read</value></set-header>
      </when>
    </choose>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for choose in document.policies("choose"):
            if not isinstance(choose, Choose):
                continue
            last = choose.otherwise
            if not any(when.source.children for when in choose.when) and (last is None or not last.source.children):
                fix = remove(choose.source.span, "remove it", safe=False)  # a condition may fail, or say something
                report(choose, "no branch of this <choose> does anything", help="remove it", fix=fix)
            elif last is not None and not last.source.nodes:
                fix = remove(last.source.span, "remove it")
                report(last, "an empty <otherwise> says nothing", help="remove it", fix=fix)
