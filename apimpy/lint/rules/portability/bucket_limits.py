"""Limits that the newer gateways count in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import INFO, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["BucketLimits"]

_LIMITS = ("rate-limit", "rate-limit-by-key")
_LONG = 60


class BucketLimits(Rule, code="PRT006", level=INFO, elements=_LIMITS):
    """A limit over a long period works as a bucket on the chosen gateway.

    ## What it does

    Reports `rate-limit` and `rate-limit-by-key` with a period of more than a minute when `--gateway` is `v2`.

    ## Why

    The classic gateways count the calls of the last period.
    The newer ones keep a bucket that is refilled steadily: after a burst some calls pass every second instead of none
    until the period is over, and within one period nearly twice the number can pass.

    ## Avoid

    ```xml gateway=v2
    <rate-limit-by-key calls="3000" renewal-period="300" counter-key="@(context.Subscription?.Id ?? "none")" />
    ```

    ## Prefer

    ```xml gateway=v2
    <rate-limit-by-key calls="600" renewal-period="60" counter-key="@(context.Subscription?.Id ?? "none")" />
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies(*_LIMITS) if document.gateway == "v2" else ():
            period = (document.literal(policy, "renewal-period") or "").strip()
            if period.isdigit() and int(period) > _LONG:
                where = document.at(policy, "renewal-period")
                message = "the limit is a bucket here: up to twice the calls pass within a period"
                report(where, message, help="a period of a minute or less shows it less")
