"""Replacement patterns: `$1`, `${name}`, `$$`, `$&` and their kin.  Read once, then filled for every match."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from apimpy.dotnet.exceptions import ArgumentException

__all__ = ["Filled", "parse_replacement"]


class Filled(Protocol):
    """What a match must offer to fill a replacement pattern."""

    start: int
    end: int
    text: str

    def value_of(self, number: int) -> str:
        """The text of a group, "" if it took no part."""

    @property
    def last_group(self) -> int:
        """The highest number of a group."""


Part = str | Callable[[Filled], str]


@lru_cache(maxsize=256)
def parse_replacement(
    pattern: str, numbers: tuple[int, ...], names: tuple[tuple[str, int], ...], ecma: bool
) -> tuple[Part, ...]:
    """The parts of a replacement pattern for an expression with these groups."""
    parts: list[Part] = []
    known = dict(names)
    i = 0
    while True:
        at = pattern.find("$", i)
        if at < 0:
            parts.append(pattern[i:])
            return tuple(p for p in parts if p != "")
        parts.append(pattern[i:at])
        part, i = _dollar(pattern, at + 1, numbers, known, ecma)
        parts.append(part)


def _dollar(pattern: str, i: int, numbers: tuple[int, ...], known: dict[str, int], ecma: bool) -> tuple[Part, int]:
    c = pattern[i : i + 1]
    special = _SPECIAL.get(c)
    if special is not None:
        return special, i + 1
    if c == "{":
        end = pattern.find("}", i)
        name = pattern[i + 1 : end] if end > 0 else ""
        number = _decimal(name) if _decimal(name) is not None else known.get(name)
        if number is not None and number in numbers:
            return _group(number), end + 1
    elif c.isascii() and c.isdigit():
        end = i
        digits = len(pattern[i:]) - len(pattern[i:].lstrip("0123456789"))
        if digits >= 10 and int(pattern[i : i + digits]) > 2**31 - 1:
            raise ArgumentException(
                f"Invalid pattern '{pattern}' at offset {i + 10}. "
                "Capture group numbers must be less than or equal to Int32.MaxValue."
            )
        while end < len(pattern) and pattern[end].isascii() and pattern[end].isdigit():
            end += 1
        # ECMAScript takes the longest number that is a group, the others take all digits or none
        for stop in range(end, i, -1) if ecma else (end,):
            if int(pattern[i:stop]) in numbers:
                return _group(int(pattern[i:stop])), stop
    return "$", i


def _decimal(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _group(number: int) -> Part:
    return lambda m: m.value_of(number)


_SPECIAL: dict[str, Part] = {
    "$": "$",
    "&": lambda m: m.text[m.start : m.end],
    "`": lambda m: m.text[: m.start],
    "'": lambda m: m.text[m.end :],
    "+": lambda m: m.value_of(m.last_group),
    "_": lambda m: m.text,
}
