"""`trace`: write a record of one's own into the request's trace and the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.fields import attr, child, children, text
from apimpy.policy.value import Value
from apimpy.runtime.exchange import TraceEntry
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange

__all__ = ["Trace"]

_log = logging.getLogger("apimpy.trace")
_LEVELS = {"verbose": logging.DEBUG, "information": logging.INFO, "error": logging.ERROR}


class Message(Item, element="message"):
    content: Value[str] = text(doc="What to write.")


class Metadata(Item, element="metadata"):
    name: Value[str] = attr(doc="Name of a property.")
    value: Value[str] = attr(doc="Its value.")


class Trace(Policy, element="trace", sections=ALL_SECTIONS, unlisted=("on-error",), category="logging", ordered=True):
    """Adds a record to the request's trace, and to the log `apimpy.trace` when its level admits the severity.

    It never fails for want of a place to write to; an expression that throws does fail the request.
    """

    source_name: str = attr(name="source", doc="Who writes.")
    severity: str = attr(default="verbose", allowed=tuple(_LEVELS), doc="How important it is.")
    message: Message | None = child(Message, usual=True, doc="What to write.")
    metadata: tuple[Metadata, ...] = children(Metadata)
    content: Value[str] | None = text(
        default=None, unlisted=True, doc="What to write; an old form, of which samples are left."
    )

    def check(self, cx: Binding) -> None:
        where = self.source.name_span
        if self.message is None and self.content is None:
            cx.report("POL007", "<trace> needs a <message>", where)
        elif self.message is not None and self.content is not None:
            cx.report("POL008", "the message of <trace> is either its text or <message>", where)
        elif self.content is not None:
            cx.report("POL020", "text in <trace> is an old form of <message>", where)

    def prepare(self, plan: Plan) -> Action:
        source, severity, level = self.source_name, self.severity, _LEVELS[self.severity]
        message = self.content if self.message is None else self.message.content
        pairs = tuple((m.name, m.value) for m in self.metadata)
        assert message is not None, "check() has refused it"

        def run(ex: Exchange) -> Flow:
            entry = TraceEntry(source, severity, message.get(ex), tuple((n.get(ex), v.get(ex)) for n, v in pairs))
            ex.traces.append(entry)
            if _log.isEnabledFor(level):
                _log.log(level, "request %s: %s: %r %r", ex.id, source, entry.message, dict(entry.metadata))
            return Flow.NEXT

        return Action(run, False, self.needs())
