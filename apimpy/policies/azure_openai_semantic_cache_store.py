"""`azure-openai-semantic-cache-store`: the Azure OpenAI name of `llm-semantic-cache-store`."""

from __future__ import annotations

from apimpy.policies._sections import OUTBOUND
from apimpy.policies._semantic_cache import SemanticStore

__all__ = ["AzureOpenaiSemanticCacheStore"]


class AzureOpenaiSemanticCacheStore(
    SemanticStore,
    element="azure-openai-semantic-cache-store",
    sections=OUTBOUND,
    gateways=("classic", "v2", "consumption", "self-hosted"),
    category="caching",
    repeatable=False,
):
    __doc__ = SemanticStore.__doc__
