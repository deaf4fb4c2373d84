"""A baseline: the findings an old repository has, so that lint speaks of new ones only.

A finding is known again by file, code, message and the text of its line, not by its number: lines may be added above.
Files are named relative to the baseline's own folder.  Of equal findings as many are known as were written.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apimpy.diagnostics import Diagnostic

__all__ = ["BaselineError", "read_baseline", "subtract", "write_baseline"]

_Key = tuple[str, str, str, str]
_PARTS = ("file", "code", "message", "text")


class BaselineError(Exception):
    """The file is no baseline; the message says why."""


def _key(found: Diagnostic, folder: str) -> _Key:
    file = os.path.relpath(found.span.file.name, folder).replace(os.sep, "/")
    line = found.span.file.line_text(found.span.line_col[0])
    return file, found.code, found.message, " ".join(line.split())


def write_baseline(path: str, found: Iterable[Diagnostic]) -> int:
    """Write what was found; how many findings that is."""
    folder = os.path.dirname(os.path.abspath(path))
    counted = Counter(_key(item, folder) for item in found)
    rows = [dict(zip(_PARTS, key, strict=True)) | {"count": n} for key, n in sorted(counted.items())]
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.write(json.dumps({"version": 1, "findings": rows}, indent=1, ensure_ascii=False) + "\n")
    return sum(counted.values())


def read_baseline(path: str) -> Counter[_Key]:
    """The findings of a baseline.  BaselineError."""
    try:
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        if data["version"] != 1:
            raise BaselineError(f"{path}: version {data['version']} is not known")
        return Counter({tuple(row[p] for p in _PARTS): int(row["count"]) for row in data["findings"]})
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BaselineError(f"{path}: not a baseline of apimpy lint") from error


def subtract(found: Iterable[Diagnostic], known: Counter[_Key], path: str) -> tuple[list[Diagnostic], int]:
    """The findings that are new, and how many of the known ones are gone."""
    folder = os.path.dirname(os.path.abspath(path))
    left = Counter(known)
    new = []
    for item in found:
        key = _key(item, folder)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(item)
    return new, sum(n for n in left.values() if n > 0)
