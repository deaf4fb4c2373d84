"""`validate-odata-request`: check URL, headers and size of an OData request."""

from __future__ import annotations

from apimpy.policy.base import Policy
from apimpy.policy.facts import PLANNED
from apimpy.policy.fields import attr

__all__ = ["ValidateOdataRequest"]


class ValidateOdataRequest(
    Policy,
    element="validate-odata-request",
    sections=("inbound",),
    scopes=("global", "workspace", "product", "api"),
    category="content-validation",
    repeatable=False,
    support=PLANNED,
):
    """Fails a request with 400 that is no valid OData request for the API's model."""

    error_variable_name: str | None = attr(default=None, doc="Variable that receives what was found.")
    default_odata_version: str = attr(default="4.0", allowed=("4.0", "4.01"), doc="Version of requests that name none.")
    min_odata_version: str | None = attr(default=None, doc="Lowest version.")
    max_odata_version: str | None = attr(default=None, doc="Highest version.")
    max_size: int | None = attr(default=None, unit="bytes", doc="Largest request.")
