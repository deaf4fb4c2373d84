"""The platform's policies by name: where each may stand, and whether it holds other policies.

A policy that has its own module here is found there first; this table is for the rest.
"""

from __future__ import annotations

from apimpy.policy.base import ALL_SECTIONS, Known

__all__ = ["KNOWN"]


_ONCE = (
    "validate-odata-request",
    "validate-parameters",
    "validate-headers",
    "llm-semantic-cache-lookup",
    "azure-openai-semantic-cache-lookup",
    "llm-semantic-cache-store",
    "azure-openai-semantic-cache-store",
    "http-data-source",
    "sql-data-source",
    "cosmosdb-data-source",
)
"""May stand only once in a section."""


def _known(names: str, sections: str, *, container: bool = False) -> dict[str, Known]:
    where = ALL_SECTIONS if sections == "all" else frozenset(sections.split())
    return {name: Known(name, where, container, name not in _ONCE) for name in names.split()}


KNOWN: dict[str, Known] = {
    **_known(
        "rate-limit rate-limit-by-key quota quota-by-key llm-token-limit azure-openai-token-limit "
        "check-header ip-filter validate-azure-ad-token validate-client-certificate validate-jwt "
        "authentication-basic authentication-certificate validate-graphql-request validate-odata-request "
        "validate-parameters proxy cache-lookup llm-semantic-cache-lookup "
        "azure-openai-semantic-cache-lookup rewrite-uri cross-domain cors llm-emit-token-metric "
        "azure-openai-emit-token-metric",
        "inbound",
    ),
    **_known("limit-concurrency choose retry wait", "all", container=True),
    **_known("get-authorization-context", "inbound backend outbound"),
    **_known("authentication-managed-identity llm-content-safety redirect-content-urls", "inbound outbound"),
    **_known(
        "validate-content xsl-transform mock-response send-service-bus-message publish-to-dapr invoke-dapr-binding",
        "inbound outbound on-error",
    ),
    **_known("validate-headers validate-status-code", "outbound on-error"),
    **_known("forward-request set-graphql-resolver", "backend"),
    **_known(
        "set-backend-service cache-lookup-value cache-store-value cache-remove-value cache-value "
        "set-method set-status set-variable set-body set-header set-query-parameter json-to-xml "
        "xml-to-json find-and-replace return-response send-request send-one-way-request log-to-eventhub "
        "invoke-request trace emit-metric base include-fragment",
        "all",
    ),
    **_known("cache-store llm-semantic-cache-store azure-openai-semantic-cache-store jsonp", "outbound"),
    **_known("http-data-source sql-data-source cosmosdb-data-source", "resolver"),
    **_known("publish-event", "http-response response"),
}
"""All of them."""
