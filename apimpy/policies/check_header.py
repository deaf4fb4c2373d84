"""`check-header`: require a request header, with one of some values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.system.casing import fold
from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, children, text
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["AllowedValue", "CheckHeader"]


class AllowedValue(Item, element="value"):
    """A value that passes."""

    content: Value[str] = text(doc="The value.")


class CheckHeader(Policy, element="check-header", sections=INBOUND, category="authentication-and-authorization"):
    """Fails the request unless it has a header, and, when values are given, one of them.

    A header of several lines passes when one line does, or all of them joined by commas.
    The caller gets the given status code and message.
    """

    name: Value[str] = attr(non_empty=True, doc="Header name.")
    failed_check_httpcode: Value[int] = attr(minimum=100, maximum=999, sample="401", doc="Status code of the failure.")
    failed_check_error_message: Value[str] = attr(sample="Access denied.", doc="Message of the failure's body.")
    ignore_case: Value[bool] = attr(doc="Compare values ignoring case.")
    values: tuple[AllowedValue, ...] = children(AllowedValue)

    def prepare(self, plan: Plan) -> Action:
        allowed = tuple(v.content for v in self.values)

        def run(ex: Exchange) -> Flow:
            name, status, told = (
                self.name.get(ex),
                self.failed_check_httpcode.get(ex),
                self.failed_check_error_message.get(ex),
            )
            lines = ex.request.headers.getall(name, None)
            if not lines:
                why = f"Header {name} was not found in the request. Access denied."
                raise PolicyFault(self.element, "HeaderNotFound", why, status=status, client_message=told)
            if allowed:
                value = ",".join(lines)
                given, wanted = [value, *lines], [v.get(ex) for v in allowed]
                if self.ignore_case.get(ex):
                    given, wanted = list(map(fold, given)), list(map(fold, wanted))
                if not any(g in wanted for g in given):
                    why = f"Header {name} value of {value} is not allowed. Access denied."
                    raise PolicyFault(self.element, "HeaderValueNotAllowed", why, status=status, client_message=told)
            return Flow.NEXT

        return Action(run, False, self.needs())
