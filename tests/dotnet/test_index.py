"""The index of the library: what it says of types and members is what the modules declare."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from apimpy.csharp.types import ALL, ClrType
from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.universe import universe

LOADED = """
import sys
from apimpy.dotnet.universe import universe
string = universe().named("System.String").decl
before = set(sys.modules)
found = [len(string.own(name)) for name in sys.argv[1:]]
print(*found, *sorted(m for m in set(sys.modules) - before if m.startswith("apimpy.dotnet.system.string_")))
"""


def python(code: str, *words: str) -> str:
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("member", "loaded"),
    [
        ("Trim", "string_"),
        ("NoSuchMember", ""),
    ],
)
def test_modules_are_imported_for_the_members_they_have(member: str, loaded: str) -> None:
    count, *modules = python(LOADED, member).split()
    assert (int(count) > 0, f"apimpy.dotnet.system.{loaded}" in modules) == (bool(loaded), bool(loaded))
    assert bool(modules) == bool(loaded)


@pytest.mark.parametrize(
    ("name", "more", "error"),
    [
        ("System.String", {"alias": "string"}, "declared twice"),
        ("System.Nothing", {}, None),
    ],
)
def test_second_declaration_is_refused(name: str, more: dict[str, Any], error: str | None) -> None:
    known = universe().declaration("System.String", 0)
    assert known is not None
    known.complete()
    if error is None:
        assert clr_type(name, **more).allowed is ALL
    else:
        with pytest.raises(ValueError, match=error):
            clr_type(name, **more)


def test_other_declaration_than_announced_is_refused() -> None:
    code = "from apimpy.dotnet.decl import clr_type; clr_type('System.String', kind='struct')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "has changed: run python -m apimpy.dotnet.universe" in done.stderr


def test_types_know_their_members_before_they_are_loaded() -> None:
    assert isinstance(universe().declaration("System.Guid", 0), ClrType)
    assert universe().named("System.Guid").decl.own("NoSuchMember") == ()
