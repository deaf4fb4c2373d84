"""Options that several commands share, turned into what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document

__all__ = ["fragments_from", "named_values"]


def named_values(pairs: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` options as a mapping; UsageError for anything else."""
    out = {}
    for pair in pairs:
        name, sep, value = pair.partition("=")
        if not sep or not name:
            raise click.UsageError(f"--named-value takes NAME=VALUE, not {pair!r}")
        out[name] = value
    return out


def fragments_from(folder: str, sink: Sink, values: Mapping[str, str] | None) -> dict[str, Document]:
    """The fragments of a folder: `NAME.xml` is the fragment NAME."""
    from pathlib import Path

    from apimpy.document.reader import load

    path = Path(folder)
    if not path.is_dir():
        raise click.UsageError(f"{folder}: no such folder")
    found = {p.stem: load(p, sink, named_values=values) for p in sorted(path.glob("*.xml"))}
    return {name: document for name, document in found.items() if document is not None}
