"""Reachability: which ends of statements control can arrive at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.csharp import bound as bd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.csharp.bound import BStmt


def list_ends(body: list[BStmt], *, breaks: bool) -> bool:
    return any(ends(s, breaks=breaks) for s in body)


def ends(s: BStmt, *, breaks: bool = True) -> bool:
    """The statement's end point cannot be reached.  `breaks=False`: `break` counts as leaving (switch sections)."""
    if isinstance(s, bd.BReturn | bd.BRethrow | bd.BContinue | bd.BGoto):
        return True
    if isinstance(s, bd.BBreak):
        return True
    if isinstance(s, bd.BExprStmt):
        return isinstance(s.value, bd.BThrow)
    if isinstance(s, bd.BBlock):
        return list_ends(s.body, breaks=breaks)
    if isinstance(s, bd.BIf):
        if s.test.const is True:
            return ends(s.then, breaks=breaks)
        return s.other is not None and ends(s.then, breaks=breaks) and ends(s.other, breaks=breaks)
    if isinstance(s, bd.BWhile):
        if s.kind == "do" and not _breaks(s.body) and (s.test.const is True or ends(s.body)) and not _continues(s.body):
            return True
        return s.test.const is True and not _breaks(s.body)
    if isinstance(s, bd.BFor):
        return (s.test is None or s.test.const is True) and not _breaks(s.body)
    if isinstance(s, bd.BTry):
        if s.finally_ is not None and ends(s.finally_):
            return True
        return ends(s.body, breaks=breaks) and all(ends(c.body, breaks=breaks) for c in s.catches)
    if isinstance(s, bd.BUsing):
        return ends(s.body, breaks=breaks)
    if isinstance(s, bd.BSwitch):
        if s.default is None and not any(label.total for x in s.sections for label in x.labels):
            return False
        return all(list_ends(x.body, breaks=False) and not any(_breaks(y) for y in x.body) for x in s.sections)
    return False


def _children(s: BStmt) -> Iterator[BStmt]:
    if isinstance(s, bd.BBlock):
        yield from s.body
    elif isinstance(s, bd.BIf):
        yield s.then
        if s.other is not None:
            yield s.other
    elif isinstance(s, bd.BTry):
        yield s.body
        yield from (c.body for c in s.catches)
        if s.finally_ is not None:
            yield s.finally_
    elif isinstance(s, bd.BUsing):
        yield s.body


def _breaks(s: BStmt) -> bool:
    """A `break` inside leaves the loop or switch around this statement."""
    return isinstance(s, bd.BBreak) or any(_breaks(c) for c in _children(s))


def _continues(s: BStmt) -> bool:
    if isinstance(s, bd.BSwitch):
        return any(_continues(x) for section in s.sections for x in section.body)
    return isinstance(s, bd.BContinue) or any(_continues(c) for c in _children(s))


def returns_of(s: BStmt) -> Iterator[bd.BReturn]:
    """Every return statement of a function body (not of functions inside it)."""
    if isinstance(s, bd.BReturn):
        yield s
    elif isinstance(s, bd.BWhile | bd.BFor | bd.BForeach):
        yield from returns_of(s.body)
    elif isinstance(s, bd.BSwitch):
        for section in s.sections:
            for x in section.body:
                yield from returns_of(x)
    else:
        for c in _children(s):
            yield from returns_of(c)


def gotos_of(s: BStmt) -> Iterator[bd.BGoto]:
    """The `goto case` statements of a switch section (not of switches inside it)."""
    if isinstance(s, bd.BGoto):
        yield s
    elif isinstance(s, bd.BWhile | bd.BFor | bd.BForeach):
        yield from gotos_of(s.body)
    else:
        for c in _children(s):
            yield from gotos_of(c)
