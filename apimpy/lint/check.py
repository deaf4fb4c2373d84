"""Everything there is to say about one policy file: how it reads, where its policies stand, what its C# means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from apimpy.document.reader import load
from apimpy.dotnet.compile import CompileOptions
from apimpy.pipeline.check import check_document
from apimpy.policies import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document

__all__ = ["check_file"]


def check_file(
    path: str | Path,
    sink: Sink,
    *,
    encoding: str = "auto",
    named_values: Mapping[str, str] | None = None,
    fragments: Mapping[str, Document] | None = None,
) -> None:
    """Report what is wrong with a policy document or fragment.  Never raises on what is in the file.

    `named_values` None: references are left alone.  `fragments` None: includes are not looked up.
    """
    chosen = cast("Literal['auto', 'xml', 'rawxml']", encoding)
    document = load(path, sink, encoding=chosen, named_values=named_values)
    if document is not None:
        check_document(document, catalogue(), fragments, sink, CompileOptions(advice=True))
