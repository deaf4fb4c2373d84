"""Documents that a command writes back: which files, in which coding they came, and how they go back."""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING

import click

from apimpy.document.reader import MAX_FRAGMENT, text_of
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.diagnostics import Sink
    from apimpy.source import SourceFile

__all__ = ["STDIN", "Original", "Target", "is_other_xml", "original", "targets", "tell", "write"]

STDIN = "-"
_MOST = 4 * MAX_FRAGMENT + 1
_UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Target(Record, frozen=True):
    """A file to work on; `sought` when it was found in a folder, where other XML may stand as well."""

    path: str
    sought: bool = False


class Original(Record, frozen=True):
    """What was read: the text without its byte-order mark, and how it was written."""

    file: SourceFile
    data: bytes

    def encoded(self, text: str, *, keep_mark: bool) -> bytes:
        """A text in the coding of the original.  `keep_mark`: with the byte-order mark that UTF-8 does not need."""
        for mark, codec in _UTF16:
            if self.data.startswith(mark):
                return mark + text.encode(codec)
        mark = codecs.BOM_UTF8 if keep_mark and self.data.startswith(codecs.BOM_UTF8) else b""
        return mark + text.encode()


def targets(paths: tuple[str, ...]) -> list[Target]:
    """The files that were named, and every `*.xml` in the folders that were; hidden folders are passed over.

    UsageError for what does not exist, and for folders without such a file.
    """
    found: dict[str, Target] = {}
    for path in paths:
        if os.path.isdir(path):
            inside = [Target(p, sought=True) for p in sorted(_documents(path))]
            if not inside:
                raise click.UsageError(f"{path}: no *.xml files in this folder")
        elif path == STDIN or os.path.exists(path):
            if path.lower().endswith((".yaml", ".yml")):
                raise click.UsageError(f"{path}: not a policy document; name the documents or their folder")
            inside = [Target(path)]
        else:
            raise click.UsageError(f"{path}: no such file or folder")
        found |= {t.path: t for t in inside if t.path not in found}
    if STDIN in found and len(found) > 1:
        raise click.UsageError("'-' is a document on its own")
    return list(found.values())


def _documents(folder: str) -> list[str]:
    found = []
    for at, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith(".")]
        found += [os.path.join(at, name) for name in names if name.endswith(".xml")]
    return found


def original(path: str, sink: Sink) -> Original | None:
    """What a file, or standard input, holds; None, and why in the sink, when it cannot be read as text."""
    if path == STDIN:
        buffer = getattr(sys.stdin, "buffer", None)
        data, shown = sys.stdin.read().encode() if buffer is None else buffer.read(_MOST), "<stdin>"
    else:
        shown = path
        try:
            with open(path, "rb") as f:
                data = f.read(_MOST)
        except OSError as error:
            from apimpy.source import SourceFile

            sink.report("DOC001", f"cannot read {path}: {error.strerror or error}", SourceFile(path, "").span(0))
            return None
    file = text_of(data, shown, sink)
    return None if file is None else Original(file, data)


def write(path: str, data: bytes) -> None:
    """Put data into a file in one step, so that nobody ever reads half of it.  Links are followed, the mode is kept.

    OSError when it cannot be done; the file is then what it was.
    """
    real = os.path.realpath(path)
    handle, made = tempfile.mkstemp(prefix=".apimpy-", dir=os.path.dirname(real))
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(data)
        shutil.copymode(real, made)
        os.replace(made, real)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(made)
        raise


def tell(sink: Sink) -> None:
    """Say on standard error why a document was left alone."""
    for d in sink:
        click.echo(str(d) + (f"\n    help: {d.help}" if d.help else ""), err=True)


def is_other_xml(sink: Sink) -> bool:
    """Whether a document was refused for being no policy at all."""
    return any(d.code == "DOC006" for d in sink)
