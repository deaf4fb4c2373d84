"""`azure-openai-token-limit`: the Azure OpenAI name of `llm-token-limit`."""

from __future__ import annotations

from apimpy.policies._llm.limit import TokenLimit
from apimpy.policies._sections import INBOUND
from apimpy.policy.facts import at_least_one, together

__all__ = ["AzureOpenaiTokenLimit"]


class AzureOpenaiTokenLimit(
    TokenLimit,
    element="azure-openai-token-limit",
    without_state="open",
    sections=INBOUND,
    gateways=("classic", "v2", "self-hosted", "workspace"),
    category="rate-limiting-and-quotas",
    rules=(
        at_least_one("tokens-per-minute", "token-quota"),
        together("token-quota", "token-quota-period"),
    ),
):
    __doc__ = TokenLimit.__doc__
