"""Many files: those that have changed, on all cores.

    found = check_files(paths, Job(...), project=folder, jobs=None)

A run over a few files stays in this process and keeps nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from apimpy.lint.rows import Row, from_row, to_row
from apimpy.record import Record
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from apimpy.diagnostics import Diagnostic, Sink
    from apimpy.lint.settings import Settings

__all__ = ["Job", "check_files"]

CACHED, PARALLEL, CHUNK = 8, 24, 8
"""From how many files on results are kept and processes started; how many files a process takes at a time."""


class Job(Record, frozen=True, eq=True):
    """What to do with every file."""

    encoding: str = "auto"
    named_values: tuple[tuple[str, str], ...] = ()
    fragments: str | None = None
    """The folder of fragments."""
    settings: Settings | None = None

    def options(self, sink: Sink) -> dict[str, Any]:
        """What `check_file` and `check_text` want; problems of fragments go to the sink."""
        values = dict(self.named_values) or None
        fragments = None
        if self.fragments is not None:
            from apimpy.lint.fragments import read_fragments

            fragments = read_fragments(self.fragments, sink, values)
        given = {"encoding": self.encoding, "named_values": values}
        return given | {"fragments": fragments, "settings": self.settings}

    def digest(self) -> str:
        """Whatever the findings depend on besides the file."""
        import hashlib

        from apimpy.lint.cache import fingerprint

        parts = [fingerprint(), repr(self)]
        if self.fragments is not None:
            for name in sorted(os.listdir(self.fragments)):
                path = os.path.join(self.fragments, name)
                if os.path.isfile(path):
                    with open(path, "rb") as f:
                        parts.append(name + hashlib.sha256(f.read()).hexdigest())
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def check_files(
    paths: Sequence[str],
    job: Job,
    *,
    project: str | None = None,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Diagnostic]:
    """The findings of all files, in the order of the files.

    `project`: where results are kept; None: nowhere.  `jobs`: processes; None: one for every core.
    """
    rows: dict[str, list[Row]] = {}
    cache = None
    if project is not None and len(paths) >= CACHED:
        from apimpy.lint.cache import Cache

        cache = Cache(project, job.digest())
        rows = {path: held for path in paths if (held := cache.get(path)) is not None}
    changed = [path for path in dict.fromkeys(paths) if path not in rows]
    for path, found in _checked(changed, job, jobs or os.cpu_count() or 1):
        rows[path] = found
        if cache is not None:
            cache.put(path, found)
        if progress is not None:
            progress(len(rows), len(paths))
    if cache is not None:
        cache.save()
    return [item for path in dict.fromkeys(paths) for item in _diagnostics(path, rows[path])]


def _checked(paths: list[str], job: Job, jobs: int) -> Iterator[tuple[str, list[Row]]]:
    if jobs == 1 or len(paths) < PARALLEL:
        for start in range(0, len(paths), CHUNK):
            yield from _check(paths[start : start + CHUNK], job)
        return
    from concurrent.futures import ProcessPoolExecutor
    from itertools import repeat

    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with ProcessPoolExecutor(min(jobs, len(chunks)), initializer=_quiet) as pool:
        for done in pool.map(_check, chunks, repeat(job)):
            yield from done


def _quiet() -> None:
    """Ctrl-C is the parent's."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _check(paths: list[str], job: Job) -> list[tuple[str, list[Row]]]:
    """Check some files, here or in another process."""
    from apimpy.diagnostics import Sink
    from apimpy.lint.check import check_file

    known = Sink()
    options = job.options(known)
    found: list[tuple[str, list[Row]]] = []
    for path in paths:
        sink = Sink()
        for problem in known:
            sink.add(problem)
        check_file(path, sink, **options)
        found.append((path, [to_row(item, path) for item in sink]))
    return found


def _diagnostics(path: str, rows: list[Row]) -> Iterator[Diagnostic]:
    files: dict[str, SourceFile] = {}

    def file(name: str) -> SourceFile:
        if name not in files:
            files[name] = SourceFile(name or path, _text(name or path))
        return files[name]

    for row in rows:
        yield from_row(row, file)


def _text(path: str) -> str:
    """The text of a file as `load_text` reads it, as far as it is text."""
    try:
        with open(path, "rb") as f:
            data = f.read()
    except OSError:
        return ""
    codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return data.decode(codec, "replace")
