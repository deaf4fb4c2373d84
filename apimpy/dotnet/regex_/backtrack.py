"""A small backtracking matcher for the patterns that the `regex` package has no means for: balancing groups.

    Machine(pattern).match(text, start, tick) -> {group: captures} or None

The tree is walked in continuation style with an explicit stack of alternatives: a state is (what is left to do,
position, captures), all three immutable, so going back is taking the last state from the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.regex_ import nodes as n
from apimpy.dotnet.regex_.translate import compile_node

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Machine"]

Captures = dict[int, tuple[tuple[int, int], ...]]
Rest = tuple[Any, "Rest"] | None
"""What is left to match: a linked list of nodes and of the markers below."""


class _Close:
    """The end of a group that began at `start`."""

    __slots__ = ("group", "start")

    def __init__(self, group: n.Group, start: int) -> None:
        self.group, self.start = group, start


class _Loop:
    """One more round of a repetition: `done` rounds so far, the last one from `start`."""

    __slots__ = ("done", "node", "start")

    def __init__(self, node: n.Repeat, done: int, start: int) -> None:
        self.node, self.done, self.start = node, done, start


class Machine:
    """A pattern ready to be matched; holds the compiled tests of its characters and anchors."""

    def __init__(self, pattern: n.Pattern) -> None:
        self.root = pattern.root
        self.tests: dict[int, Any] = {}
        self.keep: list[n.Node] = []

    def search(self, text: str, start: int, tick: Callable[[], None]) -> tuple[int, int, Captures] | None:
        """The first match from `start` on: where it begins and ends, and what the groups captured."""
        for at in range(start, len(text) + 1):
            found = self._run(self.root, text, at, {}, start, tick)
            if found is not None:
                return at, found[0], found[1]
        return None

    def _test(self, node: n.Node) -> Any:
        test = self.tests.get(id(node))
        if test is None:
            test = self.tests[id(node)] = compile_node(node).match
            self.keep.append(node)  # ids stay unique as long as the node lives
        return test

    def _run(
        self, node: n.Node, text: str, at: int, captures: Captures, search: int, tick: Callable[[], None]
    ) -> tuple[int, Captures] | None:
        stack: list[tuple[Rest, int, Captures]] = [((node, None), at, captures)]
        while stack:
            todo, at, captures = stack.pop()
            while True:
                tick()
                if todo is None:
                    return at, captures
                head, todo = todo
                if isinstance(head, (n.Literal, n.Any, n.CharSet)):
                    if at >= len(text) or not self._test(head)(text, at):
                        break
                    at += 1
                elif isinstance(head, n.Sequence):
                    for item in reversed(head.items):
                        todo = (item, todo)
                elif isinstance(head, n.Alternation):
                    for option in reversed(head.options[1:]):
                        stack.append(((option, todo), at, captures))
                    todo = (head.options[0], todo)
                elif isinstance(head, n.Repeat):
                    todo = (_Loop(head, 0, -1), todo)
                elif isinstance(head, _Loop):
                    todo = self._loop(head, todo, at, captures, stack)
                elif isinstance(head, n.Group):
                    todo = (head.body, (_Close(head, at), todo))
                elif isinstance(head, _Close):
                    closed = _capture(head, at, captures)
                    if closed is None:
                        break
                    captures = closed
                elif isinstance(head, n.Anchor):
                    if not (at == search if head.kind == "G" else self._test(head)(text, at)):
                        break
                elif isinstance(head, n.Backreference):
                    end = _reference(head, text, at, captures)
                    if end is None:
                        break
                    at = end
                elif isinstance(head, n.Conditional):
                    if isinstance(head.test, int):
                        holds = bool(captures.get(head.test))
                    else:
                        looked = self._look(head.test, text, at, captures, search, tick)
                        holds = looked is not None
                    todo = (head.yes if holds else head.no, todo)
                elif isinstance(head, n.Look):
                    seen = self._look(head, text, at, captures, search, tick)
                    if seen is None:
                        break
                    captures = seen
                else:
                    inner = self._run(head.body, text, at, captures, search, tick)
                    if inner is None:
                        break
                    at, captures = inner
        return None

    def _look(
        self, node: n.Node, text: str, at: int, captures: Captures, search: int, tick: Callable[[], None]
    ) -> Captures | None:
        assert isinstance(node, n.Look)
        if not node.behind:
            found = self._run(node.body, text, at, captures, search, tick)
        else:
            found = None
            for start in range(at, -1, -1):
                found = self._run(n.Sequence((node.body, n.Anchor("z"))), text[:at], start, captures, search, tick)
                if found is not None:
                    break
        if node.negated:
            return captures if found is None else None
        return None if found is None else found[1]

    @staticmethod
    def _loop(loop: _Loop, rest: Rest, at: int, captures: Captures, stack: list[tuple[Rest, int, Captures]]) -> Rest:
        """One round more or none: the preferred one is returned, the other goes on the stack."""
        node, done = loop.node, loop.done
        again: Rest = (node.body, (_Loop(node, done + 1, at), rest))
        if done < node.least:
            return again
        # a round that matched nothing would go on for ever
        if (node.most is not None and done >= node.most) or (done and at == loop.start):
            return rest
        if node.lazy:
            stack.append((again, at, captures))
            return rest
        stack.append((rest, at, captures))
        return again


def _capture(close: _Close, at: int, captures: Captures) -> Captures | None:
    group, start, end = close.group, close.start, at
    if group.pops is not None:
        held = captures.get(group.pops, ())
        if not held:
            return None
        captures = {**captures, group.pops: held[:-1]}
        opened = held[-1]
        # the text between the capture that was taken away and this group
        if start >= opened[1]:
            start, end = opened[1], start
        elif end <= opened[0]:
            start, end = end, opened[0]
        else:
            start, end = max(start, opened[0]), min(end, opened[1])
    if group.number is None:
        return captures
    return {**captures, group.number: (*captures.get(group.number, ()), (start, end))}


def _reference(node: n.Backreference, text: str, at: int, captures: Captures) -> int | None:
    held = captures.get(node.number)
    if not held:
        return at if node.ascii else None
    wanted = text[held[-1][0] : held[-1][1]]
    found = text[at : at + len(wanted)]
    same = found.lower() == wanted.lower() if node.ignore_case else found == wanted
    return at + len(wanted) if same else None
