"""Which groups a pattern has: found before it is parsed, since references may point forward.

Unnamed groups are numbered first, from left to right; then named groups get the numbers that are left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.exceptions import ArgumentException

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Options", "escaped_char", "failure", "is_word", "scan_groups"]

IGNORE_CASE, MULTILINE, EXPLICIT, SINGLELINE, EXTENDED, RIGHT_TO_LEFT, ECMA = 1, 2, 4, 16, 32, 64, 256
Options = int
LETTERS = {"i": IGNORE_CASE, "m": MULTILINE, "n": EXPLICIT, "s": SINGLELINE, "x": EXTENDED}


def failure(pattern: str, offset: int, text: str) -> ArgumentException:
    """What a malformed pattern throws."""
    return ArgumentException(f"Invalid pattern '{pattern}' at offset {offset}. {text}")


def is_word(c: str) -> bool:
    return c.isalnum() or c == "_"


_SIMPLE = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b", "b": "\b"}


def escaped_char(text: str, i: int, fail: Callable[[int, str], ArgumentException]) -> tuple[str, int]:
    """The character that the escape whose letter is at `i` stands for, and the index after it."""
    c = text[i]
    i += 1
    if c in "01234567":
        end = i
        while end < len(text) and end < i + 2 and text[end] in "01234567":
            end += 1
        return chr(int(text[i - 1 : end], 8) & 0xFF), end
    if c in "xu":
        count = 2 if c == "x" else 4
        digits = text[i : i + count]
        if len(digits) < count:
            raise fail(i, "Insufficient hexadecimal digits.")
        for at, digit in enumerate(digits, i + 1):
            if digit not in "0123456789abcdefABCDEF":
                raise fail(at, "Insufficient hexadecimal digits.")
        return chr(int(digits, 16)), i + count
    if c == "c":
        if i == len(text):
            raise fail(i, "Missing control character.")
        code = ord(text[i].upper()) - 0x40
        if not 0 <= code < 0x20:
            raise fail(i + 1, "Unrecognized control character.")
        return chr(code), i + 1
    if c in _SIMPLE:
        return _SIMPLE[c], i
    if is_word(c):
        raise fail(i, f"Unrecognized escape sequence \\\\{c}.")
    return c, i


def scan_groups(text: str, options: Options) -> tuple[dict[str, int], dict[int, str], tuple[int, ...]]:
    """Numbers by name, names by number, and all numbers with 0."""
    unnamed = 0
    names: list[str] = []
    explicit: set[int] = set()
    stack: list[Options] = []
    i = 0
    while i < len(text):
        c = text[i]
        i += 1
        if c == "\\":
            i += 1
        elif c == "#" and options & EXTENDED:
            while i < len(text) and text[i] != "\n":
                i += 1
        elif c == "[":
            i = _skip_set(text, i)
        elif c == ")":
            if stack:
                options = stack.pop()
        elif c == "(":
            if text.startswith("?#", i):
                end = text.find(")", i)
                i = len(text) if end < 0 else end + 1
                continue
            stack.append(options)
            if not text.startswith("?", i):
                if not options & EXPLICIT:
                    unnamed += 1
                continue
            i += 1
            if text[i : i + 1] in ("<", "'") and text[i + 1 : i + 2] not in ("=", "!", ""):
                end = i + 1
                while end < len(text) and is_word(text[end]):
                    end += 1
                name = text[i + 1 : end]
                if name.isdigit():
                    explicit.add(int(name))
                elif name and not name[0].isdigit() and name not in names:
                    names.append(name)
                i = end
            elif text[i : i + 1] == "(":
                if text[i + 1 : i + 2] != "?":  # the test of a conditional is no group
                    stack.append(options)
                    i += 1
            else:
                options, i, scoped = scan_options(text, i, options)
                if not scoped and text[i : i + 1] == ")":
                    i += 1
                    stack.pop()
    return _numbered(unnamed, names, explicit)


def _numbered(
    unnamed: int, names: list[str], explicit: set[int]
) -> tuple[dict[str, int], dict[int, str], tuple[int, ...]]:
    taken = set(explicit)
    taken.update(range(1, unnamed + 1))
    by_name: dict[str, int] = {}
    number = 1
    for name in names:
        while number in taken:
            number += 1
        by_name[name] = number
        taken.add(number)
    return by_name, {n: name for name, n in by_name.items()}, (0, *sorted(taken))


def scan_options(text: str, i: int, options: Options) -> tuple[Options, int, bool]:
    """Inline options from `i`; whether a `:` ended them, so that they hold for a group."""
    off = False
    while i < len(text):
        c = text[i]
        if c in "+-":
            off = c == "-"
        elif c.lower() in LETTERS:
            bit = LETTERS[c.lower()]
            options = options & ~bit if off else options | bit
        else:
            break
        i += 1
    return options, i, text[i : i + 1] == ":"


def _skip_set(text: str, i: int) -> int:
    """The index after the set that was opened before `i`."""
    if text[i : i + 1] == "^":
        i += 1
    if text[i : i + 1] == "]":
        i += 1
    while i < len(text):
        c = text[i]
        i += 1
        if c == "\\":
            i += 1
        elif c == "-" and text[i : i + 1] == "[":
            i = _skip_set(text, i + 1)
        elif c == "]":
            return i
    return i
