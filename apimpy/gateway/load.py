"""From files to a program: the policy, its fragments, and everything there is to say about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apimpy.diagnostics import Sink
from apimpy.document.reader import load
from apimpy.pipeline.compile import compile_document
from apimpy.policies import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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


def load_program(policy: Path, fragments: Path | None, named_values: Mapping[str, str]) -> Loaded:
    """Read and compile.  Fragments are the `*.xml` files of a folder; the file's name is the fragment's id."""
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
    if sink.errors:
        program = None
    roots = [document.root, *(f.root for f in found.values())]
    return Loaded(program, tuple(sink), counts_tokens=any(_counts(root.children) for root in roots))


def _counts(elements: Iterable[Element]) -> bool:
    return any(e.name.endswith(_COUNTING) or _counts(e.children) for e in elements)
