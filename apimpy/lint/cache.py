"""What was found in files that have not changed since: `.apimpy_cache/lint.json` in the project's folder.

An entry holds for one content of a file under one set of options (`Job.digest`), which includes the version and the
state of apimpy's own files.  A cache that cannot be read or written is as good as none.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apimpy import __version__

if TYPE_CHECKING:
    from apimpy.lint.rows import Row

__all__ = ["FOLDER", "Cache", "fingerprint"]

FOLDER = ".apimpy_cache"
_IGNORE = "# made by apimpy\n*\n"


class Cache:
    """The findings of earlier runs, by file."""

    def __init__(self, project: str, digest: str) -> None:
        self._folder, self._digest = Path(project) / FOLDER, digest
        self._old = self._read()
        self._new: dict[str, list[Any]] = {}

    def get(self, path: str) -> list[Row] | None:
        """What is known about a file as it is now."""
        key = os.path.abspath(path)
        now = self._state(path)
        held = self._old.get(key)
        if now is None or held is None or held[0] != now:
            return None
        self._new[key] = held
        return held[1]  # type: ignore[no-any-return]

    def put(self, path: str, rows: list[Row]) -> None:
        """Keep what was found in a file."""
        now = self._state(path)
        if now is not None:
            self._new[os.path.abspath(path)] = [now, rows]

    def save(self) -> None:
        """Write everything; entries of files that are gone are dropped."""
        import orjson

        kept = {k: v for k, v in self._old.items() if k not in self._new and os.path.exists(k)}
        if self._new.items() <= self._old.items() and len(kept) + len(self._new) == len(self._old):
            return
        try:
            self._folder.mkdir(exist_ok=True)
            (self._folder / ".gitignore").write_text(_IGNORE)
            part = self._folder / f"lint.json.{os.getpid()}"
            part.write_bytes(orjson.dumps(kept | self._new))
            part.replace(self._folder / "lint.json")
        except OSError:
            return  # a read-only checkout is checked all the same

    def _read(self) -> dict[str, list[Any]]:
        import orjson

        try:
            found = orjson.loads((self._folder / "lint.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _state(self, path: str) -> str | None:
        try:
            with open(path, "rb") as f:
                return hashlib.sha256(self._digest.encode() + f.read()).hexdigest()
        except OSError:
            return None


def fingerprint() -> str:
    """The version, and when files of the package changed last: a checkout changes more often than its version."""
    latest = 0
    for at, _, names in os.walk(Path(__file__).parents[1]):
        for name in names:
            if name.endswith((".py", ".json")):
                latest = max(latest, os.stat(os.path.join(at, name)).st_mtime_ns)
    return f"{__version__} {latest}"
