"""Regular expressions that are compiled when they are first used.

Compiling one takes a quarter of a millisecond, and there are a hundred; a run needs a few of them.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

__all__ = ["pattern"]


class _Pattern:
    """Stands for an `re.Pattern`: each method is fetched once and kept in its slot."""

    __slots__ = ("_flags", "_text", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")

    def __init__(self, text: Any, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        """Reached only while the slot is empty."""
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Like `re.compile`, later.  A wrong pattern fails at its first use."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
