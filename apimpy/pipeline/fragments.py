"""Fragments: documents that are inlined where `include-fragment` names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policy.base import SECTIONS
from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document, Element
    from apimpy.source import Span

__all__ = ["Fragments"]


class Fragments:
    """The fragments one gateway knows, by id (which is compared as written)."""

    __slots__ = ("_documents", "_sink")

    def __init__(self, documents: Mapping[str, Document], sink: Sink) -> None:
        self._documents, self._sink = documents, sink

    def get(self, id: str, span: Span) -> Element | None:
        """The root of a fragment; None after it has reported that there is none."""
        found = self._documents.get(id)
        if found is None:
            near = nearest(id, self._documents)
            help_ = f"did you mean {near!r}?" if near else "give its folder with --fragments"
            self._sink.report("DOC008", f"Policy fragment with id '{id}' could not be found.", span, help=help_)
            return None
        if found.kind != "fragment":
            self._sink.report("DOC006", f"The root of fragment '{id}' must be <fragment>", found.root.name_span)
            return None
        for child in found.root.children:
            if child.name in SECTIONS:
                self._sink.report("POL013", "a fragment cannot hold sections", child.name_span)
                return None
        return found.root
