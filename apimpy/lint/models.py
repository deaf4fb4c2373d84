"""Which documents are in front of language models, and which of their policies belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apimpy.lint.subject import Subject

__all__ = ["AI_POLICIES", "LOOKUPS", "STORES", "TOKEN_LIMITS", "TOKEN_METRICS", "for_models"]

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
