"""Texts in windows."""

from __future__ import annotations

import pytest

from apimpy.policies._safety import windows


@pytest.mark.parametrize(
    ("text", "size", "overlap", "pieces"),
    [
        ("", 3, 0, []),
        ("abc", 3, 0, ["abc"]),
        ("abcd", 3, 0, ["abc", "d"]),
        ("abcdefg", 3, 1, ["abc", "cde", "efg"]),
        ("abcdefgh", 3, 1, ["abc", "cde", "efg", "gh"]),
        ("abcd", 2, 5, ["ab", "bc", "cd"]),
    ],
)
def test_windows(text: str, size: int, overlap: int, pieces: list[str]) -> None:
    assert windows(text, size, overlap) == pieces
