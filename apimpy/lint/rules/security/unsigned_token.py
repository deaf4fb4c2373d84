"""Tokens that anybody can make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import set_attribute
from apimpy.lint.rule import ERROR, Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnsignedToken"]


class UnsignedToken(Rule, code="SEC004", level=ERROR, elements=("validate-jwt",)):
    """`validate-jwt` accepts tokens without a signature.

    ## What it does

    Reports `require-signed-tokens="false"`.

    ## Why

    Whoever can write JSON can then write a token, with any claims: the policy validates nothing.

    ## Avoid

    ```xml
    <validate-jwt header-name="Authorization" require-signed-tokens="false">
      <openid-config url="https://login.example.org/.well-known/openid-configuration" />
      <audiences><audience>api://orders</audience></audiences>
    </validate-jwt>
    ```

    ## Prefer

    ```xml
    <validate-jwt header-name="Authorization">
      <openid-config url="https://login.example.org/.well-known/openid-configuration" />
      <audiences><audience>api://orders</audience></audiences>
    </validate-jwt>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("validate-jwt"):
            at = policy.source.get("require-signed-tokens")
            if at is not None and document.word(policy, at.name) == "false":
                fix = set_attribute(at, "true", safe=False)
                report(at, "tokens need no signature: anybody can make one", help="leave the attribute out", fix=fix)
