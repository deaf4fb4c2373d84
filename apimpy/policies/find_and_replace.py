"""`find-and-replace`: replace every occurrence of a text in the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._content import NotText, body_bit, message_of, put, read
from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["FindAndReplace"]


class FindAndReplace(Policy, element="find-and-replace", sections=ALL_SECTIONS, category="transformation"):
    """Replaces a text in the body of the request (inbound, backend) or the response (outbound, on-error).

    Case matters and nothing is a pattern; an empty `from` finds nothing.
    The body is read in the charset of the message and written back in it; a compressed one goes on unpacked.
    """

    from_: Value[str] = attr(name="from", doc="Text to find.")
    to: Value[str] = attr(doc="Text to put there; may be empty.")

    def prepare(self, plan: Plan) -> Action:
        section = plan.section

        def run(ex: Exchange) -> Flow:
            old, new = self.from_.get(ex), self.to.get(ex)
            message = message_of(ex, section)
            if not old or message is None:
                return Flow.NEXT
            try:
                content = read(ex, message)
            except NotText as error:
                ex.notes.append(f"{self.element}: {error}")
                return Flow.NEXT
            if content is not None and old in content.text:
                put(message, content, content.text.replace(old, new))
            return Flow.NEXT

        return Action(run, False, self.needs() | body_bit(section))
