"""`azure-openai-emit-token-metric`: the Azure OpenAI name of `llm-emit-token-metric`."""

from __future__ import annotations

from apimpy.policies._llm.metric import TokenMetric
from apimpy.policies._sections import INBOUND
from apimpy.policy.fields import attr
from apimpy.policy.value import Value

__all__ = ["AzureOpenaiEmitTokenMetric"]


class AzureOpenaiEmitTokenMetric(
    TokenMetric, element="azure-openai-emit-token-metric", sections=INBOUND, category="logging"
):
    __doc__ = TokenMetric.__doc__

    value: Value[float] = attr(default=1, doc="Named on one page of the reference; without effect.")
