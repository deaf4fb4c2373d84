"""Caches that are only read or only written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnpairedCache"]

_PAIRS = (
    (("cache-lookup",), ("cache-store",)),
    (
        ("llm-semantic-cache-lookup", "azure-openai-semantic-cache-lookup"),
        ("llm-semantic-cache-store", "azure-openai-semantic-cache-store"),
    ),
)
_HIDING = ("base", "include-fragment")


class UnpairedCache(
    Rule, code="RUN009", elements=tuple(n for pair in _PAIRS for side in pair for n in side), whole=True
):
    """A response cache is looked up and never filled, or filled and never looked up.

    ## What it does

    Reports `cache-lookup` without `cache-store`, and the other way round, also those of the semantic cache, where no
    `<base />` and no fragment can hold the other half.

    ## Why

    The two work together: the lookup makes the key under which the store keeps the response.
    One of them alone does nothing.

    ## Avoid

    ```xml
    <policies>
      <inbound>
        <base />
        <cache-lookup vary-by-developer="true" vary-by-developer-groups="false" />
      </inbound>
      <backend><base /></backend>
      <outbound />
      <on-error><base /></on-error>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound>
        <base />
        <cache-lookup vary-by-developer="true" vary-by-developer-groups="false" />
      </inbound>
      <backend><base /></backend>
      <outbound>
        <cache-store duration="60" />
      </outbound>
      <on-error><base /></on-error>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        if document.is_fragment:
            return
        for lookups, stores in _PAIRS:
            found, kept = list(document.policies(*lookups)), list(document.policies(*stores))
            if found and not kept and _whole(document, "outbound"):
                help_ = f"add <{found[0].element.replace('lookup', 'store')}> to outbound"
                report(found[0], "nothing is ever stored for this lookup", help=help_)
            elif kept and not found and _whole(document, "inbound"):
                help_ = f"add <{kept[0].element.replace('store', 'lookup')}> to inbound"
                report(kept[0], "nothing is stored: no lookup has made a key", help=help_)


def _whole(document: Subject, section: str) -> bool:
    """All policies of the section stand here."""
    return section in document.sections and not any(
        p.element in _HIDING and document.section_of(p) == section for p in document.all_policies
    )
