"""`authentication-basic`: user name and password for the backend."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.policy.value import Constant
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request

__all__ = ["AuthenticationBasic"]


class AuthenticationBasic(
    Policy,
    element="authentication-basic",
    sections=INBOUND,
    repeatable=False,
    category="authentication-and-authorization",
):
    """Sets `Authorization: Basic …` on the request; a header that is there is replaced.

    Name and password are encoded as UTF-8.  Inside `send-request` only that request gets the header.
    """

    username: Value[str] = attr(doc="User name.")
    password: Value[str] = attr(doc="Password.")

    def prepare(self, plan: Plan) -> Action:
        if isinstance(self.username, Constant) and isinstance(self.password, Constant):
            credentials = _credentials(self.username.value, self.password.value)

            def put(ex: Exchange) -> Flow:
                ex.request.headers["Authorization"] = credentials
                return Flow.NEXT

            return Action(put, False, 0)

        def run(ex: Exchange) -> Flow:
            self.edit(ex, ex.request)
            return Flow.NEXT

        return Action(run, False, self.needs())

    def edit(self, ex: Exchange, request: Request) -> None:
        """Apply to a request."""
        request.headers["Authorization"] = _credentials(self.username.get(ex), self.password.get(ex))


def _credentials(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode("utf-8", "replace")).decode()
