"""`set-body`: replace the body of the current message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apimpy.dotnet.values import well_formed
from apimpy.pattern import pattern
from apimpy.policies._content import body_bit
from apimpy.policies._sections import ALL_SECTIONS, REQUEST_SIDE
from apimpy.policy.base import Action, Policy
from apimpy.policy.facts import partial
from apimpy.policy.fields import attr, text
from apimpy.policy.unsupported import not_supported
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow
from apimpy.runtime.message import Body, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.source import SourceMap

    Editor = Callable[[Exchange, Request | Response], None]

__all__ = ["SetBody"]

_CHARSET = pattern(r"(;\s*charset\s*=\s*)(\"[^\"]*\"|[^;\s]+)", re.IGNORECASE)


class SetBody(
    Policy,
    element="set-body",
    sections=ALL_SECTIONS,
    unlisted=("on-error",),
    category="transformation",
    support=partial("An expression cannot bring a Liquid template."),
):
    """Replaces the body of the request (inbound, backend) or the response (outbound, on-error).

    Text is sent as UTF-8, byte arrays as they are; child elements are sent as XML text.
    `template="liquid"` renders a Liquid template; it sees the old body, by its Content-Type, and `context`.
    A `charset` in Content-Type becomes utf-8; Content-Encoding and Content-Length of the old body go.
    """

    template: str | None = attr(default=None, allowed=("liquid", "none"), doc="Template language.")
    xsi_nil: str = attr(default="blank", allowed=("blank", "null"), doc="Liquid: how xsi:nil elements are bound.")
    parse_date: bool = attr(default=True, doc="Liquid: texts that look like dates become dates.")
    content: Value[bytes] = text(
        default=b"", strip=False, inner_xml=True, liquid=True, doc="The new body, or the template."
    )

    def check(self, cx: Binding) -> None:
        if not self.is_liquid:
            return
        written = self._written()
        if written is None:
            message = "an expression cannot bring a template yet: a request that reaches it is answered with 500"
            cx.report("POL019", message, self.source.content_span)
            return
        from apimpy.policies._liquid.engine import parse

        source, map_ = written
        for problem in parse(source)[1]:
            cx.report("POL005", problem.message, map_.span(problem.start, problem.end), help=problem.help)

    @property
    def is_liquid(self) -> bool:
        return self.template == "liquid"

    @property
    def reads_message(self) -> bool:
        """A template that may ask for the body of the message it is for."""
        written = self._written() if self.is_liquid else None
        return written is not None and "body" in written[0].lower()

    def prepare(self, plan: Plan) -> Action:
        edit = self.editor()
        needs = self.needs() | (body_bit(plan.section) if self.reads_message else 0)
        if plan.section in REQUEST_SIDE:

            def on_request(ex: Exchange) -> Flow:
                edit(ex, ex.request)
                return Flow.NEXT

            return Action(on_request, False, needs)

        def on_response(ex: Exchange) -> Flow:
            if ex.response is None:
                ex.response = Response()
            edit(ex, ex.response)
            return Flow.NEXT

        return Action(on_response, False, needs)

    def editor(self, *, bound: bool = True) -> Editor:
        """A function that changes a message; `bound` False: a template sees no body."""
        if not self.is_liquid:
            content = self.content
            return lambda ex, message: _replace(message, content.get(ex))
        return self._rendered(bound)

    def _rendered(self, bound: bool) -> Editor:
        written = self._written()
        if written is None:
            return self._missing
        from apimpy.policies._liquid.engine import parse
        from apimpy.policies._liquid.inputs import Binding, body_of, context_of
        from apimpy.policies._liquid.values import Failure

        template, _ = parse(written[0])
        assert template is not None, "a template that is none has been reported"
        binding = Binding(self.xsi_nil == "null", self.parse_date)
        bound = bound and self.reads_message

        def render(ex: Exchange, message: Request | Response) -> None:
            limit = ex.services.options.max_buffered_body
            try:
                body = body_of(ex, message, binding) if bound else None
                made = template.render(ex.rt, {"body": body, "context": context_of(ex)}, limit)
            except Failure as error:
                raise PolicyFault(self.element, "ExpressionValueEvaluationFailure", f"Liquid error: {error}") from error
            _replace(message, well_formed(made).encode())

        return render

    def _missing(self, ex: Exchange, message: Request | Response) -> None:
        raise not_supported(self.element, "set-body with an expression as its template")

    def _written(self) -> tuple[str, SourceMap] | None:
        from apimpy.policies._liquid.source import template_of

        return template_of(self.source)


def _replace(message: Request | Response, data: bytes) -> None:
    message.body = Body(data)
    headers = message.headers
    headers.popall("Content-Length", None)
    headers.popall("Content-Encoding", None)
    kind = headers.get("Content-Type")
    if kind is not None and "charset" in kind.lower():
        headers["Content-Type"] = _CHARSET.sub(r"\1utf-8", kind)
