"""`azure-openai-token-limit`: the Azure OpenAI name of `llm-token-limit`."""

from __future__ import annotations

from apimpy.policies._llm.limit import TokenLimit
from apimpy.policies._sections import INBOUND

__all__ = ["AzureOpenaiTokenLimit"]


class AzureOpenaiTokenLimit(TokenLimit, element="azure-openai-token-limit", sections=INBOUND):
    __doc__ = TokenLimit.__doc__
