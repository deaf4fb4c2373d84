"""A cache that the chosen gateway does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["NoInternalCache"]

_CACHES = ("cache-lookup", "cache-lookup-value", "cache-store-value", "cache-remove-value", "cache-value")
_WITHOUT = ("consumption", "self-hosted")


class NoInternalCache(Rule, code="PRT005", elements=_CACHES):
    """The internal cache is asked for on a gateway that has none.

    ## What it does

    Reports `caching-type="internal"` when `--gateway` is `consumption` or `self-hosted`.

    ## Why

    These gateways have no cache of their own.
    Nothing fails: every lookup just misses, and every request goes to the backend.

    ## Avoid

    ```xml gateway=consumption
    <cache-lookup-value key="rates" variable-name="rates" caching-type="internal" />
    ```

    ## Prefer

    ```xml gateway=consumption
    <cache-lookup-value key="rates" variable-name="rates" caching-type="external" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_CACHES) if document.gateway in _WITHOUT else ():
            if document.word(policy, "caching-type") == "internal":
                where = document.at(policy, "caching-type")
                message = f"a gateway of the kind {document.gateway} has no internal cache: every lookup misses"
                report(where, message, help="set up an external cache and say external")
