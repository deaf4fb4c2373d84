"""Documents to programs: the one entry point of load time.

    sink = Sink()
    program = compile_document([("api", document)], catalogue(), fragments, sink)

Problems go to the sink; a program exists when none of them is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.diagnostics import Severity
from apimpy.pipeline.fragments import Fragments
from apimpy.pipeline.program import Program
from apimpy.pipeline.scopes import bind_document, default_global, section_steps
from apimpy.policy.base import SECTIONS
from apimpy.policy.bind import Binding, bind_policies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document, Island
    from apimpy.policy.base import Catalogue
    from apimpy.policy.bind import Compiler
    from apimpy.policy.value import Compiled

__all__ = ["check_document", "compile_document", "expression_compiler"]


def expression_compiler(sink: Sink, options: Any = None) -> Compiler:
    """The C# compiler as binding needs it.  `options` is `dotnet.compile.CompileOptions`; None: its defaults."""
    from apimpy.dotnet.compile import CompileOptions, compile_island

    chosen = CompileOptions() if options is None else options

    def compile_(island: Island, expected: str) -> Compiled | None:
        return compile_island(island.source, island.map, island.block, expected, sink, chosen)

    return compile_


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
    cx = _binding(catalogue, fragments, sink, options, compiler)
    bound = []
    for scope, document in chain:
        if document.kind != "policies":
            message = f"the policy of a scope has the root <policies>, not <{document.root.name}>"
            sink.report("DOC006", message, document.root.name_span)
            continue
        bound.append(bind_document(scope, document, cx))
    if _errors(sink) > before or not all(d.well_formed for _, d in chain):
        return None
    sections = {name: section_steps(bound, name) for name in SECTIONS}
    return Program(sections["inbound"], sections["backend"], sections["outbound"], sections["on-error"])


def check_document(
    document: Document,
    catalogue: Catalogue,
    fragments: Mapping[str, Document] | None,
    sink: Sink,
    options: Any = None,
    *,
    scope: str = "api",
    compiler: Compiler | None = None,
) -> None:
    """Everything `compile_document` would say about one document, or about a fragment on its own."""
    cx = _binding(catalogue, fragments, sink, options, compiler)
    if document.kind == "policies":
        bind_document(scope, document, cx)
    elif document.kind == "fragment":
        alone = Binding(cx.catalogue, sink, cx.compiler, None, scope, cx.fragments, in_fragment=True)
        bind_policies(document.root.children, alone)


def _binding(
    catalogue: Catalogue,
    fragments: Mapping[str, Document] | None,
    sink: Sink,
    options: Any,
    compiler: Compiler | None,
) -> Binding:
    source = None if fragments is None else Fragments(fragments, sink)
    return Binding(catalogue, sink, compiler or expression_compiler(sink, options), fragments=source)


def _errors(sink: Sink) -> int:
    return sum(1 for d in sink if d.severity is Severity.ERROR)
