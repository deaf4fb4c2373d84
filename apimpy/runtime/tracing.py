"""The trace of one request: what every policy did, written down while it happens.

A request that is traced runs the traced twin of its program (`policy/traced.py`), whose steps and values report here;
an untraced one pays nothing.  What a step changed is the difference between the end of the step before and its own
end, so nested and parallel policies are told apart without their help.  Calls to backends and tokens of managed
identities are seen by ports that stand before the real ones.

    trace = Trace(ex, mask)          # from here on ex.trace is set
    trace.note("api-inspector", {"request": …})
    await program.traced().run(ex)
    trace.entries                    # for `observe.trace_json`
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from apimpy.record import Record
from apimpy.runtime.changes import changes, cut, look, request_data, response_data, shown
from apimpy.runtime.exchange import TraceEntry
from apimpy.runtime.ports import TransportError

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.faults import PolicyFault
    from apimpy.runtime.masking import Mask
    from apimpy.runtime.message import Request, Response
    from apimpy.runtime.ports import ManagedIdentity, Transport
    from apimpy.source import Span

__all__ = ["Entry", "Place", "Trace"]

MAX_ENTRIES = 2000
"""A loop of `retry` must not fill the memory."""

_current: ContextVar[Entry | None] = ContextVar("apimpy-trace-entry", default=None)
"""The step that runs: tasks of `wait` each have their own."""


class Place(Record, frozen=True):
    """Where a step stands.  `path`: among its siblings and containers (`choose[1]\\when[1]\\set-header[2]`)."""

    element: str
    scope: str
    path: str
    policy_id: str | None
    span: Span | None


class Entry(Record):
    """One line of a trace, written `at` seconds after the request came.

    `seconds` is how long a step took that ends here; None: the line is about a moment.
    """

    source: str
    section: str
    at: float
    data: Any
    seconds: float | None = None
    place: Place | None = None


class Trace:
    """What happens to one exchange."""

    __slots__ = ("_ex", "_last", "_read", "_response_shown", "entries", "entries_lost", "mask")

    def __init__(self, ex: Exchange, mask: Mask) -> None:
        self._ex, self.mask = ex, mask
        self.entries: list[Entry] = []
        self._response_shown = 0
        self._read = len(ex.traces)
        self._last = look(ex)
        self.entries_lost = 0
        ex.trace, ex.tracing = self, True
        services = ex.services
        ex.services = replace(
            services, transport=_Calls(services.transport, self), identity=_Tokens(services.identity, self)
        )

    def _elapsed(self) -> float:
        return self._ex.services.clock.monotonic() - self._ex.started_mono

    def _add(self, entry: Entry) -> None:
        if len(self.entries) < MAX_ENTRIES:
            self.entries.append(entry)
        else:
            self.entries_lost += 1

    # --- steps --------------------------------------------------------------------------------------------------------

    def enter(self, place: Place) -> tuple[Entry, Any]:
        """A step begins; what `leave` wants back."""
        entry = Entry(place.element, self._ex.section, self._elapsed(), {}, None, place)
        return entry, _current.set(entry)

    def leave(self, token: tuple[Entry, Any], fault: PolicyFault | None = None) -> None:
        """A step has ended."""
        entry, reset = token
        _current.reset(reset)
        now = self._elapsed()
        entry.at, entry.seconds = now, now - entry.at
        entry.data = self._changed()
        if fault is not None and entry.place is not None and fault.trace_entry is None:
            fault.trace_entry = entry  # the innermost step, which failed; those around it only passed the failure on
            entry.data["error"] = {
                "source": fault.source,
                "reason": fault.reason,
                "message": self.mask.text(fault.message),
            }
        self._add(entry)

    def rebase(self) -> None:
        """What has changed so far is nobody's doing."""
        self._last = look(self._ex)

    def settle(self, source: str) -> None:
        """What was done outside steps (hooks of inbound policies), if anything."""
        data = self._changed()
        if data:
            self.note(source, data)

    def _changed(self) -> dict[str, Any]:
        ex = self._ex
        now = look(ex)
        data = changes(self._last, now, self.mask)
        self._last = now
        if now.response is not None and now.response.identity == self._response_shown:
            data.pop("response", None)
        if len(ex.traces) > self._read:
            said = [self._said(item) for item in ex.traces[self._read :]]
            self._read = len(ex.traces)
            data["trace"] = said[0] if len(said) == 1 else said
        return data

    def _said(self, item: str | TraceEntry) -> Any:
        if not isinstance(item, TraceEntry):
            return cut(self.mask.text(item))
        data: dict[str, Any] = {
            "source": item.source,
            "severity": item.severity,
            "message": cut(self.mask.text(item.message)),
        }
        if item.metadata:
            data["metadata"] = {name: self.mask.named(name, value) for name, value in item.metadata}
        return data

    # --- moments ------------------------------------------------------------------------------------------------------

    def note(self, source: str, data: Any, section: str | None = None) -> None:
        """Something happened now."""
        current = _current.get()
        place = current.place if current is not None and current.source == source else None
        where = self._ex.section if section is None else section
        self._add(Entry(source, where, self._elapsed(), data, None, place))

    def answered(self, source: str, response: Response) -> None:
        """A call of the running step was answered."""
        self._response_shown = id(response)
        self.note(source, {"response": response_data(response, self.mask)})

    def evaluated(self, name: str, text: str, value: Any) -> None:
        """An expression of the running step gave a value."""
        data = {
            "message": "Expression was successfully evaluated.",
            "attribute": name,
            "expression": text,
            "value": shown(value, self.mask),
        }
        self.note(self.source(), data)

    def not_evaluated(self, name: str, text: str, fault: PolicyFault) -> None:
        """An expression of the running step failed."""
        why = fault.message.removeprefix("Expression evaluation failed. ")
        data = {
            "messages": [None, "Expression evaluation failed.", self.mask.text(why)],
            "attribute": name,
            "expression": text,
        }
        self.note(self.source(), data, "on-error")

    def source(self) -> str:
        """The element of the running step."""
        current = _current.get()
        return "pipeline" if current is None else current.source

    def failed(self, fault: PolicyFault) -> None:
        """Control goes to on-error; `ex.response` is the prepared response."""
        data = {
            "message": self.mask.text(fault.message),
            "reason": fault.reason,
            "scope": fault.scope,
            "section": fault.section,
            "path": fault.path,
        }
        data = {k: v for k, v in data.items() if v is not None}
        self.note(fault.source, data | {k: v for k, v in self._changed().items() if k == "response"}, "on-error")

    def knows(self, secret: str) -> None:
        """A secret that came up during the request."""
        self.mask = self.mask.more([secret])


# --- ports that watch -------------------------------------------------------------------------------------------------


class _Calls:
    """The transport of a traced request: every call, and what came of it."""

    __slots__ = ("_real", "_trace")

    def __init__(self, real: Transport, trace: Trace) -> None:
        self._real, self._trace = real, trace

    async def send(self, request: Request, *, timeout: float | None) -> Response:  # noqa: ASYNC109 the port's own signature
        trace = self._trace
        source = trace.source()
        limit = "" if timeout is None else f" Timeout set to {timeout:g} seconds"
        message = f"Request is being forwarded to the backend service.{limit}"
        trace.note(source, {"message": message, "request": request_data(request, trace.mask)})
        try:
            response = await self._real.send(request, timeout=timeout)
        except TransportError as error:
            trace.note(source, {"message": trace.mask.text(str(error)) or type(error).__name__})
            raise
        trace.answered(source, response)
        return response

    async def aclose(self) -> None:
        await self._real.aclose()


class _Tokens:
    """The managed identity of a traced request: its tokens are secrets from the moment they are known."""

    __slots__ = ("_real", "_trace")

    def __init__(self, real: ManagedIdentity, trace: Trace) -> None:
        self._real, self._trace = real, trace

    async def token(self, resource: str, client_id: str | None) -> str:
        token = await self._real.token(resource, client_id)
        self._trace.knows(token)
        return token
