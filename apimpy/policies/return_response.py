"""`return-response`: stop the pipeline and answer the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policies.set_body import SetBody
from apimpy.policies.set_header import SetHeader
from apimpy.policies.set_status import SetStatus
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr, child, children
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Body, Headers, Response

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["ReturnResponse"]


class ReturnResponse(Policy, element="return-response", sections=ALL_SECTIONS, category="transformation", ordered=True):
    """Answers with a built or stored response; nothing after it runs, outbound included.

    The base is the response held by `response-variable-name`, else a fresh 200 without body.
    A variable that holds no response fails with 500.
    """

    response_variable_name: str | None = attr(default=None, doc="Variable with an IResponse.")
    status: SetStatus | None = child(SetStatus)
    headers: tuple[SetHeader, ...] = children(SetHeader)
    body: SetBody | None = child(SetBody)

    def prepare(self, plan: Plan) -> Action:
        editors = tuple(h.editor() for h in self.headers)
        variable, status = self.response_variable_name, self.status
        body = None if self.body is None else self.body.editor(bound=False)

        def run(ex: Exchange) -> Flow:
            response = Response() if variable is None else self._stored(ex, variable)
            if status is not None:
                status.edit(ex, response)
            for edit in editors:
                edit(ex, response)
            if body is not None:
                body(ex, response)
            for name, value in (ex.queued or {}).items():
                response.headers.setdefault(name, value)
            ex.response = response
            return Flow.STOP

        return Action(run, False, self.needs())

    def _stored(self, ex: Exchange, variable: str) -> Response:
        found = ex.variables.get(variable)
        if not isinstance(found, Response):
            why = f"The variable '{variable}' does not hold a response."
            raise PolicyFault(self.element, "ResponseVariableInvalid", why)
        body = found.body if found.body.stream is not None else Body(found.body.wire())
        return Response(found.status, found.reason, Headers(found.headers), body)
