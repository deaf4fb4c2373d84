"""Parts of a request or response in an order of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["ChildOrder"]

_ORDERS = {
    "send-request": ("set-url", "set-method", "set-header", "set-body"),
    "send-one-way-request": ("set-url", "set-method", "set-header", "set-body"),
    "return-response": ("set-status", "set-header", "set-body"),
}


class ChildOrder(Rule, code="STY004", level=INFO, elements=tuple(_ORDERS)):
    """The parts of a request or response do not stand in their usual order.

    ## What it does

    Reports the first child of `send-request` and `send-one-way-request` that breaks the order `set-url`, `set-method`,
    `set-header`, `set-body`, and of `return-response` that breaks `set-status`, `set-header`, `set-body`.

    ## Why

    The references fix this order.
    Every order works, and the one that messages themselves have is the easiest to read.

    ## Avoid

    ```xml
    <return-response>
      <set-body>gone</set-body>
      <set-status code="410" />
    </return-response>
    ```

    ## Prefer

    ```xml
    <return-response>
      <set-status code="410" />
      <set-body>gone</set-body>
    </return-response>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_ORDERS):
            order, latest = _ORDERS[policy.element], ""
            for child in policy.source.children:
                if child.name not in order:
                    continue
                if latest and order.index(child.name) < order.index(latest):
                    help_ = f"the order is {', '.join(order)}"
                    report(child, f"<{child.name}> stands behind <{latest}>", help=help_)
                    break
                latest = child.name
