"""`proxy`: send requests to the backend through an HTTP proxy."""

from __future__ import annotations

from apimpy.policy.base import Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr
from apimpy.policy.value import Value

__all__ = ["Proxy"]


class Proxy(Policy, element="proxy", sections=("inbound",), category="routing", support=PLANNED):
    """Sends the request to the backend through an HTTP proxy; inside `send-request`, that one."""

    url: Value[str] = attr(format="url", sample="http://proxy.example.com:3128", doc="`http://host:port`.")
    username: Value[str] | None = attr(default=None, doc="User of the proxy.")
    password: Value[str] | None = attr(default=None, doc="Its password.")
