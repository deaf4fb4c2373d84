"""`llm-semantic-cache-lookup`: answer from the completions of similar prompts."""

from __future__ import annotations

from apimpy.policies._sections import INBOUND
from apimpy.policies._semantic_cache import SemanticLookup

__all__ = ["LlmSemanticCacheLookup"]


class LlmSemanticCacheLookup(
    SemanticLookup,
    element="llm-semantic-cache-lookup",
    sections=INBOUND,
    scopes=("global", "product", "api", "operation"),
    gateways=("classic", "v2", "consumption", "self-hosted"),
    category="caching",
    repeatable=False,
):
    __doc__ = SemanticLookup.__doc__
