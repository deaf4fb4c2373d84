"""A trace for a terminal: sections, policies in the order in which they began, what each evaluated and changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["trace_lines"]

_WIDTH = 100


def trace_lines(trace: dict[str, Any]) -> Iterator[str]:
    """Lines of a trace in its JSON shape."""
    for section, entries in trace["traceEntries"].items():
        yield ""
        yield click.style(section, bold=True)
        for entry in sorted(entries, key=_began):
            yield from _entry(entry)


def _began(entry: dict[str, Any]) -> tuple[float, float]:
    """When it began; of two that began together, the one that holds the other goes first."""
    hours, minutes, seconds = entry["elapsed"].split(":")
    ended = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    took = entry.get("duration", 0.0)
    return round(ended - took, 7), -took


def _entry(entry: dict[str, Any]) -> Iterator[str]:
    data, path = entry["data"], entry.get("path", "")
    inset = "  " * (1 + path.count("\\"))
    if "duration" in entry:
        where = f"{Path(entry['file']).name}:{entry['line']}" if "file" in entry else ""
        id_ = f" #{entry['policyId']}" if "policyId" in entry else ""
        title = f"{click.style(entry['source'], fg='cyan')}{id_}"
        took = f"{entry['duration'] * 1000:.2f} ms"
        aside = click.style("  ".join((entry["scope"], where, took)), dim=True)
        yield f"{inset}{title}  {aside}"
        inset += "  "
    elif "path" in entry:
        inset += "  "
    else:
        yield f"{inset}{click.style(entry['source'], fg='cyan')}"
        inset += "  "
    yield from (f"{inset}{line}" for line in _data_lines(data))


def _data_lines(data: dict[str, Any]) -> Iterator[str]:
    if "expression" in data:
        shown = f"= {_value(data['value'])}" if "value" in data else click.style(str(data["messages"][-1]), fg="red")
        yield f"{data['attribute']}: {_short(data['expression'])} {shown}"
        return
    messages = data.get("message", [])
    lines = messages if isinstance(messages, list) else [messages]
    named = iter(data.get("variables") or ([data] if "name" in data else []))
    for line in lines:
        if line == "Context variable was successfully set.":
            variable = next(named)
            yield f"variable {variable['name']} = {_value(variable['value'])}"
        else:
            yield str(line)
    for said in data.get("trace", []) if isinstance(data.get("trace"), list) else [data.get("trace")]:
        if said is not None:
            yield f"trace: {said if isinstance(said, str) else said['message']}"
    yield from _messages(data)
    if "reason" in data:
        where = "\\".join(p for p in (data.get("scope"), data.get("section"), data.get("path")) if p)
        yield click.style(f"LastError: {data['reason']} {where}".rstrip(), fg="red")
    if "error" in data:
        yield click.style(f"failed: {data['error']['message']}", fg="red")


def _messages(data: dict[str, Any]) -> Iterator[str]:
    """The requests and responses of an entry."""
    request, response = data.get("request"), data.get("response")
    if request is not None:
        yield f"→ {request['method']} {request['url']}"
        yield from _parts(request)
    if response is not None:
        yield f"← {response['status']['code']} {response['status']['reason']}"
        yield from _parts(response)
    if request is None and response is None and "body" in data:
        yield from _parts(data)


def _parts(message: dict[str, Any]) -> Iterator[str]:
    for header in message.get("headers", ()):
        yield click.style(f"  {header['name']}: {header['value']}", dim=True)
    body = message.get("body")
    if body is not None:
        text = body.get("text", f"{body['length']} bytes")
        yield click.style(f"  {_short(text)}", dim=True)


def _value(value: Any) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _WIDTH else flat[: _WIDTH - 1] + "…"
