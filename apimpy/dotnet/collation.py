"""String order of the invariant culture: what `string.Compare`, `CompareTo` and `OrderBy` use on strings.

Three levels, as in the Unicode collation algorithm: letters and signs first, then accents, then lower before upper
case.  Signs come before digits, digits before letters; control characters and soft hyphens count for nothing.  The
order of signs and Latin letters is ICU's root order; other scripts follow by code point.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

from apimpy.dotnet.values import to_text

__all__ = ["compare", "key"]

_SPACE = "\t\n\v\f\r\x85\u2028\u2029 \xa0"
_SIGNS = "_‿-–—―,;:!¡?¿.‥…·'‘’‚‛‹›\"“”„‟«»()[]{}§¶@*/\\&#%‰†‡•`´˜^¯¨¸°©®+±÷×<=>¬|¦~¤¢$£¥₣₤€"
_LETTERS = "aªbcdðeǝəfgƣhiıjkĸlmnŋoºȣpqrsʃtuvwxyzƶʒþƿʔ"
_SPECIAL: dict[str, str] = {
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "ß": "ss",
    "ẞ": "SS",
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
_BASE = 0x100


@cache
def _weights() -> dict[str, int]:
    """Primary weight of every character that has a place of its own."""
    found: dict[str, int] = {}
    for c in _SPACE[:8]:
        found[c] = _BASE + len(found)
    found[" "] = found["\xa0"] = _BASE + len(found)
    for c in _SIGNS:
        found.setdefault(c, _BASE + len(found))
    for c in "0123456789":
        found[c] = 0x400 + int(c)
    for i, c in enumerate(_LETTERS):
        found[c] = 0x500 + i
    return found


def _primary(c: str) -> int:
    known = _weights().get(c)
    if known is not None:
        return known
    category = unicodedata.category(c)
    if category in ("Cc", "Cf"):
        return 0
    if category == "Nd":
        return 0x400 + unicodedata.digit(c)
    # letters of other scripts come after Latin, signs we do not know after those we know but before the digits
    return 0x200000 + ord(c) if category[0] in "LN" else 0x3FF


@lru_cache(maxsize=4096)
def key(text: str) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """A sort key: comparing keys is comparing the strings."""
    if text.isascii():
        weights = _weights()
        lower = text.lower()
        if lower.isalnum():
            upper = () if lower == text else tuple([int(c.isupper()) for c in text])
            return tuple(map(weights.__getitem__, lower)), (), upper
    primary: list[int] = []
    secondary: list[int] = []
    tertiary: list[int] = []
    for c in _decomposed(text):
        if unicodedata.combining(c):
            if secondary:
                secondary[-1] = secondary[-1] * 0x10000 + ord(c)
            continue
        lower = c.lower()
        weight = _primary(lower if len(lower) == 1 else c)
        if weight:
            primary.append(weight)
            secondary.append(0)
            tertiary.append(int(lower != c))
    return tuple(primary), tuple(secondary) if any(secondary) else (), tuple(tertiary) if any(tertiary) else ()


def _decomposed(text: str) -> str:
    if text.isascii():
        return text
    text = "".join([_SPECIAL.get(c, c) for c in to_text(text)])
    return unicodedata.normalize("NFKD", text)


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
        return (x[:2] > y[:2]) - (x[:2] < y[:2])
    return (x > y) - (x < y)
