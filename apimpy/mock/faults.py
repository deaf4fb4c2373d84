"""What can go wrong with an answer, and how a caller, a flag or the schedule asks for it.

| field | meaning |
|---|---|
| `status=429` | this status and an error body in the shape of the API |
| `retry-after=7` | with it, the header in seconds; a whole HTTP date is sent as it stands |
| `retry-after-date=7` | with it, the header as an HTTP date so many seconds from now |
| `retry-after-ms=1500` | with it, the header `retry-after-ms` |
| `reset` | the connection is reset before the head |
| `hang` | no answer, until the caller goes |
| `delay=250` | milliseconds before the head |
| `first-byte=250` | milliseconds between the head and the first byte of the body |
| `event-delay=20` | milliseconds between the events of a stream |
| `cut=3`, `cut` | the connection closes after so many events; in the middle |
| `stall=3`, `stall` | the answer stops there, and the connection stays open |
| `malformed` | the last JSON text of the answer is broken off; of a stream nothing follows it |

Where there are milliseconds there may be a range, `100-300`.  An answer that is no stream is cut or stalls in its
middle.  As text, fields are joined by commas: `status=429,retry-after=7`.  A request asks in the header or query
parameter `x-mock-fault` (`mock-fault`), in one for each field (`x-mock-status: 429`), or by calling a model or
deployment `mock-429`; `x-mock-fault: none` keeps the schedule away from it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from random import Random

__all__ = [
    "AT_ONCE",
    "MIDDLE",
    "NO_FAULT",
    "Fault",
    "Span",
    "asked",
    "fault_of",
    "field_names",
    "fields_of",
    "whole",
    "with_defaults",
]

MIDDLE = -1
"""Of `cut` and `stall`: after half of the events."""
_MODEL = re.compile(r"mock-([2-5]\d\d)")
_LONGEST = 3_600_000.0


@dataclass(frozen=True, slots=True)
class Span:
    """A time in seconds, or a range of them."""

    low: float = 0.0
    high: float = 0.0

    def draw(self, dice: Random) -> float:
        return self.low if self.low == self.high else dice.uniform(self.low, self.high)


AT_ONCE = Span()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one answer."""

    status: int | None = None
    retry_after: str | None = None
    retry_after_date: int | None = None
    retry_after_ms: int | None = None
    reset: bool = False
    hang: bool = False
    delay: Span = AT_ONCE
    first_byte: Span = AT_ONCE
    event_delay: Span = AT_ONCE
    cut: int | None = None
    stall: int | None = None
    malformed: bool = False

    def headers(self, now: float) -> dict[str, str]:
        """The headers that say when to come again; `now` in seconds since 1970."""
        out = {}
        if self.retry_after is not None:
            out["Retry-After"] = self.retry_after
        elif self.retry_after_date is not None:
            out["Retry-After"] = formatdate(math.ceil(now) + self.retry_after_date, usegmt=True)
        if self.retry_after_ms is not None:
            out["retry-after-ms"] = str(self.retry_after_ms)
        return out


NO_FAULT = Fault()


def whole(text: str, low: int = 0, high: int | None = None) -> int:
    """A whole number from `low` to `high`.  ValueError says which numbers there are."""
    if not (text.isascii() and text.isdigit()) or int(text) < low or (high is not None and int(text) > high):
        raise ValueError(f"a whole number from {low}" + (f" to {high}" if high is not None else ""))
    return int(text)


def _retry_after(text: str) -> str:
    if text.isascii() and text.isdigit():
        return text
    try:
        parsedate_to_datetime(text)
    except ValueError as error:
        raise ValueError("whole seconds or an HTTP date") from error
    if not text.isprintable():  # a query parameter may hold line breaks, a header must not
        raise ValueError("whole seconds or an HTTP date")
    return text


def _span(text: str) -> Span:
    low, dash, high = text.partition("-")
    try:
        ends = float(low), float(high if dash else low)
    except ValueError as error:
        raise ValueError("milliseconds, as in 250 or 100-300") from error
    if not 0 <= ends[0] <= ends[1] <= _LONGEST:  # not a number is refused here as well
        raise ValueError(f"milliseconds from 0 to {_LONGEST:.0f}, the smaller one first")
    return Span(ends[0] / 1000, ends[1] / 1000)


def _flag(text: str) -> bool:
    if text.lower() not in ("", "1", "true", "0", "false"):
        raise ValueError("no value, or true or false")
    return text.lower() in ("", "1", "true")


def _place(text: str) -> int:
    return whole(text) if text else MIDDLE


_FIELDS: dict[str, Callable[[str], Any]] = {
    "status": lambda text: whole(text, 200, 599),
    "retry-after": _retry_after,
    "retry-after-date": lambda text: whole(text, 0, 1_000_000_000),
    "retry-after-ms": whole,
    "reset": _flag,
    "hang": _flag,
    "delay": _span,
    "first-byte": _span,
    "event-delay": _span,
    "cut": _place,
    "stall": _place,
    "malformed": _flag,
}
_ENDINGS = ("status", "reset", "hang", "cut", "stall", "malformed")


def field_names() -> tuple[str, ...]:
    """The names of all fields, as they are written."""
    return tuple(_FIELDS)


def fields_of(text: str, also: Iterable[str] = ()) -> dict[str, str]:
    """`a=1,b` taken apart.  ValueError for a name that is no field and not in `also`, and for one given twice."""
    known = (*_FIELDS, *also)
    out: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean '{near}'?" if near else f"there are {', '.join(known)}"
            raise ValueError(f"there is no '{name}': {hint}" if name else f"a name is missing in '{text}'")
        if name in out:
            raise ValueError(f"'{name}' is given twice")
        out[name] = value
    return out


def fault_of(fields: Mapping[str, str]) -> Fault:
    """The fault with these fields.  ValueError names the field and says what it takes."""
    values = {}
    for name, text in fields.items():
        try:
            values[name.replace("-", "_")] = _FIELDS[name](text)
        except ValueError as error:
            raise ValueError(f"{name} takes {error}, not '{text}'") from error
    fault = Fault(**values)
    ends = [n for n in _ENDINGS if (value := getattr(fault, n)) is not None and value is not False]
    if len(ends) > 1:
        raise ValueError(f"only one of {' and '.join(ends)}")
    waits = [name for name in fields if name.startswith("retry-after")]
    if waits and fault.status is None:
        raise ValueError(f"{waits[0]} needs status")
    return fault


def asked(headers: Mapping[str, str], query: Mapping[str, str], model: str | None) -> Fault | None:
    """What a request asks for itself; None when it says nothing.  ValueError is for the caller."""

    def said(name: str) -> str | None:
        found = headers.get(f"x-mock-{name}")
        return query.get(f"mock-{name}") if found is None else found

    whole_text = said("fault")
    fields = {} if whole_text is None or whole_text == "none" else fields_of(whole_text)
    for name in _FIELDS:
        text = said(name)
        if text is not None:
            fields[name] = text
    named = _MODEL.fullmatch(model or "")
    if named and "status" not in fields:
        fields["status"] = named[1]
    if not fields:
        return None if whole_text is None else NO_FAULT
    return fault_of(fields)


def with_defaults(fault: Fault, delay: Span, event_delay: Span) -> Fault:
    """The fault with the delays of every answer, where it has none of its own."""
    return replace(
        fault,
        delay=delay if fault.delay == AT_ONCE else fault.delay,
        event_delay=event_delay if fault.event_delay == AT_ONCE else fault.event_delay,
    )
