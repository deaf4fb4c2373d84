"""`set-graphql-resolver`: the old form of a GraphQL resolver."""

from __future__ import annotations

from apimpy.policies.http_data_source import HttpDataSource
from apimpy.policy.base import Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import REQUIRED, attr, child

__all__ = ["SetGraphqlResolver"]


class SetGraphqlResolver(
    Policy,
    element="set-graphql-resolver",
    sections=("backend",),
    gateways=("classic",),
    category="graphql-resolver",
    maturity="retired",
    support=PLANNED,
):
    """Resolves a field of a GraphQL API from inside its policies; resolvers have documents of their own now."""

    parent_type: str = attr(doc="Type that has the field.")
    field: str = attr(doc="The field.")
    source_of_data: HttpDataSource = child(HttpDataSource, default=REQUIRED)
