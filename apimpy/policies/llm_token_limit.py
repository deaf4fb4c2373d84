"""`llm-token-limit`: limit the tokens of language models per key."""

from __future__ import annotations

from apimpy.policies._llm.limit import TokenLimit
from apimpy.policies._sections import INBOUND

__all__ = ["LlmTokenLimit"]


class LlmTokenLimit(TokenLimit, element="llm-token-limit", sections=INBOUND):
    __doc__ = TokenLimit.__doc__
