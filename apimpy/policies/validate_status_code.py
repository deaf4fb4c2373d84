"""`validate-status-code`: check the status of the response against the API."""

from __future__ import annotations

from apimpy.policies._validation import ACTIONS
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr, children
from apimpy.policy.value import Value

__all__ = ["ValidateStatusCode"]


class StatusCode(Item, element="status-code"):
    """One status with an action of its own, for when it is not declared."""

    code: int = attr(sample="404", doc="The status.")
    action: Value[str] = attr(allowed=ACTIONS, doc="What it does.")


class ValidateStatusCode(
    Policy,
    element="validate-status-code",
    sections=("outbound", "on-error"),
    category="content-validation",
    support=PLANNED,
):
    """Checks that the API declares the status of a response; `prevent` fails with 502."""

    unspecified_status_code_action: Value[str] = attr(allowed=ACTIONS, doc="What an undeclared status does.")
    errors_variable_name: str | None = attr(
        default=None, aliases=("error-variable-name",), doc="Variable that receives what was found."
    )
    codes: tuple[StatusCode, ...] = children(StatusCode)
