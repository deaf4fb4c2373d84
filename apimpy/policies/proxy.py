"""`proxy`: send requests to the backend through an HTTP proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policy.base import Policy
from apimpy.policy.fields import attr
from apimpy.policy.value import Value, value_fault
from apimpy.record import replace
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Dial, Url

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request

__all__ = ["Proxy"]


class Proxy(Policy, element="proxy", sections=("inbound",), category="routing"):
    """Sends the request to the backend through an HTTP proxy; inside `send-request`, that one.

    The proxy is spoken to without TLS; it gets a CONNECT for targets with TLS.  User and password are sent as Basic.
    It goes before a proxy of the backend entity.
    """

    url: Value[str] = attr(format="url", sample="http://proxy.example.com:3128", doc="`http://host:port`.")
    username: Value[str] | None = attr(default=None, doc="User of the proxy.")
    password: Value[str] | None = attr(default=None, doc="Its password.")

    def run(self, ex: Exchange) -> Flow:
        self.edit(ex, ex.request)
        return Flow.NEXT

    def edit(self, ex: Exchange, request: Request) -> None:
        """Apply to a request.  PolicyFault when the URL is none."""
        text = self.url.get(ex).strip()
        try:
            scheme = Url.parse(text).scheme
        except ValueError as error:
            raise value_fault(self.element, f"The url field is {error}.") from error
        if scheme != "http":
            raise value_fault(
                self.element, "The url field names a proxy that is spoken to without TLS: http://host:port."
            )
        account = None
        if self.username is not None:
            account = (self.username.get(ex), "" if self.password is None else self.password.get(ex))
        request.dial = replace(request.dial or Dial(), proxy=text, account=account)
