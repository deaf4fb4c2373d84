"""Claims that nobody has verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.order import any_before, known_before
from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UnverifiedToken"]

_CHECKS = (
    "validate-jwt",
    "validate-azure-ad-token",
    "send-request",
    "return-response",
    "authentication-managed-identity",
)
_READS = ("AsJwt", "TryParseJwt")


class UnverifiedToken(Rule, code="SEC012", whole=True):
    """A token is read and nobody has verified it.

    ## What it does

    Reports `AsJwt()` and `TryParseJwt()` on a header of the request when no policy before validates a token.
    Nothing is said where `<base />` or a fragment may have done so.

    ## Why

    These methods take a token apart and do not look at its signature: whoever calls can write any claim into it.

    ## Avoid

    ```xml
    <policies>
      <inbound>
        <set-variable name="user"
            value="@(context.Request.Headers.GetValueOrDefault("Authorization", "").AsJwt()?.Subject ?? "")" />
        <set-header name="x-user" exists-action="override">
          <value>@((string)context.Variables["user"])</value>
        </set-header>
      </inbound>
    </policies>
    ```

    ## Prefer

    ```xml
    <policies>
      <inbound>
        <validate-jwt header-name="Authorization" output-token-variable-name="token">
          <openid-config url="https://login.example.org/.well-known/openid-configuration" />
          <audiences><audience>api://orders</audience></audiences>
        </validate-jwt>
        <set-header name="x-user" exists-action="override">
          <value>@(((Jwt)context.Variables["token"]).Subject)</value>
        </set-header>
      </inbound>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        for visit in document.flow.visits:
            if not visit.reachable or visit.section != "inbound":
                continue
            for expression in document.expressions(visit.policy):
                if "Jwt" not in expression.island.source:
                    continue
                calls = [c for name in _READS for c in expression.calls(name)]
                if not calls or "context.Request.Headers" not in expression.paths:
                    continue
                if known_before(document, visit) and not any_before(document, visit, *_CHECKS):
                    help_ = "validate it with <validate-jwt> first, and use its output-token-variable-name"
                    report(expression.span(calls[0]), "nobody has verified this token", help=help_)
