"""`set-body`: replace the body of the current message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._sections import ALL_SECTIONS, REQUEST_SIDE
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr, text
from apimpy.policy.unsupported import not_supported
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Body, Request, Response

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["SetBody"]

_CHARSET = pattern(r"(;\s*charset\s*=\s*)(\"[^\"]*\"|[^;\s]+)", re.IGNORECASE)


class SetBody(Policy, element="set-body", sections=ALL_SECTIONS):
    """Replaces the body of the request (inbound, backend) or the response (outbound, on-error).

    Text is sent as UTF-8, byte arrays as they are; child elements are sent as XML text.
    A `charset` in Content-Type becomes utf-8; Content-Encoding and Content-Length of the old body go.
    """

    template: str | None = attr(default=None, allowed=("liquid", "none"), doc="Template language.")
    xsi_nil: str = attr(default="blank", allowed=("blank", "null"), doc="Liquid: how xsi:nil elements are bound.")
    parse_date: bool = attr(default=True, doc="Liquid: dates in JSON become dates.")
    content: Value[bytes] = text(default=b"", strip=False, inner_xml=True, doc="The new body.")

    def check(self, cx: Binding) -> None:
        if self.is_liquid:
            cx.report("POL019", "Liquid templates are not supported yet", self.source.name_span)

    @property
    def is_liquid(self) -> bool:
        return self.template == "liquid"

    def prepare(self, plan: Plan) -> Action:
        if plan.section in REQUEST_SIDE:

            def on_request(ex: Exchange) -> Flow:
                self.edit(ex, ex.request)
                return Flow.NEXT

            return Action(on_request, False, self.needs())

        def on_response(ex: Exchange) -> Flow:
            if ex.response is None:
                ex.response = Response()
            self.edit(ex, ex.response)
            return Flow.NEXT

        return Action(on_response, False, self.needs())

    def edit(self, ex: Exchange, message: Request | Response) -> None:
        """Apply to a message."""
        if self.is_liquid:
            raise not_supported(self.element, 'set-body template="liquid"')
        message.body = Body(self.content.get(ex))
        headers = message.headers
        headers.popall("Content-Length", None)
        headers.popall("Content-Encoding", None)
        kind = headers.get("Content-Type")
        if kind is not None and "charset" in kind.lower():
            headers["Content-Type"] = _CHARSET.sub(r"\1utf-8", kind)
