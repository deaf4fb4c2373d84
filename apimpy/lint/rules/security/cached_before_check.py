"""Answers from the cache for those who were not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.order import later, visits_of
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["CachedBeforeCheck"]

_CHECKS = ("ip-filter", "check-header", "validate-client-certificate", "validate-jwt", "validate-azure-ad-token")


class CachedBeforeCheck(Rule, code="SEC009", elements=("cache-lookup",)):
    """A cached response is returned before the caller was checked.

    ## What it does

    Reports `cache-lookup` in front of `ip-filter`, `check-header`, `validate-client-certificate`, and of `validate-jwt`
    and `validate-azure-ad-token` when private responses are cached or the token is not in `Authorization`.

    ## Why

    A hit skips the rest of the section: what was kept for somebody who passed goes to everybody.

    ## Avoid

    ```xml
    <cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />
    <ip-filter action="allow"><address>203.0.113.7</address></ip-filter>
    ```

    ## Prefer

    ```xml
    <ip-filter action="allow"><address>203.0.113.7</address></ip-filter>
    <cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, "cache-lookup"):
            private = visit.policy.source.get("allow-private-response-caching")
            for check in later(document, visit):
                name = check.policy.element
                if check.section != "inbound" or check.inside != visit.inside or name not in _CHECKS:
                    continue
                header = document.literal(check.policy, "header-name") or ""
                if name.startswith("validate-jwt") or name.endswith("ad-token"):
                    by_header = header.strip().lower() == "authorization" or (
                        name.endswith("ad-token") and not (header or check.policy.source.get("query-parameter-name"))
                    )
                    if by_header and private is None:
                        continue  # such requests pass by the cache
                line = check.policy.source.span.line_col[0]
                help_ = f"move it behind <{name}> in line {line}"
                report(visit.policy, f"cached responses are returned before <{name}> has looked", help=help_)
                break
