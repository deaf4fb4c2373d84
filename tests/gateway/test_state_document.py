"""docs/state.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from apimpy.observe.metrics import Metrics
from apimpy.policies import catalogue
from apimpy.stores.redis.connection import RedisLink

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "state.md").read_text()


def test_policies_without_their_state() -> None:
    said = {}
    for names, how in re.findall(r"^\| (`[^|]+) \| (open|miss): ", TEXT, re.MULTILINE):
        said.update(dict.fromkeys(re.findall(r"`([a-z-]+)`", names), how))
    assert said == {p.element: p.without_state for p in catalogue() if p.without_state is not None}


async def test_metrics() -> None:
    metrics = Metrics(process=False)
    link = RedisLink("unix:///nowhere", patience=0.01)
    metrics.watch(link)
    assert await link.open() is not None
    shown = set(re.findall(r"^(apimpy_store_\w+)", metrics.render().decode(), re.MULTILINE))
    await link.aclose()
    assert shown == set(re.findall(r"^\| `(apimpy_store_\w+)", TEXT, re.MULTILINE))
