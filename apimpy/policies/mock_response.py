"""`mock-response`: answer from the operation's description instead of the backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._mock import choose, content_of
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Body, Response

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["MockResponse"]


class MockResponse(
    Policy, element="mock-response", sections=("inbound", "outbound", "on-error"), category="transformation"
):
    """Ends the pipeline with a response that the operation declares for a status code.

    The body is an example of the media type, else a sample made from its schema, else empty.
    A status code that is not declared is answered without a body.
    """

    status_code: int = attr(default=200, minimum=100, maximum=999, doc="Status code.")
    content_type: str | None = attr(default=None, doc="Media type; without it the first one declared.")
    index: int | None = attr(default=None, minimum=0, unlisted=True, doc="Which example, from 0.")

    def prepare(self, plan: Plan) -> Action:
        status, content_type, index = self.status_code, self.content_type, self.index

        def run(ex: Exchange) -> Flow:
            declared = ex.operation.responses if ex.operation is not None else ()
            found = choose(declared, status, content_type)
            response = Response(status)
            shown = content_type if found is None else found.content_type
            if shown:
                response.headers["Content-Type"] = shown
            if found is not None:
                response.body = Body(content_of(found, index))
            for name, value in (ex.queued or {}).items():
                response.headers.setdefault(name, value)
            ex.response = response
            return Flow.STOP

        return Action(run, False, 0)
