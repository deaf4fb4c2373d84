"""`apimpy eval` without an expression: a prompt on a terminal, one expression a line from anything else.

    > context.Request.Method + "!"
    "GET!" : string
    > "abc".Lenght
      "abc".Lenght
            ^^^^^^
    error CS1061: 'string' does not contain a definition for 'Lenght' …

Text without `@` is an expression; `@{ … }` may span lines.  Every answer comes from a fresh exchange, so reading a body
twice is no surprise.  `answer`, `complete` and `is_complete` are functions of a session and text; only `run` touches
the terminal.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apimpy import __version__
from apimpy.cli.eval import compile_text, evaluate, exchange_of, read_context, replace_values
from apimpy.csharp.lexer import tokenize
from apimpy.diagnostics import Severity, Sink
from apimpy.dotnet.exceptions import BudgetExceeded, ClrError
from apimpy.dotnet.values import well_formed
from apimpy.record import Record, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from apimpy.csharp.types import Type
    from apimpy.dotnet.compile import CompiledExpression, CompileOptions

__all__ = ["Answer", "Session", "answer", "complete", "history_file", "is_complete", "run", "run_lines"]

PROMPT, MORE = "> ", ". "
HELP = (
    "An expression, with or without @( ), or a block @{ … } over several lines.",
    "  :type EXPRESSION   the static type, without evaluating",
    "  :context FILE      take `context` from a fixture (JSON); without FILE: say which one it is",
    "  :help              this",
    "  :quit              leave (or Ctrl-D); Ctrl-C drops the line, Tab completes",
)
COMMANDS = (":context", ":help", ":quit", ":type")
_NAME = "input"
_HISTORY_LENGTH = 1000
_DELIMITERS = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<.>/?"
_OPEN = frozenset(["_LPAR", "_LSQB", "_QLSQB", "_LBRACE"])
_CLOSE = frozenset(["_RPAR", "_RSQB", "_RBRACE"])


class Session(Record):
    """What `:context` and the options of the command have set."""

    fixture: dict[str, Any]
    context_name: str | None
    values: dict[str, str]
    options: CompileOptions
    json: bool = False
    pending: list[str] = field(default_factory=list)
    """Lines of a block that is not closed yet."""


class Answer(Record, frozen=True, eq=True):
    """What to print, whether it is an answer rather than a complaint, and whether the user wants to leave."""

    lines: tuple[str, ...]
    ok: bool = True
    leave: bool = False


# --- reading


def is_complete(text: str) -> bool:
    """Whether the text can be evaluated; False while a `@(` or `@{` waits for more lines."""
    bare = text.strip()
    if not bare.startswith(("@(", "@{")):
        return True
    tokens, errors = tokenize(bare[1:])
    if errors:
        return errors[0].code not in ("CS1035", "CS1039")  # a comment or a string that may go on in the next line
    return sum((t.kind in _OPEN) - (t.kind in _CLOSE) for t in tokens) <= 0


def _as_island(text: str) -> tuple[str, bool]:
    """The text as `@(…)` or `@{…}`, and whether the brackets are ours."""
    bare = text.strip()
    if bare.startswith(("@(", "@{")):
        return bare, False
    return f"@({bare.removesuffix(';')}\n)", True  # the line end: a comment must not swallow the bracket


# --- answering


def answer(session: Session, text: str) -> Answer:
    """The answer to a complete text: an expression or a `:command`."""
    bare = text.strip()
    if bare.startswith(":"):
        word, _, rest = bare.partition(" ")
        return _command(session, word, rest.strip())
    source, ours = _as_island(replace_values(text, session.values))
    try:
        if session.json:
            row, _ = evaluate("", source, session.fixture, session.options)
            shown = json.dumps({k: v for k, v in row.items() if k != "id"}, ensure_ascii=False)
            return Answer((well_formed(shown),), bool(row["ok"]))
        return _evaluated(session, source, ours)
    except click.UsageError as error:
        return Answer((error.message,), ok=False)


def _command(session: Session, word: str, rest: str) -> Answer:
    if word in (":quit", ":q", ":exit"):
        return Answer((), leave=True)
    if word in (":help", ":h", ":?"):
        return Answer(HELP)
    if word == ":context":
        return _context(session, rest)
    if word == ":type" and rest:
        sink = Sink()
        source, ours = _as_island(replace_values(rest, session.values))
        compiled = compile_text(source, session.options, sink, _NAME)
        if compiled is None:
            return Answer(tuple(_problems(sink, source, ours)), ok=False)
        return Answer((compiled.type.name,))
    if word == ":type":
        return Answer((":type EXPRESSION",), ok=False)
    return Answer((f"There is no command {word}; :help lists them.",), ok=False)


def _context(session: Session, path: str) -> Answer:
    if path:
        try:
            fixture = read_context(Path(path).expanduser())
            exchange_of(fixture)
        except click.UsageError as error:
            return Answer((error.message,), ok=False)
        session.fixture, session.context_name = fixture, path
    if session.context_name is None:
        return Answer(("context: an empty GET request",))
    return Answer((f"context: {session.context_name}",))


def _evaluated(session: Session, source: str, ours: bool) -> Answer:
    from apimpy.dotnet.encode import encode

    sink = Sink()
    compiled = compile_text(source, session.options, sink, _NAME)
    if compiled is None:
        return Answer(tuple(_problems(sink, source, ours)), ok=False)
    exchange = exchange_of(session.fixture)
    exchange.rt.begin()
    try:
        encoded = encode(compiled.call(exchange, exchange.rt))
    except (ClrError, BudgetExceeded) as error:
        if isinstance(error, ClrError):
            said = f"{error.full_name}: {well_formed(error.text)}"
        else:
            said = f"BudgetExceeded: {error}"
        return Answer((*_fault(error, source, ours), said), ok=False)
    return Answer((well_formed(_value(encoded) + _static(encoded, compiled)),))


def _value(encoded: dict[str, Any]) -> str:
    """A value as C# might write it, else as JSON."""
    value, name, text = encoded["value"], encoded["type"], encoded["text"]
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if name == "System.Char":
            return f"'{value}'"
        return json.dumps(value, ensure_ascii=False) if name == "System.String" else value
    if isinstance(value, dict) and set(value) == {"object", "text"}:
        return str(value["text"])
    if isinstance(value, (list, dict)) or text is None:
        return json.dumps(value, ensure_ascii=False)
    return str(text)


def _static(encoded: dict[str, Any], compiled: CompiledExpression) -> str:
    """` : static type`, and the run-time type in braces where that says more."""
    from apimpy.csharp.known import is_nullable
    from apimpy.csharp.types import NULL

    static: Type = compiled.type
    if static is NULL:
        return ""
    shown = f" : {static.name}"
    if encoded["value"] is None or is_nullable(static) or encoded["type"] == static.full_name:
        return shown
    actual = _plain_type(encoded["type"])
    return f"{shown} {{{actual}}}" if actual is not None and actual != static.name else shown


def _plain_type(full_name: str) -> str | None:
    from apimpy.dotnet.universe import universe

    found = universe().declaration(full_name, 0)
    return (found.alias or found.name) if found is not None else None


# --- complaints


def _problems(sink: Sink, source: str, ours: bool) -> Iterator[str]:
    for d in sink:
        line, column = d.span.line_col
        end_line, end_column = d.span.file.line_col(d.span.end)
        yield from _caret(source, ours, line, column, end_column if end_line == line else column + 1)
        word = "" if d.severity is Severity.INFO else f"{d.severity} "
        yield f"{word}{d.code}: {d.message}"
        if d.help:
            yield f"  help: {d.help}"


def _caret(source: str, ours: bool, line: int, column: int, end: int) -> Iterator[str]:
    """The line and a caret under the columns; brackets that we added are not shown."""
    lines = source.splitlines()
    if ours:
        lines = source[2:-2].splitlines() or [""]
        if line == 1:
            column, end = column - 2, end - 2
    if line > len(lines):
        line, column, end = len(lines), len(lines[-1]) + 1, 0
    text = lines[line - 1]
    column = min(max(column, 1), len(text) + 1)
    yield "  " + text
    blank = "".join(c if c == "\t" else " " for c in text[: column - 1])
    yield "  " + blank + "^" * max(1, min(end, len(text) + 1) - column)


def _fault(error: BaseException, source: str, ours: bool) -> Iterator[str]:
    """Where in the expression it went wrong: generated code carries the positions of the C# text."""
    place: tuple[int, int, int] | None = None
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == _NAME and trace.tb_lasti >= 0:
            line, end_line, column, end = list(code.co_positions())[trace.tb_lasti // 2]
            if line is not None and column is not None and end is not None:
                place = line, column + 1, end + 1 if end_line == line else column + 2
        trace = trace.tb_next
    if place is not None:
        yield from _caret(source, ours, *place)


# --- completion


def complete(session: Session, line: str) -> list[str]:
    """What may replace the last word of a line that ends at the cursor."""
    if not session.pending and line.startswith(":"):
        word, space, rest = line.partition(" ")
        if not space:
            return [c[1:] for c in COMMANDS if c.startswith(word)]
        if word == ":context":
            return _files(rest)
        line = rest if word == ":type" else ""
    from apimpy.csharp import complete as completion
    from apimpy.dotnet.compile import library

    text = "\n".join([*session.pending, line]).lstrip()
    island = text.startswith(("@(", "@{"))
    inner = text[2:] if island else text
    return list(completion.complete(inner, block=text.startswith("@{"), universe=library()).names)


def _files(typed: str) -> list[str]:
    """Names in the folder that was typed so far, as far as they follow the last delimiter of the typed text."""
    folder, _, last = typed.rpartition("/")
    root = Path(folder + "/" if typed.startswith("/") or folder else ".").expanduser()
    cut = max((last.rfind(c) for c in _DELIMITERS), default=-1) + 1
    try:
        found = sorted(p.name + ("/" if p.is_dir() else "") for p in root.iterdir() if p.name.startswith(last))
    except OSError:
        return []
    return [name[cut:] for name in found]


# --- the terminal


def run(session: Session) -> int:
    """The exit code: 0, or 1 when lines that were not typed by hand went wrong."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return _run_terminal(session)
    return run_lines(session, sys.stdin)


def run_lines(session: Session, lines: Iterable[str]) -> int:
    """Answers on stdout, complaints on stderr."""
    code, text = 0, ""
    for line in [*(s.rstrip("\r\n") for s in lines), None]:
        if line is not None:
            text = f"{text}\n{line}" if text else line
            if not is_complete(text):
                continue
        if text.strip():
            found = answer(session, text)
            for shown in found.lines:
                click.echo(shown, err=not (found.ok or session.json))
            code = code if found.ok else 1
            if found.leave:
                break
        text = ""
    return code


def _run_terminal(session: Session) -> int:
    leave = _readline(session)
    click.echo(f"apimpy {__version__}, C# as policies write it.  :help helps, Ctrl-D leaves.")
    try:
        while True:
            try:
                line = input(MORE if session.pending else PROMPT)
            except KeyboardInterrupt:
                session.pending.clear()
                click.echo()
                continue
            except EOFError:
                click.echo()
                return 0
            text = "\n".join([*session.pending, line])
            if not is_complete(text):
                session.pending.append(line)
                continue
            session.pending.clear()
            if text.strip():
                found = _guarded(session, text)
                for shown in found.lines:
                    click.echo(shown)
                if found.leave:
                    return 0
    finally:
        leave()


def _guarded(session: Session, text: str) -> Answer:
    """The answer; neither Ctrl-C nor a bug of ours ends the session."""
    try:
        return answer(session, text)
    except KeyboardInterrupt:
        return Answer(("interrupted",), ok=False)
    except Exception as error:
        if os.environ.get("APIMPY_DEBUG"):
            raise
        return Answer((f"internal error: {type(error).__name__}: {error}",), ok=False)


def history_file() -> Path:
    """Where lines are kept from one session to the next (XDG: state)."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "apimpy" / "history"


def _readline(session: Session) -> Callable[[], None]:
    """Line editing, completion and history, where Python has readline; what to do at the end."""
    try:
        import readline
    except ImportError:  # Windows
        return lambda: None
    path = history_file()
    found: list[str] = []

    def completer(text: str, state: int) -> str | None:
        if state == 0:
            found[:] = complete(session, readline.get_line_buffer()[: readline.get_endidx()])
        return found[state] if state < len(found) else None

    readline.set_completer(completer)
    readline.set_completer_delims(_DELIMITERS)
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
    readline.set_history_length(_HISTORY_LENGTH)
    try:
        readline.read_history_file(path)
    except OSError:
        readline.clear_history()  # the first session, or a file that is none

    def leave() -> None:
        readline.set_completer(None)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            readline.write_history_file(path)
        except OSError as error:
            click.echo(f"apimpy eval: the history was not kept: {error}", err=True)

    return leave
