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
    from apimpy.runtime.message import Request

__all__ = ["CrossDomain", "asks_for_policy_file"]

_PATH = "/crossdomain.xml"


class CrossDomainPolicy(Item, element="cross-domain-policy"):
    """The file's root element."""

    content: str = text(default="", inner_xml=True, doc="In Adobe's policy file format.")


class CrossDomain(Policy, element="cross-domain", sections=INBOUND, scopes=("global",), category="cross-domain"):
    """Answers GET and HEAD of `/crossdomain.xml` with its content, before any other policy runs.

    In the global scope it does so whether or not an API has that path, and without a key.
    Other requests pass.
    """

    document: CrossDomainPolicy = child(CrossDomainPolicy, default=REQUIRED)

    def prepare(self, plan: Plan) -> Action:
        inner = self.document.content
        name = self.document.element
        data = (f"<{name}>{inner}</{name}>" if inner else f"<{name} />").encode("utf-8", "replace")

        def answer(ex: Exchange, last: bool) -> Flow:
            if not asks_for_policy_file(ex.request):
                return Flow.NEXT
            ex.response = Response(headers=Headers({"Content-Type": "text/x-cross-domain-policy"}), body=Body(data))
            return Flow.STOP

        return Action(lambda ex: Flow.NEXT, False, 0, answer)


def asks_for_policy_file(request: Request) -> bool:
    """Whether a request is for the file at the root of the gateway."""
    return request.original_url.path == _PATH and request.method in ("GET", "HEAD")
