"""Vectors: like texts are near, unlike ones are far, and the same text always has the same vector."""

from __future__ import annotations

import pytest

from apimpy.mock.embeddings import embedding


def likeness(a: str, b: str, size: int = 1536) -> float:
    return sum(x * y for x, y in zip(embedding(a, size), embedding(b, size), strict=True))


QUESTION = "How do I reset my password?"
LIKENESS: list[tuple[str, float, float]] = [
    (QUESTION, 0.999, 1.001),
    ("how do i RESET my password", 0.999, 1.001),
    ("How can I reset my password?", 0.75, 0.95),
    ("How do I reset my pasword?", 0.75, 0.95),
    ("How do I reset the passwords?", 0.6, 0.9),
    ("What is the capital of France?", -0.1, 0.25),
    ("東京の天気", -0.1, 0.1),
    ("", -0.1, 0.1),
]


@pytest.mark.parametrize(("other", "least", "most"), LIKENESS)
def test_likeness(other: str, least: float, most: float) -> None:
    assert least <= likeness(QUESTION, other) <= most


@pytest.mark.parametrize("text", ["", "  ", "?!", "a", "naïve 🚀 東京", "x" * 100_000])
@pytest.mark.parametrize("size", [1, 8, 3072])
def test_every_vector_has_length_one(text: str, size: int) -> None:
    vector = embedding(text, size)
    assert (len(vector), sum(v * v for v in vector)) == (size, pytest.approx(1))


def test_a_long_text_stays_near_its_beginning_said_twice() -> None:
    text = "the gateway counts tokens and the gateway limits them "
    assert likeness(text * 20, text) > 0.99
