"""Tokens that hold for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import set_attribute
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["EndlessToken"]

_LONGEST = 600
"""Seconds of clock skew that clocks may need."""


class EndlessToken(Rule, code="SEC005", elements=("validate-jwt",)):
    """`validate-jwt` accepts tokens that never end, or long after their end.

    ## What it does

    Reports `require-expiration-time="false"`, and a `clock-skew` of more than ten minutes.

    ## Why

    A token that leaks is of use to its finder until it expires.

    ## Avoid

    ```xml
    <validate-jwt header-name="Authorization" require-expiration-time="false">
      <openid-config url="https://login.example.org/.well-known/openid-configuration" />
      <audiences><audience>api://orders</audience></audiences>
    </validate-jwt>
    ```

    ```xml
    <validate-jwt header-name="Authorization" clock-skew="86400">
      <openid-config url="https://login.example.org/.well-known/openid-configuration" />
      <audiences><audience>api://orders</audience></audiences>
    </validate-jwt>
    ```

    ## Prefer

    ```xml
    <validate-jwt header-name="Authorization" clock-skew="60">
      <openid-config url="https://login.example.org/.well-known/openid-configuration" />
      <audiences><audience>api://orders</audience></audiences>
    </validate-jwt>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("validate-jwt"):
            at = policy.source.get("require-expiration-time")
            if at is not None and document.word(policy, at.name) == "false":
                fix = set_attribute(at, "true", safe=False)
                report(at, "tokens need not say when they end", help="leave the attribute out", fix=fix)
            skew = (document.literal(policy, "clock-skew") or "").strip()
            if skew.isdigit() and int(skew) > _LONGEST:
                where = document.at(policy, "clock-skew")
                report(where, f"tokens are accepted for {skew} seconds after their end", help="a minute is enough")
