"""`cross-domain`: the policy file that Flash and Silverlight ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import REQUIRED, child, text
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Body, Headers, Response

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["CrossDomain"]

_PATH = "/crossdomain.xml"


class CrossDomainPolicy(Item, element="cross-domain-policy"):
    """The file's root element."""

    content: str = text(default="", inner_xml=True, doc="In Adobe's policy file format.")


class CrossDomain(Policy, element="cross-domain", sections=INBOUND):
    """Answers GET and HEAD of `/crossdomain.xml` with its content, before any other policy runs.

    Other requests pass.
    """

    document: CrossDomainPolicy = child(CrossDomainPolicy, default=REQUIRED)

    def prepare(self, plan: Plan) -> Action:
        inner = self.document.content
        name = self.document.element
        data = (f"<{name}>{inner}</{name}>" if inner else f"<{name} />").encode("utf-8", "replace")

        def answer(ex: Exchange, last: bool) -> Flow:
            request = ex.request
            if request.original_url.path != _PATH or request.method not in ("GET", "HEAD"):
                return Flow.NEXT
            ex.response = Response(headers=Headers({"Content-Type": "text/x-cross-domain-policy"}), body=Body(data))
            return Flow.STOP

        return Action(lambda ex: Flow.NEXT, False, 0, answer)
