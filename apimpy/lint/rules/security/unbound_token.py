"""Tokens that were meant for somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule
from apimpy.policies.validate_jwt import ValidateJwt

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnboundToken"]


class UnboundToken(Rule, code="SEC002", elements=("validate-jwt",)):
    """`validate-jwt` asks neither for whom a token is, or not from whom.

    ## What it does

    Reports `validate-jwt` without `audiences` (and without a required claim that says as much: `aud`, `azp`, `appid`,
    `client_id`), and without `issuers` when no OpenID configuration names one either.

    ## Why

    A signature says that the identity provider made the token, not that it was made for this API: every application of
    the tenant has tokens that would pass.

    ## Avoid

    ```xml
    <validate-jwt header-name="Authorization" require-scheme="Bearer">
      <openid-config url="https://login.example.org/.well-known/openid-configuration" />
    </validate-jwt>
    ```

    ## Prefer

    ```xml
    <validate-jwt header-name="Authorization" require-scheme="Bearer">
      <openid-config url="https://login.example.org/.well-known/openid-configuration" />
      <audiences>
        <audience>api://orders</audience>
      </audiences>
    </validate-jwt>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for policy in document.policies("validate-jwt"):
            if not isinstance(policy, ValidateJwt):
                continue
            claims = {c.get("name") for e in policy.source.walk() if e.name == "claim" for c in (e,)}
            named = {str(getattr(a.value, "value", "")) for a in claims if a is not None}
            if policy.audiences is None and named.isdisjoint(("aud", "azp", "appid", "client_id")):
                report(policy, "tokens for any audience are accepted", help="add <audiences>")
            if policy.issuers is None and not policy.openid and "iss" not in named:
                report(policy, "tokens of any issuer are accepted", help="add <issuers> or <openid-config>")
