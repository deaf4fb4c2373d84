"""Documents to bound policies: all that can be said about a document without making it run.

    sink = Sink()
    check_document(document, catalogue(), fragments, sink)

`compile` goes on from here to programs; a linter stops here, and needs nothing of what runs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.pipeline.fragments import Fragments
from apimpy.policy.base import SECTIONS, Policy
from apimpy.policy.bind import Binding, bind_policies
from apimpy.policy.facts import RESOLVER
from apimpy.record import Record, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document, Island
    from apimpy.policy.base import Catalogue
    from apimpy.policy.bind import Compiler
    from apimpy.policy.value import Compiled

__all__ = ["BoundDocument", "bind_document", "binding", "check_document", "expression_compiler"]


def expression_compiler(sink: Sink, options: Any = None) -> Compiler:
    """The C# compiler as binding needs it.  `options` is `dotnet.compile.CompileOptions`; None: its defaults."""
    from apimpy.dotnet.compile import CompileOptions, compile_island

    chosen = CompileOptions() if options is None else options

    def compile_(island: Island, expected: str) -> Compiled | None:
        return compile_island(island.source, island.map, island.block, expected, sink, chosen)

    return compile_


def binding(
    catalogue: Catalogue,
    fragments: Mapping[str, Document] | None,
    sink: Sink,
    options: Any,
    compiler: Compiler | None,
) -> Binding:
    """What binding needs for documents that share a sink.  `fragments` None: includes are not looked up."""
    source = None if fragments is None else Fragments(fragments, sink)
    return Binding(catalogue, sink, compiler or expression_compiler(sink, options), fragments=source)


class BoundDocument(Record, frozen=True):
    """One document's policies by section; a section that is missing has no entry."""

    scope: str
    sections: dict[str, tuple[Policy, ...]]


def bind_document(scope: str, document: Document, cx: Binding) -> BoundDocument:
    """Bind every section of a `<policies>` document."""
    sections: dict[str, tuple[Policy, ...]] = {}
    for element in document.root.children:
        if element.name not in SECTIONS:
            cx.report(
                "POL006",
                f"The element 'policies' has invalid child element '{element.name}'. "
                "List of possible elements expected: 'inbound, backend, outbound, on-error'.",
                element.name_span,
            )
            continue
        if element.name in sections:
            cx.report("POL015", f"the section <{element.name}> appears twice", element.name_span)
            continue
        for a in element.attributes:
            cx.report("POL003", f"The '{a.name}' attribute is not declared.", a.name_span)
        if element.value is not None:
            cx.report("POL008", f"The element '{element.name}' cannot contain text.", element.value.span)
        if element.name == "backend" and len(element.children) > 1:
            message = "backend section allows only one policy to be specified"
            cx.report("POL012", message, element.children[1].name_span)
        bound = bind_policies(element.children, replace(cx, section=element.name, scope=scope))
        sections[element.name] = bound
    if document.root.value is not None:
        cx.report("POL008", "The element 'policies' cannot contain text.", document.root.value.span)
    return BoundDocument(scope, sections)


def check_document(
    document: Document,
    catalogue: Catalogue,
    fragments: Mapping[str, Document] | None,
    sink: Sink,
    options: Any = None,
    *,
    scope: str = "api",
    compiler: Compiler | None = None,
) -> BoundDocument:
    """Everything `compile_document` would say about one document; also for a fragment or a resolver on its own.

    What was bound on the way is the answer; the policies of a fragment or a resolver are its one section "".
    """
    cx = binding(catalogue, fragments, sink, options, compiler)
    if document.kind == "policies":
        return bind_document(scope, document, cx)
    if document.kind == "fragment":
        alone = Binding(cx.catalogue, sink, cx.compiler, None, scope, cx.fragments, in_fragment=True)
        return BoundDocument(scope, {"": bind_policies(document.root.children, alone)})
    resolver = catalogue.get(document.root.name)
    if resolver is not None and RESOLVER in resolver.sections:  # anything else the reader has refused
        return BoundDocument(scope, {"": bind_policies((document.root,), replace(cx, section=RESOLVER))})
    return BoundDocument(scope, {})
