"""A trace as the platform writes it, with what an author needs besides: position, scope, duration.

    {"serviceName": …, "traceId": …, "traceEntries": {"inbound": [{"source", "timestamp", "elapsed", "data"}, …], …}}

An entry of a policy also has `duration` (seconds), `scope`, `path`, `policyId`, `file`, `line`, `column`; readers that
know the platform's shape alone find what they expect.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from apimpy.policy.base import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.tracing import Entry, Trace

__all__ = ["elapsed_text", "summary", "timestamp_text", "trace_documents", "trace_json"]

_TICKS = 10_000_000


def trace_json(id: str, trace: Trace, ex: Exchange) -> dict[str, Any]:
    """The trace of a finished exchange."""
    sections: dict[str, list[dict[str, Any]]] = {name: [] for name in SECTIONS}
    for entry in trace.entries:
        sections[entry.section].append(_entry(entry, ex.started))
    out: dict[str, Any] = {
        "serviceName": ex.deployment.service_name,
        "traceId": id,
        "traceEntries": {name: entries for name, entries in sections.items() if entries},
    }
    if trace.entries_lost:
        out["entriesLost"] = trace.entries_lost
    return out


def summary(id: str, trace: Trace, ex: Exchange, status: int, seconds: float) -> dict[str, Any]:
    """One line of a list of traces."""
    request = ex.request
    return {
        "traceId": id,
        "requestId": ex.id,
        "timestamp": timestamp_text(ex.started),
        "method": request.method,
        "url": trace.mask.url(request.original_url),
        "api": ex.api.id if ex.api else None,
        "operation": ex.operation.id if ex.operation else None,
        "status": status,
        "seconds": round(seconds, 6),
    }


def trace_documents(entries: Iterable[Entry]) -> dict[str, str]:
    """The texts of the documents whose policies ran, by file name."""
    spans = (entry.place.span for entry in entries if entry.place is not None)
    return {span.file.name: span.file.text for span in spans if span is not None}


def _entry(entry: Entry, started: float) -> dict[str, Any]:
    out: dict[str, Any] = {
        "source": entry.source,
        "timestamp": timestamp_text(started + entry.at),
        "elapsed": elapsed_text(entry.at),
        "data": entry.data,
    }
    if entry.seconds is not None:
        out["duration"] = round(entry.seconds, 7)
    place = entry.place
    if place is None:
        return out
    out["scope"], out["path"] = place.scope, place.path
    if place.policy_id is not None:
        out["policyId"] = place.policy_id
    if place.span is not None:
        line, column = place.span.line_col
        out |= {"file": place.span.file.name, "line": line, "column": column}
    return out


def timestamp_text(seconds: float) -> str:
    """UTC seconds as ISO 8601 with seven digits."""
    whole, ticks = divmod(round(seconds * _TICKS), _TICKS)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{ticks:07d}Z"


def elapsed_text(seconds: float) -> str:
    """Seconds as .NET's TimeSpan writes them."""
    whole, ticks = divmod(round(seconds * _TICKS), _TICKS)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02d}:{minute:02d}:{second:02d}" + (f".{ticks:07d}" if ticks else "")
