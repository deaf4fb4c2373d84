"""`send-one-way-request`: call another URL and do not wait for the answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from apimpy.policies._outgoing import Outgoing
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action
from apimpy.runtime.flow import Flow
from apimpy.runtime.ports import TransportError

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request
    from apimpy.runtime.ports import Transport

__all__ = ["SendOneWayRequest"]

_log = logging.getLogger("apimpy.pipeline")


class SendOneWayRequest(
    Outgoing,
    element="send-one-way-request",
    sections=ALL_SECTIONS,
    category="integration",
):
    """Sends a request in the background; it may outlive the caller's.

    Expressions are evaluated and the body is copied before the pipeline goes on; whether the request arrives is only
    logged.
    """

    def prepare(self, plan: Plan) -> Action:
        build = self.builder(plan.section)

        async def run(ex: Exchange) -> Flow:
            seconds = float(self.timeout.get(ex)) or None
            request = await build(ex)
            ex.services.background.start(_send(ex.id, ex.services.transport, request, seconds))
            return Flow.NEXT

        return Action(run, True, self.bodies(plan.section))


async def _send(id: str, transport: Transport, request: Request, seconds: float | None) -> None:
    try:
        response = await transport.send(request, timeout=seconds)
    except TransportError as error:
        _log.warning("request %s: send-one-way-request to %s failed: %s", id, request.url.authority, error)
    else:
        await response.body.close()
