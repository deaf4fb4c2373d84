"""`send-service-bus-message`: a message for an Azure Service Bus."""

from __future__ import annotations

from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED, exactly_one
from apimpy.policy.fields import REQUIRED, attr, child, children, text
from apimpy.policy.value import Value

__all__ = ["SendServiceBusMessage"]


class MessageProperty(Item, element="message-property"):
    """A property of the message."""

    name: str = attr(doc="Its name.")
    content: Value[str] = text(doc="Its value.")


class MessageProperties(Item, element="message-properties"):
    """The properties of the message."""

    items: tuple[MessageProperty, ...] = children(MessageProperty, at_least=1)


class Payload(Item, element="payload"):
    """The body of the message."""

    content: Value[str] = text(doc="The body.")


class SendServiceBusMessage(
    Policy,
    element="send-service-bus-message",
    sections=("inbound", "outbound", "on-error"),
    scopes=("global", "product", "api", "operation"),
    gateways=("classic",),
    category="integration",
    support=PLANNED,
    rules=(exactly_one("queue-name", "topic-name"),),
):
    """Sends a message to a queue or a topic of a service bus, and goes on."""

    queue_name: Value[str] | None = attr(default=None, doc="The queue.")
    topic_name: Value[str] | None = attr(default=None, doc="The topic.")
    namespace: Value[str] | None = attr(default=None, doc="Host name of the service bus.")
    client_id: Value[str] | None = attr(default=None, doc="User-assigned identity.")
    message_id: Value[str] | None = attr(default=None, otherwise="generated", format="guid", doc="Id of the message.")
    session_id: Value[str] | None = attr(default=None, format="guid", doc="Session it belongs to.")
    time_to_live: str | None = attr(default=None, format="timespan", doc="How long it is of use.")
    response_variable_name: str | None = attr(default=None, doc="Variable that receives the outcome.")
    ignore_error: bool = attr(default=False, doc="Go on when it was not sent.")
    properties: MessageProperties | None = child(MessageProperties)
    payload: Payload = child(Payload, default=REQUIRED)
