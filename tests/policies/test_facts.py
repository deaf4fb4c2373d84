"""Declarations say what the reference of the platform says, but for the differences that are written down."""

import inspect
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from declared_facts import lines_of

from apimpy.policies import catalogue
from apimpy.policy.base import Policy, fields_of
from apimpy.policy.facts import PLANNED
from apimpy.reference.describe import describe

TABLE = tomllib.loads((Path(__file__).parent / "facts.toml").read_text(encoding="utf-8"))
FACTS = {name: row["facts"].split("\n")[:-1] for name, row in TABLE["policies"].items()}
POLICIES = {p.element: p for p in catalogue()}


def test_every_policy_of_the_reference_is_declared_and_no_other():
    assert set(POLICIES) == set(FACTS)
    assert len(POLICIES) == 74


@pytest.mark.parametrize("name", FACTS)
def test_declaration(name):
    expected = Counter(FACTS[name])
    for difference in TABLE["differences"]:
        if difference["policy"] == name:
            expected.subtract(difference["reference"])
            expected.update(difference["ours"])
    found = Counter(lines_of(describe(POLICIES[name])))
    assert sorted((found - expected).elements()) == [], "declared, and not in the reference"
    assert sorted((expected - found).elements()) == [], "in the reference, and not declared"


def test_differences_are_about_facts_and_have_a_reason():
    for difference in TABLE["differences"]:
        facts = FACTS[difference["policy"]]
        assert [line for line in difference["reference"] if line not in facts] == []
        assert [line for line in difference["ours"] if line in facts] == []
        assert difference["why"]


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_explains_itself(name):
    """A sentence for the policy, and for every attribute."""
    policy = POLICIES[name]
    assert describe(policy)["summary"].endswith((".", ":")), "a docstring of its own, or its base's"
    assert [f.name for f in fields_of(policy) if f.spec.kind == "attr" and not f.spec.doc] == []


@pytest.mark.parametrize("name", POLICIES)
def test_support(name):
    """What is planned does not run, what is partial says what is missing."""
    policy = POLICIES[name]
    writes = {"run", "prepare"} & {n for c in policy.__mro__ if c.__name__ not in ("Policy", "object") for n in vars(c)}
    assert bool(writes) == (policy.support is not PLANNED)
    assert bool(policy.support.note) == (policy.support.level == "partial")


ELSEWHERE = {"log-to-eventhub"}
"""In part because of where things go, which no document can show."""


@pytest.mark.parametrize("name", POLICIES)
def test_what_is_reported_as_having_no_effect_makes_support_partial(name):
    """`POL019` is what the binder says of it, and `partial` what the pages say."""
    policy = POLICIES[name]
    sources = [inspect.getsource(sys.modules[c.__module__]) for c in policy.__mro__ if issubclass(c, Policy)]
    reports = any("POL019" in source for source in sources)
    assert (policy.support.level == "partial") == (reports or name in ELSEWHERE)


def test_one_module_for_each():
    assert {p.__module__ for p in POLICIES.values()} == {
        f"apimpy.policies.{name.replace('-', '_')}" for name in POLICIES
    }
