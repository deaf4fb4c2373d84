"""`validate-headers`: check headers of the response against the API."""

from __future__ import annotations

from apimpy.policies._validation import ACTIONS
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr, children
from apimpy.policy.value import Value

__all__ = ["ValidateHeaders"]


class Header(Item, element="header"):
    """One header with an action of its own."""

    name: str = attr(doc="Its name.")
    action: Value[str] = attr(allowed=ACTIONS, doc="What a wrong value does.")


class ValidateHeaders(
    Policy,
    element="validate-headers",
    sections=("outbound", "on-error"),
    category="content-validation",
    repeatable=False,
    support=PLANNED,
):
    """Checks the headers of a response against what the API declares for its status; `prevent` fails with 502."""

    specified_header_action: Value[str] = attr(allowed=ACTIONS, doc="What a wrong value does.")
    unspecified_header_action: Value[str] = attr(allowed=ACTIONS, doc="What an undeclared header does.")
    errors_variable_name: str | None = attr(default=None, doc="Variable that receives what was found.")
    headers: tuple[Header, ...] = children(Header)
