"""`xsl-transform`: an XSLT stylesheet over an XML body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._content import NotText, body_bit, message_of, read
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, children, text
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Body

if TYPE_CHECKING:
    from apimpy.document.model import Element
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request, Response

__all__ = ["XslTransform"]

_CHARSET = pattern(r"(?i)(;\s*charset\s*=\s*)(\"[^\"]*\"|[^;\s]+)")


class Parameter(Item, element="parameter"):
    """A parameter of the stylesheet; it gets a string."""

    name: str = attr(non_empty=True, aliases=("parameter-name",), doc="Name of the xsl:param.")
    value: Value[str] = text(default="", doc="Its value.")


class XslTransform(
    Policy,
    element="xsl-transform",
    sections=("inbound", "outbound", "on-error"),
    unlisted=("on-error",),
    category="transformation",
    ordered=True,
):
    """Replaces the XML body of the request (inbound) or the response (outbound, on-error) by what a stylesheet makes.

    XSLT 1.0, compiled when the document is loaded; scripts, `document()`, imports and includes are off.
    `xsl:output` is honoured: an XML result keeps the Content-Type of the message, HTML and text bring theirs.
    A body that is no XML fails with 500, and so does a transformation that stops.
    """

    parameters: tuple[Parameter, ...] = children(Parameter)
    content: str = text(
        default="",
        inner_xml=True,
        sample='<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" />',
        doc="The stylesheet: <xsl:stylesheet> or <xsl:transform>.",
    )

    def check(self, cx: Binding) -> None:
        from apimpy.policies._xslt import compile_stylesheet

        sheets = self._sheets()
        if len(sheets) != 1:
            cx.report("POL007", "<xsl-transform> holds exactly one <xsl:stylesheet>", self.source.name_span)
            return
        for complaint in compile_stylesheet(sheets[0])[1]:
            cx.report("POL005", complaint.message, complaint.span)

    def _sheets(self) -> list[Element]:
        return [c for c in self.source.children if c.name != "parameter"]

    def prepare(self, plan: Plan) -> Action:
        from apimpy.policies._xslt import NotTransformed, compile_stylesheet

        section = plan.section
        stylesheet, _ = compile_stylesheet(self._sheets()[0])
        assert stylesheet is not None, "a stylesheet that is none has been reported"

        def run(ex: Exchange) -> Flow:
            parameters = {p.name: p.value.get(ex) for p in self.parameters}
            message = message_of(ex, section)
            if message is None:
                return Flow.NEXT
            try:
                body = read(ex, message)
                made = stylesheet.apply("" if body is None else body.text, parameters)
            except (NotText, NotTransformed) as error:
                raise PolicyFault(self.element, "XslTransformFailed", str(error)) from error
            if len(made[0]) > ex.services.options.max_buffered_body:
                raise PolicyFault(self.element, "XslTransformFailed", "The result is too large.")
            _put(message, *made)
            return Flow.NEXT

        return Action(run, False, self.needs() | body_bit(section))


def _put(message: Request | Response, data: bytes, media_type: str | None, encoding: str) -> None:
    message.body = Body(data)
    headers = message.headers
    headers.popall("Content-Length", None)
    headers.popall("Content-Encoding", None)
    if media_type is not None:
        headers["Content-Type"] = f"{media_type}; charset={encoding}"
    elif (kind := headers.get("Content-Type")) is not None:
        headers["Content-Type"] = _CHARSET.sub(rf"\g<1>{encoding}", kind)
