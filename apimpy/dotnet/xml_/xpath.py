"""Location paths of XPath 1.0, the part that policies use: steps, `//`, attributes, names and simple predicates."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from apimpy.dotnet.exceptions import ClrError, NotSupportedException
from apimpy.dotnet.xml_.tree import XAttribute, XContainer, XElement, XNode, XObject, XText
from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["evaluate"]

_STEP = pattern(r"\s*(//?)?\s*(\.\.|\.|@?(?:[\w.-]+:)?(?:[\w.-]+|\*)(?:\(\))?)\s*((?:\[[^\]]*\])*)", re.ASCII)
_PREDICATE = pattern(r"\[([^\]]*)\]")
_EQUALS = pattern(r"\s*(.+?)\s*(!?=)\s*(?:'([^']*)'|\"([^\"]*)\"|(-?\d+(?:\.\d+)?))\s*")


class Step(NamedTuple):
    deep: bool
    test: str
    predicates: tuple[str, ...]


def evaluate(start: XObject, path: str, names: Mapping[str, str]) -> list[XObject]:
    """The nodes and attributes that a path leads to, in document order; alternatives are separated by `|`."""
    out: list[XObject] = []
    for alternative in path.split("|"):
        for found in _walk(start, alternative.strip(), names):
            if not any(found is known for known in out):
                out.append(found)
    return out


def _wrong(path: str) -> ClrError:
    return NotSupportedException(f"The XPath expression '{path}' is not supported here.")


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[bool, tuple[Step, ...]]:
    """Whether the path starts at the root, and its steps."""
    if path == "/":
        return True, ()
    at = 0
    steps: list[Step] = []
    while at < len(path):
        m = _STEP.match(path, at)
        if m is None or (steps and not m[1]):
            raise _wrong(path)
        steps.append(Step(m[1] == "//", m[2], tuple(_PREDICATE.findall(m[3]))))
        at = m.end()
    return path.startswith("/"), tuple(steps)


def _walk(start: XObject, path: str, names: Mapping[str, str]) -> list[XObject]:
    absolute, steps = _steps(path)
    current: list[XObject] = [start]
    if absolute:
        top = start
        while top.parent is not None:
            top = top.parent
        current = [top]
    for step in steps:
        following: list[XObject] = []
        for node in current:
            sources: Iterator[XObject] = iter((node,))
            if step.deep and isinstance(node, XContainer):
                sources = node.descendant_nodes(True)
            for source in sources:
                found = [n for n in _candidates(source, step.test) if _matches(n, step.test, names)]
                for predicate in step.predicates:
                    found = [n for i, n in enumerate(found, 1) if _holds(n, i, len(found), predicate, names)]
                following += found
        current = following
    return current


def _candidates(node: XObject, test: str) -> list[XObject]:
    if test == ".":
        return [node]
    if test == "..":
        return [] if node.parent is None else [node.parent]
    if test.startswith("@"):
        return [a for a in node.attributes if not a.is_declaration] if isinstance(node, XElement) else []
    return list(node.nodes) if isinstance(node, XContainer) else []


def _matches(node: XObject, test: str, names: Mapping[str, str]) -> bool:
    if test in (".", ".."):
        return True
    if test == "text()":
        return isinstance(node, XText) and node.node_type in ("Text", "CDATA")
    if test == "node()":
        return isinstance(node, XNode)
    if test == "comment()":
        return getattr(node, "node_type", "") == "Comment"
    if not isinstance(node, (XElement, XAttribute)):
        return False
    prefix, _, local = test.lstrip("@").rpartition(":")
    if prefix and prefix not in names:
        raise _wrong(test)
    if prefix or local != "*":
        if node.name.uri != (names[prefix] if prefix else ""):
            return False
    return local in ("*", node.name.local)


def _text(node: XObject) -> str:
    return str(getattr(node, "value", ""))


def _holds(node: XObject, position: int, count: int, predicate: str, names: Mapping[str, str]) -> bool:
    return any(
        all(_condition(node, position, count, part, names) for part in re.split(r"\s+and\s+", alternative))
        for alternative in re.split(r"\s+or\s+", predicate.strip())
    )


def _condition(node: XObject, position: int, count: int, text: str, names: Mapping[str, str]) -> bool:
    text = text.strip()
    if text.isdigit():
        return position == int(text)
    if text == "last()":
        return position == count
    m = _EQUALS.fullmatch(text)
    if m is None:
        return bool(_walk(node, text, names))
    wanted = m[3] if m[3] is not None else m[4] if m[4] is not None else m[5]
    if m[1] in ("local-name()", "name()"):
        values = [node.name.local] if isinstance(node, (XElement, XAttribute)) else [""]
    elif m[1] == "position()":
        values = [str(position)]
    elif m[1] == "text()":
        values = [_text(n) for n in _walk(node, "text()", names)]
    else:
        values = [_text(n) for n in _walk(node, m[1], names)]
    if m[2] == "=":
        return any(value == wanted for value in values)
    return any(value != wanted for value in values)
