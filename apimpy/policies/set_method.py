"""`set-method`: change the request method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import text
from apimpy.policy.value import Constant, Value, is_open, value_fault
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request

__all__ = ["SetMethod"]

_TOKEN = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class SetMethod(
    Policy, element="set-method", sections=ALL_SECTIONS, unlisted=("backend", "outbound"), category="transformation"
):
    """Sets the method of the request, in upper case.

    After the backend was called only `context.Request.Method` shows it.
    """

    method: Value[str] = text(sample="GET", doc="HTTP verb.")

    def check(self, cx: Binding) -> None:
        literal = self.method.value if isinstance(self.method, Constant) else None
        if literal is not None and not is_open(literal) and not _TOKEN.fullmatch(literal):
            where = self.source.content_span if self.source.value is not None else self.source.name_span
            cx.report("POL005", f"{literal!r} is no HTTP method", where)

    def prepare(self, plan: Plan) -> Action:
        if isinstance(self.method, Constant):
            literal = self.method.value.upper()

            def put(ex: Exchange) -> Flow:
                ex.request.method = literal
                return Flow.NEXT

            return Action(put, False, 0)

        def run(ex: Exchange) -> Flow:
            self.edit(ex, ex.request)
            return Flow.NEXT

        return Action(run, False, self.needs())

    def edit(self, ex: Exchange, request: Request) -> None:
        """Apply to a request."""
        method = self.method.get(ex).strip().upper()
        if not _TOKEN.fullmatch(method):
            raise value_fault(self.element, "The method is no HTTP verb.")
        request.method = method
