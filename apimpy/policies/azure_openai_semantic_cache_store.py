"""`azure-openai-semantic-cache-store`: the Azure OpenAI name of `llm-semantic-cache-store`."""

from __future__ import annotations

from apimpy.policies._sections import OUTBOUND
from apimpy.policies._semantic_cache import SemanticStore
from apimpy.policy.facts import PLANNED

__all__ = ["AzureOpenaiSemanticCacheStore"]


class AzureOpenaiSemanticCacheStore(
    SemanticStore,
    element="azure-openai-semantic-cache-store",
    sections=OUTBOUND,
    gateways=("classic", "v2", "consumption", "self-hosted"),
    category="caching",
    repeatable=False,
    support=PLANNED,
):
    __doc__ = SemanticStore.__doc__
