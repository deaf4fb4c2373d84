"""How much work a pattern can make of a text: whether matching needs a clock at all.

Asking the engine to watch the time costs several times what a small match does.  Where quantifiers do not stand inside
quantifiers, the number of ways to try is a polynomial in the length of the text, and short texts need no watch.
"""

from __future__ import annotations

from apimpy.dotnet.regex_ import nodes as n
from apimpy.record import Record

__all__ = ["unwatched"]

_ENOUGH = 200_000
"""Steps that take a millisecond or two."""
_FEW = 8


class _Effort(Record, frozen=True, eq=True):
    """At most `factor * length ** degree` ways to match from one place."""

    degree: int
    factor: int


def unwatched(node: n.Node) -> int:
    """The length of the longest text that a search is through with before a clock could matter; -1: not even ""."""
    found = _ways(node)
    if found is None:
        return -1
    steps = _ENOUGH // (found.factor * _size(node))
    return int(steps ** (1 / (found.degree + 1))) - 1


def _ways(node: n.Node) -> _Effort | None:
    match node:
        case n.Group(_, body) | n.Atomic(body) | n.Look(body):
            return _ways(body)
        case n.Sequence(items):
            return _product([_ways(i) for i in items])
        case n.Alternation(options):
            return _sum([_ways(o) for o in options])
        case n.Repeat(body, least, most):
            return _repeated(_ways(body), least, most)
        case n.Backreference() | n.Conditional():
            return None
    return _Effort(0, 1)


def _repeated(one: _Effort | None, least: int, most: int | None) -> _Effort | None:
    if one is None:
        return None
    plain = one == _Effort(0, 1)
    if most is None:
        return _Effort(1, 1) if plain else None
    if plain:
        return _bounded(0, most - least + 1)
    if most > _FEW:
        return None
    return _bounded(one.degree * most, (one.factor + 1) ** most)


def _bounded(degree: int, factor: int) -> _Effort | None:
    """None as soon as it is too much: nested repeats would make numbers without end."""
    return _Effort(degree, factor) if degree <= _FEW and factor <= _ENOUGH else None


def _product(parts: list[_Effort | None]) -> _Effort | None:
    degree, factor = 0, 1
    for part in parts:
        if part is None:
            return None
        degree += part.degree
        factor *= part.factor
        if factor > _ENOUGH:
            return None
    return _bounded(degree, factor)


def _sum(parts: list[_Effort | None]) -> _Effort | None:
    degree, factor = 0, 0
    for part in parts:
        if part is None:
            return None
        degree = max(degree, part.degree)
        factor += part.factor
    return _bounded(degree, factor)


def _size(node: n.Node) -> int:
    """The parts of a pattern, repeated ones as often as they must occur."""
    match node:
        case n.Group(_, body) | n.Atomic(body) | n.Look(body):
            return 1 + _size(body)
        case n.Sequence(items) | n.Alternation(items):
            return 1 + sum(map(_size, items))
        case n.Repeat(body, least):
            return 1 + _size(body) * max(least, 1)
    return 1
