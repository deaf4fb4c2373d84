"""ISO 8601 durations of resources."""

from __future__ import annotations

import pytest

from apimpy.configuration.durations import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT10S", 10),
        ("PT1H", 3600),
        ("P1DT2H3M4.5S", 93784.5),
        ("PT0S", 0),
        ("P2D", 172800),
        ("P", None),
        ("PT", None),
        ("10", None),
        ("P1M", None),
        ("P1Y", None),
        ("PT1S ", None),
        ("-PT1S", None),
        ("", None),
    ],
)
def test_seconds(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds
