"""`set-status`: set the status code and reason of the response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Policy
from apimpy.policy.fields import attr
from apimpy.policy.value import Value, value_fault
from apimpy.runtime.faults import reason_phrase
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Response

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange

__all__ = ["SetStatus"]


class SetStatus(Policy, element="set-status", sections=ALL_SECTIONS, category="transformation"):
    """Sets code and reason of the response.

    Without `reason` the standard phrase is used.
    Before the backend has answered it edits a provisional response, which the backend's replaces.
    """

    code: Value[int] = attr(minimum=100, maximum=999, sample="200", doc="Status code.")
    reason: Value[str] | None = attr(default=None, doc="Reason phrase.")

    def run(self, ex: Exchange) -> Flow:
        if ex.response is None:
            ex.response = Response()
        self.edit(ex, ex.response)
        return Flow.NEXT

    def edit(self, ex: Exchange, response: Response) -> None:
        """Apply to a response."""
        code = self.code.get(ex)
        reason = reason_phrase(code) if self.reason is None else self.reason.get(ex)
        if "\r" in reason or "\n" in reason or "\0" in reason:
            raise value_fault(self.element, "The reason field holds characters that are not allowed.")
        response.status, response.reason = code, reason
