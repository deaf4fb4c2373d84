"""Fixed windows of calls and bytes: what `quota` and `quota-by-key` share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from apimpy.policies._counting import counter
from apimpy.record import Record
from apimpy.runtime.exchange import ResponseHook
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.ports import Allowance, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from apimpy.policies._counting import Increment
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Headers

__all__ = ["KILOBYTE", "Spending", "Window", "ledger", "take"]

KILOBYTE = 1024
_CALLS, _BYTES = "calls", "bytes"
_USED_UP = ("Out of call volume quota.", "Out of bandwidth quota.")


class Window(Record, frozen=True, eq=True):
    """Windows of `period` seconds, one after the other from `start` on (UTC seconds); period 0: one without end."""

    key: str
    start: float
    period: int
    group: str
    """Of its counters."""

    def end(self, now: float) -> float | None:
        """When the window that holds `now` ends."""
        if not self.period:
            return None
        return self.start + (math.floor((now - self.start) / self.period) + 1) * self.period

    def counter(self, kind: str) -> str:
        """The key of what is counted in them."""
        return counter("quota", kind, str(self.period), repr(self.start), self.key)

    def allowance(self, key: str, limit: int, cost: int, now: float) -> Allowance:
        """So much in the window that holds `now`, counted under a key of `counter`."""
        return Allowance(key, limit, cost, self.end(now), self.group)


class Spending(Record, frozen=True):
    """One quota that a request is subject to: at most so many calls and so many bytes (None: any number)."""

    window: Window
    calls: int | None
    bytes: int | None


async def take(ex: Exchange, element: str, spendings: Sequence[Spending], cost: int, *, once: bool) -> None:
    """Count the call in every quota, or refuse it.  PolicyFault: one of them is used up, calls before bandwidth.

    `once`: what this request has counted already under the same key is not counted again, nor held against it.
    """
    now = ex.services.clock.now()
    counted = ledger(ex).counted if once else {}
    allowances: list[Allowance] = []
    for spending in spendings:
        if spending.calls is not None:
            key = spending.window.counter(_CALLS)
            mine = counted.get(key, 0)
            cost_now = 0 if mine else cost
            allowances.append(spending.window.allowance(key, spending.calls + mine, cost_now, now))
    calls = len(allowances)
    for spending in spendings:
        if spending.bytes is not None:
            window = spending.window
            allowances.append(window.allowance(window.counter(_BYTES), spending.bytes, 0, now))
    try:
        refused = await ex.services.counters.quota_take(allowances, now)
    except StoreUnavailable as error:  # counting is no reason to stop serving
        ex.notes.append(f"{element}: {error}")
        return
    if refused is not None:
        raise _refusal(element, _USED_UP[refused >= calls], allowances[refused].until, now)
    for allowance in allowances[:calls]:
        if allowance.cost > 0:
            counted[allowance.key] = allowance.cost


def _refusal(element: str, what: str, until: float | None, now: float) -> PolicyFault:
    if until is None:
        return PolicyFault(element, "QuotaExceeded", what, status=403)
    seconds = max(1, math.ceil(until - now - 1e-6))
    message = f"{what} Quota will be replenished in {_span(seconds)}."
    return PolicyFault(element, "QuotaExceeded", message, status=403, headers=(("Retry-After", str(seconds)),))


def _span(seconds: int) -> str:
    """As .NET writes a TimeSpan: `hh:mm:ss`, with days `d.hh:mm:ss`.

    >>> _span(93_784), _span(1802)
    ('1.02:03:04', '00:30:02')
    """
    days, rest = divmod(seconds, 86_400)
    text = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{days}.{text}" if days else text


# --- what is counted later --------------------------------------------------------------------------------------------


class _Ledger(ResponseHook):
    """What the quotas of one request have counted, and what they still have to."""

    __slots__ = ("_deferred", "_metered", "_request", "counted")

    def __init__(self) -> None:
        self.counted: dict[str, int] = {}
        """Calls by counter."""
        self._deferred: list[tuple[Spending, Increment, str]] = []
        self._metered: dict[str, tuple[Window, str]] = {}
        """Counters of bytes that get this exchange's."""
        self._request: Callable[[], int] | None = None
        """Bytes of the request."""

    def defer(self, ex: Exchange, spending: Spending, increment: Increment, element: str) -> None:
        """Ask `increment` when the pipeline has ended."""
        self._deferred.append((spending, increment, element))
        if spending.bytes is not None:
            self._watch(ex)

    def meter(self, ex: Exchange, spending: Spending, element: str) -> None:
        """Add the bytes of this exchange when they are known."""
        if spending.bytes is not None:
            self._metered[spending.window.counter(_BYTES)] = (spending.window, element)
            self._watch(ex)

    def _watch(self, ex: Exchange) -> None:
        if self._request is None:
            self._request = _request_size(ex)

    async def on_pipeline_end(self, ex: Exchange) -> None:
        deferred, self._deferred = self._deferred, []
        for spending, increment, element in deferred:
            key = spending.window.counter(_CALLS)
            counts, cost = await increment.late(ex)
            if counts:
                self.meter(ex, spending, element)
            if spending.calls is None or cost <= 0 or key in self.counted:
                continue
            self.counted[key] = cost
            now = ex.services.clock.now()
            await _add(ex, element, spending.window.allowance(key, spending.calls, cost, now), now)

    async def on_end(self, ex: Exchange, completed: bool) -> None:
        await self.on_pipeline_end(ex)  # the caller left before the response was known
        metered, self._metered = self._metered, {}
        if not metered or self._request is None:
            return
        size = self._request() + ex.sent
        if ex.response is not None:
            size += _headers_size(ex.response.headers)
        now = ex.services.clock.now()
        for key, (window, element) in metered.items():
            await _add(ex, element, window.allowance(key, 0, size, now), now)


def ledger(ex: Exchange) -> _Ledger:
    """The ledger of a request; made when a quota first asks for it."""
    for hook in ex.hooks:
        if type(hook) is _Ledger:
            return hook
    made = _Ledger()
    ex.hooks.append(made)
    return made


async def _add(ex: Exchange, element: str, allowance: Allowance, now: float) -> None:
    try:
        await ex.services.counters.quota_add([allowance], now)
    except StoreUnavailable as error:
        ex.notes.append(f"{element}: {error}")


def _headers_size(headers: Headers[str]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers.items())


def _request_size(ex: Exchange) -> Callable[[], int]:
    """A function that tells the bytes of the request as they are known by then."""
    body = ex.request.body
    head = _headers_size(ex.request.headers)
    if body.stream is None:
        size = head + len(body.data or b"")
        return lambda: size
    if body.length is not None:
        announced = head + body.length
        return lambda: announced
    counting = _Counting(body.stream)
    body.stream = counting
    return lambda: head + counting.size


class _Counting:
    """A body on its way, counted."""

    __slots__ = ("_stream", "size")

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream
        self.size = 0

    def __aiter__(self) -> _Counting:
        return self

    async def __anext__(self) -> bytes:
        chunk = await anext(self._stream)
        self.size += len(chunk)
        return chunk

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()
