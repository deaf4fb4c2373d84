"""Token limits of two scopes that count different things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.models import TOKEN_LIMITS
from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject
    from apimpy.policy.base import Policy

__all__ = ["DifferentCounters"]


class DifferentCounters(Rule, code="AIG006", level=INFO, elements=TOKEN_LIMITS):
    """Token limits that one request meets count the same thing in the same way, under different keys.

    ## What it does

    Reports a token limit whose number of tokens is that of another one on the way, in the document or in one that
    `<base />` stands for, while the keys differ.

    ## Why

    Two limits of the same size with different keys are mostly one limit that was written twice, and whose key was
    corrected in one place only.
    Callers then have two budgets, and the smaller one counts.

    ## Avoid

    ```xml
    <llm-token-limit counter-key="@(context.Subscription?.Id ?? "none")" tokens-per-minute="500"
        estimate-prompt-tokens="true" />
    <llm-token-limit counter-key="@(context.User?.Id ?? "none")" tokens-per-minute="500"
        estimate-prompt-tokens="true" />
    ```

    ## Prefer

    ```xml
    <llm-token-limit counter-key="@(context.Subscription?.Id ?? "none")" tokens-per-minute="500"
        estimate-prompt-tokens="true" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        visits = [v for v in document.flow.effective if v.policy.element in TOKEN_LIMITS and v.reachable]
        for at, visit in enumerate(visits):
            for other in visits[:at]:
                if visit.outside or visit.inside or other.inside or visit.policy is other.policy:
                    continue
                sizes = [_size(v.policy, document) for v in (visit, other)]
                keys = [_key(v.policy, document) for v in (visit, other)]
                if sizes[0] == sizes[1] and all(sizes) and keys[0] != keys[1] and all(keys):
                    message = "another limit of this size on the way counts by another key"
                    related = ((other.policy.source.name_span, "here"),)
                    report(document.at(visit.policy, "counter-key"), message, help="keep one of them", related=related)
                    break


def _size(policy: Policy, document: Subject) -> str:
    names = ("tokens-per-minute", "token-quota", "token-quota-period")
    found = [document.literal(policy, name) or "" for name in names]
    return "/".join(found) if any(found) else ""


def _key(policy: Policy, document: Subject) -> str:
    expression = document.expression(policy, "counter-key")
    return expression.text if expression is not None else document.literal(policy, "counter-key") or ""
