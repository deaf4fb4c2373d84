"""Stores that keep nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["NothingStored"]

_STORES = ("cache-store", "cache-store-value", "llm-semantic-cache-store", "azure-openai-semantic-cache-store")


class NothingStored(Rule, code="RUN015", elements=_STORES):
    """A cache is told to keep something for no time, or not at all.

    ## What it does

    Reports `duration="0"` and less, and `cache-response="false"`, of the policies that store.

    ## Why

    Such a store does nothing, and every request goes to the backend.

    ## Avoid

    ```xml
    <cache-store-value key="rates" value="@(context.RequestId.ToString())" duration="0" />
    ```

    ## Prefer

    ```xml
    <cache-store-value key="rates" value="@(context.RequestId.ToString())" duration="300" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_STORES):
            literal = (document.literal(policy, "duration") or "").strip()
            if literal.removeprefix("-").isdigit() and int(literal) <= 0:
                where = document.at(policy, "duration")
                report(where, "nothing is kept for so short a time", help="give a duration of a second or more")
            if document.word(policy, "cache-response") == "false":
                where = document.at(policy, "cache-response")
                report(where, "no response is kept", help="leave it out to keep those with status 200")
