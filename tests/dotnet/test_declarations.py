"""Every declaration of the library parses, and the Python function behind it takes what the compiler passes."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from apimpy.csharp.types import MISSING, ClrType, Method, Property
from apimpy.dotnet.decl import _METHOD
from apimpy.dotnet.universe import universe

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = sorted(universe().types(), key=lambda t: (t.full_name, t.arity))


def _name(t: ClrType) -> str:
    return f"{t.full_name}`{t.arity}" if t.arity else t.full_name


def _takes(function: Any, count: int) -> bool:
    """Whether the function can be called with that many positional arguments."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        return True  # a builtin that does not tell
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _calls(t: ClrType) -> Iterator[tuple[str, Any, int]]:
    """(declaration, function, number of arguments the compiler passes)."""
    for name in t.declarations:
        for member in t.own(name):
            d = member.decl
            if d.unsupported:
                continue
            if isinstance(member, Method):
                arguments = sum(p.mode != "out" for p in member.params)
                yield (
                    d.signature,
                    d.impl,
                    d.rt + (len(member.type_args) if d.reify else 0) + (not member.static) + arguments,
                )
            elif d.const is MISSING:
                receiver = 0 if member.static else 1
                if d.attr is None:
                    yield d.signature, d.impl, d.rt + receiver + len(member.index)
                if d.setter is not None:
                    yield d.signature + " (set)", d.setter, d.rt + receiver + len(member.index) + 1


@pytest.mark.parametrize("t", TYPES, ids=_name)
def test_members_parse_and_fit(t: ClrType) -> None:
    """Parameter and result types exist, and every implementation accepts its arguments."""
    t.bases()
    for name in t.declarations:
        for member in t.own(name):
            assert isinstance(member, (Method, Property))
    for signature, function, count in _calls(t):
        assert callable(function), f"{_name(t)}: no function behind {signature!r}"
        assert _takes(function, count), f"{_name(t)}: {signature!r} passes {count} arguments"


@pytest.mark.parametrize("t", TYPES, ids=_name)
def test_overloads_differ(t: ClrType) -> None:
    """No two declarations of a name have the same parameter types."""
    for name in t.declarations:
        if name in ("implicit", "explicit"):
            continue
        keys = Counter(
            (
                tuple((p.type, p.mode in ("out", "ref")) for p in m.params) if isinstance(m, Method) else m.index,
                len(m.type_params) if isinstance(m, Method) else 0,
            )
            for m in t.own(name)
            if isinstance(m, Method) and not m.type_params
        )
        assert [k for k, n in keys.items() if n > 1] == [], f"{_name(t)}.{name}"


@pytest.mark.parametrize("t", TYPES, ids=_name)
def test_allowed_members_exist(t: ClrType) -> None:
    """A name in an allow or deny list is a member of the type or of a base."""
    known = set(t.declarations) | set(t.enum_members)
    for base in t.bases():
        known |= set(base.decl.declarations)
    listed = (t.allowed | t.denied) - {"*", ".ctor", "Item", "this[]"}
    missing = {name for name in listed if name not in known}
    assert not missing, f"{_name(t)}: {sorted(missing)}"


def test_delegates_parse() -> None:
    """The signature of a delegate names its own type parameters."""
    for t in TYPES:
        if t.delegate:
            assert _METHOD.search(t.delegate), _name(t)


def test_names_are_unique() -> None:
    """No type is declared twice and no alias given twice."""
    assert [n for n, c in Counter((t.full_name, t.arity) for t in TYPES).items() if c > 1] == []
    assert [n for n, c in Counter(t.alias for t in TYPES if t.alias).items() if c > 1] == []
