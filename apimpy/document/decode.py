"""Raw document text to what it means: the five entities, character references, line ends.

Line breaks inside an attribute are kept on request: an expression may hold `//` comments, which XML's attribute
normalisation would let swallow the rest.
"""

from __future__ import annotations

import re

from apimpy.pattern import pattern
from apimpy.source import Piece, SourceFile, SourceMap

__all__ = ["REFERENCE", "decode", "joined", "referred"]

_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_REFERENCE = r"&(?:#[xX]([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));"
_EDIT = pattern(_REFERENCE + r"|\r\n?")
REFERENCE = pattern(_REFERENCE)
"""What looks like one of the five entities or a character reference."""
_BLANKS = str.maketrans("\t\n\r", "   ")


def decode(
    file: SourceFile, start: int, end: int, *, entities: bool = True, flat: bool = False
) -> tuple[str, SourceMap]:
    """The meaning of text [start, end) and its map.  `flat`: line breaks and tabs become spaces."""
    raw = file.text[start:end]
    if "\r" not in raw and not (entities and "&" in raw):
        return raw.translate(_BLANKS) if flat else raw, SourceMap((Piece(0, len(raw), file, start, len(raw)),))
    out: list[str] = []
    pieces: list[Piece] = []
    size = at = 0

    def add(text: str, origin: int, length: int) -> None:
        nonlocal size
        pieces.append(Piece(size, len(text), file, start + origin, length))
        out.append(text)
        size += len(text)

    for m in _EDIT.finditer(raw):
        new = _meaning(m, flat) if entities or raw[m.start()] != "&" else None
        if new is None:
            continue
        if m.start() > at:
            plain = raw[at : m.start()]
            add(plain.translate(_BLANKS) if flat else plain, at, m.start() - at)
        add(new, m.start(), m.end() - m.start())
        at = m.end()
    if at < len(raw) or not pieces:
        plain = raw[at:]
        add(plain.translate(_BLANKS) if flat else plain, at, len(raw) - at)
    return "".join(out), SourceMap(tuple(pieces))


def _meaning(m: re.Match[str], flat: bool) -> str | None:
    """The text an entity or line end stands for; None when it is no legal reference."""
    return referred(m) if m[0][0] == "&" else " " if flat else "\n"


def referred(m: re.Match[str]) -> str | None:
    """The character of a `REFERENCE`; None when XML has no such character."""
    if m[3]:
        return _NAMED[m[3]]
    code = int(m[1], 16) if m[1] else int(m[2])
    legal = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return chr(code) if legal else None


def joined(parts: list[tuple[str, SourceMap]], empty: tuple[SourceFile, int]) -> tuple[str, SourceMap]:
    """Several decoded runs as one; `empty` places the result when there are none."""
    if len(parts) == 1:
        return parts[0]
    pieces: list[Piece] = []
    size = 0
    for text, map_ in parts:
        pieces.extend(Piece(size + p.start, p.length, p.file, p.origin, p.origin_length) for p in map_.pieces)
        size += len(text)
    if not pieces:
        pieces.append(Piece(0, 0, empty[0], empty[1], 0))
    return "".join(text for text, _ in parts), SourceMap(tuple(pieces))
