"""Which documents are in front of language models, and which of their policies belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.order import visits_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.lint.flow import Visit
    from apimpy.lint.subject import Subject

__all__ = ["AI_POLICIES", "LOOKUPS", "STORES", "TOKEN_LIMITS", "TOKEN_METRICS", "for_models", "pools_used"]

LOOKUPS = ("llm-semantic-cache-lookup", "azure-openai-semantic-cache-lookup")
STORES = ("llm-semantic-cache-store", "azure-openai-semantic-cache-store")
TOKEN_LIMITS = ("llm-token-limit", "azure-openai-token-limit")
TOKEN_METRICS = ("llm-emit-token-metric", "azure-openai-emit-token-metric")
AI_POLICIES = (*LOOKUPS, *STORES, *TOKEN_LIMITS, *TOKEN_METRICS, "llm-content-safety")


def for_models(document: Subject) -> bool:
    """The document, or one around it, has a policy that is about language models."""
    if not document.elements.isdisjoint(AI_POLICIES):
        return True
    return any(v.policy.element in AI_POLICIES for v in document.flow.effective)


def pools_used(document: Subject) -> Iterator[tuple[Visit, str, int]]:
    """Every `set-backend-service` with the id of a pool: its visit, the id, and the number of members."""
    pools = document.around.pools if document.around is not None else {}
    for visit in visits_of(document, "set-backend-service") if pools else ():
        id_ = document.literal(visit.policy, "backend-id") or ""
        if id_ in pools:
            yield visit, id_, pools[id_]
