"""The caller's token, read after it was replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.order import before, between
from apimpy.lint.origins import caller_parts
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.flow import Visit
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["LostCallerToken"]

_REPLACES = ("authentication-managed-identity", "authentication-basic")
_CHECKS = ("validate-jwt", "validate-azure-ad-token")
_KEYED = (
    *("rate-limit-by-key", "quota-by-key", "llm-token-limit", "azure-openai-token-limit", "set-variable"),
    *("llm-semantic-cache-lookup", "azure-openai-semantic-cache-lookup"),
    *("cache-lookup-value", "cache-store-value", "choose"),
)
_HIDES = ("set-header", "base", "include-fragment")


class LostCallerToken(Rule, code="RUN012", elements=_REPLACES):
    """`Authorization` is read as the caller's after the gateway has put its own there.

    ## What it does

    Reports `validate-jwt`, `validate-azure-ad-token`, and keys, variables and conditions that read the header
    `Authorization` behind `authentication-managed-identity` or `authentication-basic` in the same section.

    ## Why

    These write the gateway's own credentials into `Authorization` at once.
    What reads the header afterwards sees the gateway: every caller has the same key, and every caller is valid or none.

    ## Avoid

    ```xml
    <authentication-managed-identity resource="https://cognitiveservices.azure.com" />
    <rate-limit-by-key calls="10" renewal-period="60"
        counter-key="@(context.Request.Headers.GetValueOrDefault("Authorization", ""))" />
    ```

    ## Prefer

    ```xml
    <rate-limit-by-key calls="10" renewal-period="60" counter-key="@(context.Subscription?.Id ?? "none")" />
    <authentication-managed-identity resource="https://cognitiveservices.azure.com" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in document.flow.visits:
            if not visit.reachable or visit.section != "inbound":
                continue
            if visit.policy.element in _CHECKS and _checks_header(visit, document):
                where: object = visit.policy
            elif visit.policy.element in _KEYED:
                parts = ((e, p) for e in document.expressions(visit.policy) for p in caller_parts(e))
                found = next(((e, p) for e, p in parts if (p.kind, p.name) == ("header", "authorization")), None)
                if found is None:
                    continue
                where = found[0].span(found[1].node)
            else:
                continue
            for earlier in before(document, visit):
                if _replaces(earlier) and not any(
                    v.policy.element in _HIDES for v in between(document, earlier, visit)
                ):
                    line = earlier.policy.source.span.line_col[0]
                    message = f"the header holds the gateway's own credentials since line {line}"
                    report(
                        where, message, help="move it before them", related=((earlier.policy.source.name_span, "here"),)
                    )
                    break


def _replaces(visit: Visit) -> bool:
    policy = visit.policy
    return policy.element in _REPLACES and policy.source.get("output-token-variable-name") is None


def _checks_header(visit: Visit, document: Subject) -> bool:
    source = visit.policy.source
    if source.get("token-value") is not None or source.get("query-parameter-name") is not None:
        return False
    name = document.literal(source, "header-name")
    return (source.get("header-name") is None) if name is None else name.strip().lower() == "authorization"
