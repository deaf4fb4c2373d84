"""`apimpy lint`: findings in policy documents.

A gateway file, a folder with one, and an APIOps folder are checked as a whole; any other folder means every `*.xml`
below it, and every Bicep, JSON and Terraform file with a policy inside.  Without `--named-value`, unresolved
`{{names}}` are not errors: lint works without secrets.
Exit 0: nothing at or above `--fail-level`; 1: findings; 2: wrong usage or configuration.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from apimpy.cli.options import named_values
from apimpy.diagnostics import Severity, Sink
from apimpy.lint.files import found_in
from apimpy.lint.formats import FORMATS, Findings, render
from apimpy.lint.many import Job, check_files
from apimpy.policy.facts import GATEWAYS

if TYPE_CHECKING:
    from pathlib import Path

    from apimpy.diagnostics import Diagnostic
    from apimpy.lint.settings import Settings

__all__ = ["lint_command"]

_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}


@click.command("lint", help="Check policy documents: reading, placement, attributes, C# types, and rules.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--fail-level", type=click.Choice(list(_LEVELS)), help="Exit 1 from here on.  [default: error]")
@click.option("--encoding", type=click.Choice(["auto", "xml", "rawxml"]), default="auto", show_default=True)
@click.option("--named-value", "named", multiple=True, metavar="NAME=VALUE", help="A named value (repeatable).")
@click.option("--fragments", type=click.Path(file_okay=False), help="Folder of policy fragments (NAME.xml).")
@click.option("--environment", metavar="NAME", help="Of an APIOps folder: lay configuration.NAME.yaml over it.")
@click.option("--gateway", type=click.Choice(GATEWAYS), help="The kind of gateway the policies are for.")
@click.option("--select", metavar="LIST", help="Only these rules: codes, beginnings of codes, names, categories.")
@click.option("--ignore", metavar="LIST", help="Not these.")
@click.option(
    "--config", type=click.Path(dir_okay=False), help="pyproject.toml or apimpy.toml; else one is looked for."
)
@click.option("--baseline", type=click.Path(dir_okay=False), help="Leave out the findings of this file.")
@click.option("--write-baseline", is_flag=True, help="Write the findings to the baseline, and end with 0.")
@click.option("--fix", is_flag=True, help="Correct what can be corrected safely.")
@click.option("--unsafe-fixes", is_flag=True, help="Correct also what may change what a document does.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option(
    "--show-source/--no-show-source", default=None, help="Source lines with carets.  [default: on a terminal]"
)
@click.option("--jobs", "-j", type=click.IntRange(1), help="Processes for many files.  [default: one for every core]")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep results of files that have not changed.")
def lint_command(paths: tuple[str, ...], **given: Any) -> None:
    _Lint(paths, given).run()


class _Lint:
    """One run of the command; `given` holds its options by name."""

    def __init__(self, paths: tuple[str, ...], given: dict[str, Any]) -> None:
        self._paths, self._given = paths, given
        self._values = named_values(given["named"])
        if given["fragments"] and not os.path.isdir(given["fragments"]):
            raise click.UsageError(f"{given['fragments']}: no such folder")
        self._settings = self._with_flags(self._configured())

    def run(self) -> None:
        given, settings = self._given, self._settings
        wholes = {path: whole for path in self._paths if (whole := _whole(path)) is not None}
        plain = tuple(path for path in self._paths if path not in wholes)
        files = [f for f in _files(plain) if f in plain or settings is None or not settings.excludes(f)]
        job = Job(given["encoding"], tuple(self._values.items()), given["fragments"], settings)
        sink = Sink()
        count = len(files) + sum(self._check_whole(whole, sink) for whole in wholes.values())
        project = None if given["no_cache"] else _project(settings)
        for item in check_files(files, job, project=project, jobs=given["jobs"], progress=_progress(len(files))):
            sink.add(item)
        found = self._without_baseline(list(sink))
        if given["fix"] or given["diff"] or given["unsafe_fixes"]:
            found = self._fix(found, job, frozenset(files))
        self._show(found, tuple(files), count)

    # --- options ------------------------------------------------------------------------------------------------------

    def _configured(self) -> Settings | None:
        """The settings of the project; None when it has none."""
        from pathlib import Path

        chosen = self._given["config"]
        if chosen is None:
            path = _find(os.getcwd())
            if path is None:
                return None
        elif not os.path.isfile(chosen):
            raise click.UsageError(f"{chosen}: no such file")
        else:
            path = chosen
        from apimpy.lint.settings import read_settings

        sink = Sink()
        settings = read_settings(Path(path), sink, _words())
        if sink.errors:
            for problem in sink:
                click.echo(str(problem) + (f"\n    help: {problem.help}" if problem.help else ""), err=True)
            sys.exit(2)
        return settings

    def _with_flags(self, settings: Settings | None) -> Settings | None:
        given = self._given
        if settings is None and not (given["select"] or given["ignore"] or given["gateway"]):
            return None
        from apimpy.lint.settings import Settings
        from apimpy.record import replace

        settings = settings or Settings()
        for name in ("select", "ignore"):
            if given[name]:
                words = tuple(w.strip() for w in given[name].split(",") if w.strip())
                known = _words()
                wrong = [w for w in words if w not in known and not any(k.startswith(w) for k in known if w.isupper())]
                if wrong:
                    raise click.UsageError(f"--{name}: there is no rule '{wrong[0]}'")
                before = settings.ignore if name == "ignore" else ()
                settings = replace(settings, **{name: (*before, *words)})
        return replace(settings, gateway=given["gateway"] or settings.gateway)

    @property
    def _fail_level(self) -> Severity:
        configured = self._settings.fail_level if self._settings else "error"
        return _LEVELS[self._given["fail_level"] or configured]

    @property
    def _baseline(self) -> str | None:
        if self._given["baseline"]:
            return str(self._given["baseline"])
        settings = self._settings
        return os.path.join(settings.folder, settings.baseline) if settings and settings.baseline else None

    # --- work ---------------------------------------------------------------------------------------------------------

    def _check_whole(self, source: Path, sink: Sink) -> int:
        """Check a configuration and all its documents; how many files that was."""
        from apimpy.cli.lint_whole import check_whole

        given = self._given
        return check_whole(source, sink, self._values, given["fragments"], given["environment"], self._settings)

    def _without_baseline(self, found: list[Diagnostic]) -> list[Diagnostic]:
        path, writes = self._baseline, self._given["write_baseline"]
        if path is None:
            if writes:
                raise click.UsageError("--write-baseline needs --baseline FILE")
            return found
        from apimpy.lint.baseline import BaselineError, read_baseline, subtract, write_baseline

        if writes:
            count = write_baseline(path, found)
            click.echo(f"{path}: {count} findings", err=True)
            sys.exit(0)
        try:
            new, gone = subtract(found, read_baseline(path), path)
        except BaselineError as error:
            raise click.UsageError(str(error)) from error
        if gone:
            click.echo(f"{path}: {gone} of its findings are gone; --write-baseline drops them", err=True)
        return new

    def _fix(self, found: list[Diagnostic], job: Job, alone: frozenset[str]) -> list[Diagnostic]:
        """Make or show corrections; the findings that are left."""
        from apimpy.document.reader import load_text
        from apimpy.lint.check import check_text
        from apimpy.lint.fixing import by_file, corrected, diff, write

        unsafe, quiet = self._given["unsafe_fixes"], Sink()
        options = job.options(quiet)
        left = list(found)

        def again(text: Any) -> list[Diagnostic]:
            sink = Sink()
            check_text(text, sink, **options)
            return list(sink)

        for name, fixable in by_file(found, unsafe=unsafe).items():
            file = load_text(name, quiet) if os.path.isfile(name) else None
            if file is None:
                continue
            rounds = again if name in alone and self._baseline is None else None
            text, count = corrected(file, fixable, rounds, unsafe=unsafe)
            if self._given["diff"]:
                click.echo(diff(file, text), nl=False)
                continue
            write(name, text)
            click.echo(f"{name}: {count} corrected", err=True)
            if rounds is not None:
                file = load_text(name, quiet)
                assert file is not None
                left = [*(d for d in left if d.span.file.name != name), *again(file)]
            else:
                left = [d for d in left if d not in fixable]
        if self._given["diff"]:
            sys.exit(1 if by_file(found, unsafe=unsafe) else 0)
        return sorted(left, key=lambda d: (d.span.file.name, d.span.start, d.span.end, d.code))

    def _show(self, found: list[Diagnostic], files: tuple[str, ...], count: int) -> None:
        given, level = self._given, self._fail_level
        looked_at = given["format_"] == "text" and sys.stdout.isatty()
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        colour = given["color"] == "always" or (given["color"] == "auto" and looked_at and not plain)
        source = given["show_source"]
        if source is None:
            source = looked_at or given["color"] == "always"
        findings = Findings(tuple(found), files, count, level, colour, source)
        click.echo(render(given["format_"], findings), nl=False, color=True if colour else None)
        if any(d.severity >= level for d in found):
            sys.exit(1)


def _find(folder: str) -> str | None:
    """The file with settings of a folder, or of the nearest one above it."""
    while True:
        for name in ("apimpy.toml", "pyproject.toml"):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                if name == "apimpy.toml":
                    return path
                with open(path, "rb") as f:
                    if b"[tool.apimpy" in f.read():
                        return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _words() -> frozenset[str]:
    """What settings may name."""
    from apimpy.lint.check import FAMILIES
    from apimpy.lint.registry import entries
    from apimpy.lint.settings import known_words

    return known_words((e.code, e.name, e.category) for e in entries()) | frozenset((*FAMILIES.values(), "csharp"))


def _project(settings: Settings | None) -> str:
    """Where results are kept: beside the settings, else here."""
    return settings.folder if settings is not None and settings.folder else "."


def _progress(total: int) -> Any:
    """A function that shows on a terminal how far a long run has come; None where nobody looks."""
    if total < 50 or not sys.stderr.isatty():
        return None
    from time import monotonic

    begun = last = monotonic()

    def show(done: int, of: int) -> None:
        nonlocal last
        now = monotonic()
        if done == of:
            if last > begun:
                click.echo("\r\x1b[K", nl=False, err=True)
        elif now - last > 0.1:
            last = now
            click.echo(f"\r\x1b[K{done} of {of} files", nl=False, err=True)

    return show


def _whole(path: str) -> Path | None:
    """The gateway file or service folder that a path means."""
    if not os.path.isdir(path) and not path.lower().endswith((".yaml", ".yml")):
        return None
    from pathlib import Path

    from apimpy.configuration.source import configured

    return configured(Path(path))


def _files(paths: tuple[str, ...]) -> list[str]:
    out: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            found = found_in(path)
            if not found:
                raise click.UsageError(f"{path}: no *.xml files in this folder, and none that hold policies")
            out += found
        elif os.path.exists(path):
            out.append(path)
        else:
            raise click.UsageError(f"{path}: no such file or folder")
    return out
