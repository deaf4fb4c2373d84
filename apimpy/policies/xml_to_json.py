"""`xml-to-json`: convert an XML body to JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._content import NotText, accepts, body_bit, is_json, is_xml, media_type, message_of, put, read
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["XmlToJson"]


class XmlToJson(Policy, element="xml-to-json", sections=ALL_SECTIONS, unlisted=("backend",), category="transformation"):
    """Converts the body of the request (inbound, backend) or the response (outbound, on-error).

    `direct` keeps the structure of the XML, `javascript-friendly` drops prefixes and makes attributes plain members.
    `content-type-xml` leaves messages alone whose Content-Type is not XML; unless `consider-accept-header` is false
    the request's Accept must ask for JSON by name.
    A body that is no XML fails with 500; an empty one stays empty.
    """

    kind: Value[str] = attr(allowed=("javascript-friendly", "direct"), doc="Shape of the JSON.")
    apply: Value[str] = attr(allowed=("always", "content-type-xml"), doc="Which messages.")
    consider_accept_header: Value[bool] = attr(default=True, doc="Only when the caller asks for JSON.")
    always_array_child_elements: Value[bool] = attr(default=False, doc="A single child element is an array too.")

    def prepare(self, plan: Plan) -> Action:
        section = plan.section

        def run(ex: Exchange) -> Flow:
            kind, always = self.kind.get(ex), self.apply.get(ex) == "always"
            consider, arrays = self.consider_accept_header.get(ex), self.always_array_child_elements.get(ex)
            message = message_of(ex, section)
            if message is None or not (always or is_xml(media_type(message))):
                return Flow.NEXT
            if consider and not any(map(is_json, accepts(ex.request))):
                return Flow.NEXT
            from apimpy.policies._xml_json import to_json

            try:
                content = read(ex, message)
                if content is not None:
                    text = to_json(content.text, kind, always_array=arrays)
                    put(message, content, text, "application/json; charset=utf-8")
            except (NotText, ValueError) as error:
                raise PolicyFault(self.element, "InvalidXml", f"The body is not XML: {error}") from error
            return Flow.NEXT

        return Action(run, False, self.needs() | body_bit(section))
