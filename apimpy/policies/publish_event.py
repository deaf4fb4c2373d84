"""`publish-event`: push the result of a resolver to GraphQL subscriptions."""

from __future__ import annotations

from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import REQUIRED, attr, child, children

__all__ = ["PublishEvent"]


class GraphqlSubscription(Item, element="graphql-subscription"):
    """A subscription of the schema."""

    id: str = attr(doc="Field of the type Subscription.")


class Targets(Item, element="targets"):
    """Who is told."""

    subscriptions: tuple[GraphqlSubscription, ...] = children(GraphqlSubscription, at_least=1)


class PublishEvent(
    Policy,
    element="publish-event",
    sections=("http-response", "response"),
    scopes=("graphql-resolver",),
    gateways=("classic", "v2", "consumption"),
    category="graphql-resolver",
    support=PLANNED,
):
    """Pushes what a resolver found to all who subscribed; it stands in the response part of a resolver."""

    targets: Targets = child(Targets, default=REQUIRED)
