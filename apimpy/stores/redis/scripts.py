"""The Lua scripts: one for each verb that must be atomic, in `lua/`.  A file whose name begins with `_` is a part.

A script names its parts in the line `-- include: _time _once`; they are put before it.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha1
from importlib import resources

from apimpy.record import Record

__all__ = ["Script", "script"]

_INCLUDE = re.compile(r"^-- include: (.+)$", re.MULTILINE)


class Script(Record, frozen=True, eq=True):
    """The whole text of a script, and the name Redis knows it by."""

    name: str
    text: str
    digest: str


@cache
def script(name: str) -> Script:
    """A script with its parts."""
    text = _read(name)
    found = _INCLUDE.search(text)
    parts = found[1].split() if found else []
    whole = "\n".join([*map(_read, parts), text])
    return Script(name, whole, sha1(whole.encode()).hexdigest())


def _read(name: str) -> str:
    return (resources.files("apimpy.stores.redis") / "lua" / f"{name}.lua").read_text("utf-8")
