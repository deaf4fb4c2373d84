"""`validate-parameters`: check headers, query and path of the request against the API."""

from __future__ import annotations

from apimpy.policies._validation import ACTIONS
from apimpy.policy.base import Item, Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr, child, children
from apimpy.policy.value import Value

__all__ = ["ValidateParameters"]


class Parameter(Item, element="parameter"):
    """One parameter with an action of its own."""

    name: str = attr(doc="Its name.")
    action: Value[str] = attr(allowed=ACTIONS, doc="What a wrong value does.")


class HeaderParameters(Item, element="headers"):
    """Headers of the request."""

    specified_parameter_action: Value[str] | None = attr(
        default=None, allowed=ACTIONS, doc="What a wrong value does, instead of the policy's."
    )
    unspecified_parameter_action: Value[str] | None = attr(
        default=None, allowed=ACTIONS, doc="What an undeclared one does, instead of the policy's."
    )
    parameters: tuple[Parameter, ...] = children(Parameter)


class QueryParameters(Item, element="query"):
    """Parameters of the query."""

    specified_parameter_action: Value[str] | None = attr(
        default=None, allowed=ACTIONS, doc="What a wrong value does, instead of the policy's."
    )
    unspecified_parameter_action: Value[str] | None = attr(
        default=None, allowed=ACTIONS, doc="What an undeclared one does, instead of the policy's."
    )
    parameters: tuple[Parameter, ...] = children(Parameter)


class PathParameters(Item, element="path"):
    """Parameters of the path; there are no undeclared ones."""

    specified_parameter_action: Value[str] | None = attr(
        default=None, allowed=ACTIONS, doc="What a wrong value does, instead of the policy's."
    )
    parameters: tuple[Parameter, ...] = children(Parameter)


class ValidateParameters(
    Policy,
    element="validate-parameters",
    sections=("inbound",),
    category="content-validation",
    repeatable=False,
    support=PLANNED,
    ordered=True,
):
    """Checks the parameters of a request against what the API declares.

    The action of a parameter goes before that of its group, and that before the policy's.
    """

    specified_parameter_action: Value[str] = attr(allowed=ACTIONS, doc="What a wrong value does.")
    unspecified_parameter_action: Value[str] = attr(allowed=ACTIONS, doc="What an undeclared parameter does.")
    errors_variable_name: str | None = attr(default=None, doc="Variable that receives what was found.")
    headers: HeaderParameters | None = child(HeaderParameters)
    query: QueryParameters | None = child(QueryParameters)
    path: PathParameters | None = child(PathParameters)
