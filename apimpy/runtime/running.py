"""Running a sequence of steps: buffering what they read, and saying where a failure happened.

A sequence is compiled once into a plain function (nothing in it waits) or a coroutine function; containers such as
`choose` use the same functions for their branches.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast

from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import BODY_REQUEST, BODY_RESPONSE, Flow, Step
from apimpy.runtime.message import BodyTooLarge
from apimpy.runtime.ports import TransportError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from apimpy.runtime.exchange import Exchange

__all__ = ["buffer_bodies", "sequence", "sequence_ahead"]

_log = logging.getLogger("apimpy.pipeline")
_NEXT: Final = Flow.NEXT
_STOP: Final = Flow.STOP


def sequence(steps: tuple[Step, ...]) -> tuple[Callable[[Exchange], Any], bool]:
    """A function that runs the steps in order, and whether it is a coroutine function."""
    waits = any(s.is_async or s.needs for s in steps)
    run = _waiting(steps) if waits else _plain(steps)
    ahead = tuple(s for s in steps if s.ahead is not None)
    return (_asked_first(ahead, run, waits=waits) if ahead else run), waits


def sequence_ahead(steps: tuple[Step, ...]) -> Callable[[Exchange], Flow]:
    """What the steps have to say before the first step of the section runs, as one function."""
    last = {step.element: step for step in steps}
    rows = tuple((s.ahead, s, last[s.element] is s) for s in steps if s.ahead is not None)

    def ask(ex: Exchange) -> Flow:
        step = None
        try:
            for ahead, step, is_last in rows:  # noqa: B007  (the handler reads it)
                if ahead(ex, is_last) is _STOP:
                    return _STOP
        except PolicyFault as fault:
            _locate(fault, step, ex)
            raise
        return _NEXT

    return ask


def _asked_first(steps: tuple[Step, ...], run: Callable[[Exchange], Any], *, waits: bool) -> Callable[[Exchange], Any]:
    """`run`, unless one of the steps answers before it."""
    ask = sequence_ahead(steps)

    async def stopped() -> Flow:
        return _STOP

    def run_unless_answered(ex: Exchange) -> Any:
        if ask(ex) is _STOP:
            return stopped() if waits else _STOP
        return run(ex)

    return run_unless_answered


def _plain(steps: tuple[Step, ...]) -> Callable[[Exchange], Flow]:
    rows = tuple((cast("Callable[[Exchange], Flow]", s.run), s) for s in steps)

    def run(ex: Exchange) -> Flow:
        step = None
        try:
            for call, step in rows:  # noqa: B007  (the handlers read it)
                if call(ex) is _STOP:
                    return _STOP
        except PolicyFault as fault:
            _locate(fault, step, ex)
            raise
        except Exception as error:
            raise _unexpected(error, step, ex) from error
        return _NEXT

    return run


def _waiting(steps: tuple[Step, ...]) -> Callable[[Exchange], Awaitable[Flow]]:
    rows = tuple((s.run, s.is_async, s.needs, s) for s in steps)

    async def run(ex: Exchange) -> Flow:
        step = None
        try:
            for call, is_async, needs, step in rows:  # noqa: B007  (the handlers read it)
                if needs:
                    await buffer_bodies(ex, needs)
                flow = call(ex)
                if is_async:
                    flow = await flow  # type: ignore[misc]
                if flow is _STOP:
                    return _STOP
        except PolicyFault as fault:
            _locate(fault, step, ex)
            raise
        except Exception as error:
            raise _unexpected(error, step, ex) from error
        return _NEXT

    return run


async def buffer_bodies(ex: Exchange, needs: int) -> None:
    """Read the bodies that `needs` names, so that plain functions can look at them."""
    limit = ex.services.options.max_buffered_body
    if needs & BODY_REQUEST and ex.request.body.stream is not None:
        try:
            await ex.request.body.buffer(limit)
        except BodyTooLarge as error:
            raise PolicyFault(
                "request-forwarder", "RequestBodyTooLarge", str(error), status=413, client_message="Payload Too Large"
            ) from error
    response = ex.response
    if needs & BODY_RESPONSE and response is not None and response.body.stream is not None:
        try:
            await response.body.buffer(limit)
        except BodyTooLarge as error:
            raise PolicyFault("request-forwarder", "ResponseBodyTooLarge", str(error)) from error
        except TransportError as error:
            raise PolicyFault("request-forwarder", "BackendConnectionFailure", str(error)) from error


def _locate(fault: PolicyFault, step: Step | None, ex: Exchange) -> None:
    """Fill in the position; the innermost step comes first and wins."""
    if fault.located or step is None:
        return
    fault.scope, fault.section, fault.policy_id = step.scope, ex.section, step.policy_id
    if ex.queued:
        given = {name.lower() for name, _ in fault.headers}
        fault.headers += tuple((k, v) for k, v in ex.queued.items() if k.lower() not in given)
    if fault.path is None:
        fault.path = step.path
    fault.located = True


def _unexpected(error: Exception, step: Step | None, ex: Exchange) -> PolicyFault:
    """A defect of ours, told once; the caller sees the platform's internal error."""
    name = "pipeline" if step is None else step.element
    _log.error("request %s: unexpected error in %s", ex.id, name, exc_info=error)
    fault = PolicyFault(name, "InternalError", f"{type(error).__name__}: {error}")
    _locate(fault, step, ex)
    return fault
