"""`apimpy convert --to xml|rawxml`: a document with its expressions escaped, or as they are written in C#.

Without `--write` there is one document, and the result goes to standard output; `-` reads standard input.
Exit 0: done; 1: a document does not read without errors (it is left as it is); 2: wrong usage.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import click

from apimpy.cli.rewriting import STDIN, is_other_xml, original, targets, tell, write
from apimpy.diagnostics import Sink
from apimpy.document.convert import convert

if TYPE_CHECKING:
    from apimpy.document.convert import Target

__all__ = ["convert_command"]


@click.command("convert", help="Change a policy document's encoding: expressions escaped (xml) or bare (rawxml).")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--to", type=click.Choice(["xml", "rawxml"]), required=True, help="The encoding to write.")
@click.option("--write", "in_place", is_flag=True, help="Change the files in place.")
def convert_command(paths: tuple[str, ...], to: str, in_place: bool) -> None:
    found, chosen = targets(paths), cast("Target", to)
    if not in_place and (len(found) > 1 or found[0].sought):
        raise click.UsageError("several documents are changed in place: --write")
    if in_place and found[0].path == STDIN:
        raise click.UsageError("standard input cannot be changed in place")
    failed = False
    for target in found:
        sink = Sink()
        was = original(target.path, sink)
        text = None if was is None else convert(was.file, sink, chosen)
        if was is None or text is None:
            if not (target.sought and is_other_xml(sink)):
                failed = True
                tell(sink)
            continue
        data = was.encoded(text, keep_mark=True)
        if not in_place:
            click.echo(data, nl=False)
        elif data != was.data:
            try:
                write(target.path, data)
            except OSError as error:
                click.echo(f"apimpy convert: cannot write {target.path}: {error.strerror or error}", err=True)
                failed = True
                continue
            click.echo(f"changed {target.path}")
    if failed:
        sys.exit(1)
