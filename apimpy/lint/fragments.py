"""A folder of fragments: `NAME.xml` is the fragment NAME."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from apimpy.document.reader import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document

__all__ = ["read_fragments"]


def read_fragments(folder: str, sink: Sink, values: Mapping[str, str] | None) -> dict[str, Document]:
    """The fragments of a folder, by name."""
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".xml"):
            document = load(os.path.join(folder, name), sink, named_values=values)
            if document is not None:
                found[name.removesuffix(".xml")] = document
    return found
