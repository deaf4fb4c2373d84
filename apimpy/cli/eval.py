"""`apimpy eval`: one expression, or many from a file, against a context fixture; without either, a prompt (`repl`).

With `--jsonl`, rows are `{"id", "expr", "fixture"?}` and one JSON object a line comes out, in the shape of the
conformance cases: `{"id","ok":true,"type","value","text"}` or
`{"id","ok":false,"phase":"compile|run","exception","codes","error"}`.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apimpy.cli.options import named_values
from apimpy.diagnostics import Severity, Sink
from apimpy.dotnet.compile import CompiledExpression, CompileOptions, compile_island
from apimpy.dotnet.exceptions import BudgetExceeded, ClrError
from apimpy.dotnet.values import well_formed
from apimpy.source import SourceFile, SourceMap

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange

__all__ = ["compile_text", "eval_command", "evaluate", "exchange_of", "read_context", "replace_values"]


@click.command("eval", help="Evaluate an expression, '@(…)' or '@{…}', with a real C# type system; without one: ask.")
@click.argument("expression", required=False)
@click.option("--context", "context_file", type=click.Path(dir_okay=False), help="Context fixture (JSON).")
@click.option("--jsonl", "jsonl", type=click.Path(dir_okay=False), help="Evaluate the rows of a file ('-': stdin).")
@click.option("--fixtures", type=click.Path(file_okay=False), help="Folder of the fixtures that rows name.")
@click.option(
    "--named-value", "named", multiple=True, metavar="NAME=VALUE", help="Replace {{NAME}} first (repeatable)."
)
@click.option("--any-type", is_flag=True, help="Do not enforce the platform's list of allowed types.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def eval_command(
    expression: str | None,
    context_file: str | None,
    jsonl: str | None,
    fixtures: str | None,
    named: tuple[str, ...],
    any_type: bool,
    format_: str,
) -> None:
    values = named_values(named)
    options = CompileOptions(any_type=any_type, placeholders=False)
    if jsonl is not None:
        if expression is not None or context_file is not None:
            raise click.UsageError("--jsonl brings its own expressions and names their contexts (--fixtures DIR).")
        _many(jsonl, Path(fixtures) if fixtures else None, values, options)
        return
    fixture = read_context(context_file) if context_file else {}
    if expression is None:
        from apimpy.cli.repl import Session, run

        sys.exit(run(Session(fixture, context_file, values, options, format_ == "json")))
    row, sink = evaluate("", replace_values(expression, values), fixture, options)
    if format_ == "json":
        click.echo(json.dumps({k: v for k, v in row.items() if k != "id"}, ensure_ascii=False))
    elif row["ok"]:
        click.echo(row["text"] if row["text"] is not None else json.dumps(row["value"], ensure_ascii=False))
    elif row["phase"] == "compile":
        for d in sink:
            click.echo(str(d) + (f" ({d.help})" if d.help else ""), err=True)
    else:
        click.echo(f"{row['exception']}: {row['error']}", err=True)
    if not row["ok"]:
        sys.exit(1)


def replace_values(text: str, values: dict[str, str]) -> str:
    """The text with `{{name}}` replaced by its value."""
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def read_context(path: str | Path) -> dict[str, Any]:
    """A context fixture.  UsageError for anything else."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise click.UsageError(f"{path}: not JSON: {error}") from None
    if not isinstance(data, dict):
        raise click.UsageError(f"{path}: a fixture is a JSON object")
    return data


def _many(source: str, fixtures: Path | None, values: dict[str, str], options: CompileOptions) -> None:
    try:
        lines = (
            sys.stdin.read().splitlines() if source == "-" else Path(source).read_text(encoding="utf-8").splitlines()
        )
    except OSError as error:
        raise click.UsageError(f"{source}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{source}: not UTF-8 text: byte {error.start}") from None
    loaded: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            expr = case["expr"]
        except (ValueError, KeyError, TypeError):
            expr = None
        if not isinstance(expr, str):
            raise click.UsageError(f"{source}:{number}: not a row with 'expr'")
        name = case.get("fixture")
        if name is not None and name not in loaded:
            if fixtures is None:
                raise click.UsageError(f"{source}:{number}: fixture {name!r} needs --fixtures DIR")
            loaded[name] = read_context(fixtures / f"{name}.json")
        id = case.get("id", number)
        try:
            row, _ = evaluate(id, replace_values(expr, values), loaded[name] if name else {}, options)
        except click.UsageError as error:
            raise click.UsageError(f"{source}:{number}: {error.message}") from None
        except Exception as error:  # our bug, in this row: the others still count
            traceback.print_exc()
            row = _failed(id, "InternalError", f"{type(error).__name__}: {error}")
        sys.stdout.write(well_formed(json.dumps(row, ensure_ascii=False)) + "\n")


def compile_text(text: str, options: CompileOptions, sink: Sink, name: str = "expression") -> CompiledExpression | None:
    """Compile `@(…)` or `@{…}` given as text."""
    file = SourceFile(name, text)
    bare = text.strip()
    start = text.index(bare) if bare else 0
    if not (bare.startswith(("@(", "@{")) and bare.endswith({"(": ")", "{": "}"}.get(bare[1:2], "\0"))):
        sink.report("DOC003", "Expected an expression: @( … ) or @{ … }", file.span(0, len(text)))
        return None
    source = bare[2:-1]
    return compile_island(
        source, SourceMap.identity(file, start + 2, len(source)), bare[1] == "{", "object", sink, options
    )


def evaluate(id: Any, text: str, fixture: dict[str, Any], options: CompileOptions) -> tuple[dict[str, Any], Sink]:
    """The row that `--jsonl` prints, and what the compiler said.  UsageError for a fixture that is none."""
    from apimpy.dotnet.encode import encode

    sink = Sink()
    compiled = compile_text(text, options, sink)
    if compiled is None:
        errors = [d for d in sink if d.severity is Severity.ERROR] or list(sink)
        first = errors[0].message if errors else ""
        codes = [d.code for d in sink]
        return {"id": id, "ok": False, "phase": "compile", "exception": None, "codes": codes, "error": first}, sink
    exchange = exchange_of(fixture)
    exchange.rt.begin()
    try:
        encoded = encode(compiled.call(exchange, exchange.rt))
    except ClrError as error:
        return _failed(id, error.full_name, error.text), sink
    except BudgetExceeded as error:
        return _failed(id, "BudgetExceeded", str(error)), sink
    return {"id": id, "ok": True, **encoded}, sink


def _failed(id: Any, exception: str, message: str) -> dict[str, Any]:
    return {"id": id, "ok": False, "phase": "run", "exception": exception, "codes": [], "error": message}


def exchange_of(fixture: dict[str, Any]) -> Exchange:
    """A fresh exchange of a fixture.  UsageError for a fixture that is none."""
    from apimpy.runtime.fixture import load_fixture

    try:
        return load_fixture(fixture)
    except (ValueError, ClrError) as error:
        raise click.UsageError(f"the context fixture cannot be used: {error}") from error
    except (TypeError, AttributeError, KeyError) as error:  # a number where an object belongs, and the like
        raise click.UsageError(f"the context fixture has a part of the wrong shape: {error}") from error
