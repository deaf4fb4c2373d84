"""`publish-to-dapr`: a message for a topic of Dapr."""

from __future__ import annotations

from apimpy.policy.base import Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr, text
from apimpy.policy.value import Value

__all__ = ["PublishToDapr"]


class PublishToDapr(
    Policy,
    element="publish-to-dapr",
    sections=("inbound", "outbound", "on-error"),
    unlisted=("outbound", "on-error"),
    gateways=("self-hosted",),
    category="integration",
    support=PLANNED,
):
    """Publishes its text to a topic through the Dapr sidecar."""

    pubsub_name: Value[str] | None = attr(default=None, aliases=("pub-sub-name",), doc="The pub/sub component.")
    topic: Value[str] = attr(doc="The topic; with the component before a slash when it is not named.")
    ignore_error: bool = attr(default=False, doc="Go on when it was not published.")
    response_variable_name: str | None = attr(default=None, doc="Variable that receives the answer.")
    timeout: Value[int] = attr(default=5, minimum=1, maximum=240, unit="seconds", doc="Time for the answer.")
    template: str | None = attr(default=None, allowed=("Liquid",), doc="Template language.")
    content_type: str | None = attr(default=None, allowed=("application/json",), doc="What the text is.")
    content: Value[str] = text(liquid=True, doc="The message.")
