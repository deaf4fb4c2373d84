"""From files to a program: the policy, its fragments, and everything there is to say about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apimpy.diagnostics import Sink
from apimpy.document.reader import load
from apimpy.pipeline.compile import compile_document
from apimpy.policies import catalogue
from apimpy.policies._inside import inside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from apimpy.diagnostics import Diagnostic
    from apimpy.document.model import Document, Element
    from apimpy.pipeline.program import Program

__all__ = ["Loaded", "load_program"]

_COUNTING = ("-token-limit", "-emit-token-metric")


@dataclass(frozen=True, slots=True)
class Loaded:
    """`program` None: the diagnostics say why.  `counts_tokens`: vocabularies are needed."""

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    counts_tokens: bool


def load_program(
    policy: Path,
    fragments: Path | None,
    named_values: Mapping[str, str],
    *,
    event_loggers: Collection[str] | None = None,
) -> Loaded:
    """Read and compile.  Fragments are the `*.xml` files of a folder; the file's name is the fragment's id.

    `event_loggers`: the loggers that policies may name; None: not known.
    """
    sink = Sink()
    document = load(policy, sink, named_values=named_values)
    found: dict[str, Document] = {}
    for path in sorted(fragments.glob("*.xml")) if fragments is not None else ():
        fragment = load(path, sink, named_values=named_values)
        if fragment is not None:
            found[path.stem] = fragment
    if document is None:
        return Loaded(None, tuple(sink), counts_tokens=False)
    program = compile_document([("api", document)], catalogue(), found, sink)
    if program is not None and event_loggers is not None:
        _check_loggers(program, event_loggers, sink)
    if sink.errors:
        program = None
    roots = [document.root, *(f.root for f in found.values())]
    return Loaded(program, tuple(sink), counts_tokens=any(_counts(root.children) for root in roots))


def _counts(elements: Iterable[Element]) -> bool:
    return any(e.name.endswith(_COUNTING) or _counts(e.children) for e in elements)


def _check_loggers(program: Program, known: Collection[str], sink: Sink) -> None:
    """Every `log-to-eventhub` names a logger that is configured."""
    for step in (*program.inbound, *program.backend, *program.outbound, *program.on_error):
        for policy in inside(step.policy):
            id_ = getattr(policy, "logger_id", None)
            if policy.element == "log-to-eventhub" and id_ not in known:
                at = policy.source.get("logger-id")
                span = at.value_span if at is not None else policy.source.name_span
                help_ = f"there are: {', '.join(sorted(known))}" if known else "--event-logger NAME=FILE makes one"
                sink.report("CFG001", f"Logger with id '{id_}' could not be found.", span, help=help_)
