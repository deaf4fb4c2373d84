"""`authentication-managed-identity`: an access token for the backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.values import from_text
from apimpy.policy.base import Policy
from apimpy.policy.fields import attr
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow
from apimpy.runtime.ports import ManagedIdentityError

if TYPE_CHECKING:
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request

__all__ = ["AuthenticationManagedIdentity"]


class AuthenticationManagedIdentity(
    Policy,
    element="authentication-managed-identity",
    sections=("inbound", "backend", "outbound"),
    unlisted=("backend", "outbound"),
    category="authentication-and-authorization",
):
    """Gets a token for a resource and sends it to the backend as `Authorization: Bearer`.

    With `output-token-variable-name` the token goes to that variable instead.
    Without a token the request fails with 500 unless `ignore-error`.
    """

    resource: Value[str] = attr(sample="https://cognitiveservices.azure.com", doc="Audience of the token.")
    client_id: Value[str] | None = attr(
        default=None, otherwise="system-assigned identity", doc="User-assigned identity."
    )
    output_token_variable_name: str | None = attr(default=None, doc="Variable that receives the token.")
    ignore_error: bool = attr(default=False, doc="Go on without a token.")

    async def run(self, ex: Exchange) -> Flow:
        await self.edit(ex, ex.request)
        return Flow.NEXT

    async def edit(self, ex: Exchange, request: Request) -> None:
        """Apply to a request."""
        client = None if self.client_id is None else self.client_id.get(ex) or None
        try:
            token = await ex.services.identity.token(self.resource.get(ex), client)
        except ManagedIdentityError as error:
            if self.ignore_error:
                ex.notes.append(f"{self.element}: {error}")
                return
            raise PolicyFault(self.element, "ManagedIdentityTokenError", str(error)) from error
        if self.output_token_variable_name:
            ex.variables[self.output_token_variable_name] = from_text(token)
        else:
            request.headers["Authorization"] = f"Bearer {token}"
