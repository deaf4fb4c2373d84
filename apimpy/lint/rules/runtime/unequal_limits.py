"""One counter, two limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.order import before, visits_of
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.flow import Visit
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnequalLimits"]

_LIMITS = {
    "rate-limit-by-key": ("calls", "renewal-period"),
    "llm-token-limit": ("tokens-per-minute",),
    "azure-openai-token-limit": ("tokens-per-minute",),
}


class UnequalLimits(Rule, code="RUN016", elements=tuple(_LIMITS)):
    """Two limits with the same key count in one counter and allow different numbers.

    ## What it does

    Reports a `rate-limit-by-key` or a token limit behind another one of its kind that has the same key and another
    number or period, when a request meets both.

    ## Why

    A counter is named by its key alone.
    With both policies on the way every call counts twice, and gateways of the newer tiers keep one bucket for the key:
    which of the two sizes it has is not defined.

    ## Avoid

    ```xml
    <rate-limit-by-key calls="10" renewal-period="1" counter-key="@(context.Subscription?.Id ?? "none")" />
    <rate-limit-by-key calls="100" renewal-period="60" counter-key="@(context.Subscription?.Id ?? "none")" />
    ```

    ## Prefer

    ```xml
    <rate-limit-by-key calls="10" renewal-period="1"
        counter-key="@("second-" + (context.Subscription?.Id ?? "none"))" />
    <rate-limit-by-key calls="100" renewal-period="60"
        counter-key="@("minute-" + (context.Subscription?.Id ?? "none"))" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in visits_of(document, *_LIMITS):
            limit = _limit(visit, document)
            for earlier in before(document, visit):
                other = _limit(earlier, document) if earlier.policy.element in _LIMITS else None
                if limit and other and limit[:2] == other[:2] and limit[2] != other[2]:
                    line = earlier.policy.source.span.line_col[0]
                    message = f"the limit of line {line} has the same key and another size"
                    related = ((earlier.policy.source.name_span, "here"),)
                    report(visit.policy, message, help="give each limit a key of its own", related=related)
                    break


def _limit(visit: Visit, document: Subject) -> tuple[str, str, tuple[str, ...]] | None:
    """Kind, key and size of a limit; None when they are not plain."""
    policy = visit.policy
    sizes = tuple((document.literal(policy, name) or "").strip() for name in _LIMITS[policy.element])
    key = document.expression(policy, "counter-key")
    text = document.literal(policy, "counter-key") if key is None else key.text if key.repeatable else None
    if text is None or not all(sizes):
        return None
    return policy.element.replace("azure-openai-", "llm-"), text, sizes
