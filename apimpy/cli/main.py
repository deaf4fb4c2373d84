"""`apimpy`: the command group.  Each command's module is imported when it is asked for, so that `lint` starts fast.

Exit codes: 0 fine, 1 findings (or documents that do not load), 2 wrong usage or configuration, 3 our bug.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import sys
from typing import Any

import click

from apimpy import __version__

__all__ = ["main"]

_COMMANDS = {
    "serve": "Run the gateway.",
    "lint": "Check policy documents.",
    "fmt": "Lay out policy documents the canonical way.",
    "convert": "Change a policy document's encoding: xml or rawxml.",
    "eval": "Evaluate expressions.",
    "explain": "Show what an expression of a policy is compiled to.",
    "trace": "Send one request through a policy and show what every policy did.",
    "embeddings": "Run an embeddings endpoint with a local model.",
    "mock": "Run the OpenAI-compatible mock backend.",
}
_LATER = ("test",)


class _Group(click.Group):
    """Commands by name, loaded late."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in _LATER:
            click.echo(f"apimpy: '{name}' is not available yet", err=True)
            ctx.exit(2)
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"apimpy.cli.{name}")
        return getattr(module, f"{name}_command")  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Group, help="Azure API Management policies, run anywhere.")
@click.version_option(__version__, prog_name="apimpy")
def cli() -> None:
    """The group itself does nothing."""


def main(argv: list[str] | None = None) -> Any:
    """Entry point.  An unexpected exception is our bug: one line, exit 3 (the traceback with APIMPY_DEBUG=1)."""
    import os

    if (sys.argv[1:] if argv is None else argv)[:1] == ["lint"]:
        _spare_the_collector()
    try:
        return cli.main(args=argv, prog_name="apimpy")
    except Exception as error:
        if os.environ.get("APIMPY_DEBUG"):
            raise
        click.echo(f"apimpy: internal error: {type(error).__name__}: {error}", err=True)
        sys.exit(3)


def _spare_the_collector() -> None:
    """For a process that lives a moment: what it imports is no garbage, and looking for some takes a fifth of it."""
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)  # the interpreter looks once more when it ends
