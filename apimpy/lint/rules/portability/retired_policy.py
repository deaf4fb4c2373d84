"""Policies whose time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["RetiredPolicy"]

_RETIRED = {
    "set-graphql-resolver": "make a resolver of its own for each field",
    "cross-domain": "no browser reads crossdomain.xml any more: use <cors>",
    "jsonp": "browsers have had CORS for long: use <cors>",
}


class RetiredPolicy(Rule, code="PRT004", level=INFO, elements=tuple(_RETIRED)):
    """A policy serves a technique that is no longer in use.

    ## What it does

    Reports `set-graphql-resolver`, which the platform has retired, and `cross-domain` and `jsonp`, which no current
    browser needs.

    ## Why

    They stay in documents because nobody dares to remove them; JSONP lets any page read what the API answers.

    ## Avoid

    ```xml outbound
    <jsonp callback-parameter-name="callback" />
    ```

    ## Prefer

    ```xml inbound
    <cors>
      <allowed-origins><origin>https://portal.example.org</origin></allowed-origins>
      <allowed-headers><header>*</header></allowed-headers>
    </cors>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_RETIRED):
            message = f"<{policy.element}> is for a technique that is no longer in use"
            report(policy, message, help=_RETIRED[policy.element])
