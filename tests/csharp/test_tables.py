"""The parse tables: the grammar compiles without conflicts, and what is stored is what would be built."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import apimpy
from apimpy.csharp import tables
from apimpy.csharp.build import BUILD

ROOT = Path(apimpy.__file__).parents[1]


GRAMMAR = Path(__file__).parents[2] / "grammar" / "csharp.lark"


@pytest.fixture(scope="module")
def text() -> str:
    return GRAMMAR.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def built(text: str) -> dict[str, Any]:
    """Compiled with lark, strict: a conflict would raise here."""
    return json.loads(json.dumps(tables.build(text)))


def rows_of(built: dict[str, Any]) -> list[dict[str, int]]:
    return [built["rows"][i] for i in built["states"]]


def canonical(start: dict[str, int], end: dict[str, int], rules: list[Any], states: list[dict[str, int]]) -> list[Any]:
    """The automaton with its states numbered in the order they are reached: lark numbers them as it likes."""
    order = [start[k] for k in tables.START]
    number = {state: i for i, state in enumerate(order)}
    out: list[Any] = []
    for state in order:
        row: dict[str, Any] = {}
        for symbol, action in sorted(states[state].items()):
            if action < 0:
                row[symbol] = list(rules[-action - 1])
                continue
            if action not in number:
                number[action] = len(order)
                order.append(action)  # the loop sees it: this is the queue
            row[symbol] = number[action]
        out.append(row)
    assert len(order) == len(states)
    return [*json.loads(json.dumps(out)), [number[end[k]] for k in tables.START]]


def of_built(built: dict[str, Any]) -> list[Any]:
    return canonical(built["start"], built["end"], built["rules"], rows_of(built))


def of_loaded(loaded: tables.Tables) -> list[Any]:
    return canonical(loaded.start, loaded.end, list(loaded.rules), list(loaded.states))


def test_stored_tables_are_the_built_ones(built: dict[str, Any]) -> None:
    """`load` gives the same whether it reads or builds."""
    assert of_loaded(tables.load()) == of_built(built)


def test_building_again_makes_the_same_automaton(text: str, built: dict[str, Any]) -> None:
    """Another process, with another hash seed, builds the same states and rules (in any order)."""
    code = "import sys, json; from apimpy.csharp import tables; print(json.dumps(tables.build(sys.stdin.read())))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert of_built(json.loads(done.stdout)) == of_built(built)


def test_a_conflict_is_an_error() -> None:
    """`strict=True`: an ambiguous grammar does not build."""
    ambiguous = "start_expression: e\nstart_block: e\ne: e PLUS e | NUMBER\n%declare PLUS NUMBER\n"
    with pytest.raises(Exception, match=r"Shift/Reduce conflict"):
        tables.build(ambiguous)


def test_every_node_is_built(built: dict[str, Any]) -> None:
    """Every named alternative has its constructor."""
    named = {
        name for _, _, name, _, expand in built["rules"] if name is not None and not (expand and name not in BUILD)
    }
    spliced = {left for left, _, name, _, _ in built["rules"] if name is None}
    assert named - set(BUILD) == set()
    assert all(left.startswith("_") for left in spliced)


def test_terminals_are_declared(text: str) -> None:
    """Every terminal used is declared, and every declared one is used."""
    body = "\n".join(line.split("//")[0] for line in text.splitlines())
    declared = set(re.findall(r"\b_?[A-Z][A-Z_]*\b", " ".join(re.findall(r"%declare (.*)", body))))
    used = set(re.findall(r"(?<![\w>-])_?[A-Z][A-Z_]*\b", re.sub(r"%declare .*", "", body)))
    assert declared == used


def test_a_read_only_installation_builds_each_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: dict[str, Any]
) -> None:
    """Tables of another grammar are not used, and failing to store the new ones does no harm."""
    stale = json.dumps({**built, "grammar": "another", "states": []})
    (tmp_path / "csharp.json").write_text(stale)

    def refuse(*paths: Any) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(tables, "_STORED", str(tmp_path / "csharp.json"))
    monkeypatch.setattr(tables.os, "replace", refuse)
    monkeypatch.setattr(tables, "build", lambda text: built)
    assert of_loaded(tables.load.__wrapped__()) == of_built(built)
    assert (tmp_path / "csharp.json").read_text() == stale


@pytest.mark.parametrize("broken", [None, "", "{}", "nonsense"])
def test_broken_tables_are_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: dict[str, Any], broken: str | None
) -> None:
    """A stored file that is absent or cannot be read is written again."""
    stored = tmp_path / "folder" / "csharp.json"
    if broken is not None:
        stored.parent.mkdir()
        stored.write_text(broken)
    monkeypatch.setattr(tables, "_STORED", str(stored))
    monkeypatch.setattr(tables, "build", lambda text: built)
    assert of_loaded(tables.load.__wrapped__()) == of_built(built)
    assert json.loads(stored.read_text()) == built


def test_lark_is_not_imported_to_read_tables() -> None:
    """lark is for building only."""
    code = (
        "import sys; from apimpy.csharp.parser import parse; parse('1 + 1', block=False); print('lark' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.strip() == "False"
