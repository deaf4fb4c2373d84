"""Blocks of one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd
from apimpy.lint.edits import replace_text
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["NeedlessBlock"]


class NeedlessBlock(Rule, code="STY007", level=INFO):
    """A block does nothing but return a value.

    ## What it does

    Reports `@{ return …; }` with a single statement and without comments, and corrects it to `@(…)`.

    ## Why

    The short form says the same and is seen to be an expression.

    ## Avoid

    ```xml
    <set-method>@{ return context.Request.Headers.GetValueOrDefault("x-method", "GET"); }</set-method>
    ```

    ## Prefer

    ```xml
    <set-method>@(context.Request.Headers.GetValueOrDefault("x-method", "GET"))</set-method>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for expression in document.expressions():
            island, root = expression.island, expression.root
            if not island.block or not isinstance(root, bd.BBlock) or len(root.body) != 1:
                continue
            source = island.source.strip()
            short = source.startswith("return") and source.endswith(";") and "\n" not in source
            written = island.span.text
            if not short or "//" in source or "/*" in source or "{{" in source or written[2:-1].strip() != source:
                continue
            value = source.removeprefix("return")[:-1].strip()
            if value and isinstance(root.body[0], bd.BReturn) and ";" not in value:
                fix = replace_text(island.span, f"@({value})", "write @(…)")
                report(expression, "the block only returns a value", help="write @(…)", fix=fix)
