"""Backends that anybody can pretend to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.rule import Rule

if TYPE_CHECKING:
    from apimpy.lint.rule import Report
    from apimpy.lint.subject import Subject

__all__ = ["UncheckedBackend"]

_ATTRIBUTES = {
    "set-backend-service": "backend-id",
    "llm-content-safety": "backend-id",
    "llm-semantic-cache-lookup": "embeddings-backend-id",
    "azure-openai-semantic-cache-lookup": "embeddings-backend-id",
}


class UncheckedBackend(Rule, code="SEC016", elements=tuple(_ATTRIBUTES)):
    """Requests go to a backend whose certificate is not looked at.

    ## What it does

    Reports policies that name a backend with `validateCertificateChain` or `validateCertificateName` turned off, or a
    pool that holds one.
    The settings of backends are known when a gateway file or a service folder is checked; a document on its own is not
    reported.

    ## Why

    Whoever is on the way can answer in the backend's place, and gets the credentials that the gateway adds.

    ## Avoid

    ```xml pools=orders:0
    <policies>
      <inbound><set-backend-service backend-id="orders" /></inbound>
    </policies>
    ```

    ## Prefer

    ```xml pools=models:2
    <policies>
      <inbound><set-backend-service backend-id="safety" /></inbound>
    </policies>
    ```
    """

    def check(self, document: Subject, report: Report) -> None:
        unchecked = document.around.unchecked if document.around is not None else frozenset()
        for policy in document.policies(*_ATTRIBUTES) if unchecked else ():
            name = _ATTRIBUTES[policy.element]
            id_ = document.literal(policy, name) or ""
            if id_ in unchecked:
                message = f"the certificate of '{id_}' is not looked at: anybody may answer in its place"
                report(document.at(policy, name), message, help="turn the checks of its tls settings on")
