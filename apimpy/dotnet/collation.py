"""String order of the invariant culture: what `string.Compare`, `CompareTo` and `OrderBy` use on strings, and the
searches that go by it (`IndexOf`, `StartsWith`, … without a StringComparison).

Three levels, as in the Unicode collation algorithm: letters and signs first, then accents, then lower before upper
case.  Signs come before digits, digits before letters; control characters and soft hyphens count for nothing.  The
order of signs and Latin letters is ICU's root order; other scripts follow by code point.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

from apimpy.dotnet.values import from_text, to_text
from apimpy.pattern import pattern

__all__ = ["canonical", "clusters", "compare", "key", "plain"]

_SPACE = "\t\n\v\f\r\x85\u2028\u2029 \xa0"
_SIGNS = "_‿-–—―,;:!¡?¿.‥…·'‘’‚‛‹›\"“”„‟«»()[]{}§¶@*/\\&#%‰†‡•`´˜^¯¨¸°©®+±÷×<=>¬|¦~"
_CURRENCY = "¤¢$£¥₣₤€"
_LETTERS = "aªbcdðeǝəfgƣhiıjkĸlmnŋoºȣpqrsʃtuvwxyzƶʒþƿʔ"
_SPECIAL: dict[str, str] = {  # the mark on the first letter tells a ligature from its letters, after every accent
    "æ": "a\u20e5e",
    "Æ": "A\u20e5E",
    "œ": "o\u20e5e",
    "Œ": "O\u20e5E",
    "ß": "s\u20e5s",
    "ẞ": "S\u20e5S",
    "ø": "o\u0338",
    "Ø": "O\u0338",
    "đ": "d\u0335",
    "Đ": "D\u0335",
    "ħ": "h\u0335",
    "Ħ": "H\u0335",
    "ł": "l\u0335",
    "Ł": "L\u0335",
    "ŧ": "t\u0335",
    "Ŧ": "T\u0335",
    "ĳ": "ij",
    "Ĳ": "IJ",
}
_BASE, _OTHER_SIGNS, _MONEY, _DIGITS, _LATIN, _SCRIPTS = 0x100, 0x1000, 0x200000, 0x300000, 0x400000, 0x500000
_IGNORED = pattern(r"[\0-\x08\x0e-\x1f\x7f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


@cache
def _weights() -> dict[str, int]:
    """Primary weight of every character that has a place of its own."""
    found: dict[str, int] = {}
    for c in _SPACE[:8]:
        found[c] = _BASE + len(found)
    found[" "] = found["\xa0"] = _BASE + len(found)
    for c in _SIGNS:
        found.setdefault(c, _BASE + len(found))
    for i, c in enumerate(_CURRENCY):
        found[c] = _MONEY + i
    for c in "0123456789":
        found[c] = _DIGITS + int(c)
    for i, c in enumerate(_LETTERS):
        found[c] = _LATIN + i
    return found


def _primary(c: str) -> int:
    known = _weights().get(c)
    if known is not None:
        return known
    category = unicodedata.category(c)
    if category in ("Cc", "Cf"):
        return 0
    if category == "Nd":
        return _DIGITS + unicodedata.digit(c)
    # letters of other scripts come after Latin, signs we do not know after those we know but before money and digits
    return (_SCRIPTS if category[0] in "LN" else _OTHER_SIGNS) + ord(c)


@lru_cache(maxsize=4096)
def key(text: str) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """A sort key: comparing keys is comparing the strings."""
    if text.isascii():
        weights = _weights()
        lower = text.lower()
        if lower.isalnum():
            upper = () if lower == text else tuple([2 * c.isupper() for c in text])
            return tuple(map(weights.__getitem__, lower)), (), upper
    primary: list[int] = []
    secondary: list[int] = []
    tertiary: list[int] = []
    for c, variant in _decomposed(text):
        if unicodedata.combining(c):
            if secondary:
                secondary[-1] = secondary[-1] * 0x10000 + ord(c)
            continue
        lower = c.lower()
        weight = _primary(lower if len(lower) == 1 else c)
        if weight:
            primary.append(weight)
            secondary.append(0)
            tertiary.append(2 * (lower != c) + variant)
    return tuple(primary), tuple(secondary) if any(secondary) else (), tuple(tertiary) if any(tertiary) else ()


def _decomposed(text: str) -> list[tuple[str, bool]]:
    """The characters without their accents, the accents after them; whether each is a variant (wide, small, …)."""
    if text.isascii():
        return [(c, False) for c in text]
    found: list[tuple[str, bool]] = []
    for c in unicodedata.normalize("NFC", to_text(text)):
        canonical = unicodedata.normalize("NFD", _SPECIAL.get(c, c))
        compatible = unicodedata.normalize("NFKD", canonical)
        found += [(part, compatible != canonical) for part in compatible]
    return found


def compare(a: str | None, b: str | None, ignore_case: bool = False) -> int:
    """-1, 0 or 1; null comes before everything."""
    if a is b or a == b:
        return 0
    if a is None:
        return -1
    if b is None:
        return 1
    x, y = key(a), key(b)
    if ignore_case:
        x, y = (x[0], x[1], _without_case(x[2])), (y[0], y[1], _without_case(y[2]))
    return (x > y) - (x < y)


def _without_case(tertiary: tuple[int, ...]) -> tuple[int, ...]:
    variants = tuple([weight & 1 for weight in tertiary])
    return variants if any(variants) else ()


# --- equality and searches -------------------------------------------------------------------------------------------


def plain(text: str) -> bool:
    """Whether the culture sees in `text` just its characters: nothing composed, nothing ignored."""
    return text.isascii() and (text.isprintable() or _IGNORED.search(text) is None)


def canonical(text: str) -> str:
    """Equal for two texts that the culture takes for equal."""
    if plain(text):
        return text
    return from_text(unicodedata.normalize("NFC", to_text(_IGNORED.sub("", text))))


def clusters(text: str) -> tuple[list[str], list[int]]:
    """Letters with their accents, decomposed, and where each begins; ignorable characters belong to none."""
    found: list[str] = []
    starts: list[int] = []
    for i, c in enumerate(text):
        if _IGNORED.match(c):
            continue
        decomposed = unicodedata.normalize("NFD", c)
        if found and unicodedata.combining(decomposed[0]):
            found[-1] = unicodedata.normalize("NFD", found[-1] + decomposed)
        else:
            found.append(decomposed)
            starts.append(i)
    return found, starts
