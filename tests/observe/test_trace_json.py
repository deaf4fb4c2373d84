"""Times as the platform's traces write them."""

from __future__ import annotations

import pytest

from apimpy.observe.trace_json import elapsed_text, timestamp_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "00:00:00"),
        (0.2983315, "00:00:00.2983315"),
        (61.5, "00:01:01.5000000"),
        (3600.0, "01:00:00"),
    ],
)
def test_elapsed(seconds: float, text: str) -> None:
    assert elapsed_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.0000000Z"),
        (1_700_000_000.25, "2023-11-14T22:13:20.2500000Z"),
        (1_699_999_999.99999999, "2023-11-14T22:13:20.0000000Z"),
    ],
)
def test_timestamp(seconds: float, text: str) -> None:
    assert timestamp_text(seconds) == text
