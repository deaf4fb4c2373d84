"""Corrections of whole files: round after round, until no finding has one left; then written, or shown as a diff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.lint.edits import apply
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from apimpy.diagnostics import Diagnostic

__all__ = ["by_file", "corrected", "diff", "write"]

_ROUNDS = 10


def by_file(found: Iterable[Diagnostic], *, unsafe: bool) -> dict[str, list[Diagnostic]]:
    """The findings with a correction, by the file it changes."""
    files: dict[str, list[Diagnostic]] = {}
    for d in found:
        if any(f.safe or unsafe for f in d.fixes):
            files.setdefault(d.span.file.name, []).append(d)
    return files


def corrected(
    file: SourceFile,
    found: list[Diagnostic],
    again: Callable[[SourceFile], list[Diagnostic]] | None,
    *,
    unsafe: bool,
) -> tuple[str, int]:
    """The text of a file without what can be corrected, and how many corrections that took.

    `again` checks a text; None: one round only.
    """
    total = 0
    for _ in range(_ROUNDS):
        text, count = apply(file, found, unsafe=unsafe)
        total += count
        if text == file.text or again is None:
            return text, total
        file = SourceFile(file.name, text)
        found = again(file)
    return file.text, total


def diff(file: SourceFile, text: str) -> str:
    """A unified diff."""
    from difflib import unified_diff

    old, new = (t.splitlines(keepends=True) for t in (file.text, text))
    out = []
    for line in unified_diff(old, new, file.name, file.name):
        out.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(out)


def write(path: str, text: str) -> None:
    """Put a text in the place of a file's, in the file's own encoding, line ends as they are."""
    with open(path, "rb") as f:
        head = f.read(3)
    codec = "utf-8-sig" if head == b"\xef\xbb\xbf" else "utf-8"
    data = text.encode(codec)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        little = head[:2] == b"\xff\xfe"
        data = head[:2] + text.encode("utf-16-le" if little else "utf-16-be")
    with open(path, "wb") as f:
        f.write(data)
