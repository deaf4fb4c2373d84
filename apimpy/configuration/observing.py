"""The keys of a gateway file that say where logs of calls and telemetry go: `llm_log` and `otlp`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from apimpy.configuration.fields import Section
from apimpy.configuration.model import LlmLogSpec, OtlpSpec
from apimpy.configuration.options import MESSAGES
from apimpy.configuration.values import read_value

if TYPE_CHECKING:
    from pathlib import Path

    from apimpy.configuration.values import Surroundings
    from apimpy.configuration.yaml_source import Node
    from apimpy.diagnostics import Sink


__all__ = ["MOST_BYTES", "otlp_problem", "read_llm_log", "read_otlp"]

MOST_BYTES = 2 << 20
"""Of the texts of one call: the platform's limit."""


def read_llm_log(section: Section, folder: Path, sink: Sink) -> LlmLogSpec | None:
    """`llm_log`; None when it is not there."""
    row = section.section("llm_log")
    if row is None:
        return None
    row.required("to")
    to = tuple(n.text if n.text in ("-", "otlp") else str(folder / n.text) for n in row.texts("to"))
    most, whole = row.number("max_bytes", least=1, most=MOST_BYTES), row.number("max_file_bytes")
    default = LlmLogSpec(row.span)
    redact = row.section("redact")
    patterns: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    if redact is not None:
        patterns = _checked(redact.texts("patterns"), sink, is_path=False)
        paths = _checked(redact.texts("paths"), sink, is_path=True)
        hidden = tuple(n.text for n in redact.texts("headers"))
        redact.done()
    spec = LlmLogSpec(
        row.span,
        to,
        row.text("messages", "none", choices=MESSAGES),
        default.max_bytes if most is None else most,
        default.max_file_bytes if whole is None else whole,
        tuple(n.text for n in row.texts("headers")),
        patterns,
        paths,
        hidden,
    )
    row.done()
    return spec


def _checked(nodes: list[Node], sink: Sink, *, is_path: bool) -> tuple[str, ...]:
    """The texts that can be patterns or paths; a report for the others."""
    if not nodes:
        return ()
    from apimpy.observe.redaction import Redaction, RedactionError  # here: few files have any

    found = []
    for node in nodes:
        try:
            Redaction((), (node.text,)) if is_path else Redaction((node.text,))
        except RedactionError as error:
            sink.report("CFG007", str(error), node.span)
        else:
            found.append(node.text)
    return tuple(found)


def read_otlp(section: Section, around: Surroundings, sink: Sink) -> OtlpSpec | None:
    """`otlp`, a URL or a mapping; None when it is not there or cannot be."""
    node = section.node("otlp")
    if node is None:
        return None
    if node.kind == "text":
        problem = otlp_problem(node.text)
        if problem is not None:
            sink.report("CFG007", f"otlp {problem}", node.span)
            return None
        return OtlpSpec(node.span, node.text)
    row = Section(node, "'otlp'", sink)
    url = row.text("url", required=True)
    problem = otlp_problem(url) if url else None
    if problem is not None:
        sink.report("CFG007", f"otlp {problem}", row.at("url"))
    headers = []
    for name, entry in row.entries("headers").items():
        value = read_value(entry.node, f"the header '{name}' of otlp", around, sink)
        if value is not None:
            headers.append((name, value))
    interval = row.number("interval", least=1, most=3600)
    spec = OtlpSpec(row.span, url, tuple(headers), 15 if interval is None else interval, row.flag("metrics", True))
    row.done()
    return spec if url and problem is None else None


def otlp_problem(url: str) -> str | None:
    """What is wrong with the base URL of a collector.

    >>> otlp_problem("localhost:4317")
    'wants http://HOST:PORT or https://HOST[:PORT], the base of /v1/metrics and /v1/logs'
    """
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and parts.port != 0
    except ValueError:
        fine = False
    return None if fine else "wants http://HOST:PORT or https://HOST[:PORT], the base of /v1/metrics and /v1/logs"
