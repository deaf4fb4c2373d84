"""Positions: lines and columns of any text, and the way back from derived text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apimpy.source import SourceFile, SourceMap


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("", 0, (1, 1)),
        ("abc", 0, (1, 1)),
        ("abc", 3, (1, 4)),
        ("a\nb", 1, (1, 2)),
        ("a\nb", 2, (2, 1)),
        ("a\r\nb", 2, (1, 3)),
        ("a\r\nb", 3, (2, 1)),
        ("a\rb", 2, (2, 1)),
        ("\n\n", 2, (3, 1)),
        ("é😀x", 2, (1, 3)),
        ("abc", -5, (1, 1)),
        ("abc", 99, (1, 4)),
    ],
)
def test_line_col(text: str, offset: int, expected: tuple[int, int]) -> None:
    """Both from 1, code points, every kind of line end, clamped to the text."""
    assert SourceFile("f", text).line_col(offset) == expected


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [("a\nb\r\nc", 1, "a"), ("a\nb\r\nc", 2, "b"), ("a\nb\r\nc", 3, "c"), ("a\n", 2, ""), ("", 1, "")],
)
def test_line_text(text: str, line: int, expected: str) -> None:
    """Without its line end."""
    assert SourceFile("f", text).line_text(line) == expected


def test_span() -> None:
    """Half-open, with its text, its place and its cover."""
    file = SourceFile("dir/f.xml", "one\ntwo three")
    two, three = file.span(4, 7), file.span(8, 13)
    assert (two.text, three.text, two.line_col, three.line_col) == ("two", "three", (2, 1), (2, 5))
    assert str(three) == "dir/f.xml:2:5"
    assert two.cover(three) == three.cover(two) == file.span(4, 13)
    assert file.span(3) == file.span(3, 3)


def test_identity_map() -> None:
    """A part of a file as text of its own."""
    file = SourceFile("f", "xx@(a + b)yy")
    map = SourceMap.identity(file, 4, 5)
    assert map.span(0, 1).text == "a"
    assert map.span(4, 5).text == "b"
    assert map.span(0, 5).text == "a + b"
    assert map.span(0, 99).text == "a + b"


def test_replaced_text_maps_as_a_whole() -> None:
    """An entity is one place: its character, whichever end is asked for."""
    file = SourceFile("f", "a &lt; b")
    text, map = SourceMap.identity(file).replace([(2, 6, "<")], file.text)
    assert text == "a < b"
    assert [map.span(i, i + 1).text for i in range(5)] == ["a", " ", "&lt;", " ", "b"]
    assert map.span(0, 5).text == file.text
    assert map.span(3, 5).text == " b"


def test_replaced_by_longer_and_by_nothing() -> None:
    """A named value longer than its reference, and an empty one."""
    file = SourceFile("f", "x {{n}} y {{m}} z")
    text, map = SourceMap.identity(file).replace([(2, 7, "a longer value"), (10, 15, "")], file.text)
    assert text == "x a longer value y  z"
    at = text.index("longer")
    assert map.span(at, at + 6).text == "{{n}}"
    assert map.span(text.index("y"), text.index("y") + 1).text == "y"
    assert map.span(len(text) - 1, len(text)).text == "z"


def test_replace_twice() -> None:
    """Entities first, then named values: the origin is still the file."""
    file = SourceFile("f", "&amp;{{n}}!")
    text, map = SourceMap.identity(file).replace([(0, 5, "&")], file.text)
    text, map = map.replace([(1, 6, "a value")], text)
    assert text == "&a value!"
    assert map.span(0, 1).text == "&amp;"
    assert map.span(2, 4).text == "{{n}}"
    assert map.span(8, 9).text == "!"


def test_everything_replaced_by_nothing() -> None:
    """No piece is left, the map still answers."""
    file = SourceFile("f", "abc")
    text, map = SourceMap.identity(file).replace([(0, 3, "")], file.text)
    assert text == ""
    assert map.span(0, 0).file is file


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    text = draw(st.text(alphabet="ab\n<&é", max_size=30))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [(a, b, draw(st.text(alphabet="xyz", max_size=5))) for a, b in pairs]


@given(edits())
def test_replace_is_a_replacement(case: tuple[str, list[tuple[int, int, str]]]) -> None:
    """The text is that of plain replacement; untouched characters map to themselves, spans stay in the file."""
    text, changes = case
    file = SourceFile("f", text)
    derived, map = SourceMap.identity(file).replace(changes, text)
    plain, at = "", 0
    kept: list[tuple[int, int]] = []
    for start, end, new in [*changes, (len(text), len(text), "")]:
        kept += [(len(plain) + i, at + i) for i in range(start - at)]
        plain += text[at:start] + new
        at = end
    assert derived == plain
    for here, there in kept:
        span = map.span(here, here + 1)
        assert (span.start, span.end) == (there, there + 1)
    for i in range(len(derived)):
        span = map.span(i, i + 1)
        assert 0 <= span.start <= span.end <= len(text)


@given(st.text(alphabet="ab\r\n", max_size=30))
def test_lines_are_those_of_the_text(text: str) -> None:
    """Line and column lead back to the character."""
    file = SourceFile("f", text)
    lines = text.replace("\r\n", "\n\0").replace("\r", "\n").split("\n")
    for offset in range(len(text)):
        line, column = file.line_col(offset)
        assert 1 <= line <= len(lines)
        assert column >= 1
        if text[offset] not in "\r\n":
            assert file.line_text(line)[column - 1] == text[offset]
