"""`azure-openai-semantic-cache-lookup`: the Azure OpenAI name of `llm-semantic-cache-lookup`."""

from __future__ import annotations

from apimpy.policies._sections import INBOUND
from apimpy.policies._semantic_cache import SemanticLookup

__all__ = ["AzureOpenaiSemanticCacheLookup"]


class AzureOpenaiSemanticCacheLookup(
    SemanticLookup,
    element="azure-openai-semantic-cache-lookup",
    sections=INBOUND,
    gateways=("classic", "v2", "consumption", "self-hosted"),
    category="caching",
    repeatable=False,
):
    __doc__ = SemanticLookup.__doc__
