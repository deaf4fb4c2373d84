"""Every step of `docs/behaviour.md` is named by a test, and no test names a step that is not there.

The markers are read from the source of the tests, so it does not matter which of them run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from apimpy.policies import catalogue
from apimpy.policy.facts import PLANNED

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "behaviour.md"
GENERAL = {"failure", "last-error", "answer", "predefined-error", "token-error", "common", "cache", "placement"}
"""Sections that are about several policies."""


@cache
def numbered() -> dict[str, list[int]]:
    """The numbers of the page by section."""
    found: dict[str, list[int]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            found[line.removeprefix("## ")] = steps = []
        elif number := re.match(r"(\d+)\. \S", line):
            steps.append(int(number[1]))
    return found


def marked(source: str) -> Iterator[tuple[int, str]]:
    """The line and the text of every marker `step`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.step":
            for argument in node.args:
                assert isinstance(argument, ast.Constant), f"line {node.lineno}: a step is a literal"
                yield node.lineno, argument.value


def test_how_markers_are_read():
    source = '@pytest.mark.step("a 1 2",\n "b 3")\n@pytest.mark.other("c 4")\ndef test(): pass\n'
    assert list(marked(source)) == [(1, "a 1 2"), (1, "b 3")]


@cache
def named() -> dict[tuple[str, int], str]:
    """Where a step is named; the last place wins."""
    found: dict[tuple[str, int], str] = {}
    for file in sorted((ROOT / "tests").glob("*/test_*.py")):
        source = file.read_text(encoding="utf-8")
        for line, text in marked(source) if "mark.step(" in source else ():
            section, *numbers = text.split(" ")
            place = f"{file.relative_to(ROOT)}:{line}"
            assert numbers, f"{place}: which steps of {section}?"
            found.update(((section, int(n)), place) for n in numbers)
    return found


def test_numbers_follow_one_another():
    assert all(steps == list(range(1, len(steps) + 1)) for steps in numbered().values())


@pytest.mark.parametrize("section", numbered())
def test_every_step_is_named_by_a_test(section):
    assert [n for n in numbered()[section] if (section, n) not in named()] == []


def test_every_name_is_a_step():
    steps = {(section, n) for section, numbers in numbered().items() for n in numbers}
    assert {step: place for step, place in named().items() if step not in steps} == {}


def test_every_policy_that_runs_has_its_steps():
    names = {p.element for p in catalogue() if p.support is not PLANNED} | {"base", "include-fragment"}
    names = {n for n in names if not n.startswith(("llm-", "azure-openai-"))}  # theirs is the page of the examples
    assert names == set(numbered()) - GENERAL
