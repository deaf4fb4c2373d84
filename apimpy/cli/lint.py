"""`apimpy lint`: findings in policy documents, as text or JSON.

A gateway file, a folder with one, and an APIOps folder are checked as a whole; any other folder means every `*.xml`
below it.  Without `--named-value`, unresolved `{{names}}` are not errors: lint works
without secrets.  Exit 0: nothing at or above `--fail-level`; 1: findings; 2: wrong usage.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from apimpy.cli.options import fragments_from, named_values
from apimpy.diagnostics import Severity, Sink
from apimpy.lint.check import check_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["lint_command"]

_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}
_LATER_FORMATS = ("sarif", "github")


@click.command("lint", help="Check policy documents: reading, placement, attributes, C# types.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", *_LATER_FORMATS]), default="text", show_default=True
)
@click.option("--fail-level", type=click.Choice(list(_LEVELS)), default="error", show_default=True)
@click.option("--encoding", type=click.Choice(["auto", "xml", "rawxml"]), default="auto", show_default=True)
@click.option("--named-value", "named", multiple=True, metavar="NAME=VALUE", help="A named value (repeatable).")
@click.option("--fragments", type=click.Path(file_okay=False), help="Folder of policy fragments (NAME.xml).")
@click.option("--environment", metavar="NAME", help="Of an APIOps folder: lay configuration.NAME.yaml over it.")
@click.option("--gateway", help="Not available yet.")
def lint_command(
    paths: tuple[str, ...],
    format_: str,
    fail_level: str,
    encoding: str,
    named: tuple[str, ...],
    fragments: str | None,
    environment: str | None,
    gateway: str | None,
) -> None:
    if format_ in _LATER_FORMATS or gateway is not None:
        click.echo(f"apimpy lint: --{'gateway' if gateway else 'format ' + format_} is not available yet", err=True)
        sys.exit(2)
    values = named_values(named)
    sink = Sink()
    wholes = {path: whole for path in paths if (whole := _whole(path)) is not None}
    files = _files(tuple(path for path in paths if path not in wholes))
    count = len(files) + sum(_check_whole(w, sink, values, fragments, environment) for w in wholes.values())
    known = fragments_from(fragments, sink, values or None) if fragments else None
    for path in files:
        check_file(path, sink, encoding=encoding, named_values=values or None, fragments=known)
    found = list(sink)
    if format_ == "json":
        import json

        summary = {
            "files": count,
            "errors": sum(d.severity is Severity.ERROR for d in found),
            "warnings": sum(d.severity is Severity.WARNING for d in found),
        }
        shown = {"diagnostics": [d.to_json() for d in found], "summary": summary}
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        for d in found:
            click.echo(str(d) + (f"\n    help: {d.help}" if d.help else ""))
    if any(d.severity >= _LEVELS[fail_level] for d in found):
        sys.exit(1)


def _whole(path: str) -> Path | None:
    """The gateway file or service folder that a path means."""
    if not os.path.isdir(path) and not path.lower().endswith((".yaml", ".yml")):
        return None
    from pathlib import Path

    from apimpy.configuration.source import configured

    return configured(Path(path))


def _check_whole(
    source: Path, sink: Sink, values: dict[str, str], fragments: str | None, environment: str | None
) -> int:
    """Check a configuration and all its documents; how many files that were."""
    from pathlib import Path

    from apimpy.configuration.assemble import check
    from apimpy.configuration.source import Flags, read_model, with_flags

    model = read_model(source, sink, environ=os.environ, environment=environment, complete=False)
    if model is None:
        return 1
    folder = Path(fragments) if fragments else None
    documents, _ = check(with_flags(model, Flags(tuple(values.items()), folder)), sink)
    return 1 + documents.count


def _files(paths: tuple[str, ...]) -> list[str]:
    out: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            inside = [os.path.join(at, name) for at, _, names in os.walk(path) for name in names]
            found = sorted(p for p in inside if p.endswith(".xml"))
            if not found:
                raise click.UsageError(f"{path}: no *.xml files in this folder")
            out += found
        elif os.path.exists(path):
            out.append(path)
        else:
            raise click.UsageError(f"{path}: no such file or folder")
    return out
