"""Case mapping, white space and casing-insensitive keys of C# strings: character by character, invariant culture."""

from __future__ import annotations

from apimpy.dotnet.values import from_text, to_text
from apimpy.pattern import pattern

__all__ = ["WHITE", "fold", "lower", "upper"]

WHITE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What `char.IsWhiteSpace` accepts (Python's own set also has U+001C to U+001F)."""

_PAIR = pattern("[\ud801-\ud83a]")
"""High surrogates of the planes' letters that have two cases."""


def _upper_unit(c: str) -> str:
    if c == "ı":
        return c
    for mapped in (c.upper(), c.title()):  # title case is the simple mapping where upper case is longer
        if len(mapped) == 1:
            return mapped
    return c


def _lower_unit(c: str) -> str:
    mapped = c.lower()
    return mapped if len(mapped) == 1 else "i̇"[0] if c == "İ" else c


def upper(text: str) -> str:
    """`ToUpperInvariant()`: never changes the length."""
    if text.isascii():
        return text.upper()
    if _PAIR.search(text):
        text = to_text(text)
    mapped = text.upper()
    if len(mapped) == len(text) and "ı" not in text:
        return from_text(mapped)
    text = from_text(text)
    return "".join(map(_upper_unit, text))


def lower(text: str) -> str:
    """`ToLowerInvariant()`: never changes the length."""
    if text.isascii():
        return text.lower()
    if _PAIR.search(text):
        text = to_text(text)
    mapped = text.lower()
    if len(mapped) == len(text) and "Σ" not in text:
        return from_text(mapped)
    text = from_text(text)
    return "".join(map(_lower_unit, text))


def fold(text: str) -> str:
    """What two strings share when OrdinalIgnoreCase calls them equal."""
    return upper(text)
