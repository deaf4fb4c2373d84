"""`log-to-eventhub`: a text of one's own to a logger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import ALL_SECTIONS
from apimpy.policy.base import Action, Policy
from apimpy.policy.facts import at_most_one, partial
from apimpy.policy.fields import attr, text
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow
from apimpy.runtime.ports import Event

if TYPE_CHECKING:
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange

__all__ = ["LogToEventhub"]

_LIMIT = 200 << 10
"""Bytes of an event; what is longer is cut."""


class LogToEventhub(
    Policy,
    element="log-to-eventhub",
    sections=ALL_SECTIONS,
    gateways=("classic", "v2", "consumption", "self-hosted"),
    category="integration",
    support=partial("Events are written to the file of the logger, not sent to an event hub."),
    rules=(at_most_one("partition-id", "partition-key"),),
):
    """Hands a text to a logger and goes on; whether it arrives is the logger's business.

    White space around the text does not count; beyond 200 KB it is cut.
    A logger that nobody configured is an error at load where the loggers are known, and a 500 when a request gets here.
    """

    logger_id: str = attr(non_empty=True, doc="Id of the logger.")
    partition_id: str | None = attr(default=None, doc="Partition the event goes to.")
    partition_key: Value[str] | None = attr(default=None, doc="Events with one key go to one partition.")
    content: Value[str] = text(doc="The text.")

    def prepare(self, plan: Plan) -> Action:
        id, partition_id, partition_key = self.logger_id, self.partition_id, self.partition_key

        def run(ex: Exchange) -> Flow:
            key = None if partition_key is None else partition_key.get(ex)
            content = _cut(self.content.get(ex).strip())
            logger = ex.services.event_loggers.get(id)
            if logger is None:
                raise PolicyFault(self.element, "LoggerNotFound", f"Logger with id '{id}' could not be found.")
            logger.log(Event(ex.services.clock.now(), content, partition_id, key))
            return Flow.NEXT

        return Action(run, False, self.needs())


def _cut(content: str) -> str:
    """At most 200 KB of UTF-8, whole characters."""
    if len(content) * 4 <= _LIMIT:
        return content
    data = content.encode("utf-8", "replace")
    return content if len(data) <= _LIMIT else data[:_LIMIT].decode("utf-8", "ignore")
