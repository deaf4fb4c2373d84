"""Every rule does what its page says: the blocks below Avoid and Prefer are the cases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from linting import lint

from apimpy.lint.documentation import Example, page_of
from apimpy.lint.edits import apply
from apimpy.lint.registry import FOLDER, modules
from apimpy.lint.rule import CATEGORIES
from apimpy.lint.settings import Settings
from apimpy.lint.subject import Surroundings
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from apimpy.diagnostics import Diagnostic

RULES = list(modules())
AVOID = [(r, i, e) for r in RULES for i, e in enumerate(page_of(r.__doc__).avoid)]
PREFER = [(r, i, e) for r in RULES for i, e in enumerate(page_of(r.__doc__).prefer)]
IDS = {"ids": lambda x: x.name if isinstance(x, type) else str(x) if isinstance(x, int) else ""}
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("**/*.xml"))


def check(example: Example, text: str | None = None) -> list[Diagnostic]:
    """The findings in an example, or in what it was made into; not what apimpy itself cannot do yet."""
    settings = Settings(gateway=example.gateway) if example.gateway else None
    around = None
    if example.pools is not None or example.keys:
        sizes = example.pools or {}
        around = Surroundings(
            ((),),
            pools={id_: size for id_, size in sizes.items() if size},
            unchecked=frozenset(id_ for id_, size in sizes.items() if not size),
            key_headers=frozenset(example.keys.split()),
            secret_values=frozenset({"openai-key"}),
        )
    found = lint(example.document if text is None else text, settings, scope=example.scope, around=around)
    return [d for d in found if d.kind != "unsupported"]


@pytest.mark.parametrize(("rule", "number", "example"), AVOID, **IDS)
def test_avoid_is_found(rule, number, example):
    """The rule reports the example, with help, and nobody has anything else to say about it."""
    found = check(example)
    assert {d.code for d in found} == {rule.code}
    assert all(d.help and d.span.start < d.span.end for d in found)


@pytest.mark.parametrize(("rule", "number", "example"), PREFER, **IDS)
def test_prefer_is_not_found(rule, number, example):
    """Nobody has anything to say about what the page recommends."""
    assert [str(d) for d in check(example) if d.code == rule.code or d.severity > 0] == []


@pytest.mark.parametrize(("rule", "number", "example"), AVOID, **IDS)
def test_fix_fixes(rule, number, example):
    """A corrected example is clean, still a document, and corrected again it stays the same."""
    found = check(example)
    if not any(d.fixes for d in found):
        return
    fixed, count = apply(SourceFile("policy.xml", example.document), found, unsafe=True)
    assert count > 0
    left = check(example, fixed)
    assert [str(d) for d in left if d.code == rule.code or d.code.startswith("DOC")] == []
    assert apply(SourceFile("policy.xml", fixed), left, unsafe=True)[0] == fixed


@pytest.mark.parametrize("rule", RULES, **IDS)
def test_rule_is_named_as_it_must(rule):
    """A code of its category's letters, one class in a file of its name, a level."""
    letters = {"service": "SVC", "runtime": "RUN", "security": "SEC", "ai-gateway": "AIG"}
    letters |= {"portability": "PRT", "style": "STY"}
    assert rule.category in CATEGORIES
    assert re.fullmatch(letters[rule.category] + r"\d{3}", rule.code)
    assert rule.__name__ == "".join(word.capitalize() for word in rule.name.split("-"))


def test_codes_and_names_are_told_apart():
    """No two rules share a code or a name."""
    assert len({r.code for r in RULES}) == len(RULES) == len({r.name for r in RULES})


def test_rules_know_nothing_of_each_other():
    """A rule imports no other rule."""
    for path in Path(FOLDER).glob("*/*.py"):
        assert "apimpy.lint.rules" not in path.read_text(), path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_are_clean(path):
    """What we show to others has neither errors nor warnings."""
    assert [str(d) for d in lint(path.read_text(), name=path.name) if d.severity > 0] == []
