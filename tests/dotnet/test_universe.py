"""The universe: its index is current and complete, names and extensions are found in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import apimpy
from apimpy.dotnet.universe import INDEX, build_index, universe

ROOT = Path(apimpy.__file__).parents[1]
ROWS = json.loads(Path(INDEX).read_text(encoding="utf-8"))


def test_index_is_current() -> None:
    """`python -m apimpy.dotnet.universe` has nothing to change."""
    built = {(row["name"], len(row["params"])): row for row in build_index()}
    stored = {(row["name"], len(row["params"])): row for row in ROWS}
    assert sorted(built) == sorted(stored)
    assert {key: row for key, row in built.items() if row != stored[key]} == {}


def test_index_is_sorted_and_one_row_a_line() -> None:
    """A change of one type is a change of one line."""
    keys = [(row["name"], len(row["params"])) for row in ROWS]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    lines = Path(INDEX).read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(ROWS) + 2


def test_names() -> None:
    """Aliases, full names, simple names through the implicit usings; nothing else."""
    world = universe()
    for name in ("int", "Int32", "System.Int32"):
        found = world.find(name, 0)
        assert found is not None
        assert found.full_name == "System.Int32"
    assert world.find("WebUtility", 0) is None  # System.Net is not imported
    assert world.find("System.Net.WebUtility", 0) is not None
    assert world.any_type("WebUtility", 0) is not None  # declarations may
    assert world.find("Nonsense", 0) is None
    assert world.find("List", 0) is None
    assert world.find("List", 1) is not None
    assert world.is_namespace("System.Text")
    assert not world.is_namespace("System.Foo")


@pytest.mark.parametrize("name", ["Select", "Where", "GetValueOrDefault", "AsJwt", "Value"])
def test_extensions(name: str) -> None:
    """Extension methods are found by name alone."""
    methods = universe().extensions(name)
    assert methods
    assert all(m.extension for m in methods)


def test_no_extension() -> None:
    """A name that no extension has."""
    assert list(universe().extensions("Nonsense")) == []


def test_types_are_loaded_on_demand() -> None:
    """Asking for a string does not load the XML library."""
    code = (
        "import sys; from apimpy.dotnet.universe import universe; universe().find('string', 0);"
        "print('apimpy.dotnet.xml_.element' in sys.modules, 'apimpy.dotnet.crypto.x509' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.split() == ["False", "False"]
