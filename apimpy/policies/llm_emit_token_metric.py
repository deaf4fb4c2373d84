"""`llm-emit-token-metric`: token counts as metrics."""

from __future__ import annotations

from apimpy.policies._llm.metric import TokenMetric
from apimpy.policies._sections import INBOUND

__all__ = ["LlmEmitTokenMetric"]


class LlmEmitTokenMetric(TokenMetric, element="llm-emit-token-metric", sections=INBOUND, category="logging"):
    __doc__ = TokenMetric.__doc__
