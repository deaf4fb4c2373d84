"""Source text and positions: where something stands in the file the user wrote.

Everything that leaves a layer carries a `Span`: half-open offsets (code points) into the ORIGINAL text of one
`SourceFile`, both ends always.  Three steps derive new text from old (entity decoding, named values, fragment
inclusion); each keeps a `SourceMap` from its text back to the origin.  Lines and columns (from 1) exist for printing
only.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter

from apimpy.record import Record

__all__ = ["Piece", "SourceFile", "SourceMap", "Span"]


class SourceFile:
    """A text with a name.  Line ends may be `\\n`, `\\r\\n` or `\\r`."""

    __slots__ = ("_line_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self._line_starts: list[int] | None = None

    def _starts(self) -> list[int]:
        """Where lines start; worked out when a position is first asked for."""
        if self._line_starts is None:
            starts, text, i = [0], self.text, 0
            while i < len(text):
                c = text[i]
                i += 1
                if c == "\n" or (c == "\r" and text[i : i + 1] != "\n"):
                    starts.append(i)
            self._line_starts = starts
        return self._line_starts

    def line_col(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of an offset (clamped to the text)."""
        offset = max(0, min(offset, len(self.text)))
        starts = self._starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a line (from 1) without its line end."""
        starts = self._starts()
        end = starts[line] if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r\n")

    def span(self, start: int, end: int | None = None) -> Span:
        return Span(self, start, start if end is None else end)


class Span(Record, frozen=True, eq=True):
    """Half-open offsets into the original text of `file`."""

    file: SourceFile
    start: int
    end: int

    def cover(self, other: Span) -> Span:
        """The smallest span that holds both (they must be of one file)."""
        return Span(self.file, min(self.start, other.start), max(self.end, other.end))

    @property
    def text(self) -> str:
        return self.file.text[self.start : self.end]

    @property
    def line_col(self) -> tuple[int, int]:
        return self.file.line_col(self.start)

    def __str__(self) -> str:
        line, col = self.line_col
        return f"{self.file.name}:{line}:{col}"


class Piece(Record, frozen=True, eq=True):
    """`length` characters of derived text that stand for `origin_length` characters at `origin` of `file`.

    Equal lengths map character by character; unequal ones (an entity, a named value) map as a whole.
    """

    start: int
    length: int
    file: SourceFile
    origin: int
    origin_length: int


class SourceMap(Record, frozen=True):
    """From derived text to original spans.  Pieces are in order and cover the derived text without gaps."""

    pieces: tuple[Piece, ...]

    @classmethod
    def identity(cls, file: SourceFile, base: int = 0, length: int | None = None) -> SourceMap:
        size = len(file.text) - base if length is None else length
        return cls((Piece(0, size, file, base, size),))

    def _at(self, offset: int, end: bool) -> tuple[SourceFile, int]:
        i = max(0, bisect_right(self.pieces, offset, key=attrgetter("start")) - 1)
        p = self.pieces[i]
        if end and offset == p.start and i:  # an exclusive end belongs to the piece before it
            p = self.pieces[i - 1]
        rel = min(max(offset - p.start, 0), p.length)
        if p.length == p.origin_length:
            return p.file, p.origin + rel
        if end:
            return p.file, p.origin + (p.origin_length if rel else 0)
        return p.file, p.origin + (p.origin_length if rel >= p.length else 0)

    def span(self, start: int, end: int) -> Span:
        """The original span of derived text [start, end)."""
        file, a = self._at(start, end=False)
        other, b = self._at(end, end=True)
        return Span(file, a, max(a, b)) if other is file else Span(file, a, a)

    def replace(self, edits: list[tuple[int, int, str]], text: str) -> tuple[str, SourceMap]:
        """Replace derived [start, end) by text, for every edit (in order, disjoint); the new text and its map."""
        out: list[str] = []
        pieces: list[Piece] = []
        size = at = 0
        for start, end, new in [*edits, (len(text), len(text), "")]:
            for p in self.pieces:
                a, b = max(p.start, at), min(p.start + p.length, start)
                if a < b:
                    linear = p.length == p.origin_length
                    origin = p.origin + (a - p.start) if linear else p.origin
                    pieces.append(Piece(size + a - at, b - a, p.file, origin, b - a if linear else p.origin_length))
            out.append(text[at:start])
            size += start - at
            if end > start or new:
                span = self.span(start, end)
                pieces.append(Piece(size, len(new), span.file, span.start, span.end - span.start))
                out.append(new)
                size += len(new)
            at = end
        if not pieces:
            pieces.append(Piece(0, 0, self.pieces[0].file, self.pieces[0].origin, 0))
        return "".join(out), SourceMap(tuple(pieces))
