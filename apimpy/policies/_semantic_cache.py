"""The declarations of the semantic cache, which exist under two names.

`llm-…` and `azure-openai-…` have the same attributes; only the scopes differ.
"""

from __future__ import annotations

from apimpy.policy.base import Item, Policy
from apimpy.policy.fields import attr, children, text
from apimpy.policy.value import Value

__all__ = ["SemanticLookup", "SemanticStore"]


class VaryBy(Item, element="vary-by"):
    """A part of the key: only prompts with the same parts are compared."""

    content: Value[str] = text(doc="The part.")


class SemanticLookup(Policy):
    """Answers a call of a language model with the completion of an earlier prompt that means nearly the same.

    How near is measured between embeddings, as a distance: the smaller the threshold, the stricter.
    The completion was kept by the policy that stores, in an external cache that can search vectors.
    """

    score_threshold: Value[float] = attr(minimum=0.0, maximum=1.0, doc="Largest distance that is still a hit.")
    embeddings_backend_id: Value[str] = attr(doc="Backend entity of the embeddings endpoint.")
    embeddings_backend_auth: str = attr(allowed=("system-assigned",), doc="How the gateway signs in there.")
    ignore_system_messages: Value[bool] = attr(default=False, doc="Leave system messages out of the prompt.")
    max_message_count: Value[int] | None = attr(default=None, doc="Longer conversations pass by the cache.")
    cache_id: str | None = attr(default=None, unlisted=True, doc="A named external cache.")
    vary_by: tuple[VaryBy, ...] = children(VaryBy)


class SemanticStore(Policy):
    """Keeps the completion for the lookup of the semantic cache, when that ran and found nothing.

    Only status 200 unless `cache-response` says otherwise.
    """

    duration: Value[int] = attr(unit="seconds", doc="How long it is kept.")
    cache_response: Value[bool] | None = attr(
        default=None, doc="Whether to keep it, whatever its status; else only status 200."
    )
