"""`invoke-dapr-binding`: trigger an output binding of Dapr."""

from __future__ import annotations

from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr, child, children, text
from apimpy.policy.value import Value

__all__ = ["InvokeDaprBinding"]


class MetadataItem(Item, element="item"):
    """A property of the call."""

    key: str = attr(doc="Its name.")
    content: Value[str] = text(liquid=True, doc="Its value.")


class Metadata(Item, element="metadata"):
    """What the binding is told besides the data."""

    items: tuple[MetadataItem, ...] = children(MetadataItem, at_least=1)


class Data(Item, element="data"):
    """What the binding is given."""

    content: Value[str] = text(liquid=True, doc="The data.")


class InvokeDaprBinding(
    Policy,
    element="invoke-dapr-binding",
    sections=("inbound", "outbound", "on-error"),
    scopes=("global", "product", "api", "operation"),
    gateways=("self-hosted",),
    category="integration",
    support=PLANNED,
    ordered=True,
):
    """Triggers an output binding through the Dapr sidecar."""

    name: Value[str] = attr(doc="The binding.")
    operation: str | None = attr(default=None, doc="What it shall do.")
    ignore_error: bool = attr(default=False, doc="Go on when it was not triggered.")
    response_variable_name: str | None = attr(default=None, doc="Variable that receives the answer.")
    timeout: Value[int] = attr(default=5, minimum=1, maximum=240, unit="seconds", doc="Time for the answer.")
    template: str | None = attr(default=None, allowed=("Liquid",), doc="Template language.")
    content_type: str | None = attr(default=None, allowed=("application/json",), doc="What the data is.")
    metadata: Metadata | None = child(Metadata)
    data: Data | None = child(Data)
