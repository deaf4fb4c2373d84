"""`validate-graphql-request`: check a GraphQL request, and who may ask for what."""

from __future__ import annotations

from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr, child, children
from apimpy.policy.value import Value

__all__ = ["ValidateGraphqlRequest"]


class PathRule(Item, element="rule"):
    """What may be done with a field."""

    path: str = attr(doc="`/Type/field`, `/field`, or `/__*` for introspection.")
    action: Value[str] = attr(
        default="allow", allowed=("allow", "remove", "reject", "ignore"), doc="What happens to it."
    )


class Authorize(Item, element="authorize"):
    """The rules, tried in order."""

    paths: tuple[PathRule, ...] = children(PathRule, at_least=1)


class ValidateGraphqlRequest(
    Policy,
    element="validate-graphql-request",
    sections=("inbound",),
    category="content-validation",
    support=PLANNED,
):
    """Checks a GraphQL request against the API's schema, its size and depth, and whether its fields may be asked for.

    The first rule that applies to a field decides; without one it is allowed.
    """

    error_variable_name: str | None = attr(default=None, doc="Variable that receives what was found.")
    max_size: Value[int] = attr(maximum=102400, unit="bytes", sample="102400", doc="Largest request.")
    max_depth: Value[int] = attr(default=6, doc="Deepest field.")
    authorize: Authorize | None = child(Authorize)
