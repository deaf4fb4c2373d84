"""`redirect-content-urls`: links in the body point at the gateway instead of the backend."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.policies._content import NotText, body_bit, message_of, put, read
from apimpy.policies._sections import REQUEST_SIDE
from apimpy.policy.base import Action, Policy
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["RedirectContentUrls"]

_ENDS = r"(?![\w%~@-]|[.:]\w)"
"""What follows a base URL must not make it another host, port or segment."""


class RedirectContentUrls(
    Policy,
    element="redirect-content-urls",
    sections=("inbound", "outbound"),
    repeatable=False,
    category="transformation",
):
    """Outbound: the backend's base URL in the body becomes the gateway's; inbound: the other way round.

    A base URL is scheme, host, port unless it is the default one, and base path (of the gateway: the API's path).
    It is matched as it is written; headers stay as they are.
    """

    def prepare(self, plan: Plan) -> Action:
        section = plan.section

        def run(ex: Exchange) -> Flow:
            message, bases = message_of(ex, section), _bases(ex)
            if message is None or bases is None:
                return Flow.NEXT
            here, there = bases if section in REQUEST_SIDE else bases[::-1]
            try:
                content = read(ex, message)
            except NotText as error:
                ex.notes.append(f"{self.element}: {error}")
                return Flow.NEXT
            if content is not None and here in content.text:
                text = re.sub(re.escape(here) + _ENDS, lambda m: there, content.text)
                put(message, content, text)
            return Flow.NEXT

        return Action(run, False, body_bit(section))


def _bases(ex: Exchange) -> tuple[str, str] | None:
    """Base URLs of gateway and backend, without a slash at the end; None while no backend is known."""
    backend = ex.backend.url if ex.backend is not None and ex.backend.url is not None else ex.service_url
    if backend is None:
        return None
    mine = ex.request.original_url
    path = ex.api.path.strip("/") if ex.api is not None else ""
    gateway = f"{mine.scheme}://{mine.authority}" + (f"/{path}" if path else "")
    return gateway, f"{backend.scheme}://{backend.authority}{backend.path.rstrip('/')}"
