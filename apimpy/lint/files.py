"""Which files of a folder hold policies: every XML file, and files of other kinds with a policy document inside."""

from __future__ import annotations

import os
import re

__all__ = ["SUFFIXES", "found_in", "is_outer"]

SUFFIXES = (".bicep", ".json", ".tf")
"""Of files that may hold policies inside (`lint.embedded`)."""
_PASSED = (".git", "node_modules", ".terraform", ".apimpy_cache")
"""Folders that are not looked into for such files."""
_POLICY = rb"(?:<|\\u003[cC])(?:policies|fragment)\b"


def is_outer(name: str) -> bool:
    """A file in which policies are looked for, rather than one that is a policy."""
    return name.lower().endswith(SUFFIXES)


def found_in(folder: str) -> list[str]:
    """The files to check, sorted."""
    found: list[str] = []
    for at, _, names in os.walk(folder):
        passed = any(part in _PASSED for part in at.split(os.sep))
        for name in names:
            path = os.path.join(at, name)
            if name.endswith(".xml") or (is_outer(name) and not passed and _holds_policies(path)):
                found.append(path)
    return sorted(found)


def _holds_policies(path: str) -> bool:
    try:
        with open(path, "rb") as f:
            return re.search(_POLICY, f.read()) is not None
    except OSError:
        return False
