"""Effective policies, taken for documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.document.model import Comment
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.document.model import Element
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["ExportedBase"]


class ExportedBase(Rule, code="STY008"):
    """The document is a copy of an effective policy.

    ## What it does

    Reports the comments `base: Begin … scope` that the portal writes where it shows the policies of all scopes in one.

    ## Why

    Such a copy holds the policies of the outer scopes and no `<base />`.
    Saved as a document it goes its own way: what changes in the outer scopes no longer reaches it.

    ## Avoid

    ```xml
    <!--base: Begin Api scope-->
    <set-header name="x-team" exists-action="override"><value>blue</value></set-header>
    <!--base: End Api scope-->
    ```

    ## Prefer

    ```xml
    <set-header name="x-team" exists-action="override"><value>blue</value></set-header>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        if "base: Begin" not in document.document.file.text:
            return
        for comment in _comments(document.document.root):
            if comment.text.strip().startswith("base: Begin "):
                help_ = "put <base /> in the place of what stands between the comments"
                report(comment.span, "this was copied from an effective policy", help=help_)
                return


def _comments(element: Element) -> Iterator[Comment]:
    for node in element.nodes:
        if isinstance(node, Comment):
            yield node
    for child in element.children:
        yield from _comments(child)
