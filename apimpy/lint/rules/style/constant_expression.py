"""Expressions that are a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import replace_text
from apimpy.lint.rule import INFO, Rule
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["ConstantExpression"]

_LITERAL = pattern(r'\s*(?:"|&quot;)([\w ./:;,=+*?()-]*)(?:"|&quot;)\s*')
"""A string that means the same in an attribute or between tags, whatever the encoding."""


class ConstantExpression(Rule, code="STY006", level=INFO):
    """An expression is nothing but a text.

    ## What it does

    Reports `@("text")`, and corrects it to the text.
    Texts that begin or end with a blank, or hold anything that would have to be escaped, are left alone.

    ## Why

    A literal is read at a glance, and costs nothing when a request comes.

    ## Avoid

    ```xml
    <set-header name="x-team" exists-action="override"><value>@("blue")</value></set-header>
    ```

    ## Prefer

    ```xml
    <set-header name="x-team" exists-action="override"><value>blue</value></set-header>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for expression in document.expressions():
            island = expression.island
            found = _LITERAL.fullmatch(island.source) if not island.block else None
            if found is None or not found[1] or found[1] != found[1].strip() or found[1].startswith("@"):
                continue
            fix = replace_text(island.span, found[1], f"write {found[1]}")
            report(expression, "this expression is always the same text", help="write the text itself", fix=fix)
