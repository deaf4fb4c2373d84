"""`llm-content-safety`: have prompts and completions checked by Azure AI Content Safety."""

from __future__ import annotations

from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr, child, children, text
from apimpy.policy.value import Value

__all__ = ["LlmContentSafety"]


class Category(Item, element="category"):
    """A kind of harm, and from which severity on it blocks."""

    name: Value[str] = attr(allowed=("Hate", "SelfHarm", "Sexual", "Violence"), doc="The kind.")
    threshold: Value[int] = attr(minimum=0, maximum=7, doc="Least severity that blocks; 0: everything.")


class Categories(Item, element="categories"):
    """The kinds of harm to look for."""

    output_type: Value[str] = attr(
        default="FourSeverityLevels",
        allowed=("FourSeverityLevels", "EightSeverityLevels"),
        doc="Severities 0, 2, 4, 6, or 0 to 7.",
    )
    items: tuple[Category, ...] = children(Category, at_least=1)


class BlocklistId(Item, element="id"):
    """A blocklist of the service."""

    content: Value[str] = text(doc="Its name.")


class Blocklists(Item, element="blocklists"):
    """Lists of terms that block."""

    items: tuple[BlocklistId, ...] = children(BlocklistId, at_least=1)


class LlmContentSafety(
    Policy,
    element="llm-content-safety",
    sections=("inbound", "outbound"),
    scopes=("global", "workspace", "product", "api"),
    category="content-validation",
    support=PLANNED,
):
    """Sends the text of a call of a language model to a content safety service, and blocks with 403 what it finds.

    In inbound the prompt is checked, and the completion with `enforce-on-completions`; in outbound the completion.
    """

    backend_id: Value[str] = attr(doc="Backend entity of the service.")
    shield_prompt: Value[bool] = attr(default=False, doc="Look for attacks on the model.")
    enforce_on_completions: Value[bool] = attr(default=False, doc="In inbound: check the completion too.")
    window_size: Value[int] = attr(
        default=10000, unit="characters", doc="Longest text of a response that is sent at once."
    )
    window_overlap_size: Value[int] | None = attr(
        default=None, unit="characters", doc="How much of a text is sent again with the next."
    )
    categories: Categories | None = child(Categories)
    blocklists: Blocklists | None = child(Blocklists, aliases=("block-lists",))
