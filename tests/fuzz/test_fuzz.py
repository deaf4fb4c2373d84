"""A few dozen mutations of every fuzz target's seeds; `fuzz.py` runs for longer."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_SPEC = importlib.util.spec_from_file_location("fuzz_targets", Path(__file__).parent / "targets.py")
assert _SPEC is not None
assert _SPEC.loader is not None
targets = importlib.util.module_from_spec(_SPEC)
sys.modules["fuzz_targets"] = targets
_SPEC.loader.exec_module(targets)

EXAMPLES = {"lexer": 300, "parser": 200, "compile": 150, "evaluate": 100}
FOUND = [
    ("jsonpath", "\x1f{'':["),
    ("jsonpath", "\x1f{'a':{'b':[{"),
    ("regex", r"(\1)" + "\x1fa"),
    ("regex", r"(?:(a\1?|b))+" + "\x1faabaab"),
    ("dates", "\x1f9999-12-31T23:59:59.99999999"),
]
"""What fuzzing found, mended since."""


@st.composite
def mutated(draw: Any, seeds: tuple[str, ...], pieces: list[str]) -> str:
    """A seed with a few stretches deleted, doubled or replaced by a piece."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        i = draw(st.integers(0, len(text)))
        j = min(len(text), i + draw(st.integers(0, 6)))
        piece = draw(st.sampled_from([*pieces, "\0", "\n", "\ud800", "\uffff", "\U0001f600", text[i:j]]))
        text = text[:i] + piece + text[draw(st.sampled_from((i, j))) :]
    return text


@pytest.mark.parametrize("name", targets.TARGETS)
def test_target(name: str) -> None:
    """Mutations of the seeds are reported or give an answer; nothing else is raised."""
    run, seeds = targets.TARGETS[name]

    @settings(
        max_examples=EXAMPLES.get(name, 100),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(seeds(), targets.PIECES[name]))
    def check(text: str) -> None:
        try:
            run(text)
        except targets.EXPECTED:
            return

    check()


@pytest.mark.parametrize(("name", "text"), FOUND)
def test_found(name: str, text: str) -> None:
    """Inputs that once raised something else."""
    targets.TARGETS[name][0](text)
