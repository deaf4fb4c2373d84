"""A compiled chain of documents, and the life of one exchange in it.

inbound → backend → outbound; a failure anywhere goes to on-error once.  `return-response` ends everything; an answer
from a cache goes on in outbound, after the policy that would have stored it.  Hooks of inbound policies are called at
the moments `runtime.exchange.ResponseHook` describes; a program holds no state.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from apimpy.policies._inside import inside
from apimpy.policies._wire import combine_headers
from apimpy.runtime.exchange import LastError
from apimpy.runtime.faults import PolicyFault, error_response
from apimpy.runtime.flow import Flow, Step
from apimpy.runtime.message import BodyTooLarge, Response
from apimpy.runtime.ports import TransportError
from apimpy.runtime.running import sequence, sequence_ahead

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.runtime.exchange import Exchange

__all__ = ["Program"]

_log = logging.getLogger("apimpy.pipeline")


class Program:
    """Four flat sequences of steps, ready to run."""

    __slots__ = (
        "_backend",
        "_inbound",
        "_on_error",
        "_outbound",
        "_preflight",
        "_tails",
        "_twin",
        "backend",
        "inbound",
        "on_error",
        "outbound",
    )

    def __init__(
        self,
        inbound: tuple[Step, ...],
        backend: tuple[Step, ...],
        outbound: tuple[Step, ...],
        on_error: tuple[Step, ...],
        twin: Callable[[], Program] | None = None,
    ) -> None:
        self.inbound, self.backend, self.outbound, self.on_error = inbound, backend, outbound, on_error
        self._inbound, self._backend = sequence(inbound), sequence(backend)
        self._outbound, self._on_error = sequence(outbound), sequence(on_error)
        ahead = [s for s in inbound if s.ahead is not None]
        self._preflight = sequence_ahead(tuple(ahead)) if ahead else None
        self._twin = twin
        self._tails: dict[tuple[str, str], tuple[Callable[[Exchange], Any], bool]] = {}
        """Ends of the outbound section, made when the first answer from a cache needs them."""

    def traced(self) -> Program:
        """The same program with steps that report to `exchange.trace`."""
        return self if self._twin is None else self._twin()

    async def run(self, ex: Exchange) -> None:
        """Leaves `ex.response` set.  Raises nothing but cancellation."""
        told = False
        try:
            run, waits = self._inbound
            flow = await run(ex) if waits else run(ex)
            if flow is Flow.NEXT:
                ex.section = "backend"
                if ex.hooks:
                    await _backend_starts(ex)
                run, waits = self._backend
                flow = await run(ex) if waits else run(ex)
            if ex.response is None:
                ex.response = Response()
            if ex.hooks:
                told = True
                await _response_known(ex, from_backend=flow is Flow.NEXT and ex.upstream is not None)
                if ex.trace is not None:
                    ex.trace.settle("request-executor")
            if flow is Flow.NEXT:
                ex.section = "outbound"
                run, waits = self._outbound
                if waits:
                    await run(ex)
                else:
                    run(ex)
            elif ex.skip_past is not None:
                ex.section = "outbound"
                run, waits = self._tail(ex.skip_past)
                if waits:
                    await run(ex)
                else:
                    run(ex)
        except PolicyFault as fault:
            await self._failed(ex, fault, told=told)
        if ex.hooks:
            await _pipeline_ended(ex)
        response, upstream = ex.response, ex.upstream
        if upstream is not None and upstream.stream is not None and (response is None or response.body is not upstream):
            await upstream.close()
        if response is not None and response.combine is not None:
            combine_headers(response)

    def _tail(self, past: tuple[str, str]) -> tuple[Callable[[Exchange], Any], bool]:
        """Outbound from the step after an element; one of the given scope goes before others, without any: all."""
        found = self._tails.get(past)
        if found is None:
            element, scope = past
            places = [n for n, s in enumerate(self.outbound) if any(p.element == element for p in inside(s.policy))]
            own = [n for n in places if self.outbound[n].scope == scope]
            first = next(iter(own or places), -1)
            found = self._tails[past] = sequence(self.outbound[first + 1 :])
        return found

    async def preflight(self, ex: Exchange) -> bool:
        """Let the inbound policies answer that answer CORS preflights; whether `ex.response` is set.

        Nothing else of the program runs, but on-error when one of them fails.
        """
        if self._preflight is None:
            return False
        try:
            answered = self._preflight(ex) is Flow.STOP
        except PolicyFault as fault:
            await self._failed(ex, fault, told=True)
            return True
        return answered

    async def fail(self, ex: Exchange, fault: PolicyFault) -> None:
        """The request was refused before its policies began (no operation, no key): only on-error runs."""
        await self._failed(ex, fault, told=True)
        if ex.response is not None and ex.response.combine is not None:
            combine_headers(ex.response)

    async def _failed(self, ex: Exchange, fault: PolicyFault, *, told: bool) -> None:
        """Fill in LastError and the default response, then run on-error."""
        _record(ex, fault)
        if not (fault.keep_response and ex.response is not None):
            ex.response = error_response(fault, ex.id)
        if ex.hooks and not told:
            await _response_known(ex, from_backend=False)
        ex.section = "on-error"
        if ex.trace is not None:
            ex.trace.failed(fault)
        run, waits = self._on_error
        try:
            if waits:
                await run(ex)
            else:
                run(ex)
        except PolicyFault as second:
            _log.warning("request %s: on-error failed: %s", ex.id, second.message)
            _record(ex, second)
            if ex.trace is not None:
                ex.trace.failed(second)


def _record(ex: Exchange, fault: PolicyFault) -> None:
    elapsed = int((ex.services.clock.monotonic() - ex.started_mono) * 1000)
    ex.last_error = LastError(
        fault.source,
        fault.reason,
        fault.message,
        fault.scope,
        fault.section,
        fault.path,
        fault.policy_id,
        elapsed,
        fault.status,
    )


async def _backend_starts(ex: Exchange) -> None:
    for hook in ex.hooks:
        try:
            await hook.on_backend_start(ex)
        except Exception:  # an observer's mistake is logged, never the caller's
            _log.exception("request %s: a hook failed", ex.id)


async def _response_known(ex: Exchange, *, from_backend: bool) -> None:
    """Tell every hook what became of the request."""
    for hook in ex.hooks:
        try:
            if from_backend:
                await hook.on_response(ex)
            else:
                await hook.on_short_circuit(ex)
        except BodyTooLarge as error:
            raise PolicyFault("request-forwarder", "ResponseBodyTooLarge", str(error)) from error
        except TransportError as error:
            raise PolicyFault("request-forwarder", "BackendConnectionFailure", str(error)) from error
        except PolicyFault:
            raise
        except Exception:  # an observer's mistake is logged, never the caller's
            _log.exception("request %s: a hook failed", ex.id)


async def _pipeline_ended(ex: Exchange) -> None:
    for hook in ex.hooks:
        try:
            await hook.on_pipeline_end(ex)
        except Exception:  # an observer's mistake is logged, never the caller's
            _log.exception("request %s: a hook failed", ex.id)
