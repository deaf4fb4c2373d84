"""The nearest known name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apimpy.spell import nearest

NAMES = ["Headers", "Method", "Url", "IpAddress", "Body", "set-header", "set-body", "choose", "when", "otherwise"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Headerz", "Headers"),
        ("headers", "Headers"),
        ("HEADERS", "Headers"),
        ("Haeders", "Headers"),
        ("Header", "Headers"),
        ("Heders", "Headers"),
        ("Metod", "Method"),
        ("Ulr", "Url"),
        ("set-heder", "set-header"),
        ("set-bodi", "set-body"),
        ("chose", "choose"),
        ("othrwise", "otherwise"),
        ("when", "when"),
        ("completely", None),
        ("xyz", None),
        ("", None),
        ("a", None),
    ],
)
def test_nearest(word: str, expected: str | None) -> None:
    """One slip in three letters is forgiven, swaps count once, case does not count."""
    assert nearest(word, NAMES) == expected


def test_no_candidates() -> None:
    """Nothing is near nothing."""
    assert nearest("word", []) is None


def test_ties_are_settled_by_name() -> None:
    """The same answer whatever the order of the candidates."""
    assert nearest("cat", ["car", "bat"]) == nearest("cat", ["bat", "car"]) == "bat"


@given(st.text(alphabet="abcde", min_size=1, max_size=12))
def test_a_name_is_nearest_to_itself(word: str) -> None:
    """Whatever else is known."""
    assert nearest(word, [word, word + "x", "y" + word]) == word


@given(st.text(alphabet="abcXYZ-", max_size=12), st.lists(st.text(alphabet="abcxyz-", max_size=12), max_size=5))
def test_total(word: str, names: list[str]) -> None:
    """The answer is a candidate or None."""
    assert nearest(word, names) in [*names, None]
