"""`invoke-request`: call another URL, and take its answer."""

from __future__ import annotations

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr, child, children, text
from apimpy.policy.value import Value

__all__ = ["InvokeRequest"]


class Header(Item, element="header"):
    """A header of the request, one element for each value."""

    name: str = attr(doc="Its name.")
    value: Value[str] | None = attr(default=None, doc="Its value.")


class Content(Item, element="body"):
    """The body of the request."""

    content: Value[str] = text(doc="The body.")


class InvokeRequest(
    Policy,
    element="invoke-request",
    sections=ALL_SECTIONS,
    category="integration",
    maturity="undocumented",
    support=PLANNED,
    docs=None,
):
    """Sends a request that starts from the current one.

    The response goes to a variable, or becomes the current response and ends the section.
    """

    method: Value[str] | None = attr(default=None, doc="HTTP verb.")
    url: Value[str] | None = attr(default=None, doc="Where it goes.")
    backend_id: Value[str] | None = attr(default=None, doc="Backend entity instead.")
    response_variable_name: str | None = attr(default=None, doc="Variable that receives the response.")
    headers: tuple[Header, ...] = children(Header)
    body: Content | None = child(Content)
