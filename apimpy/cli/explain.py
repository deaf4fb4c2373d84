"""`apimpy explain FILE:LINE[:COLUMN]`: an expression of a policy document at any stage of the compiler.

    apimpy explain policy.xml:12                  the generated Python, with a legend of its names
    apimpy explain policy.xml:12:40 --stage bound static types, chosen members, conversions

Without a column, every expression that touches the line is shown.  A stage is shown as far as it goes: a syntax tree
needs no types, a bound tree with mistakes in it is still a tree.  What is wrong with an expression goes to stderr as
`lint` says it.  Exit 0: shown; 1: an expression has errors, or does not reach the stage; 2: wrong usage, or no
expression there.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apimpy.cli.options import named_values
from apimpy.diagnostics import Severity, Sink
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from apimpy.csharp.parser import Problem
    from apimpy.document.model import Document, Element, Island

__all__ = ["STAGES", "Found", "explain_command", "expressions", "find", "stage_lines"]

STAGES = ("tokens", "ast", "bound", "core", "python")

_PLACE = re.compile(r"^(.+?):([0-9]+)(?::([0-9]+))?$", re.DOTALL)
_LISTED = 20


class Found(Record, frozen=True):
    """An expression of a document and where it is used: `condition of <when>`, `<value>`."""

    island: Island
    use: str


@click.command("explain", help="Show an expression of a policy at any stage of the compiler.")
@click.argument("place", metavar="FILE:LINE[:COLUMN]")
@click.option("--stage", type=click.Choice(STAGES), default="python", show_default=True)
@click.option("--encoding", type=click.Choice(["auto", "xml", "rawxml"]), default="auto", show_default=True)
@click.option(
    "--named-value", "named", multiple=True, metavar="NAME=VALUE", help="Replace {{NAME}} first (repeatable)."
)
@click.option("--any-type", is_flag=True, help="Do not enforce the platform's list of allowed types.")
def explain_command(place: str, stage: str, encoding: str, named: tuple[str, ...], any_type: bool) -> None:
    from apimpy.document.reader import load

    m = _PLACE.match(place)
    if m is None:
        raise click.UsageError(f"{place}: give the place as FILE:LINE or FILE:LINE:COLUMN")
    path, line, column = m[1], int(m[2]), int(m[3]) if m[3] else None
    if not Path(path).is_file():
        raise click.UsageError(f"{path}: no such file")
    reading = Sink()
    document = load(path, reading, encoding=encoding, named_values=named_values(named) or None)  # type: ignore[arg-type]
    here = find(document, line, column) if document is not None else []
    if not here:
        for d in reading.errors:
            click.echo(str(d), err=True)
        if document is None:
            sys.exit(1)
        click.echo(f"apimpy explain: {_nothing(document, path, line, column)}", err=True)
        sys.exit(2)
    sink, complete = Sink(), True
    for i, found in enumerate(here):
        span = found.island.span
        try:
            lines = stage_lines(found.island, stage, sink, any_type=any_type)
        except RecursionError:
            lines = []
            sink.report("EXP009", "Expression is nested too deeply", span)
        click.echo(("\n" if i else "") + f"# {span}  {found.use}")
        for text in lines:
            click.echo(text)
        complete = complete and bool(lines)
    for d in sink:
        click.echo(str(d) + (f"\n    help: {d.help}" if d.help else ""), err=True)
    if not complete or sink.errors:
        sys.exit(1)


def _nothing(document: Document, path: str, line: int, column: int | None) -> str:
    """Why there is nothing to show, and where there would be something."""
    everything = list(expressions(document.root))
    if not everything:
        return f"{path} has no expressions"
    on_line = find(document, line, None)
    if on_line and column is not None:
        begins = ", ".join(str(f.island.span.line_col[1]) for f in on_line if f.island.span.line_col[0] == line)
        at = f"; on this line expressions begin at column {begins}" if begins else ""
        return f"no expression at {path}:{line}:{column}{at}"
    lines = sorted({f.island.span.line_col[0] for f in everything})
    shown = ", ".join(map(str, lines[:_LISTED])) + (", …" if len(lines) > _LISTED else "")
    return f"no expression on line {line} of {path}; there are expressions on: {shown}"


def expressions(root: Element) -> Iterator[Found]:
    """Every expression of a document, in document order."""
    from apimpy.document.model import Island

    seen: set[int] = set()
    for element in root.walk():
        uses = [(f"{a.name} of <{element.name}>", a.value) for a in element.attributes]
        uses += [(f"<{element.name}>", node) for node in (*element.nodes, element.value) if isinstance(node, Island)]
        for use, value in uses:
            if isinstance(value, Island) and value.span.start not in seen:
                seen.add(value.span.start)
                yield Found(value, use)


def find(document: Document, line: int, column: int | None) -> list[Found]:
    """The expressions that touch a line, or the one at a column of it."""
    out = []
    for found in expressions(document.root):
        span = found.island.span
        first, last = span.line_col, span.file.line_col(span.end)
        if column is None:
            if first[0] <= line <= last[0]:
                out.append(found)
        elif first <= (line, column) < last:
            out.append(found)
    return out


def stage_lines(island: Island, stage: str, sink: Sink, *, any_type: bool = False) -> list[str]:
    """The text of one stage; what is wrong with the expression goes to the sink."""
    from apimpy.csharp import show
    from apimpy.csharp.bind import bind
    from apimpy.csharp.emit import emit
    from apimpy.csharp.parser import parse
    from apimpy.dotnet.compile import library, result_type

    place = _place(island)
    lines = show.tokens(island.source, place, placeholders=True) if stage == "tokens" else []
    tree, problems = parse(island.source, block=island.block, placeholders=True)
    if stage == "ast" and tree is not None:
        lines = show.syntax(tree, place)
    if tree is None or problems or stage in ("tokens", "ast"):
        _report(island, problems, sink)
        return lines
    world = library()
    found = bind(tree, world, any_type=any_type)
    _report(island, found.problems, sink)
    if stage == "bound":
        return [*show.bound(found.root, place), "", f"# returns {result_type(found.outcomes).name}"]
    if found.problems:
        return []
    if found.unknown:
        sink.report("EXP008", "A named value has no value here: give --named-value NAME=VALUE", island.span)
        return []
    if stage == "core":
        return show.bound(show.core(found.root), place)
    file = island.span.file

    def position(offset: int) -> tuple[int, int]:
        line, column = file.line_col(island.map.span(offset, offset).start)
        return line, column - 1

    function, module = emit(found.root, world, "expression", file.name, position, budget=found.effects.loops)
    return show.python(function, module, found.root)


def _report(island: Island, problems: list[Problem], sink: Sink) -> None:
    for p in problems:
        message, _, help_text = p.message.partition("\0")
        severity = Severity.WARNING if p.code == "EXP006" else None
        sink.report(p.code, message, island.map.span(p.start, p.end), severity=severity, help=help_text or None)


def _place(island: Island) -> Callable[[int, int], str]:
    """Offsets of the expression as `line:column-column` of the file, `line:column-line:column` over several lines."""
    file = island.span.file

    def shown(start: int, end: int) -> str:
        span = island.map.span(start, end)
        line, column = file.line_col(span.start)
        end_line, end_column = file.line_col(span.end)
        return f"{line}:{column}-" + (f"{end_column}" if line == end_line else f"{end_line}:{end_column}")

    return shown
