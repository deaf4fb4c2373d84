"""`send-request`: call another URL and keep its response in a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._outgoing import Outgoing
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action
from apimpy.policy.fields import attr
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import BodyTooLarge
from apimpy.runtime.ports import TimedOut, TransportError
from apimpy.runtime.tasks import within

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request, Response

__all__ = ["SendRequest"]


class SendRequest(
    Outgoing,
    element="send-request",
    sections=ALL_SECTIONS,
    category="integration",
):
    """Sends a request and stores the response; any status is a success, redirects are not followed.

    `timeout` covers the response with its body.  When there is none in time, or no connection, the request fails with
    500, or with `ignore-error` goes on with null in the variable.
    Without `response-variable-name` the response is dropped.
    """

    response_variable_name: Value[str] | None = attr(
        default=None, sample="response", doc="Variable that receives the response."
    )
    ignore_error: bool = attr(default=False, doc="Go on when there is no response.")

    def prepare(self, plan: Plan) -> Action:
        build = self.builder(plan.section)

        async def run(ex: Exchange) -> Flow:
            name = None if self.response_variable_name is None else self.response_variable_name.get(ex)
            seconds = float(self.timeout.get(ex)) or None
            request = await build(ex)
            response: Response | None = None
            try:
                response = await self._ask(ex, request, seconds, keep=bool(name))
            except PolicyFault as fault:
                if not self.ignore_error:
                    raise
                ex.notes.append(f"{self.element}: {fault.message}")
            if name:
                ex.variables[name] = response
            return Flow.NEXT

        return Action(run, True, self.bodies(plan.section))

    async def _ask(self, ex: Exchange, request: Request, seconds: float | None, *, keep: bool) -> Response:
        """The response, its body in memory: expressions cannot wait for it."""
        services = ex.services
        clock = services.clock
        end = None if seconds is None else clock.monotonic() + seconds
        try:
            response = await services.transport.send(request, timeout=seconds)
            if not keep:
                await response.body.close()
            elif response.body.stream is not None:
                left = None if end is None else max(0.0, end - clock.monotonic())
                try:
                    await within(left, response.body.buffer(services.options.max_buffered_body))
                except BaseException:
                    await response.body.close()
                    raise
        except (TimedOut, TimeoutError) as error:
            why = str(error) or "The response did not come in time."
            raise PolicyFault(self.element, "Timeout", why) from error
        except (TransportError, BodyTooLarge) as error:
            why = str(error) or "Underlying transport connection was unexpectedly closed."
            raise PolicyFault(self.element, "BackendConnectionFailure", why) from error
        return response
