"""Where an expression ends: only somebody who reads C# can say.

In `rawxml` an attribute such as `value="@(x.Get("a"))"` holds bare quotes, and text holds bare `<` and `&`; entities
may be mixed in.  So the end is looked for by the C# lexer in the DECODED view of the remaining source, window by
window (most islands are short), and mapped back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.document.decode import decode
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from apimpy.source import SourceFile

__all__ = ["IslandFinder", "starts_island"]

_NAMED_VALUE = pattern(r"@\{\{\s*[A-Za-z0-9_.\-]+\s*\}\}")
_FIRST_WINDOW = 2048
_MAX_FAILURES = 16


def starts_island(text: str, at: int) -> bool:
    """Whether an expression begins here (`@{{name}}` is a named value after an at sign)."""
    if not text.startswith(("@(", "@{"), at):
        return False
    return not text.startswith("@{{", at) or _NAMED_VALUE.match(text, at) is None


class IslandFinder:
    """Finds ends in one file.  Remembers failures: every one may have cost a walk over the rest of the file."""

    __slots__ = ("_failures", "file")

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self._failures = 0

    def end(self, start: int, bound: int, *, strict: bool, entities: bool = True) -> tuple[int, int] | None:
        """Where the closing bracket of the island whose `@` is at `start` begins and ends; None when there is none.

        `bound` is where the value would end if the island held no markup characters; `strict` keeps to it.
        """
        found = self._within(start, bound, entities)
        if found is not None or strict or self._failures >= _MAX_FAILURES:
            return found
        size = len(self.file.text)
        window = max(_FIRST_WINDOW, 2 * (bound - start))
        while True:
            stop = min(size, start + window)
            found = self._within(start, stop, entities)
            if found is not None:
                return found
            if stop == size:
                self._failures += 1
                return None
            window *= 4

    def _within(self, start: int, stop: int, entities: bool) -> tuple[int, int] | None:
        from apimpy.csharp.lexer import find_end

        text, map_ = decode(self.file, start, stop, entities=entities)
        found = find_end(text, 0)
        if found <= 0:
            return None
        close = map_.span(found - 1, found)
        return close.start, close.end
