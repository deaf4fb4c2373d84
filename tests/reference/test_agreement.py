"""The generated code and the reference evaluator give the same answers: for the conformance cases, and for programs
that hypothesis writes.

`pytest tests/reference --hypothesis-profile=long` looks for hours instead of seconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from reference_evaluator import Refused, bound_of, run
from reference_generate import program

from apimpy.csharp.emit import emit
from apimpy.dotnet.compile import library
from apimpy.dotnet.encode import encode
from apimpy.dotnet.exceptions import BudgetExceeded, ClrError
from apimpy.dotnet.values import Limits, well_formed
from apimpy.runtime.exchange import Exchange
from apimpy.runtime.fixture import load_fixture

CONFORMANCE = Path(__file__).parents[1] / "conformance"
FILES = sorted(p for folder in ("expressions", "own") for p in (CONFORMANCE / folder).glob("*.jsonl"))
UNTIL_FIXED = frozenset(("filters", "null receivers", "references"))
"""Constructs in which generated code is known to differ: left out of the programs, except in a long run."""
LONG = settings.default is not None and settings.default.max_examples > 1000
BRIEF = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),  # shrinking takes minutes; a long run does it
    suppress_health_check=list(HealthCheck),
)
DIFFER = {"own-flow-61cfc3d3": "generated code runs exception filters after the finally blocks inside"}
"""Conformance cases in which the evaluator is right and generated code is not."""
PATIENT = Limits(steps=1_000_000, seconds=8.0)


@pytest.fixture(autouse=True)
def _deep() -> Iterator[None]:
    """The evaluator takes a dozen Python calls for one of C#."""
    kept = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(kept)


@cache
def fixture(name: str) -> dict[str, Any]:
    return json.loads((CONFORMANCE / "fixtures" / f"{name}.json").read_text(encoding="utf-8"))


def exchange_for(name: str | None) -> Exchange:
    exchange = load_fixture(fixture(name) if name else {})
    exchange.rt.limits = PATIENT
    exchange.rt.begin()
    return exchange


def answer(compute: Any, name: str | None) -> str:
    """What came out, as text that says everything; "" for a budget that ran out."""
    exchange = exchange_for(name)
    try:
        row = encode(compute(exchange, exchange.rt))
    except ClrError as error:
        row = {"exception": error.full_name, "message": error.text}
    except (BudgetExceeded, RecursionError):
        return ""
    return well_formed(json.dumps(row, ensure_ascii=False))


def generated(root: Any) -> Any:
    fn, _ = emit(root, library(), "expression", "program", lambda offset: (1, offset), budget=True)
    return fn


def disagreement(text: str, name: str | None = None) -> str | None:
    """None when both say the same.  Refused."""
    root = bound_of(text[2:-1], block=text[1] == "{")
    compiled, walked = answer(generated(root), name), answer(lambda c, rt: run(root, c, rt), name)
    if not compiled or not walked or compiled == walked:
        return None
    return f"{text}\n      compiled {compiled}\n      walked   {walked}"


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_conformance_cases(file: Path) -> None:
    """Every conformance case that runs."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if "{{" in case["expr"]:
            continue
        try:
            why = disagreement(case["expr"], case.get("fixture"))
        except Refused:
            continue
        if case["id"] in DIFFER:
            why = None if why is not None else "agrees now: strike it out of DIFFER"
        if why is not None:
            found.append(f"{case['id']}: {why}")
    assert not found, "\n".join(found)


@given(program(frozenset() if LONG else UNTIL_FIXED))
@(settings.default if LONG else BRIEF)
def test_programs(text: str) -> None:
    """Programs of every construct."""
    try:
        why = disagreement(text)
    except Refused:
        assume(False)
    assert why is None, why
