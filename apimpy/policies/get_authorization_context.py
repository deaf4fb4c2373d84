"""`get-authorization-context`: the token of a connection of the credential manager."""

from __future__ import annotations

from apimpy.policy.base import Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr
from apimpy.policy.value import Value

__all__ = ["GetAuthorizationContext"]


class GetAuthorizationContext(
    Policy,
    element="get-authorization-context",
    sections=("inbound", "backend", "outbound"),
    unlisted=("backend", "outbound"),
    scopes=("global", "product", "api", "operation"),
    gateways=("classic", "v2", "consumption"),
    category="authentication-and-authorization",
    support=PLANNED,
):
    """Puts the authorization of a connection, an access token with its claims, into a variable.

    The connection belongs to a credential provider and is refreshed when its token ends.
    """

    provider_id: Value[str] = attr(doc="Credential provider.")
    authorization_id: Value[str] = attr(doc="Connection of the provider.")
    context_variable_name: Value[str] = attr(doc="Variable that receives the authorization.")
    identity_type: Value[str] = attr(default="managed", allowed=("managed", "jwt"), doc="Who asks for it.")
    identity: Value[str] | None = attr(default=None, doc="Token of an identity; counts with the type jwt.")
    ignore_error: Value[bool] = attr(default=False, doc="Go on with null when there is none.")
