"""Sections in an order of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["SectionOrder"]

_ORDER = ("inbound", "backend", "outbound", "on-error")


class SectionOrder(Rule, code="STY003", level=INFO):
    """Sections do not stand in the order in which they run.

    ## What it does

    Reports a section that stands behind one that runs later.

    ## Why

    Any order is accepted, and requests always pass inbound, backend, outbound, and on-error when something fails.
    A document in another order is read in another order.

    ## Avoid

    ```xml
    <policies>
      <outbound><base /></outbound>
      <inbound><base /><set-method>GET</set-method></inbound>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound><base /><set-method>GET</set-method></inbound>
      <outbound><base /></outbound>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        latest = ""
        for section in document.document.root.children if not document.is_fragment else ():
            if section.name not in _ORDER:
                continue
            if latest and _ORDER.index(section.name) < _ORDER.index(latest):
                report(section, f"<{section.name}> runs before <{latest}>", help=f"move it in front of <{latest}>")
            else:
                latest = section.name
