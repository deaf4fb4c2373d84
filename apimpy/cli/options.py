"""Options that several commands share, turned into what they mean."""

from __future__ import annotations

import click

__all__ = ["named_values"]


def named_values(pairs: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` options as a mapping; UsageError for anything else."""
    out = {}
    for pair in pairs:
        name, sep, value = pair.partition("=")
        if not sep or not name:
            raise click.UsageError(f"--named-value takes NAME=VALUE, not {pair!r}")
        out[name] = value
    return out
