"""`json-to-xml`: convert a JSON body to XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._content import NotText, accepts, body_bit, is_json, is_xml, media_type, message_of, put, read
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.policy.value import Constant, Value, value_fault
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policies._json_xml import XmlOptions
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["JsonToXml"]


class JsonToXml(Policy, element="json-to-xml", sections=ALL_SECTIONS, unlisted=("backend",), category="transformation"):
    """Converts the body of the request (inbound, backend) or the response (outbound, on-error).

    `content-type-json` leaves messages alone whose Content-Type is not JSON; unless `consider-accept-header` is false
    the request's Accept must ask for XML by name.
    A body that is no JSON fails with 500; an empty one stays empty.
    """

    apply: Value[str] = attr(allowed=("always", "content-type-json"), doc="Which messages.")
    consider_accept_header: Value[bool] = attr(default=True, doc="Only when the caller asks for XML.")
    parse_date: bool = attr(default=True, doc="Write dates in round-trip form; else as they are.")
    namespace_separator: Value[str] = attr(default="_", format="char", doc="Character between prefix and name.")
    namespace_prefix: Value[str] | None = attr(default=None, doc="What properties that declare a namespace begin with.")
    attribute_block_name: Value[str] | None = attr(default=None, doc="Property that holds the attributes.")

    def check(self, cx: Binding) -> None:
        if isinstance(self.namespace_separator, Constant) and len(self.namespace_separator.value) != 1:
            at = self.source.get("namespace-separator")
            where = at.value_span if at else self.source.name_span
            cx.report("POL005", "namespace-separator is exactly one character", where)

    def prepare(self, plan: Plan) -> Action:
        section = plan.section

        def run(ex: Exchange) -> Flow:
            always, consider = self.apply.get(ex) == "always", self.consider_accept_header.get(ex)
            options = self._options(ex)
            message = message_of(ex, section)
            if message is None or not (always or is_json(media_type(message))):
                return Flow.NEXT
            if consider and not any(map(is_xml, accepts(ex.request))):
                return Flow.NEXT
            from apimpy.policies._json_xml import to_xml

            try:
                content = read(ex, message)
                if content is not None:
                    put(message, content, to_xml(content.text, options), "application/xml; charset=utf-8")
            except (NotText, ValueError) as error:
                raise PolicyFault(self.element, "InvalidJson", f"The body is not JSON: {error}") from error
            return Flow.NEXT

        return Action(run, False, self.needs() | body_bit(section))

    def _options(self, ex: Exchange) -> XmlOptions:
        from apimpy.policies._json_xml import XmlOptions

        separator = self.namespace_separator.get(ex)
        if len(separator) != 1:
            raise value_fault(self.element, "The namespace-separator field is not one character.")
        prefix = None if self.namespace_prefix is None else self.namespace_prefix.get(ex) or None
        block = None if self.attribute_block_name is None else self.attribute_block_name.get(ex) or None
        return XmlOptions(self.parse_date, separator, prefix, block)
