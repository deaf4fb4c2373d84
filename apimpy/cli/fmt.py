"""`apimpy fmt`: policy documents in the canonical layout, in place.

A folder means every `*.xml` below it that is a policy document.  `-` reads standard input and writes standard output.
Exit 0: done; 1: a document cannot be laid out (it is left as it is), or `--check` found one that would change;
2: wrong usage.
"""

from __future__ import annotations

import difflib
import sys

import click

from apimpy.cli.rewriting import STDIN, Original, is_other_xml, original, targets, tell, write
from apimpy.diagnostics import Sink
from apimpy.document.layout import Style, layout
from apimpy.policies import catalogue
from apimpy.policy.shape import shape_of

__all__ = ["fmt_command"]

_USUAL = Style()


@click.command("fmt", help="Lay out policy documents the canonical way: white space only, never what they mean.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a document would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--indent", type=click.IntRange(1, 8), default=_USUAL.indent, show_default=True, help="Spaces a level.")
@click.option(
    "--width",
    type=click.IntRange(min=40),
    default=_USUAL.width,
    show_default=True,
    help="Columns; a longer tag has its attributes on lines of their own.",
)
@click.option("--expressions", is_flag=True, help="Move the lines of expressions with the elements they stand in.")
def fmt_command(paths: tuple[str, ...], check: bool, diff: bool, indent: int, width: int, expressions: bool) -> None:
    known, style = catalogue(), Style(indent, width, expressions)
    failed, changed = False, 0
    found = targets(paths)
    for target in found:
        sink = Sink()
        was = original(target.path, sink)
        text = None if was is None else layout(was.file, sink, lambda d: shape_of(d, known), style)
        if was is None or text is None:
            if not (target.sought and is_other_xml(sink)):
                failed = True
                tell(sink)
            continue
        data = was.encoded(text, keep_mark=False)
        differs = data != was.data
        changed += differs
        if diff:
            _show(was, text)
        elif target.path == STDIN:
            if not check:
                click.echo(data, nl=False)
        elif differs:
            failed = not _put(target.path, data, check) or failed
    if found[0].path != STDIN and not diff:
        verb = "would change" if check else "changed"
        click.echo(f"{changed} of {len(found)} {'file' if len(found) == 1 else 'files'} {verb}", err=True)
    if failed or (check and changed):
        sys.exit(1)


def _put(path: str, data: bytes, check: bool) -> bool:
    """Write a file, unless this is a check, and say so; whether it could be done."""
    if not check:
        try:
            write(path, data)
        except OSError as error:
            click.echo(f"apimpy fmt: cannot write {path}: {error.strerror or error}", err=True)
            return False
    click.echo(f"{'would change' if check else 'changed'} {path}")
    return True


def _show(was: Original, text: str) -> None:
    before, name = was.file.text.splitlines(keepends=True), was.file.name
    for line in difflib.unified_diff(before, text.splitlines(keepends=True), name, f"{name} (laid out)"):
        click.echo(line.encode(), nl=False)
        if not line.endswith("\n"):
            click.echo("\n\\ No newline at end of file")
