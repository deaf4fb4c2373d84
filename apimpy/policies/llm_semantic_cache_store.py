"""`llm-semantic-cache-store`: keep a completion for similar prompts."""

from __future__ import annotations

from apimpy.policies._sections import OUTBOUND
from apimpy.policies._semantic_cache import SemanticStore

__all__ = ["LlmSemanticCacheStore"]


class LlmSemanticCacheStore(
    SemanticStore,
    element="llm-semantic-cache-store",
    sections=OUTBOUND,
    scopes=("global", "product", "api", "operation"),
    gateways=("classic", "v2", "consumption", "self-hosted"),
    category="caching",
    repeatable=False,
):
    __doc__ = SemanticStore.__doc__
