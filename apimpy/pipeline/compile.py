"""Documents to programs: the one entry point of load time.

    sink = Sink()
    program = compile_document([("api", document)], catalogue(), fragments, sink)

Problems go to the sink; a program exists when none of them is an error.  `Programs` is for many chains of scopes that
share documents.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from apimpy.diagnostics import Severity
from apimpy.pipeline.check import bind_document, binding
from apimpy.pipeline.program import Program
from apimpy.pipeline.scopes import Sections, default_global
from apimpy.policy.base import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document
    from apimpy.pipeline.check import BoundDocument
    from apimpy.policy.base import Catalogue
    from apimpy.policy.bind import Compiler

__all__ = ["Programs", "compile_document"]


class Programs:
    """Programs of chains of bound documents, each made once."""

    __slots__ = ("_made", "_sections", "_traced")

    def __init__(self, *, traced: bool = False) -> None:
        self._sections = Sections(traced=traced)
        self._made: dict[tuple[int, ...], Program] = {}
        self._traced: Programs | None = None

    def of(self, chain: Sequence[BoundDocument]) -> Program:
        """The program of a chain, broad to narrow."""
        key = tuple(map(id, chain))
        program = self._made.get(key)
        if program is None:
            inbound, backend, outbound, on_error = (self._sections.steps(chain, name) for name in SECTIONS)
            twin = partial(self._twin, tuple(chain))
            program = self._made[key] = Program(inbound, backend, outbound, on_error, twin)
        return program

    def _twin(self, chain: Sequence[BoundDocument]) -> Program:
        """The program of a chain for requests that are traced."""
        if self._traced is None:
            self._traced = Programs(traced=True)
        return self._traced.of(chain)


def compile_document(
    documents: Sequence[tuple[str, Document]],
    catalogue: Catalogue,
    fragments: Mapping[str, Document] | None,
    sink: Sink,
    options: Any = None,
    *,
    compiler: Compiler | None = None,
) -> Program | None:
    """The program of a chain of scopes, broad to narrow; without a global document the default one is used.

    `fragments` None: includes are not looked up (checking a document on its own).
    """
    before = _errors(sink)
    chain = list(documents)
    if not chain or chain[0][0] != "global":
        chain.insert(0, ("global", default_global(sink)))
    cx = binding(catalogue, fragments, sink, options, compiler)
    bound = []
    for scope, document in chain:
        if document.kind != "policies":
            message = f"the policy of a scope has the root <policies>, not <{document.root.name}>"
            sink.report("DOC006", message, document.root.name_span)
            continue
        bound.append(bind_document(scope, document, cx))
    if _errors(sink) > before or not all(d.well_formed for _, d in chain):
        return None
    return Programs().of(bound)


def _errors(sink: Sink) -> int:
    return sum(1 for d in sink if d.severity is Severity.ERROR)
